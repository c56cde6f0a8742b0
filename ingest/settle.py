"""After a source is read: which model each declared base is, what vanished, what may go.

Pure: from the stored columns to what must change. The result does not depend on the order in
which models came, so a crawl that was resumed ends like one that was not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, overload

import numpy as np

from graph.quality import EXAMPLES_PER_REASON, Quality, Reason
from graph.records import Derivation, Model, Status, author_of, id_key
from ingest.references import RELATIONS
from ingest.resolve import resolve, staying
from ingest.roster import Edges, Roster
from ingest.texts import Rows, Texts

RULES = 1
"""Raised when the same models are settled otherwise than before."""

T = TypeVar("T")


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

    @property
    def lasts(self) -> bool:
        """Whether to settle it again would change nothing, and doubt the same.

        Not so where models go or change: what was doubtful about them goes with them.
        """
        return not (self.statuses or self.aliases or self.dropped_models)


def settle(rows: Roster, derivations: Edges) -> Settlement:
    """Resolve declared bases, and compare with the derivations that the store holds.

    Parameters
    ----------
    rows
        The stored models, and which of them a run has seen.
    derivations
        All that the store holds, as `Roster.edges` reads them.
    """
    quality = Quality()
    declared, missing = resolve(rows, quality)
    size = len(rows) + len(missing)

    def names(places: Rows) -> list[str]:
        return _texts(rows.ids, missing, places)

    def keys(places: Rows) -> list[str]:
        return _texts(rows.keys, missing_keys, places)

    def edges(codes: Rows) -> Lazy[Derivation]:
        return Lazy(codes, lambda some: _derivations(some, size, keys))

    def note(reason: Reason, about: Rows) -> None:
        quality.add_many(reason, len(about), names(about[:EXAMPLES_PER_REASON]))

    missing_keys = list(map(id_key, missing))
    note(Reason.ID_REUSED, np.flatnonzero(rows.reused))
    itself = declared.child == declared.base
    note(Reason.SELF_REFERENCE, declared.child[itself])
    wanted = np.unique(_codes(declared, size)[~itself])
    child, base = _ends(wanted, size)
    kept = staying(rows, child, base, len(missing))
    linked = kept[child]
    wanted, base = wanted[linked], base[linked]
    unseen = np.append(rows.missing, np.ones(len(missing), np.bool_))[base]
    note(Reason.BASE_MISSING, base[unseen])
    stored = np.sort(_codes(derivations, size))
    new = np.flatnonzero(kept[len(rows) :]) + len(rows)
    vanished = np.flatnonzero(rows.vanished & kept[: len(rows)])
    dropped = np.flatnonzero(~kept[: len(rows)])
    return Settlement(
        placeholders=Lazy(new, lambda some: [_placeholder(id) for id in names(some)]),
        statuses=Lazy(vanished, lambda some: [(key, Status.DELETED) for key in keys(some)]),
        aliases=rows.inherited_aliases(),
        dropped_models=Lazy(dropped, keys),
        derivations=edges(_without(wanted, stored)),
        dropped_derivations=edges(_without(stored, wanted)),
        quality=quality,
    )


def _texts(column: Texts, more: list[str], places: Rows) -> list[str]:
    """Return the texts of these rows, or of those behind them all."""
    stored = iter(column.list(places[places < len(column)]))
    return [
        next(stored) if place < len(column) else more[place - len(column)]
        for place in places.tolist()
    ]


def _codes(edges: Edges, size: int) -> Rows:
    """Return a number for each derivation, which sorts by child, base and relation."""
    codes = edges.child.astype(np.int64)
    codes *= size
    codes += edges.base
    codes *= len(RELATIONS)
    codes += edges.relation
    return codes


def _ends(codes: Rows, size: int) -> tuple[Rows, Rows]:
    return np.divmod(codes // len(RELATIONS), max(size, 1))


def _derivations(codes: Rows, size: int, keys: Callable[[Rows], list[str]]) -> list[Derivation]:
    child, base = _ends(codes, size)
    relations = [RELATIONS[code] for code in (codes % len(RELATIONS)).tolist()]
    return list(map(Derivation, keys(child), keys(base), relations))


def _without(some: Rows, others: Rows) -> Rows:
    """Return those of some distinct numbers that are not among others; both ascend."""
    places = np.searchsorted(others, some)
    absent: Rows = some[np.append(others, -1)[places] != some]
    return absent


def _placeholder(id: str) -> Model:
    return Model(id_key(id), id, author_of(id), status=Status.MISSING)
