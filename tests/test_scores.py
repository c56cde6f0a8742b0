"""The scores of a snapshot against networkx and brute force, on the built-in sample."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest

from graph.ecosystem import Ecosystem
from graph.score_columns import SCORES
from graph.scores import RECENT_DAYS

THEIRS: dict[str, Callable[[nx.DiGraph], Any]] = {
    "direct_derivatives": lambda g: dict(g.in_degree),
    "descendants": lambda g: {node: len(nx.ancestors(g, node)) for node in g},
    "pagerank": lambda g: nx.pagerank(g, tol=1e-15, max_iter=1000),
    "katz": lambda g: nx.katz_centrality(g, tol=1e-13, max_iter=1000),
    "betweenness": nx.betweenness_centrality,
    "closeness": nx.closeness_centrality,
    "harmonic": nx.harmonic_centrality,
}
DAY = 86_400_000


@pytest.fixture(scope="module")
def plain(sample_ecosystem: Ecosystem) -> nx.DiGraph:
    return sample_ecosystem.graph.copy()


@pytest.mark.parametrize("name", THEIRS)
def test_a_score_is_networkxs(name: str, sample_ecosystem: Ecosystem, plain: nx.DiGraph) -> None:
    theirs = THEIRS[name](plain)
    ours = sample_ecosystem.numbers(name)
    assert ours == pytest.approx([theirs[node] for node in plain], rel=1e-9, abs=1e-15)
    assert np.ptp(ours) > 0


def test_depth_is_the_generation(sample_ecosystem: Ecosystem, plain: nx.DiGraph) -> None:
    for depth, nodes in enumerate(nx.topological_generations(plain.reverse())):
        for node in nodes:
            assert sample_ecosystem.numbers("depth")[sample_ecosystem.row(node)] == depth


def test_what_lies_downstream(sample_ecosystem: Ecosystem, plain: nx.DiGraph) -> None:
    eco = sample_ecosystem
    authors, created = eco.codes("author"), eco.numbers("created_at")
    downloads = np.where(eco.live, np.maximum(eco.numbers("downloads"), 0), 0)
    after = eco.manifest.as_of - RECENT_DAYS * DAY
    for row, node in enumerate(plain):
        below = [eco.row(id) for id in nx.ancestors(plain, node)]
        assert eco.numbers("downstream_downloads")[row] == downloads[below].sum()
        assert eco.numbers("distinct_authors")[row] == len({*authors[below]} - {-1})
        recent = (created[below] > after) & (created[below] <= eco.manifest.as_of)
        assert eco.numbers("recent_derivatives")[row] == recent.sum()


def test_every_score_has_a_value_everywhere(sample_ecosystem: Ecosystem) -> None:
    for name, kind in SCORES.items():
        column = sample_ecosystem.column(name)
        assert column.type == kind
        assert column.null_count == 0
        assert not np.isnan(column.to_numpy()).any()
