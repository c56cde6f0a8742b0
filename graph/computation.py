"""What a snapshot holds, computed from what a store holds."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph import snapshot
from graph.attribution import attribute, lists
from graph.csr import Csr, simple
from graph.lineage_graph import LineageGraph
from graph.measures.pagerank import residual
from graph.measures.roots import roots
from graph.names import Names
from graph.quality import Quality, Reason
from graph.records import Status
from graph.registry import Registry
from graph.scores import scores
from graph.search_index import search_index
from graph.store.lease import now_ms
from graph.store.port import Columns, Run
from graph.stored import Stored, as_stored


def compute(
    crawl: Run,
    columns: dict[str, Columns],
    registry: Registry,
    begin: Callable[[str], None],
) -> tuple[snapshot.Manifest, dict[str, pa.Table]]:
    """Compute a snapshot's manifest and tables.

    Parameters
    ----------
    crawl
        The last finished one.
    columns
        Those of each table, as `graph.store.port.read_columns` reads them; taken from where they
        were, so that they need not be there twice.
    begin
        Told of each step.
    """
    begin("order")
    stored = as_stored(**columns)

    begin("lineage")
    graph = LineageGraph(Names(stored.models["id"]), simple(stored.bases))
    root_rows = roots(graph.arrangement, stored.numbers("created_at", -1))

    begin("centrality")
    as_of = _as_of(crawl)
    found = scores(graph, stored, as_of)

    begin("families")
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
