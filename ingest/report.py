"""What a crawl says of itself: counts, times and doubts, carried on over interruptions."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from graph.quality import Quality
from graph.records import Model
from graph.store.lease import now_ms
from ingest.source import Source


class Report:
    """The report of a run, which begins with what the run said before it was interrupted.

    Parameters
    ----------
    told
        What the run said of itself so far; empty for a new run.
    source
        What is crawled.

    Attributes
    ----------
    read, written
        Items that the source gave, and changes that the store counted.
    newest
        The newest date of any model, in milliseconds since 1970; dates to come do not count.
    watermark
        The newest change that the first page showed, in the same unit, or None: what changed
        later is for the next incremental crawl. It counts once the run is done.
    looked_up
        How many models that the source did not show were found, gone, or not looked up.
    quality
        What was doubtful.
    settled
        What the crawl settled to stay so, see `ingest.crawl`; None where it did not.
    """

    def __init__(self, told: dict[str, Any], source: Source) -> None:
        self.read: int = told.get("read", 0)
        self.written: int = told.get("written", 0)
        self.newest: int = told.get("newest", 0)
        self.watermark: int | None = told.get("watermark")
        self.looked_up: dict[str, int] = {}
        self.quality = Quality(told.get("quality"))
        self.settled: dict[str, Any] | None = None
        self._source = source
        self._traffic_before: dict[str, float] = told.get("traffic", {})
        self._seconds: dict[str, float] = dict(told.get("seconds", {}))
        self._phase: str | None = None
        self._since = 0.0

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Count the time of a block for a phase."""
        self._phase, self._since = phase, time.monotonic()
        try:
            yield
        finally:
            self._seconds = self._seconds_now()
            self._phase = None

    def date(self, models: Sequence[Model]) -> None:
        """Take the dates of a page's models."""
        now = now_ms()
        changed = [model.modified_at for model in models if model.modified_at]
        created = [model.created_at for model in models if model.created_at]
        past = [date for date in (*changed, *created) if date <= now]
        self.newest = max(self.newest, max(past, default=0))
        if self.watermark is None:
            self.watermark = max((date for date in changed if date <= now), default=None)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        counts = self._source.counts
        before = self._traffic_before
        optional = {
            "watermark": self.watermark if self._source.complete else None,
            "looked_up": self.looked_up,
            "settled": self.settled,
            "traffic": {
                name: round(before.get(name, 0) + count, 3) for name, count in counts.items()
            },
        }
        return {
            "read": self.read,
            "written": self.written,
            "newest": self.newest,
            **{name: value for name, value in optional.items() if value},
            "seconds": self._seconds_now(),
            "quality": self.quality.as_dict(),
        }

    def _seconds_now(self) -> dict[str, float]:
        if self._phase is None:
            return self._seconds
        passed = self._seconds.get(self._phase, 0.0) + time.monotonic() - self._since
        return {**self._seconds, self._phase: round(passed, 3)}
