"""Which model each declared base is: by its key, its id, a former id, or its id in another case."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.quality import EXAMPLES_PER_REASON, Quality, Reason
from ingest.roster import Edges, Mask, Roster

Ends = NDArray[np.integer[Any]]


def resolve(rows: Roster, quality: Quality) -> tuple[Edges, list[str]]:
    """Find the row of each declared base.

    Returns
    -------
    derivations, missing
        As they are declared, even twice or from a model to itself; and the ids that no row
        bears, whose numbers count on behind all rows.
    """
    references = rows.references
    counted = np.flatnonzero(~rows.superseded[references.children.array()])
    child = references.children.array()[counted]
    relation = references.relations.array()[counted]
    id_hashes = references.id_hashes.array()[counted]
    base = rows.rows_of_keys(references.key_hashes.array()[counted])
    keyed = np.flatnonzero(base >= 0)
    renamed = keyed[id_hashes[keyed] != rows.id_hashes[base[keyed]]]
    some = renamed[:EXAMPLES_PER_REASON]
    names = references.ids.list(counted[some]), rows.ids.list(base[some])
    quality.add_many(Reason.BASE_RENAMED, len(renamed), map("{} is {}".format, *names))

    rest = np.flatnonzero(base < 0)
    hashes, first, code, uses = np.unique(
        id_hashes[rest], return_index=True, return_inverse=True, return_counts=True
    )
    row = rows.rows_of_ids(hashes)
    # A placeholder of an earlier run is looked at again: a model may have come since that bore
    # its id, or bears it in another case.
    unresolved = np.flatnonzero((row < 0) | rows.missing[row])
    unresolved = unresolved[np.argsort(first[unresolved])]
    ids = references.ids.list(counted[rest[first[unresolved]]])
    aliases = rows.aliases() if ids else {}
    alike = rows.alike([id for id in ids if id not in aliases])
    deleted: list[tuple[int, list[int]]] = []
    for place, id in zip(unresolved.tolist(), ids, strict=True):
        among = list(alike.get(id.lower(), {}).values())
        living = [each for each in among if rows.live[each]]
        if id in aliases:
            row[place] = aliases[id]
        elif len(living) == 1:
            row[place] = living[0]
        elif among and not living:
            deleted.append((place, among))
    # Of deleted models alike one counts that stays anyway, or the only one there is. What stays
    # for its sake may decide others, and after that nothing does: the next run finds the same.
    for _ in range(2 if deleted else 0):
        base[rest] = row[code]
        stays = staying(rows, child, base)
        for place, among in deleted:
            kept = [each for each in among if stays[each]] or among
            if len(kept) == 1:
                row[place] = kept[0]
    missing: list[str] = []
    for place, id in zip(unresolved.tolist(), ids, strict=True):
        found = int(row[place])
        if found < 0:
            row[place] = len(rows) + len(missing)
            missing.append(id)
        elif not rows.missing[found]:
            reason = Reason.BASE_RENAMED if id in aliases else Reason.BASE_CASE_RESOLVED
            example = (f"{id} is {name}" for name in rows.ids.list(np.array([found])))
            quality.add_many(reason, int(uses[place]), example)
    base[rest] = row[code]
    return Edges(child, base, relation), missing


def staying(rows: Roster, child: Ends, base: Ends, placeholders: int = 0) -> Mask:
    """Return who stays: what lives or is shown, and what that derives from, at any distance.

    A base that is not found yet is -1.
    """
    found = np.append(rows.live | rows.shown, np.zeros(placeholders + 1, np.bool_))
    waiting = np.flatnonzero(~found[base])
    while len(reached := waiting[found[child[waiting]]]):
        found[base[reached]] = True
        waiting = waiting[~found[base[waiting]]]
    return found[:-1]
