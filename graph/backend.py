"""The networkx backend: our kernels where we have one, networkx itself where we have none.

``nx.pagerank(eco.graph)`` runs on the arrays without a conversion; a function without a kernel
here runs on networkx, on a graph that is converted once. Nothing has to be configured.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

# networkx has no public way from a function's name to the function that a backend stands for.
from networkx.utils.backends import _registered_algorithms

from graph.csr import csr
from graph.lineage_graph import LineageGraph
from graph.measures import pagerank as _pagerank
from graph.measures.order import TopologicalOrder, topological_order

Values = _pagerank.Values


class ArrayGraph:
    """Any networkx graph as arrays, for ``nx.pagerank(G, backend="modelkin")``.

    Nodes keep their order; of parallel edges the weights are added; an undirected edge is two.
    """

    __networkx_backend__ = "modelkin"

    def __init__(self, graph: nx.Graph, weight: str | None, default: float) -> None:
        self.plain = graph
        self.nodes: list[Hashable] = list(graph)
        self._place = {node: number for number, node in enumerate(self.nodes)}
        place = self._place
        edges: dict[tuple[int, int], float] = {}
        directed = graph.edges(data=weight, default=default) if weight else graph.edges()
        for u, v, *value in directed:
            ends = (place[u], place[v])
            for edge in {ends} if graph.is_directed() else {ends, ends[::-1]}:
                edges[edge] = edges.get(edge, 0.0) + (value[0] if value else 1.0)
        ends_array = np.array(list(edges), np.int32).reshape(-1, 2)
        self.bases, order = csr(ends_array[:, 0], ends_array[:, 1], len(self.nodes))
        self.weights: Values = np.fromiter(edges.values(), np.float64, len(edges))[order]
        self.topological_order: TopologicalOrder = topological_order(self.bases)

    def is_directed(self) -> bool:
        """Tell whether the graph that was converted is."""
        return bool(self.plain.is_directed())

    def is_multigraph(self) -> bool:
        """Tell whether the graph that was converted is."""
        return bool(self.plain.is_multigraph())

    def to_networkx(self) -> nx.Graph:
        """Return the graph that was converted."""
        return self.plain

    def place(self, node: Hashable) -> int | None:
        """Return a node's place in the arrays."""
        return self._place.get(node)

    def scores(self, array: Values) -> dict[Hashable, float]:
        """Return an array of one value a node as networkx returns it."""
        return dict(zip(self.nodes, array.tolist(), strict=True))


class Backend:
    """What networkx loads by the entry point ``networkx.backends``."""

    @staticmethod
    def convert_from_nx(
        graph: nx.Graph, *, edge_attrs: Mapping[str, Any] | None = None, **_: Any
    ) -> ArrayGraph:
        """Return a networkx graph as arrays, with the one edge attribute that is asked for."""
        ((weight, default),) = (edge_attrs or {None: 1}).items()
        return ArrayGraph(graph, weight, 1.0 if default is None else default)

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
        """Tell whether a graph is worth a conversion: only for what has a kernel."""
        return name == "pagerank"

    def pagerank(
        self,
        G: LineageGraph | ArrayGraph,  # noqa: N803  (networkx's name)
        alpha: float = 0.85,
        personalization: Mapping[Hashable, float] | None = None,
        max_iter: int = 100,  # noqa: ARG002
        tol: float = 1e-06,  # noqa: ARG002
        nstart: Mapping[Hashable, float] | None = None,  # noqa: ARG002
        weight: str | None = "weight",
        dangling: Mapping[Hashable, float] | None = None,
    ) -> Mapping[Any, float]:
        """Return ``networkx.pagerank``, exact to rounding; see `graph.measures.pagerank`.

        ``max_iter``, ``tol`` and ``nstart`` have no effect: nothing is approximated.

        Raises
        ------
        networkx.NetworkXError
            When alpha is not at least 0 and less than 1.
        ZeroDivisionError
            As networkx, when the personalization is zero everywhere.
        """
        if not 0 <= alpha < 1:
            raise nx.NetworkXError(f"alpha is {alpha}; it must be at least 0 and less than 1")
        if not G.bases.size:
            return {}
        weights = G.weights if isinstance(G, ArrayGraph) and weight is not None else None
        return G.scores(
            _pagerank.pagerank(
                G.bases,
                G.topological_order,
                alpha=alpha,
                weights=weights,
                personalization=_normalised(G, personalization),
                dangling=_normalised(G, dangling),
            )
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Answer for a function without a kernel by networkx's own, on networkx's own graph."""
        function = _registered_algorithms.get(name)
        if function is None:
            raise AttributeError(name)

        def run(*args: Any, **kwargs: Any) -> Any:
            return function.orig_func(
                *map(_plain, args), **{key: _plain(value) for key, value in kwargs.items()}
            )

        return run


def _plain(value: Any) -> Any:
    """Replace our graphs by networkx's, also in lists of graphs."""
    if isinstance(value, LineageGraph | ArrayGraph):
        return value.to_networkx()
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value
    return value


def _normalised(
    graph: LineageGraph | ArrayGraph, values: Mapping[Hashable, float] | None
) -> Values | None:
    """Return a mapping as one value a node, summing to 1."""
    if values is None:
        return None
    array = np.zeros(graph.bases.size)
    for node, value in values.items():
        place = graph.place(node)
        if place is not None:
            array[place] = value
    total = array.sum()
    if total == 0:
        raise ZeroDivisionError
    return array / total


backend = Backend()
"""What the entry point names."""
