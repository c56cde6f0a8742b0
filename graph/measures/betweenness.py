"""Betweenness: on how many shortest ways from derivatives to bases a model or a step lies."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows
from graph.measures.arrangement import Arrangement

Values = NDArray[np.float64]


def betweenness(
    lineage: Arrangement,
    *,
    normalized: bool = True,
    endpoints: bool = False,
    directed: bool = True,
) -> Values:
    r"""Return the betweenness centrality of each row, float64.

    ``networkx.betweenness_centrality`` on edges derivative -> base:

    .. math:: C(v) = \sum_{s, t} \frac{\sigma(s, t | v)}{\sigma(s, t)}

    with :math:`\sigma(s, t)` the number of shortest ways from a derivative :math:`s` to an
    ancestor :math:`t`, and :math:`\sigma(s, t | v)` of those that pass through :math:`v`.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base), each once.
    normalized
        Whether to divide by the number of pairs (s, t) that there could be.
    endpoints
        Whether a way passes through its ends too.
    directed
        Whether an edge is a way in one direction. False where the lineage has each edge both
        ways: a pair then counts once, not twice.

    Notes
    -----
    Exact: Brandes' algorithm, from each source over what it reaches. That is its ancestors
    alone, so the whole Hub takes time in its (model, ancestor) pairs; any graph, O(n m).

    Roots and models without derivatives have 0: nothing passes through them. It finds the
    models that others hand on, such as an instruct model that was quantized a thousand times.

    References
    ----------
    Brandes: On variants of shortest-path betweenness centrality and their generic computation.
    Social Networks 30 (2008), 136-145.
    """
    nodes, _ = _dependencies(lineage, endpoints=endpoints)
    among = len(lineage.rows) if endpoints else len(lineage.rows) - 1
    return lineage.by_row(nodes * _scale(among, normalized, directed))


def edge_betweenness(lineage: Arrangement, *, normalized: bool = True) -> Values:
    r"""Return the betweenness centrality of each edge, float64, in the order of the lineage's.

    ``networkx.edge_betweenness_centrality`` on edges derivative -> base: as `betweenness`, of
    the ways that take the edge.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base), each once.
    normalized
        Whether to divide by the number of pairs of rows.
    """
    _, edges = _dependencies(lineage, endpoints=False)
    return lineage.by_edge(edges * _scale(len(lineage.rows), normalized, True))


def _dependencies(lineage: Arrangement, *, endpoints: bool) -> tuple[Values, Values]:
    """Return what depends on each place, and on each arranged edge."""
    offsets, targets = lineage.bases
    nodes, edges = np.zeros(len(offsets) - 1), np.zeros(len(targets))
    _brandes(offsets, targets, nodes, edges, int(endpoints))
    return nodes, edges


def _scale(among: int, normalized: bool, directed: bool) -> float:
    if among < 2:
        return 1.0  # where no two rows are left there is nothing to scale, as in networkx
    if normalized:
        return 1.0 / (among * (among - 1))
    return 1.0 if directed else 0.5


@numba.njit(cache=True, nogil=True)
def _brandes(offsets: Rows, targets: Rows, nodes: Values, edges: Values, ends: int) -> None:
    """Add to each row and edge what depends on it, for one source after the other."""
    size = len(offsets) - 1
    # Where a row stands in the queue; all else is kept by that place, close together.
    place = np.full(size, -1, np.int32)
    queue = np.empty(size, np.int32)
    steps = np.empty(size, np.int32)
    ways = np.empty(size, np.float64)
    depending = np.empty(size, np.float64)
    for source in range(size):
        if offsets[source] == offsets[source + 1]:
            continue
        place[source], queue[0], steps[0], ways[0], depending[0] = 0, source, 0, 1.0, 0.0
        found = 1
        head = 0
        while head < found:
            for edge in range(offsets[queue[head]], offsets[queue[head] + 1]):
                base = targets[edge]
                if place[base] < 0:
                    place[base], queue[found] = found, base
                    steps[found], ways[found], depending[found] = steps[head] + 1, 0.0, 0.0
                    found += 1
                if steps[place[base]] == steps[head] + 1:
                    ways[place[base]] += ways[head]
            head += 1
        for at in range(found - 1, -1, -1):
            for edge in range(offsets[queue[at]], offsets[queue[at] + 1]):
                to = place[targets[edge]]
                if steps[to] == steps[at] + 1:
                    part = ways[at] / ways[to] * (1.0 + depending[to])
                    depending[at] += part
                    edges[edge] += part
            if at > 0:
                nodes[queue[at]] += depending[at] + ends
        nodes[source] += ends * (found - 1)
        for at in range(found):
            place[queue[at]] = -1
