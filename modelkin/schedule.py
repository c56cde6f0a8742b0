"""Running a job again and again: every so often, until the process is told to end."""

import random
import re
import threading
from collections.abc import Callable, Iterable

import structlog

from graph.errors import LeaseLostError, ModelkinError, StoreError, TryLaterError, UsageError
from graph.store.lease import now_ms
from graph.store.port import Run

JITTER = 0.05
"""Fraction of the interval by which a wait may be longer or shorter: many must not ask at once."""

SOON_S = 300
"""Seconds to the next run after one that failed by what may be over soon: as long as a window of
the Hub's quota, and longer than the lease of a run that was killed."""

_PASSING = (TryLaterError, StoreError, LeaseLostError)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)([smhd])")

_log = structlog.get_logger()


def seconds(interval: str, option: str) -> float:
    """Read an interval such as ``90s``, ``30m``, ``6h`` or ``1d`` that an option gave.

    Raises
    ------
    UsageError
        When it is none, or is no time at all.
    """
    found = _INTERVAL.fullmatch(interval)
    if found is None or float(found[1]) == 0:
        raise UsageError(f"{option} {interval!r} is no interval; give one such as 30m, 6h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def is_full_due(runs: Iterable[Run], source: str, every_s: float) -> bool:
    """Tell whether a source is to be crawled whole rather than for its changes.

    Parameters
    ----------
    runs
        The store's runs, the newest first.
    source
        The source's name.
    every_s
        Seconds from the end of one full crawl to the next.
    """
    crawls = [run for run in runs if (run.kind, run.source) == ("crawl", source)]
    if crawls and crawls[0].mode == "full" and crawls[0].state != "done":
        return True  # it goes on where it was
    ended = [run.ended_at for run in crawls if (run.mode, run.state) == ("full", "done")]
    return not ended or (ended[0] or 0) < now_ms() - every_s * 1000


def repeat(job: Callable[[], None], every_s: float, stop: threading.Event) -> None:
    """Run a job, wait, and run it again, until the event is set.

    A run that fails is told, and the next one tries again: the job is to go on where it was. It
    comes after `SOON_S` where a store, a lease or the Hub was not to be had.
    """
    while not stop.is_set():
        wait_s = every_s
        try:
            job()
        except ModelkinError as error:
            _log.error("the run failed", reason=str(error), exit_code=error.exit_code)
            if isinstance(error, _PASSING):
                wait_s = min(every_s, SOON_S)
        wait_s *= random.uniform(1 - JITTER, 1 + JITTER)
        _log.info("waiting for the next run", seconds=round(wait_s))
        stop.wait(wait_s)
