"""Running a job again and again: intervals, failures, and the end."""

import threading

import pytest

from graph.errors import (
    HubError,
    LeaseHeldError,
    ModelkinError,
    ShrinkError,
    StoreError,
    UsageError,
)
from graph.store.lease import now_ms
from graph.store.port import Run
from modelkin.schedule import JITTER, SOON_S, is_full_due, repeat, seconds


@pytest.mark.parametrize(
    ("interval", "expected"), [("90s", 90), ("30m", 1800), ("6h", 21_600), ("1.5d", 129_600)]
)
def test_intervals(interval: str, expected: float) -> None:
    assert seconds(interval, "--every") == expected


@pytest.mark.parametrize("interval", ["", "6", "h", "-1h", "6 h", "0m", "6h30m", "1w"])
def test_what_is_no_interval(interval: str) -> None:
    with pytest.raises(UsageError, match=r"--full-every .* 30m, 6h or 1d"):
        seconds(interval, "--full-every")


def ran(mode: str, state: str, ended_h: float, source: str = "hub", kind: str = "crawl") -> Run:
    ended = now_ms() - int(ended_h * 3_600_000)
    return Run(str(ended_h), kind, source, mode, state, 1, None, ended, ended)


@pytest.mark.parametrize(
    ("runs", "due"),
    [
        ([], True),
        ([ran("full", "done", 1)], False),
        ([ran("full", "done", 30)], True),
        ([ran("incremental", "done", 1), ran("full", "done", 5)], False),
        ([ran("incremental", "done", 1), ran("full", "done", 25)], True),
        ([ran("full", "stopped", 1), ran("full", "done", 5)], True),
        ([ran("incremental", "failed", 1), ran("full", "done", 5)], False),
        ([ran("full", "done", 1, source="file")], True),
        ([ran("full", "done", 1, kind="measure")], True),
    ],
)
def test_when_a_full_crawl_is_due(runs: list[Run], due: bool) -> None:
    assert is_full_due(runs, "hub", 24 * 3600) is due


class Waits(threading.Event):
    """An event that never waits, keeps what it was asked to, and is set after some times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.asked: list[float] = []
        self._times = times

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout or 0.0)
        if len(self.asked) == self._times:
            self.set()
        return self.is_set()


def test_a_job_is_repeated_after_failures_until_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ran: list[int] = []

    def job() -> None:
        ran.append(len(ran))
        if len(ran) == 2:
            raise HubError("the Hub is away")

    stop = Waits(5)
    repeat(job, 100, stop)
    assert ran == [0, 1, 2, 3, 4]
    assert all(100 * (1 - JITTER) <= wait <= 100 * (1 + JITTER) for wait in stop.asked)
    assert len(set(stop.asked)) > 1
    assert "the Hub is away" in capsys.readouterr().out


def test_what_is_no_error_of_ours_ends_it() -> None:
    def job() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        repeat(job, 100, Waits(5))


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (LeaseHeldError, SOON_S),
        (HubError, SOON_S),
        (StoreError, SOON_S),
        (ShrinkError, 6 * 3600),
        (UsageError, 6 * 3600),
    ],
)
def test_what_may_be_over_soon_is_tried_again_soon(
    error: type[ModelkinError], wait_s: float
) -> None:
    def job() -> None:
        raise error("not now")

    stop = Waits(1)
    repeat(job, 6 * 3600, stop)
    assert stop.asked == [pytest.approx(wait_s, rel=JITTER)]
