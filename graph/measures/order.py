"""The order in which a lineage can be computed in one pass, cycles condensed."""

from typing import NamedTuple

import numba
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.csr import Csr, Offsets, Rows, csr, induced
from graph.measures.grouping import grouped


class Components(NamedTuple):
    """The strongly connected components of what has any relation, bases first.

    Attributes
    ----------
    starts
        int32, c + 1: component i is ``rows[starts[i]:starts[i + 1]]``.
    rows
        int32: those of one component ascend, derivatives of one base stand side by side.
    alone
        int32: the rows without any relation.
    """

    starts: Offsets
    rows: Rows
    alone: Rows


def strong_components(bases: Csr) -> Components:
    """Return the strongly connected components of a lineage.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base), ascending.

    Notes
    -----
    O(n + m). Kahn's algorithm as far as it comes; what is left is in a cycle or descends from
    one, and is ordered by its components: ``scipy.sparse.csgraph`` finds them (Pearce 2005).
    """
    rows, alone, rest = _kahn(bases.offsets, bases.targets)
    starts = np.arange(len(rows) + 1, dtype=np.int32)
    if len(rest):
        ends, found = _condensed(induced(bases, rest))
        starts = np.concatenate([starts, len(rows) + ends[1:]])
        rows = np.concatenate([rows, rest[found]])
    return Components(starts, rows, alone)


def _condensed(bases: Csr) -> Csr:
    """Return the strong components of what has cycles all over."""
    ones = np.ones(len(bases.targets), np.int8)
    matrix = csr_array((ones, bases.targets, bases.offsets), shape=(bases.size, bases.size))
    count, labels = connected_components(matrix, connection="strong")
    condensed, _ = csr(labels[bases.sources()], labels[bases.targets], count)
    rows, alone, _ = _kahn(*condensed)
    rank = np.empty(count, np.int32)
    rank[np.concatenate([rows, alone])] = np.arange(count, dtype=np.int32)
    return grouped(rank[labels], count)


@numba.njit(cache=True, nogil=True)
def _kahn(offsets: Rows, targets: Rows) -> tuple[Rows, Rows, Rows]:
    """Return the rows after all of their bases, those without any relation, and the rest."""
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
    alone = np.empty(size, np.int32)
    done, lone = 0, 0
    for row in range(size):
        if waiting[row] == 0:
            if fan_out[row] < fan_out[row + 1]:
                order[done] = row
                done += 1
            else:
                alone[lone] = row
                lone += 1
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
    return order[:done].copy(), alone[:lone].copy(), rest
