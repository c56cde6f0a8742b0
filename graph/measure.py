"""The measure job: stored columns in, one published snapshot out."""

import contextlib
import secrets
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph import snapshot
from graph.attribution import attribute, lists
from graph.csr import Csr, simple
from graph.errors import LeaseLostError, NotFoundError, StoreError
from graph.lasting import complete
from graph.lineage_graph import LineageGraph
from graph.measures.pagerank import residual
from graph.measures.roots import roots
from graph.names import Names
from graph.progress import Progress, unheard
from graph.quality import Quality, Reason
from graph.records import Status
from graph.registry import Registry
from graph.scores import scores
from graph.search_index import search_index
from graph.store.heartbeat import heartbeat
from graph.store.lease import now_ms
from graph.store.port import Run, SnapshotInfo, Store
from graph.stored import Stored, read_stored

_STEPS = ("read", "lineage", "centrality", "families", "history", "publish")


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
            manifest, tables = build(store, registry, steps)
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


def build(
    store: Store, registry: Registry, steps: _Steps
) -> tuple[snapshot.Manifest, dict[str, pa.Table]]:
    """Compute a snapshot's manifest and tables."""
    crawl = _last_crawl(store)
    steps.begin("read")
    stored = read_stored(store)

    steps.begin("lineage")
    graph = LineageGraph(Names(stored.models["id"]), simple(stored.bases))
    root_rows = roots(graph.arrangement, stored.numbers("created_at", -1))

    steps.begin("centrality")
    as_of = _as_of(crawl)
    found = scores(graph, stored, as_of)

    steps.begin("families")
    with ThreadPoolExecutor(1) as beside:
        search = beside.submit(_search_table, stored, found)
        attributed = attribute(stored, root_rows, found["pagerank"], registry)
    quality = Quality(crawl.report.get("quality"))
    for cycle in graph.arrangement.cycles():
        quality.add(Reason.CYCLE, " -> ".join(graph.names[row] for row in cycle))
    off = residual(graph.arrangement, found["pagerank"])
    manifest = _manifest(crawl, as_of, stored, quality, off)
    tables = {
        **attributed.tables,
        "models": _models_table(stored, root_rows, attributed.columns | found),
        "search": search.result(),
    }
    return manifest, tables


def _last_crawl(store: Store) -> Run:
    for run in store.runs(1000):
        if run.kind == "crawl" and run.state == "done":
            return run
    raise NotFoundError(f"the store {store.url} holds no finished crawl; run 'modelkin crawl'")


def _as_of(crawl: Run) -> int:
    """Return when a crawl's data held: its end; for a file, the newest date in it."""
    from_hub = crawl.source == "hub"
    return (crawl.ended_at if from_hub else crawl.report.get("newest")) or now_ms()


def _models_table(stored: Stored, root_rows: Csr, computed: dict[str, Any]) -> pa.Table:
    columns: dict[str, Any] = {
        **stored.models,
        "aliases": pc.split_pattern(stored.models["aliases"], " "),
        "bases": lists(stored.bases),
        "base_relations": lists(stored.bases, stored.base_relations),
        "derivatives": lists(stored.derivatives),
        "derivative_relations": lists(stored.derivatives, stored.derivative_relations),
        "roots": lists(root_rows),
        **computed,
    }
    return pa.table({name: columns[name] for name in snapshot.MODELS.names}).cast(snapshot.MODELS)


def _search_table(stored: Stored, scores: dict[str, NDArray[Any]]) -> pa.Table:
    downloads = stored.numbers("downloads", -1)
    index = search_index(stored.models["id"], downloads, scores["descendants"])
    return pa.Table.from_batches([index])


def _manifest(
    crawl: Run, as_of: int, stored: Stored, quality: Quality, pagerank_residual: float
) -> snapshot.Manifest:
    live = stored.live
    count = int(live.sum())
    declaring = int((live & (stored.bases.degrees() > 0)).sum())
    now = now_ms()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now / 1000))
    return snapshot.Manifest(
        id=f"{stamp}{now % 1000:03d}-{secrets.token_hex(3)}",
        format=snapshot.FORMAT,
        measured_at=now,
        as_of=as_of,
        source=crawl.source,
        sample=crawl.source == snapshot.SAMPLE,
        models=count,
        missing=int(stored.has_status(Status.MISSING).sum()),
        deleted=int(stored.has_status(Status.DELETED).sum()),
        derivations=len(stored.bases.targets),
        coverage=declaring / count if count else 0.0,
        quality=quality.as_dict(),
        pagerank_residual=pagerank_residual,
    )
