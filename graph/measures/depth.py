"""Depth: how many steps of derivation lie between a model and its farthest root."""

import numba
import numpy as np

from graph.csr import Rows
from graph.measures.arrangement import Arrangement


def depth(lineage: Arrangement) -> Rows:
    """Return the length of the longest chain from each row to a root, int32.

    0 for a root. Edges run derivative -> base. Models of one cycle have the same depth, for
    a cycle counts as one model: the longest path in the condensation, in O(n + m). On a graph
    without cycles it is the number of the row's generation in
    ``networkx.topological_generations`` of the reversed graph.
    """
    return lineage.by_row(_depth(*lineage.bases, lineage.starts))


@numba.njit(cache=True, nogil=True)
def _depth(offsets: Rows, targets: Rows, starts: Rows) -> Rows:
    depths = np.zeros(len(offsets) - 1, np.int32)
    for i in range(len(starts) - 1):
        first, last = starts[i], starts[i + 1]
        deepest = 0
        for edge in range(offsets[first], offsets[last]):
            base = targets[edge]
            if base < first and depths[base] + 1 > deepest:
                deepest = depths[base] + 1
        for place in range(first, last):
            depths[place] = deepest
    return depths
