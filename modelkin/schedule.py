"""Running a job again and again: every so often, until the process is told to end."""

import random
import re
import threading
from collections.abc import Callable

import structlog

from graph.errors import ModelkinError, UsageError

JITTER = 0.05
"""Fraction of the interval by which a wait may be longer or shorter: many must not ask at once."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)([smhd])")

_log = structlog.get_logger()


def seconds(interval: str) -> float:
    """Read an interval such as ``90s``, ``30m``, ``6h`` or ``1d``.

    Raises
    ------
    UsageError
        When it is none, or is no time at all.
    """
    found = _INTERVAL.fullmatch(interval)
    if found is None or float(found[1]) == 0:
        raise UsageError(f"--every {interval!r} is no interval; give one such as 30m, 6h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def repeat(job: Callable[[], None], every_s: float, stop: threading.Event) -> None:
    """Run a job, wait, and run it again, until the event is set.

    A run that fails is told, and the next one tries again: the job is to go on where it was.
    """
    while not stop.is_set():
        try:
            job()
        except ModelkinError as error:
            _log.error("the run failed", reason=str(error), exit_code=error.exit_code)
        wait_s = every_s * random.uniform(1 - JITTER, 1 + JITTER)
        _log.info("waiting for the next run", seconds=round(wait_s))
        stop.wait(wait_s)
