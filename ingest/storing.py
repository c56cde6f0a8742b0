"""Storing batches one after the other, each while the next one is read where a server does it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from graph.store.port import Batch, Run, Store
from ingest.report import Report


class Storing:
    """The batches of a run on their way into its store.

    Two at most are in memory: one that is being stored, and one that is being read.

    Parameters
    ----------
    store, run
        Where to, and as part of what.
    report
        What the run says of itself. What is written is added to it as it becomes known.
    stored
        Told of each batch that is stored how many items were read up to its end.

    Attributes
    ----------
    told
        The report as of the last batch that was stored.
    """

    def __init__(
        self, store: Store, run: Run, report: Report, stored: Callable[[int], None]
    ) -> None:
        self._store, self._run, self._report, self._stored = store, run, report, stored
        self._thread = ThreadPoolExecutor(1, "storing")
        self._pending: tuple[dict[str, Any], Future[int]] | None = None
        self.told: dict[str, Any] = run.report

    def put(self, batch: Batch) -> None:
        """Store a batch, after those before it; give it the report as it is by then."""
        self.wait()
        report = self._report.as_dict()
        batch = replace(batch, report=report)
        self._pending = report, self._thread.submit(self._store.write, self._run, batch)
        # An embedded store works in this process: beside the reading, each would wait for the
        # other at every row.
        if not self._store.remote:
            self.wait()

    def wait(self) -> None:
        """Wait until all batches are stored.

        Raises
        ------
        StoreError
            When the store failed.
        LeaseLostError
            When another run took the lease over.
        """
        if self._pending is None:
            return
        report, written = self._pending
        self._report.written += written.result()
        self._pending = None
        self.told = {**report, "written": self._report.written}
        self._stored(self.told["read"])

    def close(self) -> None:
        """Wait as `wait` does, and take no more."""
        try:
            self.wait()
        finally:
            self._thread.shutdown()
