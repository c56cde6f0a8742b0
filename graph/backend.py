"""The networkx backend: our kernels where we have one, networkx itself where we have none.

``nx.pagerank(eco.graph)`` runs on the arrays without a conversion; a function without a kernel
here runs on networkx, on a graph that is converted once. Nothing has to be configured.
"""

from collections.abc import Callable
from typing import Any

import networkx as nx

from graph import backend_centrality as centrality
from graph import backend_structure as structure
from graph.backend_graph import ArrayGraph, fallback
from graph.lineage_graph import LineageGraph

_WORTH_A_CONVERSION = frozenset(
    {
        "betweenness_centrality",
        "closeness_centrality",
        "edge_betweenness_centrality",
        "harmonic_centrality",
        "katz_centrality",
        "pagerank",
    }
)
"""What takes networkx longer than a conversion does: iterations, and a walk from every node."""


class Backend:
    """What networkx loads by the entry point ``networkx.backends``."""

    @staticmethod
    def convert_from_nx(graph: nx.Graph, **_: Any) -> ArrayGraph:
        """Return a networkx graph as arrays, which are made when a kernel asks for them."""
        return ArrayGraph(graph)

    @staticmethod
    def convert_to_nx(result: Any, **_: Any) -> Any:
        """Return a result as networkx would give it."""
        return result.to_networkx() if isinstance(result, ArrayGraph | LineageGraph) else result

    @staticmethod
    def can_run(name: str, args: Any, kwargs: Any) -> bool:  # noqa: ARG004  (networkx's names)
        """Tell whether there is a kernel for a function, or networkx can stand in."""
        return True

    @staticmethod
    def should_run(name: str, args: Any, kwargs: Any) -> bool:  # noqa: ARG004
        """Tell whether a graph is worth a conversion."""
        return name in _WORTH_A_CONVERSION

    pagerank = staticmethod(centrality.pagerank)
    katz_centrality = staticmethod(centrality.katz_centrality)
    closeness_centrality = staticmethod(centrality.closeness_centrality)
    harmonic_centrality = staticmethod(centrality.harmonic_centrality)
    betweenness_centrality = staticmethod(centrality.betweenness_centrality)
    edge_betweenness_centrality = staticmethod(centrality.edge_betweenness_centrality)
    in_degree_centrality = staticmethod(centrality.in_degree_centrality)

    descendants = staticmethod(structure.descendants)
    ancestors = staticmethod(structure.ancestors)
    topological_generations = staticmethod(structure.topological_generations)
    weakly_connected_components = staticmethod(structure.weakly_connected_components)
    number_weakly_connected_components = staticmethod(structure.number_weakly_connected_components)
    strongly_connected_components = staticmethod(structure.strongly_connected_components)
    dag_longest_path_length = staticmethod(structure.dag_longest_path_length)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Answer for a function without a kernel by networkx's own."""
        return fallback(name)


backend = Backend()
"""What the entry point names."""
