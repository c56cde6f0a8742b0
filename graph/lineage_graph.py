"""The graph that networkx sees: derivative -> base, read from the arrays, converted never."""

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import cached_property
from typing import Any, Generic, TypeVar

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, csr
from graph.measures.arrangement import Arrangement, arrange
from graph.names import Names

V = TypeVar("V")
Attributes = Callable[[int], dict[str, Any]]


class Scores(Mapping[str, V], Generic[V]):
    """One value a node, as networkx returns them, on the array that was computed.

    Reads like a ``dict``. `array` is the values in the order of the graph's nodes. The first
    use of all the nodes makes a dict; single look-ups do without.
    """

    def __init__(self, names: Names, array: NDArray[Any]) -> None:
        self._names = names
        self.array = array

    @cached_property
    def _dict(self) -> dict[str, V]:
        return dict(zip(self._names.column.to_pylist(), self.array.tolist(), strict=True))

    def __getitem__(self, node: str) -> V:
        made: dict[str, V] | None = self.__dict__.get("_dict")
        if made is not None:
            return made[node]
        place = self._names.find(node)
        if place is None:
            raise KeyError(node)
        value: V = self.array[place].item()
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._names)

    def keys(self) -> KeysView[str]:
        """Return the nodes."""
        return self._dict.keys()

    def items(self) -> ItemsView[str, V]:
        """Return the nodes with their values."""
        return self._dict.items()

    def values(self) -> ValuesView[V]:
        """Return the values."""
        return self._dict.values()

    def __repr__(self) -> str:
        return f"<Scores of {len(self)} nodes>"


class LineageGraph(nx.DiGraph):
    """A lineage as a ``networkx.DiGraph`` for reading: edges run derivative -> base.

    Node attributes are what is known of a model; the edge attribute ``relation`` names how it
    was made (several, joined by a comma, where several are declared for one base). Cannot be
    changed: ``copy()`` gives a plain ``DiGraph`` that can.

    Parameters
    ----------
    names
        The nodes.
    bases
        Each node's bases, each once.
    node_attributes
        From a node's place to what is known of it.
    edge_attributes
        From an edge's place in ``bases.targets`` to its attributes.
    """

    __networkx_backend__ = "modelkin"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a graph; without arguments, as networkx asks for copies and views, a plain one."""
        return super().__new__(cls) if args or kwargs else nx.DiGraph()

    def __init__(
        self,
        names: Names,
        bases: Csr,
        node_attributes: Attributes = lambda _place: {},
        edge_attributes: Attributes = lambda _place: {},
    ) -> None:
        super().__init__()
        self.names = names
        self.bases = bases
        self._plain: nx.DiGraph | None = None
        self._edge_attributes = edge_attributes
        self._node = _Nodes(names, node_attributes)
        self._succ = self._adj = _Adjacency(names, bases, edge_attributes)
        del self.__dict__["_pred"]  # networkx's own, in place of which there is one on demand

    @cached_property
    def _pred(self) -> "_Adjacency":
        derivatives, order = self._reversed

        def attributes(edge: int) -> dict[str, Any]:
            return self._edge_attributes(int(order[edge]))

        return _Adjacency(self.names, derivatives, attributes)

    @cached_property
    def _reversed(self) -> tuple[Csr, NDArray[np.intp]]:
        return csr(self.bases.targets, self.bases.sources(), self.bases.size)

    @property
    def derivatives(self) -> Csr:
        """Each node's derivatives, ascending."""
        return self._reversed[0]

    @cached_property
    def arrangement(self) -> Arrangement:
        """The nodes as measures take them."""
        return arrange(self.bases)

    def place(self, node: object) -> int | None:
        """Return a node's place in the arrays."""
        return self.names.find(node)

    def scores(self, array: NDArray[Any]) -> Scores[Any]:
        """Return an array of one value a node as networkx returns it."""
        return Scores(self.names, array)

    def to_networkx(self) -> nx.DiGraph:
        """Return the same graph as networkx keeps it, frozen; made once."""
        if self._plain is None:
            self._plain = nx.freeze(self.copy())
        return self._plain

    def number_of_edges(self, u: Any = None, v: Any = None) -> int:
        """Return how many edges there are, of all or between two nodes."""
        return len(self.bases.targets) if u is None else super().number_of_edges(u, v)

    def size(self, weight: str | None = None) -> Any:
        """Return how many edges there are, or the sum of their weights."""
        return len(self.bases.targets) if weight is None else super().size(weight)

    add_node = add_nodes_from = remove_node = remove_nodes_from = nx.classes.function.frozen
    add_edge = add_edges_from = add_weighted_edges_from = nx.classes.function.frozen
    remove_edge = remove_edges_from = clear = clear_edges = nx.classes.function.frozen


class _Nodes(Mapping[str, dict[str, Any]]):
    """Nodes and their attributes, as networkx keeps them in ``_node``."""

    def __init__(self, names: Names, attributes: Attributes) -> None:
        self._names = names
        self._attributes = attributes

    def __getitem__(self, node: str) -> dict[str, Any]:
        place = self._names.find(node)
        if place is None:
            raise KeyError(node)
        return self._attributes(place)

    def __contains__(self, node: object) -> bool:
        return self._names.find(node) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.column.to_pylist())

    def __len__(self) -> int:
        return len(self._names)


class _Adjacency(Mapping[str, "_Neighbours"]):
    """Neighbours of each node, as networkx keeps them in ``_succ`` and ``_pred``."""

    def __init__(self, names: Names, adjacency: Csr, attributes: Attributes) -> None:
        self._names = names
        self._csr = adjacency
        self._attributes = attributes

    def __getitem__(self, node: str) -> "_Neighbours":
        place = self._names.find(node)
        if place is None:
            raise KeyError(node)
        return self._at(place)

    def _at(self, place: int) -> "_Neighbours":
        start, stop = self._csr.offsets[place], self._csr.offsets[place + 1]
        return _Neighbours(self._names, self._csr, int(start), int(stop), self._attributes)

    def __contains__(self, node: object) -> bool:
        return self._names.find(node) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.column.to_pylist())

    def __len__(self) -> int:
        return len(self._names)

    def items(self) -> Any:
        """Return the pairs without a look-up for each."""
        return [(node, self._at(place)) for place, node in enumerate(self)]


class _Neighbours(Mapping[str, dict[str, Any]]):
    """The neighbours of one node with the attributes of the edges to them."""

    def __init__(
        self, names: Names, adjacency: Csr, start: int, stop: int, attributes: Attributes
    ) -> None:
        self._names = names
        self._targets = adjacency.targets[start:stop]
        self._start = start
        self._attributes = attributes

    def _find(self, node: object) -> int | None:
        row = self._names.find(node)
        if row is None:
            return None
        place = int(np.searchsorted(self._targets, row))
        return place if place < len(self._targets) and self._targets[place] == row else None

    def __getitem__(self, node: str) -> dict[str, Any]:
        place = self._find(node)
        if place is None:
            raise KeyError(node)
        return self._attributes(self._start + place)

    def __contains__(self, node: object) -> bool:
        return self._find(node) is not None

    def __iter__(self) -> Iterator[str]:
        return (self._names[row] for row in self._targets)

    def __len__(self) -> int:
        return len(self._targets)

    def copy(self) -> dict[str, dict[str, Any]]:
        """Return it as a dict, as networkx asks of what it keeps in dicts."""
        return dict(self)
