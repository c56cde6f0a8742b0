"""Centralities as networkx calls them, by our kernels.

Signatures and results are networkx's; a parameter that a kernel lacks goes to networkx itself.
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import networkx as nx
import numpy as np

from graph.backend_graph import AnyGraph, ArrayGraph, Values, fallback
from graph.measures import betweenness as _betweenness
from graph.measures.closeness import closeness
from graph.measures.harmonic import harmonic
from graph.measures.katz import katz
from graph.measures.pagerank import pagerank as _pagerank

Scored = Mapping[Any, Any]

# ruff: noqa: N803  (G is networkx's name)


def pagerank(
    G: AnyGraph,
    alpha: float = 0.85,
    personalization: Mapping[Hashable, float] | None = None,
    max_iter: int = 100,  # noqa: ARG001  (nothing is iterated)
    tol: float = 1e-06,  # noqa: ARG001
    nstart: Mapping[Hashable, float] | None = None,  # noqa: ARG001
    weight: str | None = "weight",
    dangling: Mapping[Hashable, float] | None = None,
) -> Scored:
    """Return ``networkx.pagerank``, exact to rounding; see `graph.measures.pagerank`.

    ``max_iter``, ``tol`` and ``nstart`` have no effect: nothing is approximated.

    Raises
    ------
    networkx.NetworkXError
        When alpha is not at least 0 and less than 1, or a weight is negative or no number.
    ZeroDivisionError
        As networkx, when the personalization is zero everywhere.
    """
    if not 0 <= alpha < 1:
        raise nx.NetworkXError(f"alpha is {alpha}; it must be at least 0 and less than 1")
    if not G.bases.size:
        return {}
    weights = _weights(G, weight)
    if weights is not None and not np.all((weights >= 0) & (weights < np.inf)):
        wrong = weights[~((weights >= 0) & (weights < np.inf))][0]
        raise nx.NetworkXError(f"a weight is {wrong}; it must be at least 0 and finite")
    return G.scores(
        _pagerank(
            G.arrangement,
            alpha=alpha,
            weights=weights,
            personalization=_normalised(G, personalization),
            dangling=_normalised(G, dangling),
        )
    )


def katz_centrality(
    G: AnyGraph,
    alpha: float = 0.1,
    beta: float | Mapping[Hashable, float] = 1.0,
    max_iter: int = 1000,
    tol: float = 1e-06,
    nstart: Mapping[Hashable, float] | None = None,
    normalized: bool = True,
    weight: str | None = None,
) -> Scored:
    """Return ``networkx.katz_centrality``, exact to rounding; see `graph.measures.katz`.

    ``max_iter``, ``tol`` and ``nstart`` have no effect: nothing is approximated. A negative
    alpha, beta or weight goes to networkx.

    Raises
    ------
    networkx.NetworkXError
        When ``beta`` names some of the nodes, or others; when alpha is no finite number.
    networkx.PowerIterationFailedConvergence
        When alpha is not less than 1 / the spectral radius of a cyclic component.
    """
    if not math.isfinite(alpha):
        raise nx.NetworkXError(f"alpha is {alpha}; it must be a finite number")
    if not G.bases.size:
        return {}
    weights = _weights(G, weight)
    own = _beta(G, beta)
    if alpha < 0 or np.any(own < 0) or (weights is not None and not np.all(weights >= 0)):
        run = fallback("katz_centrality")
        return run(G, alpha, beta, max_iter, tol, nstart, normalized, weight)
    values = katz(G.arrangement, alpha=alpha, beta=own, normalized=normalized, weights=weights)
    return G.scores(values)


def closeness_centrality(
    G: AnyGraph,
    u: Any = None,
    distance: str | None = None,
    wf_improved: bool = True,
    **more: Any,
) -> Any:
    """Return ``networkx.closeness_centrality``; see `graph.measures.closeness`.

    A ``distance`` goes to networkx, and so does ``sp``, which networkx has from 3.7 on.

    Raises
    ------
    networkx.NodeNotFound
        When ``u`` is not in the graph.
    """
    if distance is not None or any(value is not None for value in more.values()):
        return fallback("closeness_centrality")(G, u, distance, wf_improved, **more)
    place = None if u is None else G.place(u)
    if u is not None and place is None:
        raise nx.NodeNotFound(f"Source {u} is not in G")
    values = closeness(G.arrangement, wf_improved=wf_improved)
    return G.scores(values) if place is None else float(values[place])


def harmonic_centrality(
    G: AnyGraph,
    nbunch: Iterable[Hashable] | Hashable | None = None,
    distance: str | None = None,
    sources: Iterable[Hashable] | Hashable | None = None,
) -> Scored:
    """Return ``networkx.harmonic_centrality``; see `graph.measures.harmonic`.

    A ``distance`` goes to networkx.
    """
    if distance is not None:
        return fallback("harmonic_centrality")(G, nbunch, distance, sources)
    wanted = None if nbunch is None else set(G.nbunch_iter(nbunch))
    start = None
    if sources is not None:
        start = np.array([G.place(node) for node in set(G.nbunch_iter(sources))], np.int32)
    found: Scored = G.scores(harmonic(G.arrangement, start))
    return found if wanted is None else {node: found[node] for node in wanted}


def betweenness_centrality(
    G: AnyGraph,
    k: int | None = None,
    normalized: bool = True,
    weight: Any = None,
    endpoints: bool = False,
    seed: Any = None,
) -> Scored:
    """Return ``networkx.betweenness_centrality``; see `graph.measures.betweenness`.

    A ``k`` or a ``weight`` goes to networkx.
    """
    if k is not None or weight is not None:
        run = fallback("betweenness_centrality")
        return run(G, k, normalized, weight, endpoints, seed)
    options = {"normalized": normalized, "endpoints": endpoints, "directed": G.is_directed()}
    return G.scores(_betweenness.betweenness(G.arrangement, **options))


def edge_betweenness_centrality(
    G: AnyGraph, k: int | None = None, normalized: bool = True, weight: Any = None, seed: Any = None
) -> Scored:
    """Return ``networkx.edge_betweenness_centrality``; see `graph.measures.betweenness`.

    A ``k``, a ``weight``, and a graph that is undirected or has parallel edges go to networkx.
    """
    if k is not None or weight is not None or not G.is_directed() or G.is_multigraph():
        return fallback("edge_betweenness_centrality")(G, k, normalized, weight, seed)
    values = _betweenness.edge_betweenness(G.arrangement, normalized=normalized).tolist()
    names = np.array([*G.nodes, None], object)[:-1]  # None keeps nodes that are tuples whole
    ends = (names[G.bases.sources()].tolist(), names[G.bases.targets].tolist())
    return dict(zip(zip(*ends, strict=True), values, strict=True))


def in_degree_centrality(G: AnyGraph) -> Scored:
    """Return ``networkx.in_degree_centrality``: direct derivatives, over all other models.

    A graph with parallel edges goes to networkx.
    """
    size = G.bases.size
    if size <= 1:
        return G.scores(np.ones(size, np.int64))
    if G.is_multigraph():
        return fallback("in_degree_centrality")(G)
    return G.scores(np.bincount(G.bases.targets, minlength=size) * (1.0 / (size - 1.0)))


def _weights(graph: AnyGraph, weight: str | None) -> Values | None:
    """Return one weight an edge, or None where all are 1: a lineage's edges have none.

    Without the name of an attribute parallel edges still add up.
    """
    return graph.weights(weight) if isinstance(graph, ArrayGraph) else None


def _beta(graph: AnyGraph, beta: float | Mapping[Hashable, float]) -> Values:
    """Return what each node has of its own."""
    if not isinstance(beta, Mapping):
        try:
            return np.full(graph.bases.size, float(beta))
        except (TypeError, ValueError) as error:
            raise nx.NetworkXError(f"beta is {beta!r}; it must be a number a node") from error
    values = np.full(graph.bases.size, np.nan)
    strangers = False
    for node, value in beta.items():
        place = graph.place(node)
        if place is None:
            strangers = True
        else:
            values[place] = value
    if strangers or len(beta) < len(values):
        raise nx.NetworkXError("beta dictionary must have a value for every node")
    return values


def _normalised(graph: AnyGraph, values: Mapping[Hashable, float] | None) -> Values | None:
    """Return a mapping as one value a node, summing to 1."""
    if values is None:
        return None
    array = np.zeros(graph.bases.size)
    for node, value in values.items():
        place = graph.place(node)
        if place is not None:
            array[place] = value
    total = array.sum()
    if total == 0:
        raise ZeroDivisionError
    return array / total
