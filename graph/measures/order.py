"""The order in which a lineage can be computed in one pass, cycles condensed."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.csr import Csr, Rows
from graph.measures.grouping import grouped


class TopologicalOrder(NamedTuple):
    """Rows ordered so that every base comes before its derivatives, but for cycles.

    Rows of one strongly connected component stand together: `Rows` of a cycle are one step.

    Attributes
    ----------
    rows
        int32, n: the rows in order.
    starts
        int32, c + 1: component i is ``rows[starts[i]:starts[i + 1]]``.
    component
        int32, n: each row's component.
    """

    rows: Rows
    starts: Rows
    component: Rows

    def cycles(self) -> list[Rows]:
        """Return the components of more than one row."""
        long = np.flatnonzero(np.diff(self.starts) > 1)
        return [self.rows[self.starts[i] : self.starts[i + 1]] for i in long]


def topological_order(bases: Csr) -> TopologicalOrder:
    """Order the rows of a lineage, bases first.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base).

    Notes
    -----
    O(n + m). Components by ``scipy.sparse.csgraph`` (Pearce 2005); then Kahn's algorithm on
    the condensation.
    """
    count, labels = _components(bases)
    order = _kahn(bases.offsets, bases.targets, labels, count)
    rank = np.empty(count, np.int32)
    rank[order] = np.arange(count, dtype=np.int32)
    component = rank[labels]
    starts, rows = grouped(component, count)
    return TopologicalOrder(rows, starts, component)


def _components(bases: Csr) -> tuple[int, NDArray[np.int32]]:
    if not bases.size:
        return 0, np.empty(0, np.int32)
    ones = np.ones(len(bases.targets), np.int8)
    matrix = csr_array((ones, bases.targets, bases.offsets), shape=(bases.size, bases.size))
    count, labels = connected_components(matrix, connection="strong")
    return int(count), labels


@numba.njit(cache=True)
def _kahn(offsets: Rows, targets: Rows, labels: Rows, count: int) -> Rows:
    """Return the components, those first whose bases are all in earlier ones."""
    waiting = np.zeros(count, np.int32)
    fan_out = np.zeros(count + 1, np.int32)
    for row in range(len(labels)):
        for edge in range(offsets[row], offsets[row + 1]):
            if labels[targets[edge]] != labels[row]:
                waiting[labels[row]] += 1
                fan_out[labels[targets[edge]] + 1] += 1
    for i in range(count):
        fan_out[i + 1] += fan_out[i]
    place = fan_out[:-1].copy()
    dependents = np.empty(fan_out[-1], np.int32)
    for row in range(len(labels)):
        for edge in range(offsets[row], offsets[row + 1]):
            base = labels[targets[edge]]
            if base != labels[row]:
                dependents[place[base]] = labels[row]
                place[base] += 1
    order = np.empty(count, np.int32)
    done = 0
    for i in range(count):
        if waiting[i] == 0:
            order[done] = i
            done += 1
    head = 0
    while head < done:
        component = order[head]
        head += 1
        for at in range(fan_out[component], fan_out[component + 1]):
            dependent = dependents[at]
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                order[done] = dependent
                done += 1
    return order
