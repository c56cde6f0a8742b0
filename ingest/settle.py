"""After a source is read: which model each declared base is, what vanished, what may go.

Pure: from the stored columns to what must change. The result does not depend on the order in
which models came, so a crawl that was resumed ends like one that was not.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from graph.errors import ShrinkError
from graph.quality import Quality, Reason
from graph.records import (
    ID_KEY_PREFIX,
    Derivation,
    Model,
    Reference,
    Relation,
    Status,
    author_of,
    decode_references,
    id_key,
)
from numpy.typing import NDArray

COLUMNS = ["key", "id", "status", "aliases", "declared"]
"""What `settle` needs of the stored models."""

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

_RELATIONS = list(Relation)
_RELATION_CODES = {relation: code for code, relation in enumerate(_RELATIONS)}


@dataclass(frozen=True, slots=True)
class Settlement:
    """What must change in the store, and what was doubtful."""

    placeholders: list[Model] = field(default_factory=list)
    statuses: list[tuple[str, Status]] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    dropped_models: list[str] = field(default_factory=list)
    derivations: list[Derivation] = field(default_factory=list)
    dropped_derivations: list[Derivation] = field(default_factory=list)
    quality: Quality = field(default_factory=Quality)
    vanished: int = 0


def settle(
    models: pa.Table, derivations: pa.Table, seen: Mask | None, max_shrink: float
) -> Settlement:
    """Resolve declared bases, and compare with the derivations that the store holds.

    Parameters
    ----------
    models
        `COLUMNS` of all stored models, in the order of their keys.
    derivations
        ``child``, ``base`` and ``relation`` of all stored derivations.
    seen
        Which of the models a complete run has seen; None when the run was not complete, so
        that nothing vanishes.
    max_shrink
        The largest fraction of the live models that may vanish.

    Raises
    ------
    ShrinkError
        When more would vanish.
    """
    models = models.combine_chunks()
    rows = _Rows(models, seen)
    rows.check_shrink(max_shrink)
    quality = Quality()
    for row in np.flatnonzero(rows.reused):
        quality.add(Reason.ID_REUSED, rows.ids[row].as_py())
    child, base, relation, missing = _resolve(rows, models.column("declared"), quality)
    kept = _kept(rows, child, base, len(missing))
    linked = kept[child]
    child, base, relation = child[linked], base[linked], relation[linked]
    missing_edges = base >= len(rows)
    for place in np.flatnonzero(missing_edges):
        quality.add(Reason.BASE_MISSING, missing[base[place] - len(rows)])
    old_missing = ~missing_edges
    old_missing[old_missing] = rows.missing[base[old_missing]]
    for place in np.flatnonzero(old_missing):
        quality.add(Reason.BASE_MISSING, rows.ids[base[place]].as_py())

    keys = pa.chunked_array(
        [*rows.keys.chunks, pa.array([id_key(id) for id in missing], pa.string())]
    ).combine_chunks()
    wanted = _codes(child, base, relation, len(keys))
    stored = _stored_codes(derivations, keys)
    return Settlement(
        placeholders=[
            Model(id_key(id), id, author_of(id), status=Status.MISSING)
            for number, id in enumerate(missing)
            if kept[len(rows) + number]
        ],
        statuses=[
            (rows.keys[row].as_py(), Status.DELETED)
            for row in np.flatnonzero(rows.vanished & kept[: len(rows)])
        ],
        aliases=rows.inherited_aliases(),
        dropped_models=[rows.keys[row].as_py() for row in np.flatnonzero(~kept[: len(rows)])],
        derivations=_derivations(np.setdiff1d(wanted, stored), keys),
        dropped_derivations=_derivations(np.setdiff1d(stored, wanted), keys),
        quality=quality,
        vanished=int(rows.vanished.sum()),
    )


class _Rows:
    """The stored models as masks: who lives, who vanished, who was replaced by whom."""

    def __init__(self, models: pa.Table, seen: Mask | None) -> None:
        self.keys: pa.ChunkedArray = models.column("key")
        self.ids: pa.ChunkedArray = models.column("id")
        self._aliases: pa.ChunkedArray = models.column("aliases")
        status = models.column("status")
        live = pc.equal(status, Status.LIVE.value).to_numpy()
        self.missing: Mask = pc.equal(status, Status.MISSING.value).to_numpy()
        self.was_live = int(live.sum())
        self.vanished: Mask = live & ~seen if seen is not None else np.zeros(len(live), np.bool_)
        self.live: Mask = live & ~self.vanished
        self.superseded: Mask = np.zeros(len(live), np.bool_)
        self.reused: Mask = np.zeros(len(live), np.bool_)
        self._heirs: list[tuple[int, int]] = []
        self._settle_shared_ids()

    def __len__(self) -> int:
        return len(self.live)

    def _settle_shared_ids(self) -> None:
        """Find, for each id that several rows bear, the one row that bears it today.

        A live row comes before one that is not, one with the Hub's key before one without, and
        of two Hub keys the larger, for they grow with time. A row without a Hub key is then the
        same model under its heir's key; one with a Hub key is an older repository.
        """
        codes = self.ids.combine_chunks().dictionary_encode().indices.to_numpy()
        shared = np.flatnonzero(np.bincount(codes)[codes] > 1) if len(codes) else codes
        if not len(shared):
            return
        by_id = pc.starts_with(self.keys, ID_KEY_PREFIX).to_numpy()
        order = np.lexsort((shared, ~by_id[shared], self.live[shared], codes[shared]))
        ordered = shared[order]
        last = np.append(codes[ordered][1:] != codes[ordered][:-1], True)
        heirs = ordered[last][np.cumsum(last) - last]
        for row, heir in zip(ordered[~last], heirs[~last], strict=True):
            if by_id[row]:
                self.superseded[row] = True
                self.vanished[row] = False
                self._heirs.append((int(row), int(heir)))
            elif self.live[row]:
                self.vanished[row] = self.reused[row] = True
        self.live &= ~self.superseded & ~self.vanished

    def check_shrink(self, max_shrink: float) -> None:
        """Refuse when too many models vanish."""
        gone = int(self.vanished.sum())
        if gone > max_shrink * self.was_live:
            fraction = gone / self.was_live
            raise ShrinkError(
                f"the source no longer holds {gone} of {self.was_live} models ({fraction:.1%},"
                f" more than --max-shrink {max_shrink}); nothing was removed. If that is right,"
                f" run again with --max-shrink {min(1.0, fraction + 0.005):.2f}"
            )

    def named(self) -> tuple[pa.Array, Rows]:
        """Return the ids in force and the row of each, each id once."""
        rows = np.flatnonzero(~self.superseded & ~self.missing)
        ids = self.ids.combine_chunks().take(pa.array(rows))
        # An id may still be shared with a deleted row: live rows first, and the first one counts.
        order = np.argsort(~self.live[rows], kind="stable")
        rows = rows[order]
        ids = ids.take(pa.array(order))
        missing = np.flatnonzero(self.missing & ~self.superseded)
        return (
            pa.concat_arrays([ids, self.ids.combine_chunks().take(pa.array(missing))]),
            np.concatenate([rows, missing]),
        )

    def aliases(self) -> dict[str, int]:
        """Return former ids and the row that bore each; of several the one with the last key."""
        found: dict[str, int] = {}
        for row in np.flatnonzero(self._aliases.is_valid().to_numpy()):
            for alias in self._aliases[row].as_py().split(" "):
                found[alias] = int(row)
        for row, heir in self._heirs:
            for alias, owner in found.items():
                if owner == row:
                    found[alias] = heir
        return found

    def inherited_aliases(self) -> list[tuple[str, str]]:
        """Return the aliases that a superseded row leaves to its heir."""
        return [
            (self.keys[heir].as_py(), alias)
            for row, heir in self._heirs
            if self._aliases[row].is_valid
            for alias in self._aliases[row].as_py().split(" ")
        ]


def _resolve(
    rows: _Rows, declared: pa.ChunkedArray, quality: Quality
) -> tuple[Rows, Rows, Rows, list[str]]:
    """Turn declared references into edges between rows.

    Returns
    -------
    child, base, relation, missing
        One entry an edge; ``base`` counts on behind the rows for those in ``missing``.
    """
    children: list[int] = []
    references: list[Reference] = []
    declaring = np.flatnonzero(declared.is_valid().to_numpy() & ~rows.superseded)
    for row, text in zip(
        declaring.tolist(), declared.take(pa.array(declaring)).to_pylist(), strict=True
    ):
        for reference in decode_references(text):
            children.append(row)
            references.append(reference)
    child = np.array(children, np.int64)
    relation = np.array([_RELATION_CODES[r.relation] for r in references], np.int64)
    ids, id_rows = rows.named()
    base = _index([r.id for r in references], ids, id_rows)
    by_key = _index([r.key for r in references], rows.keys, np.arange(len(rows)))
    known = by_key >= 0
    known[known] = ~rows.missing[by_key[known]]
    base[known] = by_key[known]
    missing = _resolve_rest(rows, references, base, ids, id_rows, quality)
    for place in np.flatnonzero(known):
        name = rows.ids[base[place]].as_py()
        if name != references[place].id:
            quality.add(Reason.BASE_RENAMED, f"{references[place].id} is {name}")
    itself = child == base
    for row in child[itself]:
        quality.add(Reason.SELF_REFERENCE, rows.ids[row].as_py())
    edges = np.unique(np.stack([child, base, relation])[:, ~itself], axis=1)
    return edges[0], edges[1], edges[2], missing


def _resolve_rest(
    rows: _Rows,
    references: list[Reference],
    base: Rows,
    ids: pa.Array,
    id_rows: Rows,
    quality: Quality,
) -> list[str]:
    """Fill in, in place, the bases that no id in force names; return those that none names.

    A placeholder of an earlier run is looked at again: a model may have come since that bore
    its id, or bears it in another case.
    """
    unresolved = np.flatnonzero((base < 0) | rows.missing[np.maximum(base, 0)])
    if not len(unresolved):
        return []
    aliases = rows.aliases()
    lower = pc.utf8_lower(ids)
    known = ~rows.missing[id_rows]
    wanted = pa.array(sorted({references[place].id.lower() for place in unresolved}))
    cases: dict[str, list[int]] = {}
    for place in np.flatnonzero(pc.is_in(lower, wanted).to_numpy(zero_copy_only=False) & known):
        cases.setdefault(lower[place].as_py(), []).append(int(id_rows[place]))
    missing: dict[str, int] = {}
    for place in unresolved:
        id = references[place].id
        if id in aliases:
            base[place] = aliases[id]
            quality.add(Reason.BASE_RENAMED, f"{id} is {rows.ids[aliases[id]].as_py()}")
        elif len(cases.get(id.lower(), [])) == 1:
            base[place] = cases[id.lower()][0]
            quality.add(Reason.BASE_CASE_RESOLVED, f"{id} is {rows.ids[base[place]].as_py()}")
        elif base[place] < 0:
            base[place] = len(rows) + missing.setdefault(id, len(missing))
    return list(missing)


def _index(wanted: list[str | None], names: pa.Array | pa.ChunkedArray, rows: Rows) -> Rows:
    """Return the row of each wanted name, -1 where there is none."""
    places = pc.index_in(pa.array(wanted, pa.string()), value_set=names, skip_nulls=True)
    found = places.fill_null(-1).to_numpy().astype(np.int64)
    found[found >= 0] = rows[found[found >= 0]]
    return found


def _kept(rows: _Rows, child: Rows, base: Rows, placeholders: int) -> Mask:
    """Return who stays: what lives, and whatever a living model derives from, at any distance."""
    kept = np.zeros(len(rows) + placeholders, np.bool_)
    kept[: len(rows)] = rows.live
    grown = True
    while grown:
        reached = base[kept[child]]
        grown = not kept[reached].all()
        kept[reached] = True
    return kept


def _codes(child: Rows, base: Rows, relation: Rows, size: int) -> Rows:
    return (child * size + base) * len(_RELATIONS) + relation


def _stored_codes(derivations: pa.Table, keys: pa.Array) -> Rows:
    every = np.arange(len(keys))
    child = _index(derivations.column("child").to_pylist(), keys, every)
    base = _index(derivations.column("base").to_pylist(), keys, every)
    relation = np.array(
        [_RELATION_CODES[Relation(name)] for name in derivations.column("relation").to_pylist()],
        np.int64,
    )
    return _codes(child, base, relation, len(keys))


def _derivations(codes: Rows, keys: pa.Array) -> list[Derivation]:
    ends, relation = np.divmod(codes, len(_RELATIONS))
    child, base = np.divmod(ends, len(keys))
    return [
        Derivation(c, b, _RELATIONS[r])
        for c, b, r in zip(
            keys.take(pa.array(child)).to_pylist(),
            keys.take(pa.array(base)).to_pylist(),
            relation,
            strict=True,
        )
    ]
