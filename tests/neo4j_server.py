"""One real Neo4j for a whole test session, shared by the workers of pytest-xdist."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from modelkin.credentials import credentials
from modelkin.local_neo4j import LocalNeo4j


@dataclass(frozen=True)
class Neo4jServer:
    url: str
    username: str
    password: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """The server of ``MODELKIN_TEST_NEO4J``, or one of this session's own: never a skip."""
    if url := os.environ.get("MODELKIN_TEST_NEO4J"):
        given = credentials()
        if given is None:
            pytest.fail("MODELKIN_TEST_NEO4J is set without NEO4J_USERNAME and NEO4J_PASSWORD")
        yield Neo4jServer(url, *given)
        return
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with _shared_server(shared) as server:
        yield server


@contextmanager
def _shared_server(shared: Path) -> Iterator[Neo4jServer]:
    """Start a server, or join the one that another worker started.

    The worker that started it stops it when nobody else holds ``users`` any more. The kernel
    ends the server if that worker is killed, and releases what any worker that is killed held.
    """
    state = shared / "neo4j.json"
    ours: LocalNeo4j | None = None
    with (shared / "neo4j.users").open("w") as users:
        with _locked(shared / "neo4j.lock"):
            server = _running(state)
            if server is None:
                data = shared / "neo4j"
                # what a worker that was killed has left is of no use: its password is unknown
                shutil.rmtree(data, ignore_errors=True)
                # with every character that a quoting could get wrong
                password = f"@\"\\ '$#é{secrets.token_urlsafe(12)}"
                ours = LocalNeo4j(data, port=free_port(), password=password)
                ours.start()
                server = Neo4jServer(ours.url, "neo4j", password)
                state.write_text(json.dumps(asdict(server)), encoding="utf-8")
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            if ours is not None:
                with _locked(shared / "neo4j.lock"):
                    fcntl.flock(users, fcntl.LOCK_EX)
                    state.unlink()
                    ours.stop()
                    shutil.rmtree(ours.data)


def _running(state: Path) -> Neo4jServer | None:
    """Give the server that a worker noted, unless it is gone."""
    try:
        server = Neo4jServer(**json.loads(state.read_text(encoding="utf-8")))
        host, port = server.url.removeprefix("bolt://").split(":")
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return None
    return server


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
