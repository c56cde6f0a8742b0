"""Sums over descendants: what all that derives from a model amounts to, each counted once."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Offsets, Rows
from graph.measures.arrangement import Arrangement

Sums = NDArray[np.int64]


def descendant_sums(lineage: Arrangement, own: Sums) -> Sums:
    """Return the sums of what each row's distinct descendants have of their own.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base).
    own
        int64, (k, c): c values for each place that has relations, see `Arrangement`.

    Returns
    -------
    sums
        int64, (k, c). No row is its own descendant, in a cycle neither.

    Notes
    -----
    Exact. What derives from a single base descends from that and from all that the base does:
    so, from the last derivatives on, each row hands its base what it has and what it was handed
    itself. Only a row of several bases, two in a hundred on the Hub, and one of a cycle walks to
    all its ancestors.
    """
    return _sums(*lineage.bases, lineage.cyclic(), own)


@numba.njit(cache=True, nogil=True)
def _sums(offsets: Offsets, targets: Rows, cyclic: NDArray[np.bool_], own: Sums) -> Sums:
    size, columns = own.shape
    sums = np.zeros_like(own)
    carried = own.copy()
    visited = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    for row in range(size - 1, -1, -1):
        first, last = offsets[row], offsets[row + 1]
        if last - first == 1 and targets[first] < row and not cyclic[row]:
            base = targets[first]
            for column in range(columns):
                sums[base, column] += carried[row, column]
                carried[base, column] += carried[row, column]
            continue
        visited[row] = row
        stack[0] = row
        top = 1
        while top:
            top -= 1
            at = stack[top]
            for edge in range(offsets[at], offsets[at + 1]):
                base = targets[edge]
                if visited[base] != row:
                    visited[base] = row
                    for column in range(columns):
                        sums[base, column] += carried[row, column]
                    stack[top] = base
                    top += 1
    return sums
