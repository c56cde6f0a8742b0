"""Roots: the models from which a derivative descends and which descend from none."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows
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
    counts, found = _roots(offsets, targets, _is_root(offsets, targets, lineage.starts, age))
    offsets = np.zeros(len(lineage.rows) + 1, np.int32)
    np.cumsum(lineage.by_row(counts), out=offsets[1:])
    return Csr(offsets, _by_row(offsets, lineage.rows, counts, found))


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
def _roots(offsets: Rows, targets: Rows, is_root: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Return how many roots each row has, and which, one row after the other.

    A row of one base has the roots of that, which came before it; others walk to theirs.
    """
    size = len(offsets) - 1
    starts = np.zeros(size + 1, np.int32)
    found = np.empty(size, np.int32)
    visited = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    end = 0
    for row in range(size):
        base = targets[offsets[row]] if offsets[row + 1] - offsets[row] == 1 else size
        if base < row and not is_root[row] and not is_root[base]:
            first, last = starts[base], starts[base + 1]
            if end + last - first > len(found):
                found = np.append(found, np.empty(len(found) + last - first, np.int32))
            for place in range(first, last):
                found[end] = found[place]
                end += 1
        elif not is_root[row]:
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
                            if end == len(found):
                                found = np.append(found, np.empty_like(found))
                            found[end] = base
                            end += 1
        starts[row + 1] = end
    return np.diff(starts), found[:end].copy()


@numba.njit(cache=True, nogil=True)
def _by_row(offsets: Rows, rows: Rows, counts: Rows, found: Rows) -> Rows:
    """Return each row's roots, ascending, of places that come one after the other."""
    roots = np.empty(len(found), np.int32)
    start = 0
    for place in range(len(counts)):
        first = offsets[rows[place]]
        for number in range(counts[place]):
            roots[first + number] = rows[found[start + number]]
        if counts[place] > 1:
            roots[first : first + counts[place]].sort()
        start += counts[place]
    return roots
