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
    """Build adjacency from edges, each row's targets ascending, equal edges in their order.

    Returns
    -------
    adjacency, order
        ``order`` is the permutation of the edges, for what else is known of them.
    """
    # One number an edge: numpy sorts those by vector instructions, ten times as fast as pairs.
    # Targets may be rows of something larger, as the members of families are.
    keys = sources.astype(np.int64) * max(size, targets.max(initial=0) + 1) + targets
    order = np.argsort(keys)
    keys = keys[order]
    equal = keys[1:] == keys[:-1]
    if equal.any():
        again = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
        order[again] = order[again][np.lexsort((order[again], keys[again]))]
    return Csr(_offsets(sources, size), targets[order].astype(np.int32, copy=False)), order


def simple(adjacency: Csr) -> Csr:
    """Return the same adjacency with each target once, for rows whose targets are sorted."""
    offsets, targets = adjacency
    if not len(targets):
        return adjacency
    first = np.zeros(len(targets) + 1, np.bool_)
    first[offsets[:-1]] = True  # rows without targets mark the next one, or what is cut off here
    first = first[:-1]
    first[1:] |= targets[1:] != targets[:-1]
    if first.all():
        return adjacency
    before = np.zeros(len(targets) + 1, np.int32)
    np.cumsum(first, out=before[1:])
    return Csr(before[offsets], targets[first])


def induced(adjacency: Csr, rows: Rows) -> Csr:
    """Return the adjacency among some ascending rows, numbered by their place there."""
    place = np.full(adjacency.size, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    starts = adjacency.offsets[rows]
    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(adjacency.offsets[rows + 1] - starts, out=ends[1:])
    edges = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], np.diff(ends))
    targets = place[adjacency.targets[edges]]
    inside = targets >= 0
    before = np.zeros(len(edges) + 1, np.int32)
    np.cumsum(inside, out=before[1:])
    return Csr(before[ends], targets[inside])


def sums(groups: NDArray[np.integer], values: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Return the sum of the values of each group, float64."""
    return np.bincount(groups, weights=values, minlength=size).astype(np.float64, copy=False)


def _offsets(sources: NDArray[np.integer], size: int) -> Offsets:
    offsets = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(sources, minlength=size), out=offsets[1:])
    return offsets
