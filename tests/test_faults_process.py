"""Faults of the crawler's own process: killed at any moment, its clock set, no room on its disk."""

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from graph import snapshot
from graph.ecosystem import Ecosystem
from graph.measure import measure
from graph.quality import Reason
from graph.registry import load_registry
from graph.store import open_store
from graph.store.port import Store
from ingest.crawl import END, Crawl
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from tests.crawler import WAIT_S, crawler, ended, until
from tests.hub import LoopbackHub, Request
from tests.hub_models import GeneratedModels
from tests.stores import EmbeddedPlace, Place
from tests.test_crawl_stores import content

PAGE, PAGES = 50, 24
MODELS = GeneratedModels(PAGE * PAGES)[:]

KILLS = {"EmbeddedPlace": 25, "Neo4jPlace": 3}
SEED = 20261125


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")


def source(hub: LoopbackHub) -> HubSource:
    return HubSource(HubClient(endpoint=hub.url))


def crawl(store: Store, hub: LoopbackHub) -> None:
    Crawl(store, source(hub)).run()


def before(store: Store) -> str:
    """Crawl the Hub as it was when it had half of its models, and publish that."""
    with LoopbackHub(MODELS[: len(MODELS) // 2]) as hub:
        crawl(store, hub)
    return measure(store, load_registry()).id


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that undisturbed crawls filled."""
    with (
        EmbeddedPlace(tmp_path_factory.mktemp("clean")).open() as store,
        pytest.MonkeyPatch.context() as patch,
        LoopbackHub(MODELS) as hub,
    ):
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        before(store)
        crawl(store, hub)
        yield store


@contextmanager
def reader(place: Place, cache: Path) -> Iterator[list[Any]]:
    """Read the newest snapshot over and over, as a server does; collects what was read."""
    read: list[Any] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.wait(0.02):
                with open_store(place.url, credentials=place.credentials) as store:
                    newest = store.snapshots()[0].id
                    eco = Ecosystem(store.fetch(newest, cache))
                found = (newest, len(eco.names), int(eco.column("downloads").to_numpy().sum()))
                if found not in read:
                    read.append(found)
        except BaseException as error:
            read.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield read
    finally:
        done.set()
        thread.join()


def test_crawler_killed_at_random_moments(place: Place, clean: Store, tmp_path: Path) -> None:
    """Each time it goes on at the first page whose batch was not stored, and at no other."""
    store = place.open()
    old = before(store)
    draw = random.Random(SEED)
    killed = 0
    with LoopbackHub(MODELS, largest_page=PAGE) as hub, reader(place, tmp_path / "cache") as read:
        after = [page.cursor for page in source(hub).pages(None)][:-1]
        cursors = [None, *after, END]
        while killed < KILLS[type(place).__name__]:
            hub.requests.clear()
            wanted, delay_s = draw.randint(1, 4), draw.uniform(0, 0.05)
            with crawler(place, hub, batch_rows=PAGE) as process:
                until(lambda: len(hub.requests) >= wanted or process.poll() is not None)  # noqa: B023
                time.sleep(delay_s)
            print(f"{process.returncode} after {len(hub.requests)} requests and {delay_s:.3f} s")
            assert process.returncode in (-signal.SIGKILL, 0)
            killed += process.returncode != 0
            # A page is asked for once the one before is stored, or is being stored by a server.
            asked = [path_and_query(request) for request in hub.requests]
            places = [cursors.index(cursor) for cursor in asked]
            run = next(run for run in store.runs(9) if run.kind == "crawl")
            if places:
                assert places == [*range(places[0], places[-1] + 1)]
                stored = cursors.index(run.cursor)
                assert places[-1] - store.remote <= stored <= places[-1] + 1
            else:  # killed before it asked, or when all was read
                assert run.cursor in cursors
        with crawler(place, hub, batch_rows=PAGE) as process:
            assert ended(process)[0] == 0
        assert content(store) == content(clean)
        (last,) = store.runs(1)
        twice = last.report["quality"].get(Reason.REPEATED_RECORD, {"count": 0})["count"]
        assert (last.state, last.report["read"] - twice) == ("done", len(MODELS))
        new = measure(store, load_registry()).id
        until(lambda: read[-1][0] != old)
    assert [found[0] for found in read] == [old, new]
    assert equal(store, clean, tmp_path)


def path_and_query(request: Request) -> str | None:
    """The cursor by which a page was asked for; None for the first."""
    if request.get("cursor") is None:
        return None
    return f"{request.path}?{urlencode(request.query, quote_via=quote)}"


def equal(one: Store, other: Store, cache: Path) -> bool:
    """Whether two stores measure the same."""
    tables = []
    for number, store in enumerate((one, other)):
        info = measure(store, load_registry())
        found = snapshot.read(store.fetch(info.id, cache / str(number)))[1]
        tables.append({name: table.to_pylist() for name, table in found.items()})
    return tables[0] == tables[1]


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_clock_that_jumps(
    embedded_place: EmbeddedPlace, clean: Store, tmp_path: Path, jump_s: int
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    store = embedded_place.open()
    before(store)

    def jump(_: LoopbackHub) -> None:
        clock.write_text(f"{jump_s:+}")

    with LoopbackHub(MODELS, largest_page=PAGE, changes={5: jump}) as hub:
        with crawler(embedded_place, hub, batch_rows=PAGE, clock=clock) as process:
            assert ended(process)[0] == 0
        assert len(hub.requests) == PAGES
    assert content(store) == content(clean)
    (run, *_) = [run for run in store.runs(9) if run.source == "hub"]
    assert (run.state, run.report["read"]) == ("done", len(MODELS))
    assert run.ended_at is not None
    assert (run.ended_at - run.started_at) / 1000 == pytest.approx(jump_s, abs=WAIT_S)


@pytest.mark.parametrize("room", [40_000, 200_000])
def test_disk_that_fills(
    embedded_place: EmbeddedPlace, clean: Store, tmp_path: Path, room: int
) -> None:
    store = embedded_place.open()
    old = before(store)
    with (
        LoopbackHub(MODELS, largest_page=PAGE) as hub,
        reader(embedded_place, tmp_path) as read,
    ):
        store_size = max(path.stat().st_size for path in Path(embedded_place.url).iterdir())
        with crawler(
            embedded_place, hub, batch_rows=PAGE, largest_file=store_size + room
        ) as process:
            code, told = ended(process)
        assert code == 1
        (line,) = [line for line in told.splitlines() if line.startswith("modelkin: ")]
        assert embedded_place.url in line
        assert "free space" in line
        with crawler(embedded_place, hub, batch_rows=PAGE) as process:
            assert ended(process)[0] == 0
    assert content(store) == content(clean)
    assert [found[0] for found in read] == [old]
