"""Substitution: what flows from derivatives to bases, solved in one pass over a lineage."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows

Values = NDArray[np.float64]

CYCLE_RESIDUAL = 1e-15
"""What may still flow round a cycle, relatively to what its rows have, when it is settled."""


@numba.njit(cache=True)
def substitute(
    offsets: Rows,
    targets: Rows,
    flows: Values,
    rows: Rows,
    starts: Rows,
    component: Rows,
    source: Values,
) -> Values:
    """Solve x = source + (what flows to each row from its derivatives), derivatives first.

    Parameters
    ----------
    offsets, targets
        Each row's bases.
    flows
        Which part of its derivative's value each edge carries.
    rows, starts, component
        A topological order of the rows.
    source
        What each row has of its own.

    Notes
    -----
    Exact to rounding without cycles, in O(n + m): a row hands on what it has when all of its
    derivatives have. In a cycle what comes in is handed round until no row gets more than
    `CYCLE_RESIDUAL` of what it has: where a part r is left after each round, in about
    35 / (1 - r) rounds and to about 1e-15 / (1 - r).
    """
    values = source.copy()
    arriving = np.zeros(len(source))
    for i in range(len(starts) - 2, -1, -1):
        first, last = starts[i], starts[i + 1]
        if last - first > 1:
            _settle(offsets, targets, flows, rows[first:last], component, values, arriving)
        else:
            values[rows[first]] /= 1 - _kept(offsets, targets, flows, rows[first])
        for at in range(first, last):
            row = rows[at]
            for edge in range(offsets[row], offsets[row + 1]):
                if component[targets[edge]] != i:
                    values[targets[edge]] += flows[edge] * values[row]
    return values


@numba.njit(cache=True)
def _kept(offsets: Rows, targets: Rows, flows: Values, row: int) -> float:
    """Return which part a row gives back to itself: only graphs of others have loops."""
    kept = 0.0
    for edge in range(offsets[row], offsets[row + 1]):
        if targets[edge] == row:
            kept += flows[edge]
    return kept


@numba.njit(cache=True)
def _settle(
    offsets: Rows,
    targets: Rows,
    flows: Values,
    members: Rows,
    component: Rows,
    values: Values,
    arriving: Values,
) -> None:
    """Hand round in a cycle what its members have."""
    for row in members:
        arriving[row] = values[row]
        values[row] = 0.0
    change = np.inf
    while change > CYCLE_RESIDUAL:
        change = 0.0
        for row in members:
            more = arriving[row] / (1 - _kept(offsets, targets, flows, row))
            arriving[row] = 0.0
            values[row] += more
            if values[row] > 0:
                change = max(change, abs(more) / values[row])
            for edge in range(offsets[row], offsets[row + 1]):
                base = targets[edge]
                if base != row and component[base] == component[row]:
                    arriving[base] += flows[edge] * more
