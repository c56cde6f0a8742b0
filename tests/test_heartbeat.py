"""A lease is kept while a run writes nothing, and let go of when it is lost."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from graph.errors import LeaseLostError, StoreError
from graph.store import open_store
from graph.store.embedded import EmbeddedStore
from graph.store.heartbeat import heartbeat
from graph.store.port import Batch, Run


class Counting(EmbeddedStore):
    """A store that counts renewals, and tells of one that failed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.renewed = 0
        self.often = threading.Event()
        self.failed = threading.Event()

    def renew(self, run: Run) -> None:
        try:
            super().renew(run)
        except StoreError:
            self.failed.set()
            raise
        self.renewed += 1
        if self.renewed == 3:
            self.often.set()


def test_the_lease_is_renewed_until_the_block_ends(tmp_path: Path) -> None:
    with Counting(tmp_path / "store") as store:
        run = store.begin("crawl", "here", "full")
        with heartbeat(store, run, every_s=0.01):
            assert store.often.wait(30)
        count = store.renewed
        store.write(run, Batch())
        assert store.renewed == count
        assert not [t for t in threading.enumerate() if t.name == "heartbeat"]


def test_a_store_that_fails_for_a_while_does_not_end_the_beat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.store.embedded._BUSY_S", 0.01)
    with Counting(tmp_path / "store") as store:
        run = store.begin("crawl", "here", "full")
        with (
            closing(sqlite3.connect(tmp_path / "store" / "store.sqlite")) as other,
            heartbeat(store, run, every_s=0.01),
        ):
            other.execute("BEGIN IMMEDIATE")
            assert store.failed.wait(30)
            store.renewed = 0
            other.execute("ROLLBACK")
            assert store.often.wait(30)


def test_a_lost_lease_ends_the_beat_and_the_next_write_says_so(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:
        lost = store.begin("crawl", "here", "full")
        store.begin("crawl", "there", "full")
        with heartbeat(store, lost, every_s=0.01):
            beat = next(t for t in threading.enumerate() if t.name == "heartbeat")
            beat.join(30)
            assert not beat.is_alive()
            with pytest.raises(LeaseLostError):
                store.write(lost, Batch())
