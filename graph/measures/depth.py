"""Depth: how many steps of derivation lie between a model and its farthest root."""

import numba
import numpy as np

from graph.csr import Csr, Rows
from graph.measures.order import TopologicalOrder


def depth(bases: Csr, order: TopologicalOrder) -> Rows:
    """Return the length of the longest chain from each row to a root, int32.

    0 for a root. Edges run derivative -> base. Models of one cycle have the same depth, for
    a cycle counts as one model: the longest path in the condensation, in O(n + m). On a graph
    without cycles it is the number of the row's generation in
    ``networkx.topological_generations`` of the reversed graph.
    """
    return _depth(bases.offsets, bases.targets, order.rows, order.starts, order.component)


@numba.njit(cache=True)
def _depth(offsets: Rows, targets: Rows, rows: Rows, starts: Rows, component: Rows) -> Rows:
    depths = np.zeros(len(rows), np.int32)
    for i in range(len(starts) - 1):
        deepest = 0
        for at in range(starts[i], starts[i + 1]):
            for edge in range(offsets[rows[at]], offsets[rows[at] + 1]):
                base = targets[edge]
                if component[base] != i and depths[base] + 1 > deepest:
                    deepest = depths[base] + 1
        for at in range(starts[i], starts[i + 1]):
            depths[rows[at]] = deepest
    return depths
