"""The crawler as a process of its own, to be killed, starved and dated otherwise."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.hub import LoopbackHub
from tests.stores import Place

ROOT = Path(__file__).parents[1]

WAIT_S = 120
"""Seconds after which a process that should have got somewhere counts as stuck."""


@contextmanager
def crawler(
    place: Place, hub: LoopbackHub, *options: str, command: str = "crawl", **more: Any
) -> Iterator[subprocess.Popen[str]]:
    """Start ``modelkin crawl hub``, which does not outlive the block."""
    cleared = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MODELKIN_", "NEO4J_", "HF_"))
    }
    environment = cleared | {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_TELEMETRY": "1"}
    environment |= {"NO_PROXY": "*", **more.pop("environment", {})}
    if place.credentials:
        environment |= dict(
            zip(("NEO4J_USERNAME", "NEO4J_PASSWORD"), place.credentials, strict=True)
        )
    with subprocess.Popen(
        [sys.executable, "-m", "modelkin", command, "hub", "--store", place.url, *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
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
