"""The libraries that `bench.measures` asks, each by what it has for all models at once."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph.csr import csr, simple
from graph.lineage_graph import LineageGraph
from graph.measures.descendants import descendants
from graph.names import Names

Ends = NDArray[np.int32]
Ask = Callable[[Any], Any]

PEERS = ("igraph", "rustworkx")
"""What is asked where it is installed."""


class Library(NamedTuple):
    """How a library builds its graph, and what it can be asked of all models."""

    build: Callable[[int, Ends, Ends], Any]
    questions: dict[str, Ask]
    once: bool = False


def ours(names: pa.StringArray) -> Library:
    """Return modelkin, asked through networkx; counts that networkx has not, by our kernels."""

    def build(models: int, child: Ends, base: Ends) -> LineageGraph:
        graph = LineageGraph(Names(names), simple(csr(child, base, models)[0]))
        assert graph.arrangement  # which the first measure would make
        return graph

    return Library(
        build,
        {
            "in-degree": lambda g: nx.in_degree_centrality(g).array * (len(g) - 1),
            "PageRank": lambda g: nx.pagerank(g).array,
            "descendants": lambda g: descendants(g.arrangement),
            "harmonic": lambda g: nx.harmonic_centrality(g).array,
            "closeness": lambda g: nx.closeness_centrality(g).array,
            "betweenness": lambda g: nx.betweenness_centrality(g, normalized=False).array,
        },
    )


def igraph_library() -> Library:
    """Return igraph."""
    igraph = importlib.import_module("igraph")

    def build(models: int, child: Ends, base: Ends) -> Any:
        ends = np.stack([child, base], axis=1).astype(np.int64)
        return igraph.Graph(n=models, edges=ends.data, directed=True)

    return Library(
        build,
        {
            "in-degree": lambda g: g.indegree(),
            "PageRank": lambda g: g.pagerank(),
            "descendants": lambda g: g.neighborhood_size(order=g.vcount(), mode="in", mindist=1),
            "harmonic": lambda g: g.harmonic_centrality(mode="in", normalized=False),
            # igraph has one over the mean distance: not scaled, and nan where there is none.
            "closeness": lambda g: g.closeness(mode="in"),
            "betweenness": lambda g: g.betweenness(directed=True),
        },
    )


def rustworkx_library() -> Library:
    """Return rustworkx; its other measures walk all nodes for each and would take hours."""
    rustworkx = importlib.import_module("rustworkx")

    def build(models: int, child: Ends, base: Ends) -> Any:
        graph = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from(range(models))
        graph.add_edges_from_no_data(list(zip(child.tolist(), base.tolist(), strict=True)))
        return graph

    return Library(
        build,
        {
            "in-degree": rustworkx.in_degree_centrality,
            "PageRank": rustworkx.pagerank,
            "closeness": rustworkx.closeness_centrality,
        },
    )


def networkx_library() -> Library:
    """Return networkx; betweenness would take days."""

    def build(models: int, child: Ends, base: Ends) -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(range(models))
        graph.add_edges_from(zip(child.tolist(), base.tolist(), strict=True))
        return graph

    def count(graph: nx.DiGraph) -> list[int]:
        return [len(nx.ancestors(graph, node, backend="networkx")) for node in graph]

    return Library(
        build,
        {
            "in-degree": lambda g: nx.in_degree_centrality(g, backend="networkx"),
            "PageRank": lambda g: nx.pagerank(g, backend="networkx"),
            "descendants": count,
            "harmonic": lambda g: nx.harmonic_centrality(g, backend="networkx"),
            "closeness": lambda g: nx.closeness_centrality(g, backend="networkx"),
        },
        once=True,
    )


def libraries(names: pa.StringArray) -> Iterator[tuple[str, Library]]:
    """Iterate over what is installed."""
    yield "modelkin", ours(names)
    if importlib.util.find_spec("igraph"):
        yield "igraph", igraph_library()
    if importlib.util.find_spec("rustworkx"):
        yield "rustworkx", rustworkx_library()
    yield "networkx", networkx_library()
