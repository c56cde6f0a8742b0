"""Whether a lease holds, and whether its owner lives: only who sees the same processes can tell."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest

from graph.errors import LeaseHeldError
from graph.store import lease, open_store
from graph.store.lease import is_gone, new_owner, uptime_ms
from graph.store.port import LEASE_S


def ended_owner() -> str:
    code = "from graph.store.lease import new_owner; print(new_owner())"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_owners_are_told_apart() -> None:
    mine = new_owner()
    assert mine != new_owner()
    assert mine.split("/")[1] == str(os.getpid())
    assert not is_gone(mine)
    assert is_gone(ended_owner())


def test_a_container_of_the_same_host_name_knows_nothing_of_our_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = ended_owner()
    elsewhere = tmp_path / "pid"
    elsewhere.symlink_to("pid:[1]")
    monkeypatch.setattr(lease, "_PROCESSES", elsewhere)
    assert not is_gone(ended)


def test_nor_does_a_machine_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = ended_owner()
    other = tmp_path / "boot_id"
    other.write_text("1e3c0d0e-0000-4000-8000-000000000000\n")
    monkeypatch.setattr(lease, "_BOOT_ID", other)
    assert not is_gone(ended)


def test_a_system_without_these_files_goes_by_the_host_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_BOOT_ID", tmp_path / "none")
    host, _, rest = new_owner().partition("/")
    assert not is_gone(f"{host}/{rest}")
    assert is_gone(f"{host}/{ended_owner().split('/', 1)[1]}")


def test_a_lease_that_was_taken_while_one_waited_to_ask_holds(tmp_path: Path) -> None:
    with (
        open_store(str(tmp_path)) as store,
        closing(sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as beside,
    ):
        other.execute("BEGIN IMMEDIATE")
        waiting = beside.submit(store.begin, "crawl", "here", "full")
        assert wait([waiting], timeout=0.2).not_done
        taken = ("another-host/1/abc", uptime_ms() + LEASE_S * 1000)
        other.execute("UPDATE lease SET owner = ?, expires = ?", taken)
        other.execute("COMMIT")
        with pytest.raises(LeaseHeldError, match="another-host/1"):
            waiting.result(30)
