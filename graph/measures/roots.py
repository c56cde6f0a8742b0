"""Roots: the models from which a derivative descends and which descend from none."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows
from graph.measures.order import TopologicalOrder


def roots(bases: Csr, order: TopologicalOrder, created_at: NDArray[np.int64]) -> Csr:
    """Return the roots of each row that has bases, ascending; a root itself has none here.

    Where a lineage goes back to a cycle, its root is the cycle's oldest model (of equal age
    the one with the smaller row).

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base).
    order
        Of the same rows.
    created_at
        Milliseconds since 1970, int64, -1 where unknown: such a model counts as the youngest.
    """
    age = np.where(created_at < 0, np.iinfo(np.int64).max, created_at)
    is_root = _is_root(bases.offsets, bases.targets, order.rows, order.starts, order.component, age)
    counts = _visit(bases.offsets, bases.targets, is_root, np.empty(0, np.int32))
    offsets = np.zeros(bases.size + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    found = np.empty(offsets[-1], np.int32)
    _visit(bases.offsets, bases.targets, is_root, found)
    for row in np.flatnonzero(counts > 1):
        found[offsets[row] : offsets[row + 1]].sort()
    return Csr(offsets, found)


@numba.njit(cache=True)
def _is_root(
    offsets: Rows,
    targets: Rows,
    rows: Rows,
    starts: Rows,
    component: Rows,
    age: NDArray[np.int64],
) -> NDArray[np.bool_]:
    is_root = np.zeros(len(rows), np.bool_)
    for i in range(len(starts) - 1):
        oldest = rows[starts[i]]
        outside = False
        for at in range(starts[i], starts[i + 1]):
            row = rows[at]
            if age[row] < age[oldest] or (age[row] == age[oldest] and row < oldest):
                oldest = row
            for edge in range(offsets[row], offsets[row + 1]):
                outside = outside or component[targets[edge]] != i
        is_root[oldest] = not outside
    return is_root


@numba.njit(cache=True)
def _visit(offsets: Rows, targets: Rows, is_root: NDArray[np.bool_], found: Rows) -> Rows:
    """Count each row's roots above it, and write them down where there is room."""
    size = len(offsets) - 1
    counts = np.zeros(size, np.int32)
    visited = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    written = 0
    for row in range(size):
        if is_root[row]:
            continue
        visited[row] = row
        top = 1
        stack[0] = row
        while top:
            top -= 1
            at = stack[top]
            for edge in range(offsets[at], offsets[at + 1]):
                base = targets[edge]
                if visited[base] != row:
                    visited[base] = row
                    stack[top] = base
                    top += 1
                    if is_root[base]:
                        counts[row] += 1
                        if len(found):
                            found[written] = base
                            written += 1
    return counts
