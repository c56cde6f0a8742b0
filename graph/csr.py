"""Adjacency as compressed sparse rows: for each row a slice of the rows it points at."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int32]
Rows = NDArray[np.int32]


class Csr(NamedTuple):
    """Adjacency of n rows and m edges.

    Attributes
    ----------
    offsets
        int32, n + 1: row i points at ``targets[offsets[i]:offsets[i + 1]]``.
    targets
        int32, m.
    """

    offsets: Offsets
    targets: Rows

    @property
    def size(self) -> int:
        """How many rows."""
        return len(self.offsets) - 1

    def of(self, row: int) -> Rows:
        """Return what a row points at."""
        return self.targets[self.offsets[row] : self.offsets[row + 1]]

    def degrees(self) -> Rows:
        """Return how many each row points at."""
        return np.diff(self.offsets)

    def sources(self) -> Rows:
        """Return the row that each edge leaves, in the order of ``targets``."""
        return np.repeat(np.arange(self.size, dtype=np.int32), self.degrees())


def csr(sources: Rows, targets: Rows, size: int) -> tuple[Csr, NDArray[np.intp]]:
    """Build adjacency from edges, each row's targets ascending.

    Returns
    -------
    adjacency, order
        ``order`` is the permutation of the edges, for what else is known of them.
    """
    order = np.lexsort((targets, sources))
    offsets = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(sources, minlength=size), out=offsets[1:])
    return Csr(offsets, targets[order].astype(np.int32)), order


def simple(adjacency: Csr) -> Csr:
    """Return the same adjacency with each target once, for rows whose targets are sorted."""
    sources, targets = adjacency.sources(), adjacency.targets
    first = np.ones(len(targets), np.bool_)
    first[1:] = (sources[1:] != sources[:-1]) | (targets[1:] != targets[:-1])
    if first.all():
        return adjacency
    offsets = np.zeros(adjacency.size + 1, np.int32)
    np.cumsum(np.bincount(sources[first], minlength=adjacency.size), out=offsets[1:])
    return Csr(offsets, targets[first])


def induced(adjacency: Csr, rows: Rows) -> Csr:
    """Return the adjacency among some ascending rows, numbered by their place there."""
    place = np.full(adjacency.size, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    sources, targets = place[adjacency.sources()], place[adjacency.targets]
    inside = (sources >= 0) & (targets >= 0)
    return csr(sources[inside], targets[inside], len(rows))[0]


def sums(groups: NDArray[np.integer], values: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Return the sum of the values of each group, float64."""
    return np.bincount(groups, weights=values, minlength=size).astype(np.float64, copy=False)
