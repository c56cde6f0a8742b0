"""The lineage of one model, as a part of a graph that can be drawn: nodes and edges."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.copies import Adjacency, with_copies
from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.records import Relation
from graph.traversal import Codes, Reached, edges_of, reach

MAX_EDGES = 10_000
"""Edges of one answer; lineages of a thousand nodes have little more than a thousand."""


class Lineage(NamedTuple):
    """A model with its ancestors and descendants, and the derivations among them.

    Attributes
    ----------
    rows
        int32: the model itself, then what is nearest. At one distance ancestors come before
        descendants, then what most models descend from, then ids in ascending order.
    children, bases, codes
        One for each edge: int32 rows, and int8, a place in `RELATIONS` or `INFERRED`. Edges run
        child -> base, and both are among ``rows``.
    total
        How many models the whole lineage has, the model itself included.
    truncated
        Whether models or edges were left out.
    """

    rows: Rows
    children: Rows
    bases: Rows
    codes: Codes
    total: int
    truncated: bool


def lineage(
    eco: Ecosystem,
    row: int,
    first: int,
    *,
    relations: frozenset[Relation] | None = None,
    max_depth: int | None = None,
    inferred: bool = False,
) -> Lineage:
    """Return the nearest of what a model descends from and of what descends from it.

    A way leads from every one of them to the model within what is returned. The other bases of
    its descendants are no part of its lineage.

    Parameters
    ----------
    first
        Models at most, the model itself included.
    relations, max_depth
        As for `Ecosystem.descendants`.
    inferred
        Whether inferred copies (`graph.copies`) count as derived from their originals.
    """
    adjacency = with_copies(eco) if inferred else _declared(eco)
    allowed = np.array([relations is None or r in relations for r in RELATIONS] + [inferred])
    steps = len(eco) if max_depth is None else max_depth
    above = reach(adjacency.bases, adjacency.base_relations, row, allowed=allowed, max_depth=steps)
    below = reach(
        adjacency.derivatives, adjacency.derivative_relations, row, allowed=allowed, max_depth=steps
    )
    ancestor = np.zeros(len(eco), np.bool_)
    ancestor[above.rows] = True
    both = int(ancestor[below.rows].sum())  # where a cycle leads through the model
    rows, places = _merged(_nearest(above, first), _nearest(below, first))
    chosen = _first(places, eco.numbers("descendants")[rows], first - 1)
    nodes = np.concatenate([np.array([row], np.int32), rows[chosen]])
    children, bases, codes = _among(adjacency, nodes, allowed)
    total = 1 + len(above.rows) + len(below.rows) - both
    truncated = total > len(nodes) or len(children) > MAX_EDGES
    return Lineage(
        nodes, children[:MAX_EDGES], bases[:MAX_EDGES], codes[:MAX_EDGES], total, truncated
    )


def _declared(eco: Ecosystem) -> Adjacency:
    return Adjacency(eco.bases, eco.base_relations, eco.derivatives, eco.derivative_relations)


def _nearest(reached: Reached, count: int) -> Reached:
    """Return what is no farther than the ``count``-th."""
    if len(reached.rows) <= count:
        return reached
    stop = np.searchsorted(reached.distances, reached.distances[count - 1], side="right")
    return Reached(reached.rows[:stop], reached.distances[:stop])


def _merged(above: Reached, below: Reached) -> tuple[Rows, NDArray[np.int64]]:
    """Return each row once, and where it belongs: by distance, ancestors before descendants."""
    rows = np.concatenate([above.rows, below.rows])
    places = np.concatenate([2 * above.distances, 2 * below.distances + 1]).astype(np.int64)
    order = np.lexsort((places, rows))
    rows, places = rows[order], places[order]
    once = np.ones(len(rows), np.bool_)
    once[1:] = rows[1:] != rows[:-1]
    return rows[once], places[once]


def _first(places: NDArray[np.int64], importance: Rows, count: int) -> NDArray[np.intp]:
    """Return the first entries by place, then the more important, then as they come."""
    keys = (places << 32) - importance
    if len(keys) <= count:
        return np.argsort(keys, kind="stable")
    if count == 0:
        return np.empty(0, np.intp)
    last = np.partition(keys, count - 1)[count - 1]
    before = np.flatnonzero(keys < last)
    equal = np.flatnonzero(keys == last)[: count - len(before)]
    return np.concatenate([before[np.argsort(keys[before], kind="stable")], equal])


def _among(
    adjacency: Adjacency, nodes: Rows, allowed: NDArray[np.bool_]
) -> tuple[Rows, Rows, Codes]:
    """Return the edges of allowed relations from one of the nodes to another."""
    edges = edges_of(adjacency.bases, nodes)
    offsets = adjacency.bases.offsets
    children = np.repeat(nodes, offsets[nodes + 1] - offsets[nodes])
    bases, codes = adjacency.bases.targets[edges], adjacency.base_relations[edges]
    inside = np.isin(bases, nodes, kind="sort") & allowed[codes]
    return children[inside], bases[inside], codes[inside]
