"""The crawler as a process of its own, to be killed, starved and dated otherwise."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import libfaketime

from tests.hub import LoopbackHub
from tests.stores import Place

ROOT = Path(__file__).parents[1]

FAKETIME = next(Path(libfaketime.__file__).parent.rglob("libfaketime.so.1"))

WAIT_S = 120
"""Seconds after which a process that should have got somewhere counts as stuck."""


STARVED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
os.execv(sys.executable, [sys.executable, "-m", "modelkin", *sys.argv[2:]])
"""
"""Runs modelkin where no file can grow beyond so many bytes, as on a disk that is full."""


@contextmanager
def crawler(
    place: Place,
    hub: LoopbackHub,
    *,
    batch_rows: int,
    largest_file: int | None = None,
    clock: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start ``modelkin crawl hub``, which does not outlive the block.

    Parameters
    ----------
    batch_rows
        How many models it writes at once.
    largest_file
        How many bytes a file of it may have; None for any.
    clock
        A file of how far its wall clock is off, such as ``+3600``; None for a right clock.
    """
    cleared = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MODELKIN_", "NEO4J_", "HF_"))
    }
    environment = cleared | {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_TELEMETRY": "1"}
    environment |= {"NO_PROXY": "*", "MODELKIN_BATCH_ROWS": str(batch_rows)}
    if clock is not None:
        environment |= {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    if place.credentials:
        environment |= dict(
            zip(("NEO4J_USERNAME", "NEO4J_PASSWORD"), place.credentials, strict=True)
        )
    python = [sys.executable, "-m", "modelkin"]
    if largest_file is not None:
        python = [sys.executable, "-c", STARVED, str(largest_file)]
    with subprocess.Popen(
        [*python, "crawl", "hub", "--store", place.url],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process to end, and return its exit code and its standard error."""
    _, told = process.communicate(timeout=WAIT_S)
    return process.returncode, told


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)
