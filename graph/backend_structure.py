"""Questions of structure as networkx asks them, answered from a lineage's arrays.

Only of a lineage: on a graph that has to be converted first, networkx itself is as quick.
"""

from collections.abc import Iterator
from typing import Any

import networkx as nx
import numpy as np

from graph.backend_graph import AnyGraph, fallback
from graph.csr import Rows
from graph.lineage_graph import LineageGraph
from graph.measures.components import weak_components
from graph.measures.depth import depth
from graph.measures.generations import generations
from graph.traversal import reach

# ruff: noqa: N803  (G is networkx's name)


def descendants(G: AnyGraph, source: Any) -> set[Any]:
    """Return ``networkx.descendants``: the bases of a model, their bases, and so on."""
    return _reached(G, source, "descendants")


def ancestors(G: AnyGraph, source: Any) -> set[Any]:
    """Return ``networkx.ancestors``: the derivatives of a model, their derivatives, and so on."""
    return _reached(G, source, "ancestors")


def _reached(graph: AnyGraph, source: Any, way: str) -> set[Any]:
    if not isinstance(graph, LineageGraph):
        return fallback(way)(graph, source)
    place = graph.place(source)
    if place is None:
        raise nx.NetworkXError(f"The node {source} is not in the digraph.")
    along = graph.derivatives if way == "ancestors" else graph.bases
    every, none = np.ones(1, np.bool_), np.empty(0, np.int8)
    rows = reach(along, none, place, allowed=every, max_depth=along.size).rows
    return set(_names(graph, rows))


def topological_generations(G: AnyGraph) -> Iterator[list[Any]]:
    """Iterate over ``networkx.topological_generations``; see `graph.measures.generations`."""
    if not isinstance(G, LineageGraph):
        yield from fallback("topological_generations")(G)
        return
    rows, starts = generations(G.bases)
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield _names(G, rows[start:stop])
    if len(rows) < G.bases.size:
        raise nx.NetworkXUnfeasible("Graph contains a cycle or graph changed during iteration")


def weakly_connected_components(G: AnyGraph) -> Iterator[set[Any]]:
    """Iterate over ``networkx.weakly_connected_components``; see `graph.measures.components`."""
    if isinstance(G, LineageGraph):
        offsets, rows = weak_components(G.bases)
        yield from _sets(G, rows, offsets)
    else:
        yield from fallback("weakly_connected_components")(G)


def number_weakly_connected_components(G: AnyGraph) -> int:
    """Return ``networkx.number_weakly_connected_components``."""
    if isinstance(G, LineageGraph):
        return weak_components(G.bases).size
    return int(fallback("number_weakly_connected_components")(G))


def strongly_connected_components(G: AnyGraph) -> Iterator[set[Any]]:
    """Iterate over ``networkx.strongly_connected_components``, bases first."""
    if isinstance(G, LineageGraph):
        offsets, rows = G.arrangement.components()
        yield from _sets(G, rows, offsets)
    else:
        yield from fallback("strongly_connected_components")(G)


def dag_longest_path_length(
    G: AnyGraph, weight: str | None = "weight", default_weight: int = 1
) -> Any:
    """Return ``networkx.dag_longest_path_length``; see `graph.measures.depth`.

    Another ``weight`` or ``default_weight`` goes to networkx, and a graph that has a cycle,
    which networkx refuses.
    """
    if isinstance(G, LineageGraph) and weight == "weight" and default_weight == 1:
        looped = bool(np.any(G.bases.sources() == G.bases.targets))
        if not looped and not G.arrangement.cycles():
            return int(depth(G.arrangement).max(initial=0))
    return fallback("dag_longest_path_length")(G, weight, default_weight)


def _names(graph: LineageGraph, rows: Rows) -> list[str]:
    names: list[str] = graph.names.column.take(rows).to_pylist()
    return names


def _sets(graph: LineageGraph, rows: Rows, offsets: Rows) -> Iterator[set[str]]:
    """Iterate over the names of each group of rows."""
    names = _names(graph, rows)
    for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        yield set(names[start:stop])
