"""The embedded store: a directory with an SQLite database and the snapshots as files beside it.

Transactions, crash safety and one writer beside many readers are SQLite's, in WAL mode.
"""

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pyarrow as pa

from graph.errors import LeaseHeldError, LeaseLostError, NotFoundError, StoreError
from graph.snapshot import LASTING_FILES
from graph.store.embedded_columns import read_columns
from graph.store.lease import is_gone, lasts, new_owner, new_run_id, now_ms, uptime_ms
from graph.store.port import LEASE_S, Batch, Run, SnapshotInfo
from graph.store.schema import MODEL_SCHEMA, SCHEMA_VERSION, SCHEMAS

_BUSY_S = 30
"""Seconds to wait for another connection's transaction."""

_WRITER_CACHE_KIB = 131_072
"""Memory for pages that are changed, in any order."""

_READER_CACHE_KIB = 16_384
"""Memory for pages that are read once, in their order."""

_STATEMENT_ROWS = 250
"""Rows that one statement inserts: SQLite takes 32,766 values in one, 16 a row."""

_KEYS = {"models": ["key"], "derivations": ["child", "base", "relation"]}
"""The columns of each table's key."""

_SQL_TYPES = {pa.string(): "TEXT", pa.int64(): "INTEGER"}
_MODEL_NAMES = [name for name in MODEL_SCHEMA.names if name != "aliases"]

_CREATE = f"""
CREATE TABLE models ({", ".join(f"{f.name} {_SQL_TYPES[f.type]}" for f in MODEL_SCHEMA)},
  PRIMARY KEY ({", ".join(_KEYS["models"])}));
CREATE TABLE derivations (child TEXT, base TEXT, relation TEXT,
  PRIMARY KEY ({", ".join(_KEYS["derivations"])})) WITHOUT ROWID;
CREATE INDEX derivations_by_base ON derivations (base);
CREATE TABLE lease (owner TEXT, token INTEGER, expires INTEGER);
INSERT INTO lease VALUES (NULL, 0, 0);
CREATE TABLE runs (id TEXT PRIMARY KEY, kind TEXT, source TEXT, mode TEXT, state TEXT,
  token INTEGER, cursor TEXT, started_at INTEGER, ended_at INTEGER, report BLOB);
CREATE TABLE seen (run TEXT, hashes BLOB);
CREATE TABLE snapshots (id TEXT PRIMARY KEY, published_at INTEGER, size INTEGER);
PRAGMA user_version = {SCHEMA_VERSION};
"""

# A model that comes again under another id keeps the former one as an alias. One statement takes
# many rows: a statement a row takes a quarter longer.
_INSERT_MODELS = f"INSERT INTO models ({', '.join(_MODEL_NAMES)}) VALUES "
_ROW = f"({', '.join('?' * len(_MODEL_NAMES))})"
_UPDATE_MODELS = f"""
ON CONFLICT (key) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in _MODEL_NAMES if name != "key")},
  aliases = CASE
    WHEN id = excluded.id OR instr(' ' || coalesce(aliases, '') || ' ', ' ' || id || ' ')
    THEN aliases ELSE ltrim(coalesce(aliases, '') || ' ' || id) END
WHERE digest <> excluded.digest OR status <> excluded.status
"""

_ADD_ALIAS = """
UPDATE models SET aliases = ltrim(coalesce(aliases, '') || ' ' || ?2)
WHERE key = ?1 AND NOT instr(' ' || coalesce(aliases, '') || ' ', ' ' || ?2 || ' ')
"""

_SET_STATUS = "UPDATE models SET status = ?2, digest = 0 WHERE key = ?1 AND status <> ?2"
_DROP_DERIVATION = "DELETE FROM derivations WHERE child = ? AND base = ? AND relation = ?"

_RUN_NAMES = "id, kind, source, mode, state, token, cursor, started_at, ended_at, report"


class EmbeddedStore:
    """A directory as a `graph.store.port.Store`.

    Parameters
    ----------
    directory
        Made when it does not exist.

    Raises
    ------
    StoreError
        When the directory cannot be used, or holds a store of a newer version.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._lock = threading.RLock()
        self._owner = new_owner()
        with self._errors():
            self._snapshots.mkdir(parents=True, exist_ok=True)
            self._database = self._connect(_WRITER_CACHE_KIB)
            try:
                self._migrate()
            except BaseException:
                self._database.close()
                raise

    @property
    def url(self) -> str:
        """The directory."""
        return str(self._directory)

    @property
    def remote(self) -> bool:
        """Whether a server does the work."""
        return False

    @property
    def _snapshots(self) -> Path:
        return self._directory / "snapshots"

    def _connect(self, cache_kib: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._directory / "store.sqlite",
            timeout=_BUSY_S,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        return connection

    def _reader(self) -> sqlite3.Connection:
        return self._connect(_READER_CACHE_KIB)

    def _migrate(self) -> None:
        with self._transaction() as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise StoreError(
                    f"{self._directory} holds a store of version {version}, this modelkin reads"
                    f" {SCHEMA_VERSION}; upgrade modelkin, or name another directory by --store"
                )
            if version == 0:
                for statement in _CREATE.split(";\n"):
                    database.execute(statement)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            mend = "check the directory, its permissions and the free space"
            if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
                mend = "its store.sqlite is damaged or something else; name another directory"
            raise StoreError(f"the store in {self._directory} failed: {error}; {mend}") from error
        except OSError as error:
            raise StoreError(
                f"the store in {self._directory} cannot be used: {error.strerror or error};"
                " name another directory by --store"
            ) from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def begin(self, kind: str, source: str, mode: str, *, resume: bool = True) -> Run:
        """Take the lease and begin a run, or go on with the last one of its like."""
        with self._transaction() as database:
            now, uptime = now_ms(), uptime_ms()  # of now: another's transaction was waited for
            owner, token, expires = database.execute("SELECT * FROM lease").fetchone()
            if owner not in (None, self._owner) and lasts(expires, uptime) and not is_gone(owner):
                raise LeaseHeldError(
                    f"another run holds the store {self.url} ({owner.rpartition('/')[0]}, for"
                    f" {(expires - uptime) // 1000} s yet); try again when it is done"
                )
            token += 1
            database.execute(
                "UPDATE lease SET owner = ?, token = ?, expires = ?",
                (self._owner, token, uptime + LEASE_S * 1000),
            )
            last = database.execute(
                f"SELECT {_RUN_NAMES} FROM runs WHERE kind = ? ORDER BY token DESC LIMIT 1",
                (kind,),
            ).fetchone()
            if last and resume and _run(last).goes_on(source, mode):
                run_id = last[0]
                database.execute(
                    "UPDATE runs SET state = 'running', token = ?, ended_at = NULL WHERE id = ?",
                    (token, run_id),
                )
                rows = database.execute("SELECT hashes FROM seen WHERE run = ?", (run_id,))
                seen = b"".join(row[0] for row in rows)
            else:
                run_id, seen = new_run_id(kind), b""
                database.execute(
                    f"INSERT INTO runs ({_RUN_NAMES}) VALUES (?, ?, ?, ?, 'running', ?, NULL, ?,"
                    " NULL, '{}')",
                    (run_id, kind, source, mode, token, now),
                )
            database.execute(
                "UPDATE runs SET state = 'failed', ended_at = ? WHERE state = 'running'"
                " AND id <> ?",
                (now, run_id),
            )
            # Of the runs of one kind only the last can be gone on with.
            database.execute(
                "DELETE FROM seen WHERE run IN (SELECT id FROM runs WHERE kind = ? AND id <> ?)",
                (kind, run_id),
            )
            return replace(self._stored(database, run_id), seen=seen)

    def _stored(self, database: sqlite3.Connection, run_id: str) -> Run:
        query = f"SELECT {_RUN_NAMES} FROM runs WHERE id = ?"
        return _run(database.execute(query, (run_id,)).fetchone())

    def _hold(self, database: sqlite3.Connection, run: Run) -> None:
        """Renew the lease in the transaction at hand."""
        renewed = database.execute(
            "UPDATE lease SET expires = ? WHERE owner = ? AND token = ?",
            (uptime_ms() + LEASE_S * 1000, self._owner, run.token),
        )
        if renewed.rowcount != 1:
            raise LeaseLostError(
                f"another run took over the store {self.url}; what this one stored is kept"
            )

    def renew(self, run: Run) -> None:
        """Renew the lease."""
        with self._transaction() as database:
            self._hold(database, run)

    def write(self, run: Run, batch: Batch) -> int:
        """Store a batch and the run's cursor in one transaction, and renew the lease."""
        with self._transaction() as database:
            self._hold(database, run)
            before = database.total_changes
            _upsert(database, batch)
            gone = [(key,) for key in batch.dropped_models]
            for statement, rows in (
                (_SET_STATUS, batch.statuses),
                (_ADD_ALIAS, batch.aliases),
                (_DROP_DERIVATION, batch.dropped_derivations),
                ("DELETE FROM derivations WHERE child = ?", gone),
                ("DELETE FROM derivations WHERE base = ?", gone),
                ("DELETE FROM models WHERE key = ?", gone),
                ("INSERT OR IGNORE INTO derivations VALUES (?, ?, ?)", batch.derivations),
            ):
                if rows:
                    database.executemany(statement, rows)
            written = database.total_changes - before
            if batch.seen:
                database.execute("INSERT INTO seen VALUES (?, ?)", (run.id, batch.seen))
            if batch.cursor is not None:
                database.execute("UPDATE runs SET cursor = ? WHERE id = ?", (batch.cursor, run.id))
            if batch.report is not None:
                database.execute(
                    "UPDATE runs SET report = ? WHERE id = ?",
                    (orjson.dumps(batch.report), run.id),
                )
            return written

    def finish(self, run: Run, state: str, report: dict[str, Any]) -> Run:
        """End a run, and release the lease."""
        with self._transaction() as database:
            self._hold(database, run)
            database.execute(
                "UPDATE runs SET state = ?, report = ?, ended_at = ? WHERE id = ?",
                (state, orjson.dumps(report), now_ms(), run.id),
            )
            if state == "done":
                database.execute("DELETE FROM seen WHERE run = ?", (run.id,))
            database.execute("UPDATE lease SET owner = NULL, expires = 0")
            return self._stored(database, run.id)

    def columns(self, table: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read columns in chunks, in the order of the table's key."""
        schema = pa.schema([SCHEMAS[table].field(name) for name in names])
        with self._lock, self._errors():
            self._database.execute("PRAGMA shrink_memory")  # of pages that were written
        with self._errors():
            yield from read_columns(
                lambda: self._connect(_READER_CACHE_KIB), table, _KEYS[table], schema
            )

    def publish(self, run: Run, snapshot_id: str, directory: Path, *, keep: int) -> None:
        """Publish a snapshot's files whole, and keep the newest ``keep`` snapshots whole."""
        target = self._snapshots / snapshot_id
        with self._errors():
            if directory.parent != self._snapshots:
                staged = self._snapshots / f".{snapshot_id}"
                shutil.rmtree(staged, ignore_errors=True)  # of a run that was killed
                shutil.move(directory, staged)  # copies from another file system alone
                directory = staged
            directory.replace(target)
        with self._transaction() as database:
            self._hold(database, run)
            # The newest is listed first, wherever the clock was set to.
            (last,) = database.execute("SELECT max(published_at) FROM snapshots").fetchone()
            database.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)",
                (snapshot_id, max(now_ms(), (last or 0) + 1), _size(target.iterdir())),
            )
        listed = [info.id for info in self.snapshots()]
        for path in self._snapshots.iterdir():
            if path.name not in listed:
                shutil.rmtree(path, ignore_errors=True)
        for id in listed[keep:]:
            self._strip(run, id)

    def _strip(self, run: Run, snapshot_id: str) -> None:
        """Leave only the lasting files of a snapshot."""
        directory = self._snapshots / snapshot_id
        dropped = {path for path in directory.iterdir() if path.name not in LASTING_FILES}
        if not dropped:
            return
        with self._transaction() as database:
            self._hold(database, run)
            database.execute(
                "UPDATE snapshots SET size = ? WHERE id = ?",
                (_size(set(directory.iterdir()) - dropped), snapshot_id),
            )
        with self._errors():
            for path in dropped:
                path.unlink()

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots, the newest first, but for those that somebody deleted."""
        with self._lock, self._errors():
            rows = self._database.execute(
                "SELECT id, published_at, size FROM snapshots ORDER BY published_at DESC, id DESC"
            ).fetchall()
        return [
            SnapshotInfo(id, at, size, (self._snapshots / id / "models.arrow").exists())
            for id, at, size in rows
            if (self._snapshots / id).exists()
        ]

    def fetch(self, snapshot_id: str, cache: Path, *, whole: bool = True) -> Path:  # noqa: ARG002  (already local)
        """Return the snapshot's own directory."""
        with self._lock, self._errors():
            found = self._database.execute(
                "SELECT 1 FROM snapshots WHERE id = ?", (snapshot_id,)
            ).fetchone()
        if not found or not (self._snapshots / snapshot_id).exists():
            raise NotFoundError(f"the store {self.url} has no snapshot {snapshot_id!r}")
        return self._snapshots / snapshot_id

    def runs(self, limit: int) -> list[Run]:
        """List runs, the newest first."""
        with self._lock, self._errors():
            rows = self._database.execute(
                f"SELECT {_RUN_NAMES} FROM runs ORDER BY token DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [_run(row) for row in rows]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _size(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files)


def _run(row: tuple[Any, ...]) -> Run:
    *fields, report = row
    return Run(*[*fields, orjson.loads(report)])


def _upsert(database: sqlite3.Connection, batch: Batch) -> None:
    rows = [(*model, digest) for model, digest in zip(batch.models, batch.digests, strict=True)]
    for start in range(0, len(rows), _STATEMENT_ROWS):
        some = rows[start : start + _STATEMENT_ROWS]
        places = ", ".join([_ROW] * len(some))
        statement = f"{_INSERT_MODELS} {places} {_UPDATE_MODELS}"
        database.execute(statement, list(chain.from_iterable(some)))
