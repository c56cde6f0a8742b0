"""The measure job: stored columns in, one published snapshot out."""

import contextlib
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from graph import snapshot
from graph.errors import LeaseLostError, NotFoundError, StoreError
from graph.progress import Progress, unheard
from graph.registry import Registry
from graph.store.heartbeat import heartbeat
from graph.store.port import Columns, Run, SnapshotInfo, Store, read_columns
from graph.store.schema import SCHEMAS

_STEPS = ("read", "order", "lineage", "centrality", "families", "history", "publish")


def measure(
    store: Store,
    registry: Registry,
    *,
    keep: int = 5,
    progress: Progress = unheard,
) -> SnapshotInfo:
    """Measure what a store holds, and publish it as one snapshot or none.

    Parameters
    ----------
    keep
        How many snapshots to keep whole, this one included.
    progress
        Told of each step.

    Raises
    ------
    NotFoundError
        When nothing was crawled yet.
    LeaseHeldError
        When another run is at work.
    """
    run = store.begin("measure", store.url, "full", resume=False)
    seconds: dict[str, float] = {}
    try:
        with (
            heartbeat(store, run),
            tempfile.TemporaryDirectory(prefix="modelkin-") as directory,
        ):
            steps = _Steps(progress, seconds)
            crawl = _last_crawl(store)
            steps.begin("read")
            columns = _read(store)
            from graph.computation import compute
            from graph.lasting import complete

            manifest, tables = compute(crawl, columns, registry, steps.begin)
            steps.begin("history")
            path = Path(directory) / manifest.id
            snapshot.write(path, manifest, tables)
            del tables
            complete(path, store, Path(directory) / "cache")
            steps.begin("publish")
            store.publish(run, manifest.id, path, keep=keep)
            steps.end()
    except BaseException as error:
        state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        with contextlib.suppress(LeaseLostError, StoreError):  # the first error is the cause
            store.finish(run, state, {"seconds": seconds})
        raise
    store.finish(run, "done", {"seconds": seconds, "snapshot": manifest.id})
    return next(info for info in store.snapshots() if info.id == manifest.id)


class _Steps:
    """Times the steps, and tells of them."""

    def __init__(self, progress: Progress, seconds: dict[str, float]) -> None:
        self._progress, self._seconds = progress, seconds
        self._step, self._since = "", 0.0

    def begin(self, step: str) -> None:
        """End the step at hand, and begin the next."""
        self.end()
        self._step, self._since = step, time.monotonic()
        self._progress(step, _STEPS.index(step), len(_STEPS))

    def end(self) -> None:
        """End the step at hand."""
        if self._step:
            self._seconds[self._step] = round(time.monotonic() - self._since, 3)


def _last_crawl(store: Store) -> Run:
    for run in store.runs(1000):
        if run.kind == "crawl" and run.state == "done":
            return run
    raise NotFoundError(f"the store {store.url} holds no finished crawl; run 'modelkin crawl'")


def _read(store: Store) -> dict[str, Columns]:
    """Read a store whole, and meanwhile import what computes: that takes seconds."""
    with ThreadPoolExecutor(1) as beside:
        imported = beside.submit(import_module, "graph.computation")
        columns = {table: read_columns(store, table) for table in SCHEMAS}
        imported.result()
    return columns
