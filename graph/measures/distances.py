"""Distances: from how many models a model is reached, and in how many steps."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows


class Distances(NamedTuple):
    """What is known of the fewest steps to each row from the others that reach it.

    Attributes
    ----------
    counts
        int32: how many reach it.
    totals
        int64: the sum of their steps.
    reciprocals
        float64: the sum of one over their steps.
    """

    counts: NDArray[np.int32]
    totals: NDArray[np.int64]
    reciprocals: NDArray[np.float64]


def distances(bases: Csr, sources: Rows | None = None) -> Distances:
    """Sum up the distances to each row from its descendants.

    Edges run derivative -> base, so what reaches a model is what derives from it, and its
    distance is how many derivations ago. A row's distance to itself, 0, is left out.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base).
    sources
        From which rows, each once; from all by default.

    Notes
    -----
    Exact: every source walks to its ancestors, breadth first, and adds to each what it is
    away. Takes time in the number of (model, ancestor) pairs and of edges between the
    ancestors of each: on the Hub under 2 of them a model, on any graph O(n m) at most.
    """
    starts = np.arange(bases.size, dtype=np.int32) if sources is None else sources
    return Distances(*_distances(bases.offsets, bases.targets, starts))


@numba.njit(cache=True, nogil=True)
def _distances(
    offsets: Rows, targets: Rows, sources: Rows
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64]]:
    size = len(offsets) - 1
    counts = np.zeros(size, np.int32)
    totals = np.zeros(size, np.int64)
    reciprocals = np.zeros(size, np.float64)
    visited = np.zeros(size, np.bool_)
    queue = np.empty(size, np.int32)
    for source in sources:
        if offsets[source] == offsets[source + 1]:
            continue
        visited[source] = True
        queue[0] = source
        head, found, steps = 0, 1, 0
        while head < found:
            steps += 1
            layer = found
            while head < layer:
                row = queue[head]
                head += 1
                for edge in range(offsets[row], offsets[row + 1]):
                    base = targets[edge]
                    if not visited[base]:
                        visited[base] = True
                        queue[found] = base
                        found += 1
                        counts[base] += 1
                        totals[base] += steps
                        reciprocals[base] += 1.0 / steps
        for at in range(found):
            visited[queue[at]] = False
    return counts, totals, reciprocals
