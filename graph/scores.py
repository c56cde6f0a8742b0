"""The measure job's scores: each a networkx call on our kernels where networkx has the measure."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graph.lineage_graph import LineageGraph
from graph.measures.depth import depth
from graph.measures.descendants import descendants
from graph.measures.downstream import downstream
from graph.stored import Stored

RECENT_DAYS = 90
"""Days before the snapshot's ``as_of`` within which a derivative is recent."""


def scores(graph: LineageGraph, stored: Stored, as_of: int) -> dict[str, NDArray[Any]]:
    """Return `graph.score_columns.SCORES`, each an array of one value a model.

    Parameters
    ----------
    graph
        The lineage, derivative -> base.
    stored
        The stored columns, in the order of the graph's nodes.
    as_of
        From when recent derivatives are counted back, in milliseconds since 1970.
    """
    lineage = graph.arrangement
    measures: dict[str, Callable[[], Any]] = {
        "direct_derivatives": lambda: np.bincount(graph.bases.targets, minlength=len(graph)),
        "descendants": lambda: descendants(lineage),
        "depth": lambda: depth(lineage),
        "pagerank": lambda: _array(nx.pagerank(graph)),
        "katz": lambda: _array(nx.katz_centrality(graph)),
        "betweenness": lambda: _array(nx.betweenness_centrality(graph)),
        "closeness": lambda: _array(nx.closeness_centrality(graph)),
        "harmonic": lambda: _array(nx.harmonic_centrality(graph)),
    }
    with ThreadPoolExecutor() as pool:  # kernels compute without Python's lock
        running = {name: pool.submit(measure) for name, measure in measures.items()}
        below = downstream(
            lineage,
            authors=stored.codes("author"),
            downloads=stored.numbers("downloads", 0) * stored.live,
            downloads_all_time=stored.numbers("downloads_all_time", 0) * stored.live,
            created_at=stored.numbers("created_at", -1),
            as_of=as_of,
            days=RECENT_DAYS,
        )
    return {
        **{name: measure.result() for name, measure in running.items()},
        "downstream_downloads": below.downloads,
        "downstream_downloads_all_time": below.downloads_all_time,
        "distinct_authors": below.authors,
        "recent_derivatives": below.recent,
    }


def _array(scores: Any) -> NDArray[np.float64]:
    """Return what networkx was answered; of no nodes that is an empty dict."""
    values: NDArray[np.float64] = scores.array if len(scores) else np.empty(0)
    return values
