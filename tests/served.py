"""The API on a real socket: an application served by uvicorn on the loopback, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.current import Current
from graph.store import open_store
from graph.store.port import Store
from modelkin.connection import Bounds
from modelkin.server import bind, configuration


@contextmanager
def serving(app: FastAPI, proxies: str = "", bounds: Bounds | None = None) -> Iterator[str]:
    """Serve an application; yields its address."""
    with bind("127.0.0.1", 0) as bound:
        server = uvicorn.Server(configuration(app, proxies=proxies, bounds=bounds))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class Served:
    """A client of an API that serves the sample."""

    def __init__(self, client: httpx2.Client, current: Current) -> None:
        self.client, self.current = client, current

    def post(self, query: str, *, accept: str = "application/json", **told: Any) -> httpx2.Response:
        return self.client.post(
            "/graphql", json={"query": query, **told}, headers={"accept": accept}
        )

    def lives(self) -> None:
        """Check that the next query is answered."""
        answer = self.post("{ snapshot { id } }")
        assert answer.status_code == 200
        assert answer.json()["data"]["snapshot"]["id"] == self.current.eco.id


class Published(NamedTuple):
    """A store that holds the sample's snapshot, and where copies of it are kept."""

    store: Store
    cache: Path

    @contextmanager
    def served(
        self, *, proxies: str = "", bounds: Bounds | None = None, **options: Any
    ) -> Iterator[Served]:
        """Serve it; ``options`` are those of `api.app.create_app`."""
        current = Current(self.store, self.cache, refresh_s=3600)
        with (
            serving(create_app(current, **options), proxies, bounds) as address,
            httpx2.Client(base_url=address, timeout=30) as client,
        ):
            yield Served(client, current)


@pytest.fixture(scope="session")
def published(sample_directory: Path) -> Iterator[Published]:
    with open_store(str(sample_directory / "store")) as store:
        yield Published(store, sample_directory / "cache")


@pytest.fixture(scope="module")
def api(published: Published) -> Iterator[Served]:
    with published.served() as served:
        yield served
