"""Walks along a lineage from one model: ancestors, descendants, and at what distance."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows

Codes = NDArray[np.int8]


class Reached(NamedTuple):
    """What a walk reached, nearest first; the start is not among it.

    Attributes
    ----------
    rows, distances
        int32: each row once, with the fewest steps to it.
    """

    rows: Rows
    distances: Rows


def reach(
    adjacency: Csr,
    relations: Codes,
    start: int,
    *,
    allowed: NDArray[np.bool_],
    max_depth: int,
) -> Reached:
    """Walk from a row along edges of allowed relations, breadth first.

    Parameters
    ----------
    adjacency, relations
        Bases for ancestors, derivatives for descendants; the relation's code of each edge.
    allowed
        Which relation codes to follow.
    max_depth
        Steps at most.
    """
    return Reached(
        *_reach(adjacency.offsets, adjacency.targets, relations, start, allowed, max_depth)
    )


@numba.njit(cache=True)
def _reach(
    offsets: Rows,
    targets: Rows,
    relations: Codes,
    start: int,
    allowed: NDArray[np.bool_],
    max_depth: int,
) -> tuple[Rows, Rows]:
    visited = np.zeros(len(offsets) - 1, np.bool_)
    visited[start] = True
    capacity = 64
    rows = np.empty(capacity, np.int32)
    distances = np.empty(capacity, np.int32)
    rows[0] = start
    distances[0] = 0
    found = 1
    head = 0
    while head < found and distances[head] < max_depth:
        at = rows[head]
        for edge in range(offsets[at], offsets[at + 1]):
            target = targets[edge]
            if allowed[relations[edge]] and not visited[target]:
                visited[target] = True
                if found == capacity:
                    capacity *= 4
                    rows = np.append(rows, np.empty(capacity - found, np.int32))
                    distances = np.append(distances, np.empty(capacity - found, np.int32))
                rows[found] = target
                distances[found] = distances[head] + 1
                found += 1
        head += 1
    return rows[1:found].copy(), distances[1:found].copy()
