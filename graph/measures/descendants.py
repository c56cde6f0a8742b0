"""Descendants: how many models derive from a model, at any distance."""

import numba
import numpy as np

from graph.csr import Rows
from graph.measures.arrangement import Arrangement


def descendants(lineage: Arrangement) -> Rows:
    """Return the number of distinct descendants of each row, int32.

    ``len(networkx.ancestors(G, model))`` on edges derivative -> base: each descendant counts
    once, however many ways lead to it, and a model in a cycle is not its own.

    Notes
    -----
    Exact: every row visits its ancestors and adds one to each. Takes time in the number of
    (model, ancestor) pairs, which is small where chains are short: under 2 a model on the Hub.
    """
    return lineage.by_row(_descendants(*lineage.bases))


@numba.njit(cache=True, nogil=True)
def _descendants(offsets: Rows, targets: Rows) -> Rows:
    size = len(offsets) - 1
    counts = np.zeros(size, np.int32)
    visited = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    for row in range(size):
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
                    counts[base] += 1
                    stack[top] = base
                    top += 1
    return counts
