"""Faults of the store while the Hub is crawled into it: in the end it holds what it should."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.errors import LeaseHeldError, LeaseLostError, StoreError
from graph.store.lease import now_ms
from graph.store.port import Run, Store
from ingest.crawl import Crawl
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from modelkin.local_neo4j import LocalNeo4j
from tests.bolt_proxy import BoltProxy
from tests.hub import LoopbackHub
from tests.hub_models import GeneratedModels
from tests.neo4j_server import Neo4jServer, free_port
from tests.stores import EmbeddedPlace, Neo4jPlace, Place
from tests.test_crawl_stores import content
from tests.test_store_snapshots import make_snapshot

PAGE = 100
MODELS = GeneratedModels(8 * PAGE)[:]

GONE_S = 20
"""Seconds for which a server may be gone without ending a crawl."""


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")


def crawl(store: Store, hub: LoopbackHub, **options: Any) -> Run:
    source = HubSource(HubClient(endpoint=hub.url), page_size=PAGE)
    return Crawl(store, source, batch_rows=PAGE, **options).run()


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub(MODELS) as opened:
        yield opened


@pytest.fixture
def clean(tmp_path: Path, hub: LoopbackHub) -> dict[str, Any]:
    """What a store holds after an undisturbed crawl of the models."""
    with EmbeddedPlace(tmp_path / "clean").open() as store:
        crawl(store, hub)
        hub.requests.clear()
        return content(store)


@pytest.mark.parametrize("after", [True, False])
def test_connections_that_break_in_their_commits(
    neo4j_place: Neo4jPlace, hub: LoopbackHub, clean: dict[str, Any], after: bool
) -> None:
    """Before or after the server heard of the commit, at each page and while settling."""
    with BoltProxy(neo4j_place.url, after=after) as proxy:
        neo4j_place.url = proxy.url
        store = neo4j_place.open()
        cut = 0

        def break_next(phase: str, done: int, total: int | None) -> None:
            nonlocal cut
            cut += 1
            proxy.cuts = 1

        run = crawl(store, hub, progress=break_next)
        assert cut > len(MODELS) // PAGE
        assert proxy.cuts == 0
        assert (run.state, run.report["read"]) == ("done", len(MODELS))
        assert content(store) == clean


def test_server_that_is_gone_for_20_seconds(
    neo4j_place: Neo4jPlace, hub: LoopbackHub, clean: dict[str, Any]
) -> None:
    with BoltProxy(neo4j_place.url) as proxy:
        neo4j_place.url = proxy.url
        store = neo4j_place.open()
        back = threading.Timer(GONE_S, proxy.come_back)

        def go_away(phase: str, done: int, total: int | None) -> None:
            if done == 3 * PAGE:
                proxy.go_away()
                back.start()

        run = crawl(store, hub, progress=go_away)
        back.join()
        assert len(hub.requests) == len(MODELS) // PAGE
        assert (run.state, run.report["read"]) == ("done", len(MODELS))
        assert content(store) == clean


def test_server_that_is_killed(hub: LoopbackHub, clean: dict[str, Any], tmp_path: Path) -> None:
    """With SIGKILL, on the way; when it is back, what it had committed is there."""
    password = secrets.token_urlsafe(12)
    port = free_port()

    def server() -> LocalNeo4j:
        return LocalNeo4j(tmp_path / "neo4j", port=port, password=password, heap_mb=512)

    first, second = server(), server()
    place = Neo4jPlace(Neo4jServer(f"bolt://127.0.0.1:{port}", "neo4j", password))
    first.start()
    try:
        with place.open() as store:
            restart = threading.Thread(target=second.start)

            def kill(phase: str, done: int, total: int | None) -> None:
                if done == 3 * PAGE:
                    assert first.pid
                    os.kill(first.pid, signal.SIGKILL)
                    first.stop()
                    restart.start()

            try:
                crawl(store, hub, progress=kill)
            except StoreError:  # on a slow machine it is gone for longer than is waited
                restart.join()
                crawl(store, hub)
            (run,) = store.runs(9)
            assert (run.state, run.report["read"]) == ("done", len(MODELS))
            assert content(store) == clean
            restart.join()
    finally:
        first.stop()
        second.stop()


def test_server_whose_clock_is_set_back(neo4j_place: Neo4jPlace) -> None:
    """It would hold the lease of a crawler elsewhere, which died, for as long as it went back."""
    dead, store = neo4j_place.open(), neo4j_place.open()
    lost = dead.begin("crawl", "hub", "full")
    neo4j_place.set_lease(owner="another-host/1/abc")
    with pytest.raises(LeaseHeldError):
        store.begin("crawl", "hub", "full")
    neo4j_place.set_lease(expires=now_ms() + 3_600_000)
    store.begin("crawl", "hub", "full")
    with pytest.raises(LeaseLostError):
        dead.renew(lost)


def test_clock_set_back_between_two_publishings(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = place.open()
    real = time.time_ns
    for number, ahead_s in enumerate((0, -3600, -7200)):
        monkeypatch.setattr(time, "time_ns", lambda: real() + ahead_s * 10**9)  # noqa: B023
        run = store.begin("measure", "store", "full")
        store.publish(run, f"s{number}", make_snapshot(tmp_path, f"s{number}"), keep=1)
        store.finish(run, "done", {})
        assert store.runs(1)[0].id == run.id
        assert [info.id for info in store.snapshots()] == [f"s{n}" for n in range(number, -1, -1)]
        assert [info.id for info in store.snapshots() if info.whole] == [f"s{number}"]


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_clock_that_jumps_takes_no_lease_away(
    embedded_place: EmbeddedPlace, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    holder, other = embedded_place.open(), embedded_place.open()
    run = holder.begin("crawl", "hub", "full")
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + jump_s * 10**9)
    with pytest.raises(LeaseHeldError, match=r"for [3-6]\d s yet"):
        other.begin("crawl", "hub", "full")
    holder.renew(run)
