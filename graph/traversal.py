"""Walks along a lineage from one model: ancestors, descendants, and at what distance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows

Codes = NDArray[np.int8]


class Reached(NamedTuple):
    """What a walk reached, nearest first, then by row; the start is not among it.

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

    Notes
    -----
    A layer at a time in numpy: lineages are a few layers deep, so a compiled kernel would save
    nothing, and a server starts without a compiler.
    """
    every = bool(allowed.all())
    visited = np.zeros(adjacency.size, np.bool_)
    visited[start] = True
    layer = np.array([start], np.int32)
    layers: list[Rows] = []
    while len(layer) and len(layers) < max_depth:
        edges = _edges(adjacency, layer)
        targets = adjacency.targets[edges if every else edges[allowed[relations[edges]]]]
        layer = np.unique(targets[~visited[targets]])
        visited[layer] = True
        layers.append(layer)
    sizes = [len(layer) for layer in layers]
    return Reached(
        np.concatenate([*layers, np.empty(0, np.int32)]),
        np.repeat(np.arange(1, len(layers) + 1, dtype=np.int32), sizes),
    )


def _edges(adjacency: Csr, rows: Rows) -> NDArray[np.int64]:
    """Return the places of all edges that leave some rows."""
    starts = adjacency.offsets[rows].astype(np.int64)
    counts = adjacency.offsets[rows + 1] - starts
    before = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts - before, counts)
