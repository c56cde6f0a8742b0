"""Warming: first queries find done what they would have waited for."""

import threading
import time
from pathlib import Path

import pytest

from api.current import Current
from api.warm import LISTS, warm
from graph.concentration import concentration
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.measure import measure
from graph.registry import load_registry
from graph.shares import MANY_GROUPS, By, Definition, Weight, share
from graph.store import open_store
from graph.store.port import Store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.lineages import ecosystem, item
from tests.sample_ecosystem import ask

USUAL = Definition(Weight.DERIVATIVES, Attribution.LINEAGE, Credit.FRACTIONAL)
PATIENCE_S = 30


def is_warm(eco: Ecosystem) -> bool:
    """Tell whether the last of the steps was taken."""
    waited = []

    def wait() -> str:
        waited.append("")
        return ""

    last = Definition(Weight.DOWNLOADS_ALL_TIME, Attribution.DIRECT, Credit.FRACTIONAL)
    for key in ((share, By.FAMILY, last, MANY_GROUPS), (concentration, By.FAMILY, last)):
        eco.answers.once(key, wait, size=lambda _: 10**12)
    return not waited


def publish(store: Store, path: Path, likes: int) -> None:
    derivative = '{"id": "a/new", "tags": ["base_model:a/root"]}'
    path.write_text(f'{{"id": "a/root", "likes": {likes}}}\n{derivative}')
    Crawl(store, JsonlSource(path)).run()
    measure(store, load_registry())


@pytest.mark.parametrize("query", LISTS)
def test_the_lists_are_answered(sample_ecosystem: Ecosystem, query: str) -> None:
    assert ask(sample_ecosystem, query)


def test_what_is_warmed_is_what_is_asked_for(sample_directory: Path) -> None:
    (snapshot,) = (sample_directory / "store" / "snapshots").iterdir()
    eco = Ecosystem(snapshot)
    assert not is_warm(eco)
    before = ask(eco, "{ share(by: FAMILY) { groups { key value } } }")
    for _ in warm(eco):
        pass
    assert is_warm(eco)
    assert ask(eco, "{ share(by: FAMILY) { groups { key value } } }") == before


def test_an_ecosystem_of_which_nothing_is_known_is_warmed() -> None:
    eco = ecosystem([item("gpt2")])
    for _ in warm(eco):
        pass
    assert is_warm(eco)


def test_a_new_snapshot_is_warm_when_it_is_served(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:
        publish(store, tmp_path / "models.jsonl", 1)
        current = Current(store, tmp_path / "cache", refresh_s=0.01)
        current.start()
        try:
            first = current.eco
            end = time.monotonic() + PATIENCE_S
            while not is_warm(first):
                assert time.monotonic() < end, "the first snapshot is not warmed"
                time.sleep(0.01)
            publish(store, tmp_path / "models.jsonl", 2)
            while current.eco is first:
                time.sleep(0.01)
                assert time.monotonic() < end, "the new snapshot is not served"
            assert is_warm(current.eco)
        finally:
            current.stop()


def test_who_stops_does_not_wait_for_warming(sample_directory: Path, tmp_path: Path) -> None:
    with open_store(str(sample_directory / "store")) as store:
        current = Current(store, tmp_path / "cache")
        current.start()
        current.stop()
        assert not is_warm(current.eco)
        assert "snapshots" not in {thread.name for thread in threading.enumerate()}
