"""The Neo4j store: models and derivations as a graph, snapshots as bytes beside it.

::

    (:Model {key, id, ...})-[:DERIVED_FROM {relation}]->(:Model)
    (:Model)-[:PUBLISHED_BY]->(:Organization {name, title, country, kind})
    (:Model)-[:IN_FAMILY {share}]->(:Family {key, name})
    (:Run {id, state, cursor, ...})  (:Lease)  (:Seen)
    (:Snapshot {id, ...})  (:SnapshotPart {id, bytes})  (:StoreSchema {version})
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pyarrow as pa

from graph.errors import StoreError
from graph.store import neo4j_cypher as cypher
from graph.store import neo4j_snapshots as snapshots
from graph.store.lease import new_owner, new_run_id, now_ms
from graph.store.neo4j_client import Client, Transaction, change
from graph.store.neo4j_client import run as execute
from graph.store.neo4j_lease import Held, claim
from graph.store.neo4j_scores import write_scores
from graph.store.port import Batch, Run, SnapshotInfo
from graph.store.schema import SCHEMA_VERSION, SCHEMAS


class Neo4jStore:
    """A Neo4j database as a `graph.store.port.Store`.

    Parameters
    ----------
    url
        ``neo4j://`` or ``bolt://``, or their ``+s`` and ``+ssc``; without credentials.
    credentials
        User name and password; None for a server without authentication.
    database
        The database's name.

    Raises
    ------
    StoreError
        When the server cannot be reached, has no such database, or holds a store of a newer
        version.
    CredentialsError
        When it refuses the credentials.
    """

    def __init__(
        self, url: str, credentials: tuple[str, str] | None, *, database: str = "neo4j"
    ) -> None:
        self._owner = new_owner()
        self._client = Client(url, credentials, database)
        try:
            self._prepared = self._is_prepared()
        except BaseException:
            self._client.close()
            raise

    @property
    def url(self) -> str:
        """The server's address."""
        return self._client.url

    @property
    def remote(self) -> bool:
        """Whether a server does the work."""
        return True

    def _is_prepared(self) -> bool:
        found = self._client.probe(cypher.VERSION)
        version: int = found["version"] if found else 0
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.url} holds a store of version {version}, this modelkin reads"
                f" {SCHEMA_VERSION}; upgrade modelkin, or name another database"
            )
        return version == SCHEMA_VERSION

    def _held(self, run: Run) -> Held:
        return Held(self._client, self._owner, run.token)

    def begin(self, kind: str, source: str, mode: str, *, resume: bool = True) -> Run:
        """Take the lease and begin a run, or go on with the last one of its like."""
        if not self._prepared:
            for statement in cypher.PREPARE:
                self._client.write(execute(statement))
            self._prepared = True
        like = {"kind": kind, "source": source, "mode": mode}
        new_id, now = new_run_id(kind), now_ms()

        def work(transaction: Transaction) -> Run:
            token = claim(transaction, self._owner, self.url)
            found = transaction.run(cypher.LAST_RUN, like).single()
            last = _run(found["run"]) if found else None
            fields: dict[str, Any] = {"state": "running", "token": token, "ended_at": None}
            if last and resume and last.goes_on(source, mode):
                run_id = last.id
            else:
                run_id = new_id
                fields |= {**like, "started_at": now, "report": "{}"}
            transaction.run(cypher.BEGIN_RUN, id=run_id, fields=fields).consume()
            transaction.run(cypher.FAIL_OTHER_RUNS, id=run_id, now=now).consume()
            transaction.run(cypher.FORGET_SEEN_BEFORE, like, id=run_id).consume()
            seen = b"".join(bytes(s["hashes"]) for s in transaction.run(cypher.SEEN, run=run_id))
            return replace(_updated(transaction, run_id, {}), seen=seen)

        return self._client.write(work)

    def renew(self, run: Run) -> None:
        """Renew the lease."""
        self._held(run).renew()

    def write(self, run: Run, batch: Batch) -> int:
        """Store a batch and the run's cursor in one transaction, and renew the lease."""
        digested = zip(batch.models, batch.digests, strict=True)
        changes: list[tuple[str, list[Any]]] = [
            (cypher.UPSERT, [[*model, digest] for model, digest in digested]),
            (cypher.SET_STATUS, _rows(batch.statuses)),
            (cypher.ADD_ALIAS, _rows(dict.fromkeys(batch.aliases))),
            (cypher.DROP_DERIVATION, _rows(batch.dropped_derivations)),
            (cypher.DROP_DERIVATIONS_OF, list(batch.dropped_models)),
            (cypher.DROP_MODEL, list(batch.dropped_models)),
            (cypher.ADD_DERIVATION, _rows(batch.derivations)),
        ]
        progress: dict[str, Any] = {}
        if batch.cursor is not None:
            progress["cursor"] = batch.cursor
        if batch.report is not None:
            progress["report"] = orjson.dumps(batch.report).decode()
        counts: list[int] = []

        def work(transaction: Transaction) -> None:
            counts.append(sum(change(transaction, statement, rows) for statement, rows in changes))
            if batch.seen:
                name = hashlib.blake2b(batch.seen, digest_size=8).hexdigest()
                transaction.run(
                    cypher.ADD_SEEN, id=f"{run.id}/{name}", run=run.id, hashes=batch.seen
                ).consume()
            if progress:
                transaction.run(cypher.UPDATE_RUN, id=run.id, fields=progress).consume()

        self._held(run).write(work)
        # Sent again after it took effect, a batch changes nothing: the first count holds.
        return max(counts)

    def finish(self, run: Run, state: str, report: dict[str, Any]) -> Run:
        """End a run, and release the lease."""
        ended_at = now_ms()
        fields = {"state": state, "report": orjson.dumps(report).decode(), "ended_at": ended_at}

        def work(transaction: Transaction) -> Run:
            if state == "done":
                transaction.run(cypher.FORGET_SEEN, run=run.id).consume()
            return _updated(transaction, run.id, fields)

        return self._held(run).release(run.id, ended_at, work)

    def columns(self, table: str, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Read columns in chunks, in the order of keys, or of the keys of children."""
        schema = pa.schema([SCHEMAS[table].field(name) for name in names])
        if table == "models":
            statement = cypher.nodes("Model", names)
        else:
            columns = {name: cypher.DERIVATION_COLUMNS[name] for name in names}
            statement = cypher.relationships("DERIVED_FROM", "Model", columns)
        for chunk in self._client.chunks(statement):
            arrays = [pa.array(chunk[field.name], field.type) for field in schema]
            if len(arrays[0]):
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def publish(self, run: Run, snapshot_id: str, directory: Path, *, keep: int) -> None:
        """Publish a snapshot's files whole, and keep the newest ``keep`` snapshots whole.

        Then write its scores and families on the graph's nodes, for people who query Neo4j
        itself; whoever reads snapshots need not wait for that.
        """
        held = self._held(run)
        tables = snapshots.open_tables(directory)
        snapshots.upload(held, snapshot_id, directory)
        snapshots.retain(self._client, held, keep)
        write_scores(self._client, held, tables)
        snapshots.discard(directory)

    def snapshots(self) -> list[SnapshotInfo]:
        """List the published snapshots, the newest first."""
        return snapshots.published(self._client)

    def fetch(self, snapshot_id: str, cache: Path, *, whole: bool = True) -> Path:
        """Return a copy of a snapshot's files in the cache, made when there is none."""
        return snapshots.fetch(self._client, snapshot_id, cache, whole=whole)

    def runs(self, limit: int) -> list[Run]:
        """List runs, the newest first."""

        def work(transaction: Transaction) -> list[Run]:
            return [_run(record["run"]) for record in transaction.run(cypher.RUNS, limit=limit)]

        return self._client.read(work)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _rows(records: Any) -> list[list[Any]]:
    return [list(record) for record in records]


def _updated(transaction: Transaction, run_id: str, fields: dict[str, Any]) -> Run:
    found = transaction.run(cypher.UPDATE_RUN, id=run_id, fields=fields).single(strict=True)
    return _run(found["run"])


def _run(values: list[Any]) -> Run:
    *fields, report = values
    return Run(*[*fields, orjson.loads(report)])
