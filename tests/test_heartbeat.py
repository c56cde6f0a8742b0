"""A lease is kept while a run writes nothing, and let go of when it is lost."""

import threading
from pathlib import Path

import pytest

from graph.errors import LeaseLostError
from graph.store import open_store
from graph.store.heartbeat import heartbeat
from graph.store.port import Batch, Run


def test_the_lease_is_renewed_until_the_block_ends(tmp_path: Path) -> None:
    renewed = threading.Event()
    beats: list[Run] = []
    with open_store(str(tmp_path / "store")) as store:
        run = store.begin("crawl", "here", "full")
        renew = store.renew

        def counted(held: Run) -> None:
            renew(held)
            beats.append(held)
            if len(beats) == 3:
                renewed.set()

        store.renew = counted  # type: ignore[method-assign]
        with heartbeat(store, run, every_s=0.01):
            assert renewed.wait(30)
        count = len(beats)
        store.write(run, Batch())
        assert len(beats) == count
        assert not [t for t in threading.enumerate() if t.name == "heartbeat"]


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
