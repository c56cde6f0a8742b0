"""Influence between families: which family builds on which, and how."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows, sums
from graph.ecosystem import RELATIONS, Ecosystem
from graph.records import Relation
from graph.traversal import edges_of

ALPHA = 0.85
"""The damping of `FamilyCentrality.pagerank`."""
RESIDUAL = 1e-12
"""How much the ranks may change, all together, in the last step of their iteration."""


class Influence(NamedTuple):
    """Edges between families, from the one that builds to the one that is built on.

    Attributes
    ----------
    sources, targets
        int32: numbers of families, pairwise different.
    weights
        int64: how many derivations each stands for.
    """

    sources: Rows
    targets: Rows
    weights: NDArray[np.int64]


class FamilyCentrality(NamedTuple):
    """One value for each family of the snapshot; 0 for a family without edges.

    Attributes
    ----------
    in_strength
        float64: derivations by which other families build on it.
    out_strength
        float64: derivations by which it builds on other families.
    pagerank
        float64, summing to 1 over the families that have an edge.
    """

    in_strength: NDArray[np.float64]
    out_strength: NDArray[np.float64]
    pagerank: NDArray[np.float64]


def influence(eco: Ecosystem, relation: Relation | None = None) -> Influence:
    """Return which family builds on which, the strongest first, then by their keys.

    A derivation counts from X to Y when the derivative is live and bears a name of family X
    (`Attribution.PUBLISHER`), its base belongs to family Y by lineage, and Y is not X. A base of
    several families counts for each. Derivatives whose own id is of no registered family, which
    are most of those that people publish, count nowhere.

    Parameters
    ----------
    relation
        Derivations of this relation alone; of all when None. One base that is declared in two
        ways is two derivations.
    """
    return eco.once((influence, relation), lambda: _influence(eco, relation))


def family_centrality(eco: Ecosystem) -> FamilyCentrality:
    """Return how central each family is among those that build on each other.

    PageRank is that of ``networkx.pagerank`` on the families that have an edge, weighted, with
    alpha `ALPHA`: iterated until a step changes all ranks together by less than `RESIDUAL`.
    """

    def make() -> FamilyCentrality:
        edges, size = influence(eco), len(eco.families)
        return FamilyCentrality(
            sums(edges.targets, edges.weights, size),
            sums(edges.sources, edges.weights, size),
            _pagerank(edges, size),
        )

    return eco.once(family_centrality, make)


def _influence(eco: Ecosystem, relation: Relation | None) -> Influence:
    every, codes = _derivations(eco)
    chosen = every if relation is None else every[codes == RELATIONS.index(relation)]
    size = max(len(eco.families), 1)
    pairs, weights = np.unique(chosen, return_counts=True)
    sources, targets = (part.astype(np.int32) for part in np.divmod(pairs, size))
    keys = [eco.family_keys[number] for number in range(len(eco.families))] if len(pairs) else []
    order = sorted(
        range(len(pairs)), key=lambda at: (-weights[at], keys[sources[at]], keys[targets[at]])
    )
    return Influence(sources[order], targets[order], weights[order])


def _derivations(eco: Ecosystem) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return each counted derivation's pair of families as one number, and its relation."""

    def make() -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        children = eco.bases.sources()
        builders = eco.numbers("own_family")[children]
        counted = np.flatnonzero((builders >= 0) & eco.live[children])
        bases = eco.bases.targets[counted]
        places = edges_of(eco.families_of, bases)
        times = eco.families_of.offsets[bases + 1] - eco.families_of.offsets[bases]
        builders = np.repeat(builders[counted], times).astype(np.int64)
        built_on = eco.families_of.targets[places]
        codes = np.repeat(eco.base_relations[counted], times)
        others = builders != built_on
        size = max(len(eco.families), 1)
        return (builders * size + built_on)[others], codes[others]

    return eco.once(_derivations, make)


def _pagerank(edges: Influence, size: int) -> NDArray[np.float64]:
    ranks = np.zeros(size)
    nodes, places = np.unique(np.concatenate([edges.sources, edges.targets]), return_inverse=True)
    if not len(nodes):
        return ranks
    count = len(nodes)
    sources, targets = places[: len(edges.sources)], places[len(edges.sources) :]
    out = sums(sources, edges.weights, count)
    flows = ALPHA * edges.weights / out[sources]
    dangling = out == 0
    found, change = np.full(count, 1 / count), np.inf
    while change >= RESIDUAL:
        spread = (1 - ALPHA + ALPHA * found[dangling].sum()) / count
        after = sums(targets, flows * found[sources], count) + spread
        change = np.abs(after - found).sum()
        found = after
    ranks[nodes] = found
    return ranks
