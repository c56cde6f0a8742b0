"""The measure job: stored columns in, one published snapshot out."""

import contextlib
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph import snapshot
from graph.csr import Csr, Rows, csr, simple, sums
from graph.errors import LeaseLostError, NotFoundError, StoreError
from graph.families import Membership, membership
from graph.lasting import complete
from graph.lineage_graph import LineageGraph
from graph.measures.roots import roots
from graph.names import Names
from graph.progress import Progress, unheard
from graph.quality import Quality, Reason
from graph.records import Relation, Status
from graph.registry import Registry
from graph.scores import scores
from graph.store.heartbeat import heartbeat
from graph.store.lease import now_ms
from graph.store.port import Run, SnapshotInfo, Store, read_table
from graph.store.schema import SCHEMAS

_RELATIONS = list(Relation)
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
    except BaseException:
        with contextlib.suppress(LeaseLostError, StoreError):  # the first error is the cause
            store.finish(run, "failed", {"seconds": seconds})
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
    models = _sorted(_read(store, "models"))
    lineage = _Lineage(models, _read(store, "derivations"))

    steps.begin("lineage")
    graph = LineageGraph(Names(models.column("id").chunk(0)), lineage.simple_bases)
    created_at = models.column("created_at").fill_null(-1).to_numpy()
    root_rows = roots(graph.arrangement, created_at)

    steps.begin("centrality")
    as_of = _as_of(crawl)
    found = scores(graph, simple(lineage.derivatives), models, as_of)

    steps.begin("families")
    member = membership(
        models.column("id").to_pylist(),
        lineage.derivatives,
        root_rows,
        registry,
    )
    quality = Quality(crawl.report.get("quality"))
    for cycle in graph.arrangement.cycles():
        quality.add(Reason.CYCLE, " -> ".join(models.column("id")[row].as_py() for row in cycle))
    tables = {
        "models": _models_table(models, lineage, root_rows, member, found),
        "families": _families_table(models, lineage, member, found),
        "organizations": _organizations_table(registry),
        "licenses": _licenses_table(registry),
    }
    return _manifest(crawl, as_of, tables["models"], quality), tables


def _last_crawl(store: Store) -> Run:
    for run in store.runs(1000):
        if run.kind == "crawl" and run.state == "done":
            return run
    raise NotFoundError(f"the store {store.url} holds no finished crawl; run 'modelkin crawl'")


def _as_of(crawl: Run) -> int:
    """Return when a crawl's data held: its end; for a file, the newest date in it."""
    from_hub = crawl.source == "hub"
    return (crawl.ended_at if from_hub else crawl.report.get("newest")) or now_ms()


def _read(store: Store, table: str) -> pa.Table:
    names = [name for name in SCHEMAS[table].names if name != "digest"]
    return read_table(store, table, names)


def _sorted(models: pa.Table) -> pa.Table:
    """Order by id; of several under one id the one that lives, then the newest, comes first."""
    living = pc.not_equal(models.column("status"), Status.LIVE.value)
    order = pc.sort_indices(
        models.append_column("not_live", living),
        sort_keys=[("id", "ascending"), ("not_live", "ascending"), ("key", "descending")],
    )
    return models.take(order).combine_chunks()


class _Lineage:
    """The derivations as rows: with relations, reversed, and without parallels."""

    def __init__(self, models: pa.Table, derivations: pa.Table) -> None:
        keys = models.column("key").combine_chunks()
        child = _rows(derivations.column("child"), keys)
        base = _rows(derivations.column("base"), keys)
        codes = np.zeros(len(child), np.int8)
        for code, relation in enumerate(_RELATIONS):
            codes[pc.equal(derivations.column("relation"), relation.value).to_numpy()] = code
        by_relation = np.argsort(codes, kind="stable")
        child, base, codes = child[by_relation], base[by_relation], codes[by_relation]
        self.bases, order = csr(child, base, len(keys))
        self.base_relations: NDArray[np.int8] = codes[order]
        self.derivatives, order = csr(base, child, len(keys))
        self.derivative_relations: NDArray[np.int8] = codes[order]
        self.simple_bases = simple(self.bases)


def _rows(keys: pa.ChunkedArray, among: pa.Array) -> Rows:
    found: Rows = pc.index_in(keys, value_set=among).to_numpy().astype(np.int32)
    return found


def _list(adjacency: Csr, values: Any = None) -> pa.Array:
    """Return adjacency as a list column, of its rows or of other values of its entries."""
    return pa.ListArray.from_arrays(
        pa.array(adjacency.offsets), pa.array(adjacency.targets if values is None else values)
    )


def _known(values: Rows) -> pa.Array:
    """Return rows with null for -1."""
    return pa.array(values, mask=values < 0)


def _models_table(
    models: pa.Table,
    lineage: _Lineage,
    root_rows: Csr,
    member: Membership,
    scores: dict[str, NDArray[Any]],
) -> pa.Table:
    columns: dict[str, Any] = {name: models.column(name) for name in models.column_names}
    for name in ("author", "license", "library", "task", "gated", "status"):
        columns[name] = columns[name].combine_chunks().dictionary_encode()
    columns["aliases"] = pc.split_pattern(columns["aliases"], " ")
    columns |= {
        "bases": _list(lineage.bases),
        "base_relations": _list(lineage.bases, lineage.base_relations),
        "derivatives": _list(lineage.derivatives),
        "derivative_relations": _list(lineage.derivatives, lineage.derivative_relations),
        "roots": _list(root_rows),
        "families": _list(member.by_lineage),
        "family_shares": _list(member.by_lineage, member.shares),
        "own_family": _known(member.own),
        "root_family": _known(member.root),
        "family_inferred": pa.array(member.inferred),
        **{name: pa.array(values) for name, values in scores.items()},
    }
    return pa.table({name: columns[name] for name in snapshot.MODELS.names}).cast(snapshot.MODELS)


def _families_table(
    models: pa.Table, lineage: _Lineage, member: Membership, scores: dict[str, NDArray[Any]]
) -> pa.Table:
    """Sum up each family by lineage, each member counting fully."""
    rows, belongs = member.by_lineage.sources(), member.by_lineage.targets
    count = len(member.families)
    live = pc.equal(models.column("status"), Status.LIVE.value).to_numpy()
    derived = live & (lineage.bases.degrees() > 0)

    def total(values: NDArray[Any]) -> NDArray[np.float64]:
        return sums(belongs, values[rows], count)

    downloads = models.column("downloads").fill_null(0).to_numpy() * live
    columns: dict[str, Any] = {
        "key": [family.key for family in member.families],
        "name": [family.name for family in member.families],
        "organization": [family.organization for family in member.families],
        "registered": [family.registered for family in member.families],
        "members": _list(csr(belongs, rows, count)[0]) if count else [],
        "models": total(live),
        "derivatives": total(derived),
        "downloads": total(downloads),
        "descendants": total(lineage.bases.degrees() > 0),
        "pagerank": total(scores["pagerank"]),
    }
    return pa.table(
        [pa.array(columns[f.name]).cast(f.type) for f in snapshot.FAMILIES],
        schema=snapshot.FAMILIES,
    )


def _organizations_table(registry: Registry) -> pa.Table:
    rows = [
        {"name": o.name, "title": o.title, "country": o.country, "kind": o.kind, "source": o.source}
        for o in registry.organizations.values()
    ]
    return pa.Table.from_pylist(rows, snapshot.ORGANIZATIONS)


def _licenses_table(registry: Registry) -> pa.Table:
    rows = [
        {"id": x.id, "name": x.name, "class": x.license_class.value, "source": x.source}
        for x in registry.licenses.values()
    ]
    return pa.Table.from_pylist(rows, snapshot.LICENSES)


def _manifest(crawl: Run, as_of: int, models: pa.Table, quality: Quality) -> snapshot.Manifest:
    status = models.column("status").cast(pa.string())
    live = pc.equal(status, Status.LIVE.value)
    declaring = pc.sum(pc.and_(live, pc.greater(pc.list_value_length(models.column("bases")), 0)))
    count = pc.sum(live).as_py() or 0
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
        missing=pc.sum(pc.equal(status, Status.MISSING.value)).as_py() or 0,
        deleted=pc.sum(pc.equal(status, Status.DELETED.value)).as_py() or 0,
        derivations=pc.sum(pc.list_value_length(models.column("bases"))).as_py() or 0,
        coverage=(declaring.as_py() or 0) / count if count else 0.0,
        quality=quality.as_dict(),
    )
