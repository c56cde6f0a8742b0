"""How long work is shown: a bar on a terminal, a JSON line a phase elsewhere; logs beside it."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from graph.progress import Progress


def configure_logging() -> None:
    """Log to standard error: for people on a terminal, as JSON lines elsewhere."""
    terminal = sys.stderr.isatty()
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
    if terminal:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


@contextmanager
def shown(job: str) -> Iterator[Progress]:
    """Show a job's phases as they are told."""
    if sys.stderr.isatty():
        with _bar(job) as progress:
            yield progress
    else:
        with _lines(job) as progress:
            yield progress


@contextmanager
def _bar(job: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn(job),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def progress(phase: str, done: int, total: int | None) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=total, rate="")
            speed = bars.tasks[tasks[phase]].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bars.update(tasks[phase], completed=done, total=total, rate=rate)

        yield progress


@contextmanager
def _lines(job: str) -> Iterator[Progress]:
    log = structlog.get_logger()
    since = time.monotonic()
    phase_now, done_now = "", 0

    def end() -> None:
        if phase_now:
            seconds = time.monotonic() - since
            log.info(
                "phase done",
                job=job,
                phase=phase_now,
                done=done_now,
                seconds=round(seconds, 3),
                per_second=round(done_now / seconds) if seconds else 0,
            )

    def progress(phase: str, done: int, _total: int | None) -> None:
        nonlocal phase_now, done_now, since
        if phase != phase_now:
            end()
            phase_now, since = phase, time.monotonic()
        done_now = done

    yield progress
    end()
