"""Scores within families, beside networkx's own on each family's graph."""

from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.csr import csr
from graph.family_scores import family_scores
from graph.score_columns import FAMILY_SCORES
from tests.lineages import ecosystem
from tests.sample_ecosystem import ask
from tests.test_families import DELETED, MODELS


def by_networkx(graph: nx.DiGraph) -> dict[str, dict[Any, float]]:
    """Return the scores by networkx alone."""
    pagerank, katz, betweenness, closeness = (
        getattr(nx, name).orig_func
        for name in (
            "pagerank",
            "katz_centrality",
            "betweenness_centrality",
            "closeness_centrality",
        )
    )
    return {
        "pagerank": pagerank(graph, tol=1e-15, max_iter=1_000),
        "katz": katz(graph, tol=1e-14, max_iter=10_000),
        "betweenness": betweenness(graph),
        "closeness": closeness(graph),
    }


def check(found: dict[str, float], expected: dict[str, float], name: str) -> None:
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12), name


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_scores_equal_networkx_on_each_familys_graph(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 9))
    node = st.integers(0, size - 1)
    edges = data.draw(st.sets(st.tuples(node, node).filter(lambda e: e[0] != e[1]), max_size=14))
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(range(size))
    own = data.draw(st.lists(st.sets(st.integers(0, 2)), min_size=size, max_size=size))
    belongs = {  # what descends from a member is one
        n: sorted(set().union(*(own[m] for m in {n, *nx.descendants(graph, n)}))) for n in graph
    }
    ends = np.array(sorted(edges), np.int32).reshape(-1, 2).T
    bases, _ = csr(ends[0], ends[1], size)
    entries = [(n, family) for n in range(size) for family in belongs[n]]
    pairs = np.array(entries, np.int32).reshape(-1, 2).T
    families, _ = csr(pairs[0], pairs[1], size)
    found = family_scores(bases, families, 3)
    for family in range(3):
        members = graph.subgraph(n for n in graph if family in belongs[n])
        if not members:
            continue
        expected = by_networkx(members)
        for name in FAMILY_SCORES:
            values = dict(zip(entries, found[name].tolist(), strict=True))
            check({n: values[n, family] for n in members}, expected[name], name)


def test_snapshot_has_them_for_each_membership() -> None:
    eco = ecosystem(MODELS, [model for model in MODELS if model["id"] not in DELETED])
    for family in eco.families:
        view = eco.family(family.key)
        table = view.scores().to_pydict()
        if not table["id"]:
            continue
        expected = by_networkx(view.graph.to_networkx())
        for name in FAMILY_SCORES:
            check(dict(zip(table["id"], table[name], strict=True)), expected[name], name)
    told = ask(
        eco,
        'query { model(id: "user/merge") {'
        " families { family { key } scores { pagerank katz betweenness closeness } } } }",
    )
    assert {entry["family"]["key"] for entry in told["model"]["families"]} == {"red", "blue"}
    for entry in told["model"]["families"]:
        table = eco.family(entry["family"]["key"]).scores().to_pydict()
        at = table["id"].index("user/merge")
        assert entry["scores"] == {name: table[name][at] for name in FAMILY_SCORES}
