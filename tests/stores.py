"""Places for stores, the same for both adapters, with a way in behind their backs."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import neo4j
import pytest

from graph.records import Derivation, Model
from graph.store import open_store
from graph.store.port import Batch, Run, Store
from tests.neo4j_server import Neo4jServer

SUBPROCESS = """
import os, sys
from pathlib import Path
from graph.store import open_store

store = open_store(sys.argv[1], credentials=("neo4j", os.environ.get("STORE_PASSWORD", "")))
"""


class Place(Protocol):
    """Where stores are opened, each of them closed at the end of the test."""

    @property
    def url(self) -> str: ...

    @property
    def credentials(self) -> tuple[str, str] | None: ...

    def open(self) -> Store: ...

    def set_lease(self, *, owner: str | None = None, expires: int | None = None) -> None: ...

    def set_version(self, version: int) -> None: ...

    def leave_half_published(self, snapshot_id: str) -> None: ...

    def leftovers(self) -> list[str]: ...


class EmbeddedPlace:
    credentials = None

    def __init__(self, directory: Path) -> None:
        self.url = str(directory)
        self.stores: list[Store] = []

    def open(self) -> Store:
        self.stores.append(open_store(self.url))
        return self.stores[-1]

    def _run(self, statement: str, *values: Any) -> None:
        with closing(sqlite3.connect(Path(self.url, "store.sqlite"))) as database, database:
            database.execute(statement, values)

    def set_lease(self, *, owner: str | None = None, expires: int | None = None) -> None:
        self._run(
            "UPDATE lease SET owner = coalesce(?, owner), expires = coalesce(?, expires)",
            owner,
            expires,
        )

    def set_version(self, version: int) -> None:
        self._run(f"PRAGMA user_version = {version}")

    def leave_half_published(self, snapshot_id: str) -> None:
        directory = Path(self.url, "snapshots", snapshot_id)
        directory.mkdir()
        (directory / "models.arrow").write_bytes(b"half")

    def leftovers(self) -> list[str]:
        return [path.name for path in Path(self.url, "snapshots").iterdir()]


class Neo4jPlace:
    def __init__(self, server: Neo4jServer) -> None:
        self.url = server.url
        self.credentials = (server.username, server.password)
        self.stores: list[Store] = []

    def open(self) -> Store:
        self.stores.append(open_store(self.url, credentials=self.credentials))
        return self.stores[-1]

    def run(self, statement: str, **values: Any) -> list[list[Any]]:
        with (
            neo4j.GraphDatabase.driver(
                self.url, auth=self.credentials, notifications_min_severity="OFF"
            ) as driver,
            driver.session(database="neo4j") as session,
        ):
            return [list(record.values()) for record in session.run(statement, values)]

    def empty(self) -> None:
        self.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")

    def set_lease(self, *, owner: str | None = None, expires: int | None = None) -> None:
        self.run(
            "MATCH (l:Lease) SET l.owner = coalesce($owner, l.owner),"
            " l.expires = coalesce($expires, l.expires)",
            owner=owner,
            expires=expires,
        )

    def set_version(self, version: int) -> None:
        self.run("MERGE (s:StoreSchema {name: 'modelkin'}) SET s.version = $v", v=version)

    def leave_half_published(self, snapshot_id: str) -> None:
        self.run("CREATE (:Snapshot {id: $id})", id=snapshot_id)
        self.run("CREATE (:SnapshotPart {id: $id, bytes: $b})", id=f"{snapshot_id}/000000", b=b"h")

    def leftovers(self) -> list[str]:
        (parts,) = self.run("MATCH (p:SnapshotPart) RETURN collect(DISTINCT split(p.id, '/')[0])")
        (snapshots,) = self.run("MATCH (s:Snapshot) RETURN collect(s.id)")
        assert sorted(parts[0]) == sorted(snapshots[0])
        return [str(id) for id in snapshots[0]]


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Community has one database, and the workers of pytest-xdist share its server."""
    with (directory / "neo4j-database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def neo4j_place(
    neo4j_server: Neo4jServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neo4jPlace]:
    """An empty database, for this test alone."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    place = Neo4jPlace(neo4j_server)
    with _alone(shared):
        place.empty()
        yield place
        for store in place.stores:
            store.close()


@pytest.fixture
def embedded_place(tmp_path: Path) -> Iterator[EmbeddedPlace]:
    place = EmbeddedPlace(tmp_path / "store")
    yield place
    for store in place.stores:
        store.close()


@pytest.fixture(params=["embedded", "neo4j"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


def start(place: Place, code: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start code in another process, where ``store`` is one on the same place."""
    password = place.credentials[1] if place.credentials else ""
    return subprocess.Popen(
        [sys.executable, "-c", SUBPROCESS + code, place.url, *arguments],
        env={**os.environ, "STORE_PASSWORD": password},
    )


def rows(store: Store, table: str, names: list[str]) -> list[tuple[Any, ...]]:
    """Read a table; what an adapter may order as it likes is sorted."""
    found = [
        tuple(row[name] for name in names)
        for batch in store.columns(table, names)
        for row in batch.to_pylist()
    ]
    return found if table == "models" else sorted(found)


def load(
    store: Store, run: Run, models: list[Model], derivations: list[Derivation] | None = None
) -> int:
    """Write models, each with a digest of its own, and derivations."""
    digests = [(hash(model) >> 1) or 1 for model in models]
    batch = Batch(models=models, digests=digests, derivations=derivations or [])
    return store.write(run, batch)
