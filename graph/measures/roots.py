"""Roots: the models from which a derivative descends and which descend from none."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows, csr
from graph.measures.arrangement import Arrangement

Ages = NDArray[np.int64]


def roots(lineage: Arrangement, created_at: Ages) -> Csr:
    """Return the roots of each row that has bases, ascending; a root itself has none here.

    Where a lineage goes back to a cycle, its root is the cycle's oldest model (of equal age
    the one with the smaller row).

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base).
    created_at
        Milliseconds since 1970, int64, -1 where unknown: such a model counts as the youngest.
    """
    offsets, targets = lineage.bases
    created = created_at[lineage.rows[: lineage.bases.size]]
    age = np.where(created < 0, np.iinfo(np.int64).max, created)
    is_root = _is_root(offsets, targets, lineage.starts, age)
    counts = _visit(offsets, targets, is_root, np.empty(0, np.int32))
    found = np.empty(counts.sum(), np.int32)
    _visit(offsets, targets, is_root, found)
    derived = np.repeat(lineage.rows[: len(counts)], counts)
    return csr(derived, lineage.rows[found], len(lineage.rows))[0]


@numba.njit(cache=True, nogil=True)
def _is_root(offsets: Rows, targets: Rows, starts: Rows, age: Ages) -> NDArray[np.bool_]:
    is_root = np.zeros(len(age), np.bool_)
    for i in range(len(starts) - 1):
        first, last = starts[i], starts[i + 1]
        oldest = first
        outside = False
        for place in range(first, last):
            if age[place] < age[oldest]:  # of equal age the first one stays
                oldest = place
            for edge in range(offsets[place], offsets[place + 1]):
                outside = outside or not first <= targets[edge] < last
        is_root[oldest] = not outside
    return is_root


@numba.njit(cache=True, nogil=True)
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
