"""The order in which a lineage can be computed in one pass, cycles condensed."""

import numba
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.csr import Csr, Rows, csr, induced
from graph.measures.grouping import grouped


def strong_components(bases: Csr) -> Csr:
    """Return the rows of each strongly connected component, bases first.

    Derivatives of one base stand side by side, and rows without any relation behind the others
    that are in no cycle.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base), ascending.

    Notes
    -----
    O(n + m). Kahn's algorithm as far as it comes; what is left is in a cycle or descends from
    one, and is ordered by its components: ``scipy.sparse.csgraph`` finds them (Pearce 2005).
    """
    rows, rest = _kahn(bases.offsets, bases.targets)
    starts = np.arange(len(rows) + 1, dtype=np.int32)
    if len(rest):
        ends, found = _condensed(induced(bases, rest))
        starts = np.concatenate([starts, len(rows) + ends[1:]])
        rows = np.concatenate([rows, rest[found]])
    return Csr(starts, rows)


def _condensed(bases: Csr) -> Csr:
    """Return the strong components of what has cycles all over."""
    ones = np.ones(len(bases.targets), np.int8)
    matrix = csr_array((ones, bases.targets, bases.offsets), shape=(bases.size, bases.size))
    count, labels = connected_components(matrix, connection="strong")
    condensed, _ = csr(labels[bases.sources()], labels[bases.targets], count)
    rank = np.empty(count, np.int32)
    rank[_kahn(*condensed)[0]] = np.arange(count, dtype=np.int32)
    return grouped(rank[labels], count)


@numba.njit(cache=True, nogil=True)
def _kahn(offsets: Rows, targets: Rows) -> tuple[Rows, Rows]:
    """Return the rows after all of their bases, and those in a cycle or descending from one."""
    size = len(offsets) - 1
    fan_out = np.zeros(size + 1, np.int32)
    for base in targets:
        fan_out[base + 1] += 1
    for row in range(size):
        fan_out[row + 1] += fan_out[row]
    place = fan_out[:-1].copy()
    derivatives = np.empty(len(targets), np.int32)
    waiting = np.empty(size, np.int32)
    for row in range(size):
        waiting[row] = offsets[row + 1] - offsets[row]
        for edge in range(offsets[row], offsets[row + 1]):
            base = targets[edge]
            derivatives[place[base]] = row
            place[base] += 1
            if base == row:
                waiting[row] -= 1  # a loop is no cycle
    order = np.empty(size, np.int32)
    done, alone = 0, size
    for row in range(size):
        if waiting[row] == 0:
            if fan_out[row] < fan_out[row + 1]:
                order[done] = row
                done += 1
            else:
                alone -= 1
                order[alone] = row
    head = 0
    while head < done:
        row = order[head]
        head += 1
        for at in range(fan_out[row], fan_out[row + 1]):
            derivative = derivatives[at]
            waiting[derivative] -= 1
            if waiting[derivative] == 0:
                order[done] = derivative
                done += 1
    rest = np.flatnonzero(waiting > 0).astype(np.int32)
    return np.concatenate((order[:done], order[alone:])), rest
