"""A lineage renumbered for measuring, so that what is used together lies together."""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Offsets, Rows
from graph.measures.order import strong_components


class Arrangement(NamedTuple):
    """The rows of a lineage in topological order, each numbered by its place in it.

    Bases come before their derivatives, derivatives of one base side by side, the rows of one
    cycle together, ascending; and behind all others those without any relation, which most
    models are and which measures need not look at. A walk from each place to its ancestors
    finds those of the place before still at hand: with both, measures take a third of the time.

    Attributes
    ----------
    rows
        int32, n: the row at each place.
    places
        int32, n: the place of each row.
    bases
        The lineage among the k places that have relations, derivative -> base.
    edges
        int32, m: which of the lineage's edges each of `bases` is.
    starts
        int32, c + 1: strongly connected component i of these k is the places from
        ``starts[i]`` up to ``starts[i + 1]``.
    """

    rows: Rows
    places: Rows
    bases: Csr
    edges: Rows
    starts: Rows

    def by_row(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return one value a place as one value a row.

        Of k values only, the other rows have 0.
        """
        if len(values) == len(self.rows):
            return values[self.places]
        found = np.zeros(len(self.rows), values.dtype)
        found[self.rows[: len(values)]] = values
        return found

    def by_place(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return one value a row as one value a place."""
        return values[self.rows]

    def by_edge(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return one value an arranged edge as one value an edge of the lineage."""
        found = np.empty_like(values)
        found[self.edges] = values
        return found

    def components(self) -> Csr:
        """Return the rows of each strongly connected component, bases first."""
        alone = np.arange(self.bases.size + 1, len(self.rows) + 1, dtype=np.int32)
        return Csr(np.concatenate([self.starts, alone]), self.rows)

    def cyclic(self) -> NDArray[np.bool_]:
        """Return which of the k places are of a component of more than one."""
        sizes = np.diff(self.starts)
        return np.repeat(sizes > 1, sizes)

    def cycles(self) -> list[Rows]:
        """Return the rows of each component of more than one."""
        long = np.flatnonzero(np.diff(self.starts) > 1)
        return [self.rows[self.starts[i] : self.starts[i + 1]] for i in long]


def arrange(bases: Csr) -> Arrangement:
    """Renumber a lineage.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base), ascending.
    """
    starts, related, alone = strong_components(bases)
    rows = np.concatenate([related, alone])
    places = np.empty(bases.size, np.int32)
    places[rows] = np.arange(bases.size, dtype=np.int32)
    offsets, targets, edges = _renumbered(bases.offsets, bases.targets, related, places)
    return Arrangement(rows, places, Csr(offsets, targets), edges, starts)


@numba.njit(cache=True, nogil=True)
def _renumbered(
    offsets: Offsets, targets: Rows, rows: Rows, places: Rows
) -> tuple[Offsets, Rows, Rows]:
    new_offsets = np.zeros(len(rows) + 1, np.int32)
    new_targets = np.empty(len(targets), np.int32)
    edges = np.empty(len(targets), np.int32)
    at = 0
    for place in range(len(rows)):
        for edge in range(offsets[rows[place]], offsets[rows[place] + 1]):
            new_targets[at] = places[targets[edge]]
            edges[at] = edge
            at += 1
        new_offsets[place + 1] = at
    return new_offsets, new_targets, edges
