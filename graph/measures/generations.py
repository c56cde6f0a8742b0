"""Generations: a lineage in layers, what nothing derives from first."""

from typing import NamedTuple

import numba
import numpy as np

from graph.csr import Csr, Rows


class Generations(NamedTuple):
    """Rows in layers: each row is one later than the last of its derivatives.

    Attributes
    ----------
    rows
        int32: the rows in order; those in a cycle, or upstream of one, are not among them.
    starts
        int32, g + 1: generation i is ``rows[starts[i]:starts[i + 1]]``.
    """

    rows: Rows
    starts: Rows


def generations(bases: Csr) -> Generations:
    """Return the topological generations of a lineage.

    ``networkx.topological_generations`` on edges derivative -> base, in the same order.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base), each once.

    Notes
    -----
    Kahn's algorithm, O(n + m). Counted from the derivatives, as the edges run: a base of the
    tenth generation has a chain of ten derivations below it. `graph.measures.depth` counts from
    the roots.
    """
    rows, starts = _generations(bases.offsets, bases.targets)
    return Generations(rows, starts)


@numba.njit(cache=True, nogil=True)
def _generations(offsets: Rows, targets: Rows) -> tuple[Rows, Rows]:
    size = len(offsets) - 1
    waiting = np.zeros(size, np.int32)
    for base in targets:
        waiting[base] += 1
    rows = np.empty(size, np.int32)
    starts = np.zeros(size + 1, np.int32)
    found = 0
    for row in range(size):
        if waiting[row] == 0:
            rows[found] = row
            found += 1
    head, count = 0, 0
    while head < found:
        count += 1
        starts[count] = found
        while head < starts[count]:
            row = rows[head]
            head += 1
            for edge in range(offsets[row], offsets[row + 1]):
                base = targets[edge]
                waiting[base] -= 1
                if waiting[base] == 0:
                    rows[found] = base
                    found += 1
    return rows[:found].copy(), starts[: count + 1].copy()
