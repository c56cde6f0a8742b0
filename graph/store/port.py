"""The port to a store: what crawl, measure and serve need of it, in bulk and in domain words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pyarrow as pa

from graph.records import Derivation, Model, Status
from graph.store.schema import SCHEMAS

LEASE_S = 60
"""Seconds for which a lease holds unless it is renewed."""

RENEW_S = 15
"""Seconds between renewals."""

Columns = dict[str, pa.ChunkedArray]
"""Columns of a table by name."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run under a lease: its place in its source, and what it said of itself.

    Attributes
    ----------
    id
        Unique, and sorts by time.
    kind
        ``crawl`` or ``measure``.
    source, mode
        What is read, and whether it is all of it: ``full`` or ``incremental``.
    state
        ``running``, ``done``, ``failed``, ``stopped``, or ``refused`` where a crawl saw too much
        vanish.
    token
        The fencing token: a store refuses what comes with an older one.
    cursor
        Where to go on in the source; None at its start.
    seen
        For a full crawl that is resumed: the key hashes that it has seen, 8 bytes each.
    started_at, ended_at
        Milliseconds since 1970.
    report
        What the run says of itself, as plain JSON values.
    """

    id: str
    kind: str
    source: str
    mode: str
    state: str
    token: int
    cursor: str | None
    started_at: int
    ended_at: int | None = None
    report: dict[str, Any] = field(default_factory=dict)
    seen: bytes = b""

    def goes_on(self, source: str, mode: str) -> bool:
        """Return whether a run of this source and mode, begun now, goes on where this one ended."""
        is_like = (self.source, self.mode) == (source, mode)
        ended = self.state in ("done", "refused")
        return is_like and not ended and self.cursor is not None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction changes. All parts may be empty; each may be sent twice.

    Attributes
    ----------
    models, digests
        Models that are new or changed, each with its digest. A model's former id becomes an
        alias.
    statuses
        ``(key, status)`` of models whose record stays but which the source lost or gained.
    dropped_models
        Keys of models that go, with their derivations.
    aliases
        ``(key, former id)`` learned otherwise.
    derivations, dropped_derivations
        Derivations that come and go; both ends exist.
    cursor
        Where the run is after this batch; None to leave it as it was.
    seen
        Key hashes (8 bytes each) of all models in this batch's part of the source, changed or
        not, for a run that may be resumed.
    report
        The run's report so far; None to leave it as it was.
    """

    models: Sequence[Model] = ()
    digests: Sequence[int] = ()
    statuses: Sequence[tuple[str, Status]] = ()
    dropped_models: Sequence[str] = ()
    aliases: Sequence[tuple[str, str]] = ()
    derivations: Sequence[Derivation] = ()
    dropped_derivations: Sequence[Derivation] = ()
    cursor: str | None = None
    seen: bytes = b""
    report: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """A published snapshot, as a store lists it.

    Attributes
    ----------
    id
        Sorts by time of measuring.
    published_at
        Milliseconds since 1970.
    size
        Bytes of what is left of it.
    whole
        Whether all of it is there, not just its lasting files; the newest one always is.
    """

    id: str
    published_at: int
    size: int
    whole: bool


class Store(Protocol):
    """A store of models, derivations and snapshots.

    One run at a time changes it, under a lease; any number of readers read published
    snapshots meanwhile. Every method raises `StoreError` when the store fails, and those that
    change it `LeaseLostError` when the run's lease was taken over.
    """

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        ...

    @property
    def remote(self) -> bool:
        """Whether a server does the work, so that this process can do other work meanwhile."""
        ...

    def begin(self, kind: str, source: str, mode: str, *, resume: bool = True) -> Run:
        """Take the lease and begin a run, or go on with the last one of its like.

        The last run of this kind is gone on with when it was of this source and mode and was cut
        short, and ``resume`` holds. An older one is not: what another run stored since
        would count as vanished, for it did not see it.

        Raises
        ------
        LeaseHeldError
            When another run holds the lease.
        """
        ...

    def renew(self, run: Run) -> None:
        """Renew the lease."""
        ...

    def write(self, run: Run, batch: Batch) -> int:
        """Store a batch and the run's cursor in one transaction, and renew the lease.

        Returns
        -------
        int
            How many records and fields were written, by the database's own count; the run's
            own bookkeeping is not counted. 0 says that nothing changed.
        """
        ...

    def finish(self, run: Run, state: str, report: dict[str, Any]) -> Run:
        """End a run in a state of `Run`, and release the lease.

        Returns the run as it is stored now.
        """
        ...

    def columns(self, table: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read columns in chunks.

        Parameters
        ----------
        table
            ``models`` (the fields of `Model`, ``digest`` and ``aliases``), in the order of
            keys, or ``derivations`` (``child``, ``base``, ``relation``), in any order.
        names
            The columns. Text is utf8, ``declared`` and ``aliases`` are space-separated text,
            counts and times are int64; unknown is null.
        """
        ...

    def publish(self, run: Run, snapshot_id: str, directory: Path, *, keep: int) -> None:
        """Publish a snapshot's files whole, and keep the newest ``keep`` snapshots whole.

        Of older ones only the lasting files stay, see `graph.snapshot.LASTING_FILES`. Readers
        see all of a snapshot or nothing of it. The directory is the store's afterwards.
        """
        ...

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots, the newest first."""
        ...

    def fetch(self, snapshot_id: str, cache: Path, *, whole: bool = True) -> Path:
        """Return a local directory with a snapshot's files, copied to the cache if need be.

        Parameters
        ----------
        whole
            Whether more than the lasting files are needed. Of a snapshot that is no longer whole
            they are all that is left.

        Raises
        ------
        NotFoundError
            When there is no such snapshot.
        """
        ...

    def runs(self, limit: int) -> list[Run]:
        """List runs, the newest first, without what they saw."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def read_columns(store: Store, table: str) -> Columns:
    """Read the columns of a table whole, but for the digest; see `Store.columns`."""
    schema = pa.schema([field for field in SCHEMAS[table] if field.name != "digest"])
    found = pa.Table.from_batches(store.columns(table, schema.names), schema)
    return dict(zip(schema.names, found.columns, strict=True))
