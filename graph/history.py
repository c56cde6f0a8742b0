"""What snapshots leave for ever, read together: how groups grew, and what changed between any two.

Snapshots of the Hub and of the built-in sample do not mix: each follows one of its own kind.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.changes import Kind, kinds, net
from graph.csr import Rows
from graph.errors import NotFoundError, UsageError
from graph.records import decode_references
from graph.series import OF_MANY, WEIGHTS
from graph.shares import By, Weight
from graph.snapshot import Lasting, Manifest, read_lasting
from graph.store.port import SnapshotInfo, Store

KEPT_SNAPSHOTS = 256
"""Snapshots whose tables stay in memory, some 100 KB each; those of others are read again."""

KEPT_CHANGES = 8
"""Pairs of snapshots whose changes stay in memory."""

MAX_POINTS = 1000
"""Snapshots of the longest series: the newest ones."""


class Past(NamedTuple):
    """A published snapshot: what it says of itself, and whether it is whole and can be opened."""

    manifest: Manifest
    whole: bool


class Change(NamedTuple):
    """What happened to a model, as `graph.changes` says; of parents the ids are given."""

    kind: Kind
    key: str
    id: str
    before: str | None
    after: str | None


class Changes:
    """What changed from one snapshot to another, as rows by kind, of one kind by id.

    Attributes
    ----------
    before, after
        The snapshots' ids.
    """

    def __init__(self, before: str, after: str, table: pa.Table) -> None:
        self.before, self.after = before, after
        self._table = table
        self._kinds = kinds(table)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, row: int) -> Change:
        kind, key, id, before, after = (column[row].as_py() for column in self._table.columns)
        if kind == Kind.PARENTS:
            before, after = _named(before), _named(after)
        return Change(Kind(kind), key, id, before, after)

    def __iter__(self) -> Iterator[Change]:
        return map(self.__getitem__, range(len(self)))

    @cached_property
    def counts(self) -> dict[Kind, int]:
        """How many changes there are of each kind."""
        found = np.bincount(self._kinds, minlength=len(Kind)).tolist()
        return dict(zip(Kind, found, strict=True))

    def rows(self, wanted: Sequence[Kind] | None = None) -> Rows:
        """Return the rows of some kinds, ascending; of all without."""
        codes = [list(Kind).index(kind) for kind in (Kind if wanted is None else wanted)]
        return np.flatnonzero(np.isin(self._kinds, codes)).astype(np.int32)


class Points(NamedTuple):
    """Series with one value for each snapshot, the oldest first; None where none was kept."""

    snapshots: list[Manifest]
    values: dict[str, list[float | None]]


Reader = Callable[[str], Lasting]
"""Reads what a snapshot leaves for ever, by its id."""


def reader(directory: Callable[[str], Path]) -> Reader:
    """Return a reader that keeps what it read last.

    Parameters
    ----------
    directory
        Where a snapshot's lasting files are, such as `graph.store.port.Store.fetch` gives it.
    """
    return lru_cache(KEPT_SNAPSHOTS)(lambda id: read_lasting(directory(id)))


class History:
    """The published snapshots, and what they leave for ever; read when it is asked for.

    Parameters
    ----------
    infos
        The snapshots, the newest first, as `graph.store.port.Store.snapshots` lists them.
    read
        From `reader`. What it reads never changes, so that one serves many histories.
    """

    def __init__(self, infos: Sequence[SnapshotInfo], read: Reader) -> None:
        self._infos = {info.id: info for info in infos}
        self._places = {id: place for place, id in enumerate(self._infos)}
        self._read = read
        self._netted = lru_cache(KEPT_CHANGES)(self._net)

    def __len__(self) -> int:
        return len(self._infos)

    def __iter__(self) -> Iterator[Past]:
        """Read the snapshots, the newest first."""
        return map(self.__getitem__, self._infos)

    def __getitem__(self, id: str) -> Past:
        """Return a snapshot.

        Raises
        ------
        NotFoundError
            When there is none of this id.
        """
        if id not in self._infos:
            raise NotFoundError(f"no snapshot {id!r}; 'snapshots' lists them")
        return Past(self._read(id).manifest, self._infos[id].whole)

    def newest(self, *, sample: bool) -> Past | None:
        """Return the newest snapshot of the sample, or of what is no sample; None without one."""
        return next((past for past in self if past.manifest.sample == sample), None)

    def series(self, by: By, keys: Sequence[str], weight: Weight) -> Points:
        """Return how large groups were, as `graph.series` counts them.

        Snapshots are those of the kind of the newest one, `MAX_POINTS` at most. A group that is
        one of many has no value where it was too small to be kept; any other has 0.

        Raises
        ------
        UsageError
            When the weight is none that is kept.
        """
        if weight not in WEIGHTS:
            raise UsageError(
                f"a series by snapshot has no {weight.value}; it has"
                f" {', '.join(kept.value for kept in WEIGHTS)}"
            )
        chain = [past.manifest for past in islice(self._like_newest(), MAX_POINTS)][::-1]
        values: dict[str, list[float | None]] = {key: [] for key in keys}
        wanted = pa.array(list(values), pa.string())
        absent = None if by in OF_MANY else 0.0
        for manifest in chain:
            table = self._read(manifest.id).series
            table = table.filter(pc.equal(table.column("by"), by.value))
            places = pc.index_in(wanted, value_set=table.column("key")).to_pylist()
            sizes = table.column(weight.value)
            for key, place in zip(values, places, strict=True):
                values[key].append(absent if place is None else sizes[place].as_py())
        return Points(chain, values)

    def _like_newest(self) -> Iterator[Past]:
        sample = None
        for past in self:
            sample = past.manifest.sample if sample is None else sample
            if past.manifest.sample == sample:
                yield past

    def changes(self, before: str, after: str) -> Changes:
        """Return what changed between two snapshots, near or far; see `graph.changes.net`.

        Raises
        ------
        NotFoundError
            When there is none of an id, or nothing links the two.
        UsageError
            When the first is not the older one.
        """
        for id in (before, after):
            self[id]
        if self._places[before] <= self._places[after]:
            raise UsageError(f"{before} is not older than {after}; name the older snapshot first")
        return self._netted(before, after)

    def _net(self, before: str, after: str) -> Changes:
        chain: list[pa.Table] = []
        for lasting in self._chain(after):
            if lasting.manifest.id == before:
                return Changes(before, after, net(chain[::-1]))
            chain.append(lasting.changes)
        raise NotFoundError(
            f"nothing links {before} with {after}: one of them is of the sample, or a snapshot"
            " between them was measured when the one before it could not be read"
        )

    def _chain(self, id: str | None) -> Iterator[Lasting]:
        """Read a snapshot, the one that it was compared with, and so on."""
        while id in self._infos:
            lasting = self._read(id)
            yield lasting
            id = lasting.manifest.previous

    def went(self, keys: list[str], until: str) -> set[str]:
        """Return which of these models went in the chain of changes that ends with a snapshot."""
        waiting, found = set(keys), set[str]()
        for lasting in self._chain(until):
            if not waiting:
                break
            changes = lasting.changes
            gone = changes.filter(pc.equal(changes.column("kind"), Kind.WENT.value))
            found |= waiting.intersection(gone.column("key").to_pylist())
            waiting -= found
        return found


def of_store(store: Store, cache: Path) -> History:
    """Return the history of a store, which must stay open as long as it is asked."""
    return History(store.snapshots(), reader(lambda id: store.fetch(id, cache, whole=False)))


def _named(declared: str | None) -> str | None:
    """Return the ids of declared bases, for readers."""
    return ", ".join(reference.id for reference in decode_references(declared)) or None
