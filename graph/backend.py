"""The networkx backend: our kernels where we have one, networkx itself where we have none.

``nx.pagerank(eco.graph)`` runs on the arrays without a conversion; a function without a kernel
here runs on networkx, on a graph that is converted once. Nothing has to be configured.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

# networkx has no public way from a function's name to the function that a backend stands for.
from networkx.utils.backends import _registered_algorithms

from graph.csr import Csr, csr
from graph.lineage_graph import LineageGraph
from graph.measures import pagerank as _pagerank
from graph.measures.order import TopologicalOrder, topological_order

Values = _pagerank.Values


class ArrayGraph:
    """Any networkx graph as arrays, for ``nx.pagerank(G, backend="modelkin")``.

    Nodes keep their order; of parallel edges the weights are added; an undirected edge is two.
    """

    __networkx_backend__ = "modelkin"

    def __init__(self, graph: nx.Graph) -> None:
        self.plain = graph
        self.nodes: list[Hashable] = list(graph)
        self._place = {node: number for number, node in enumerate(self.nodes)}

    @cached_property
    def bases(self) -> Csr:
        """What each node points at, each once."""
        ends = np.array(list(dict.fromkeys(self._ends())), np.int32).reshape(-1, 2)
        return csr(ends[:, 0], ends[:, 1], len(self.nodes))[0]

    @cached_property
    def topological_order(self) -> TopologicalOrder:
        """The order in which measures are computed."""
        return topological_order(self.bases)

    def weights(self, weight: str | None) -> Values:
        """Return the weight of each of ``bases``, 1 where an edge names none.

        Read when it is asked for: networkx keeps a conversion, and hands it to functions that
        ask for other attributes than the one that it was made for.
        """
        ends = zip(self.bases.sources().tolist(), self.bases.targets.tolist(), strict=True)
        sums = dict.fromkeys(ends, 0.0)
        for u, v, value in self._edges(weight):
            for edge in self._directed(u, v):
                sums[edge] += value
        return np.fromiter(sums.values(), np.float64, len(sums))

    def _edges(self, weight: str | None) -> Iterator[tuple[Hashable, Hashable, float]]:
        if weight is None:
            return ((u, v, 1.0) for u, v in self.plain.edges())
        return iter(self.plain.edges(data=weight, default=1.0))

    def _ends(self) -> Iterator[tuple[int, int]]:
        for u, v, _ in self._edges(None):
            yield from self._directed(u, v)

    def _directed(self, u: Hashable, v: Hashable) -> set[tuple[int, int]]:
        ends = (self._place[u], self._place[v])
        return {ends} if self.plain.is_directed() else {ends, ends[::-1]}

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
        return G.scores(
            _pagerank.pagerank(
                G.bases,
                G.topological_order,
                alpha=alpha,
                weights=G.weights(weight) if isinstance(G, ArrayGraph) else None,
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
            changes = function.__wrapped__._will_call_mutate_input(args, kwargs)
            if changes and any(isinstance(arg, LineageGraph) for arg in (*args, *kwargs.values())):
                # It would change the conversion, and the graph's owner would never see it.
                raise nx.NetworkXError("Frozen graph can't be modified")
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
