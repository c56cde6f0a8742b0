"""Batches on their way into a store, while the next ones are read."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.errors import HubError, StoreError
from graph.store.embedded import EmbeddedStore
from graph.store.port import Batch, Run
from ingest.crawl import Crawl
from ingest.source import Page
from tests.test_crawl import Pages, content, edges, item, models

WAIT_S = 30
"""Seconds after which a test that waits for another thread fails."""


class Remote(EmbeddedStore):
    """A store that works beside its caller, as a server does."""

    remote = True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Remote]:
    with Remote(tmp_path / "store") as opened:
        yield opened


PAGES = [[item(n, f"a/m{n}", f"a/m{n - 1}")] for n in range(1, 7)]


def crawl(store: EmbeddedStore, source: Pages, **options: Any) -> Run:
    return Crawl(store, source, batch_rows=1, **options).run()


def test_a_batch_is_stored_while_the_next_one_is_read(
    store: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_on = threading.Event()
    write = store.write

    class Watched(Pages):
        def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
            for number, page in enumerate(super().pages(cursor, since)):
                if number == 1:
                    read_on.set()
                yield page

    def once_read_on(run: Run, batch: Batch) -> int:
        assert read_on.wait(WAIT_S), "nothing was read while the first batch was stored"
        return write(run, batch)

    monkeypatch.setattr(store, "write", once_read_on)
    run = crawl(store, Watched(PAGES))
    with EmbeddedStore(tmp_path / "plain") as plain:
        expected = crawl(plain, Pages(PAGES))
        assert content(store) == content(plain)
    assert {**run.report, "seconds": 0} == {**expected.report, "seconds": 0}


@pytest.mark.parametrize("failing", range(6))
def test_a_batch_that_cannot_be_stored_ends_the_run_at_the_one_before(
    store: Remote, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    write = store.write
    batches: list[Batch] = []

    def fail(run: Run, batch: Batch) -> int:
        batches.append(batch)
        if len(batches) > failing:
            raise StoreError("the disk is full")
        return write(run, batch)

    with monkeypatch.context() as patched:
        patched.setattr(store, "write", fail)
        with pytest.raises(StoreError, match="the disk is full"):
            crawl(store, Pages(PAGES))
    assert len(batches) == failing + 1
    assert len(models(store, "id")) == failing
    run = store.runs(1)[0]
    assert (run.state, run.report.get("read", 0)) == ("failed", failing)
    source = Pages(PAGES)
    again = crawl(store, source)
    assert (again.id == run.id) == (failing > 0)
    assert source.asked == [str(failing) if failing else None]
    assert again.report["read"] == 6
    assert edges(store) == {("1", "id:a/m0"), *((str(n), str(n - 1)) for n in range(2, 7))}


def test_what_was_read_before_the_source_failed_is_stored(store: Remote) -> None:
    class Broken(Pages):
        def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
            pages = super().pages(cursor, since)
            yield next(pages)
            yield next(pages)
            raise HubError("no answer")

    with pytest.raises(HubError):
        crawl(store, Broken(PAGES))
    assert len(models(store, "id")) == 2
    assert store.runs(1)[0].report["read"] == 2
    assert crawl(store, Pages(PAGES)).report["read"] == 6


def test_a_record_without_key_finds_it_in_a_batch_that_is_being_stored(store: Remote) -> None:
    pages = [[item(1, "a/b", likes=1)], [item(2, "c/d")], [item(None, "a/b", likes=2)]]
    crawl(store, Pages(pages))
    assert models(store, "likes") == {"1": 2, "2": None}
