"""After a source is read: which model each declared base is, what vanished, what may go.

Pure: from the stored columns to what must change. The result does not depend on the order in
which models came, so a crawl that was resumed ends like one that was not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.quality import EXAMPLES_PER_REASON, Quality, Reason
from graph.records import Derivation, Model, Relation, Status, author_of, id_key
from ingest.roster import Mask, Roster, Rows, mask, positions, rows_of, texts

T = TypeVar("T")

_RELATIONS = list(Relation)
_RELATION_NAMES = pa.array([relation.value for relation in _RELATIONS])


class Lazy(Sequence[T]):
    """Records that are made of numbers only when a slice of them is asked for."""

    def __init__(self, numbers: Rows, make: Callable[[Rows], list[T]]) -> None:
        self._numbers = numbers
        self._make = make

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return self._make(self._numbers[place])
        return self._make(self._numbers[[place]])[0]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What must change in the store, and what was doubtful."""

    placeholders: Sequence[Model]
    statuses: Sequence[tuple[str, Status]]
    aliases: Sequence[tuple[str, str]]
    dropped_models: Sequence[str]
    derivations: Sequence[Derivation]
    dropped_derivations: Sequence[Derivation]
    quality: Quality = field(default_factory=Quality)


def settle(rows: Roster, derivations: pa.Table) -> Settlement:
    """Resolve declared bases, and compare with the derivations that the store holds.

    Parameters
    ----------
    rows
        The stored models, and which of them a run has seen.
    derivations
        ``child``, ``base`` and ``relation`` of all stored derivations.
    """
    quality = Quality()
    references = _references(rows.declared, rows.superseded)
    base, missing = _resolve(rows, references, quality)
    names = pa.concat_arrays([rows.ids, pa.array(missing, pa.string())])
    keys = pa.concat_arrays([rows.keys, pa.array(map(id_key, missing), pa.string())])

    def note(reason: Reason, about: Rows) -> None:
        quality.add_many(reason, len(about), texts(names, about[:EXAMPLES_PER_REASON]))

    note(Reason.ID_REUSED, np.flatnonzero(rows.reused))
    itself = references.child == base
    note(Reason.SELF_REFERENCE, references.child[itself])
    codes = _codes(references.child, base, references.relation, len(keys))
    wanted = np.unique(codes[~itself])
    child, base, _ = _decoded(wanted, len(keys))
    kept = _kept(rows, child, base, len(missing))
    linked = kept[child]
    wanted, base = wanted[linked], base[linked]

    unseen = np.append(rows.missing, np.ones(len(missing), np.bool_))[base]
    note(Reason.BASE_MISSING, base[unseen])
    stored = _stored_codes(derivations, keys)
    new = np.flatnonzero(kept[len(rows) :]) + len(rows)
    vanished = np.flatnonzero(rows.vanished & kept[: len(rows)])
    dropped = np.flatnonzero(~kept[: len(rows)])

    def edges(codes: Rows) -> Lazy[Derivation]:
        return Lazy(codes, lambda some: _derivations(some, keys))

    return Settlement(
        placeholders=Lazy(new, lambda some: [_placeholder(id) for id in texts(names, some)]),
        statuses=Lazy(vanished, lambda some: [(k, Status.DELETED) for k in texts(keys, some)]),
        aliases=rows.inherited_aliases(),
        dropped_models=Lazy(dropped, lambda some: list(texts(keys, some))),
        derivations=edges(np.setdiff1d(wanted, stored, assume_unique=True)),
        dropped_derivations=edges(np.setdiff1d(stored, wanted, assume_unique=True)),
        quality=quality,
    )


class _References(NamedTuple):
    """Declared bases, an entry each: by whom, how, and by which id and key (or none)."""

    child: Rows
    relation: Rows
    id: pa.DictionaryArray
    key: pa.DictionaryArray


def _references(declared: pa.Array, superseded: Mask) -> _References:
    """Read what `graph.records.encode_references` wrote, for all models at once."""
    declaring = np.flatnonzero(mask(declared.is_valid()) & ~superseded)
    lists = pc.split_pattern(declared.take(pa.array(declaring)), " ")
    child = declaring[pc.list_parent_indices(lists).to_numpy()]
    # A colon at the end, so that there are three parts also without a key.
    parts = pc.split_pattern(pc.binary_join_element_wise(pc.list_flatten(lists), "", ":"), ":")
    relation, id, key = (pc.list_element(parts, place) for place in range(3))
    return _References(
        child,
        positions(relation, _RELATION_NAMES),
        id.dictionary_encode(),
        key.dictionary_encode(),
    )


def _resolve(rows: Roster, references: _References, quality: Quality) -> tuple[Rows, list[str]]:
    """Find the row of each declared base.

    Returns
    -------
    base, missing
        The rows, counting on behind all others for the ids that no row bears.
    """
    ids, code = references.id.dictionary, references.id.indices.to_numpy()
    by_key = rows_of(references.key.dictionary, rows.keys, np.arange(len(rows)))
    base = by_key[references.key.indices.to_numpy()]
    keyed = np.flatnonzero(base >= 0)
    declared, today = references.id.take(pa.array(keyed)), rows.ids.take(pa.array(base[keyed]))
    renamed = keyed[mask(pc.not_equal(declared.dictionary_decode(), today))]
    quality.add_many(
        Reason.BASE_RENAMED,
        len(renamed),
        (f"{ids[code[at]].as_py()} is {rows.ids[base[at]].as_py()}" for at in renamed),
    )
    rest = base < 0
    uses = np.bincount(code[rest], minlength=len(ids))
    row, missing = _rows_of_ids(rows, ids, uses, quality)
    base[rest] = row[code[rest]]
    return base, missing


def _rows_of_ids(
    rows: Roster, ids: pa.Array, uses: Rows, quality: Quality
) -> tuple[Rows, list[str]]:
    """Find the row of each id that is used: by its name of today, a former one, or its case.

    A placeholder of an earlier run is looked at again: a model may have come since that bore
    its id, or bears it in another case.
    """
    ranked = rows.by_rank()
    row = rows_of(ids, rows.ids, ranked)
    unresolved = np.flatnonzero((uses > 0) & ((row < 0) | rows.missing[row]))
    missing: list[str] = []
    if not len(unresolved):
        return row, missing
    aliases = rows.aliases()
    cases = _cases(rows, ranked[~rows.missing[ranked]], ids.take(pa.array(unresolved)))
    for place, id in zip(unresolved.tolist(), texts(ids, unresolved), strict=True):
        alike = cases.get(id.lower(), {})
        if id in aliases:
            row[place] = aliases[id]
            reason = Reason.BASE_RENAMED
        elif len(alike) == 1:
            ((_, row[place]),) = alike.items()
            reason = Reason.BASE_CASE_RESOLVED
        else:
            if row[place] < 0:
                row[place] = len(rows) + len(missing)
                missing.append(id)
            continue
        quality.add_many(reason, int(uses[place]), [f"{id} is {rows.ids[row[place]].as_py()}"])
    return row, missing


def _cases(rows: Roster, ranked: Rows, ids: pa.Array) -> dict[str, dict[str, int]]:
    """Return, by the lower case of these ids, the models' ids alike and the row of each."""
    lower = pc.ascii_lower(rows.ids)
    alike = ranked[mask(pc.is_in(lower, pc.unique(pc.ascii_lower(ids))))[ranked]]
    # One that lives comes before those that do not, of which some may go in this very run.
    found: dict[bool, dict[str, dict[str, int]]] = {False: {}, True: {}}
    for row, id in zip(alike.tolist(), texts(rows.ids, alike), strict=True):
        found[bool(rows.live[row])].setdefault(id.lower(), {})[id] = row
    return found[False] | found[True]


def _kept(rows: Roster, child: Rows, base: Rows, placeholders: int) -> Mask:
    """Return who stays: what lives, and whatever a living model derives from, at any distance."""
    kept = np.append(rows.live, np.zeros(placeholders, np.bool_))
    grown = True
    while grown:
        reached = base[kept[child]]
        grown = not kept[reached].all()
        kept[reached] = True
    return kept


def _stored_codes(derivations: pa.Table, keys: pa.Array) -> Rows:
    child, base, relation = (column.combine_chunks() for column in derivations.columns)
    ends = pa.concat_arrays([child, base]).dictionary_encode()
    row = rows_of(ends.dictionary, keys, np.arange(len(keys)))[ends.indices.to_numpy()]
    return np.sort(
        _codes(
            row[: len(child)], row[len(child) :], positions(relation, _RELATION_NAMES), len(keys)
        )
    )


def _codes(child: Rows, base: Rows, relation: Rows, size: int) -> Rows:
    return (child * size + base) * len(_RELATIONS) + relation


def _decoded(codes: Rows, size: int) -> tuple[Rows, Rows, Rows]:
    ends, relation = np.divmod(codes, len(_RELATIONS))
    child, base = np.divmod(ends, size) if size else (ends, ends)
    return child, base, relation


def _derivations(codes: Rows, keys: pa.Array) -> list[Derivation]:
    child, base, relation = _decoded(codes, len(keys))
    relations = [_RELATIONS[code] for code in relation]
    return list(map(Derivation, texts(keys, child), texts(keys, base), relations))


def _placeholder(id: str) -> Model:
    return Model(id_key(id), id, author_of(id), status=Status.MISSING)
