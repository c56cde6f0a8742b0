"""What the process gives back of freed memory."""

import subprocess
import sys

import pytest

PROGRAM = """
import threading
from pathlib import Path
from api import memory

def held():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0])

memory.compact()
kept = []
def work():
    blocks = [bytes(2000) for _ in range(100_000)]
    kept.extend(blocks[::100])
threads = [threading.Thread(target=work) for _ in range(2)]
before = held()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
worked = held()
memory.give_back()
print(before, worked, held())
"""
"""Frees blocks between those that it keeps, in threads."""

BUILT = """
import gc
from api import memory
from api.schema import graphql_schema

schema = graphql_schema()
before = len(gc.get_objects())
memory.keep()
print(before, len(gc.get_objects()))
"""
"""Builds a schema, and keeps it."""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's pools are what this is about")
def test_what_is_free_between_what_is_kept_is_given_back() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    before, worked, after = map(int, told.stdout.split())
    assert worked - before > 100_000
    assert after - before < (worked - before) / 10


def test_what_the_process_was_built_of_is_not_searched_for_cycles_again() -> None:
    told = subprocess.run([sys.executable, "-c", BUILT], capture_output=True, text=True, check=True)
    before, searched = map(int, told.stdout.split())
    assert before > 50_000
    assert searched < 1000
