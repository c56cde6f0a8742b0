"""What the backend computes on: a lineage, or any networkx graph as arrays."""

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np

# networkx has no public way from a function's name to the function that a backend stands for.
from networkx.utils.backends import _registered_algorithms
from numpy.typing import NDArray

from graph.csr import Csr, csr
from graph.lineage_graph import LineageGraph
from graph.measures.arrangement import Arrangement, arrange

Values = NDArray[np.float64]


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
    def arrangement(self) -> Arrangement:
        """The nodes as measures take them."""
        return arrange(self.bases)

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

    def nbunch_iter(self, nbunch: Any = None) -> Iterator[Hashable]:
        """Iterate over the nodes that a bunch names."""
        return iter(self.plain.nbunch_iter(nbunch))

    def to_networkx(self) -> nx.Graph:
        """Return the graph that was converted."""
        return self.plain

    def place(self, node: Hashable) -> int | None:
        """Return a node's place in the arrays."""
        return self._place.get(node)

    def scores(self, array: NDArray[Any]) -> dict[Hashable, Any]:
        """Return an array of one value a node as networkx returns it."""
        return dict(zip(self.nodes, array.tolist(), strict=True))


AnyGraph = LineageGraph | ArrayGraph


def fallback(name: str) -> Callable[..., Any]:
    """Return networkx's own function of a name, on networkx's own graph.

    Raises
    ------
    AttributeError
        When networkx has no such function.
    """
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
