"""The measure job's scores: each a networkx call on our kernels where networkx has the measure."""

from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Csr
from graph.lineage_graph import LineageGraph
from graph.measures.depth import depth
from graph.measures.descendants import descendants
from graph.measures.downstream import downstream
from graph.records import Status

RECENT_DAYS = 90
"""Days before the snapshot's ``as_of`` within which a derivative is recent."""


def scores(
    graph: LineageGraph, derivatives: Csr, models: pa.Table, as_of: int
) -> dict[str, NDArray[Any]]:
    """Return `graph.score_columns.SCORES`, each an array of one value a model.

    Parameters
    ----------
    graph
        The lineage, derivative -> base.
    derivatives
        Each model's derivatives, each once.
    models
        The stored columns, in the order of the graph's nodes.
    as_of
        From when recent derivatives are counted back, in milliseconds since 1970.
    """
    live = pc.equal(models.column("status"), Status.LIVE.value).to_numpy()
    authors = models.column("author").combine_chunks().dictionary_encode().indices
    below = downstream(
        graph.arrangement,
        authors=authors.fill_null(-1).to_numpy(zero_copy_only=False),
        downloads=_counted(models, "downloads", live),
        downloads_all_time=_counted(models, "downloads_all_time", live),
        created_at=models.column("created_at").fill_null(-1).to_numpy(),
        as_of=as_of,
        days=RECENT_DAYS,
    )
    return {
        "direct_derivatives": derivatives.degrees(),
        "descendants": descendants(graph.arrangement),
        "depth": depth(graph.arrangement),
        **{
            name: measure(graph).array if len(graph) else np.empty(0)
            for name, measure in (
                ("pagerank", nx.pagerank),
                ("katz", nx.katz_centrality),
                ("betweenness", nx.betweenness_centrality),
                ("closeness", nx.closeness_centrality),
                ("harmonic", nx.harmonic_centrality),
            )
        },
        "downstream_downloads": below.downloads,
        "downstream_downloads_all_time": below.downloads_all_time,
        "distinct_authors": below.authors,
        "recent_derivatives": below.recent,
    }


def _counted(models: pa.Table, name: str, live: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a count of live models, 0 where unknown."""
    counts: NDArray[np.int64] = models.column(name).fill_null(0).to_numpy() * live
    return counts
