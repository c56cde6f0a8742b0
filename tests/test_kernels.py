"""The centrality kernels against networkx, and the counts against brute force."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from graph.csr import Csr
from graph.measures.arrangement import arrange
from graph.measures.betweenness import betweenness, edge_betweenness
from graph.measures.closeness import closeness
from graph.measures.components import weak_components
from graph.measures.descendants import descendants
from graph.measures.descendants_by_relation import descendants_by_relation
from graph.measures.downstream import DAY, Downstream, downstream
from graph.measures.generations import generations
from graph.measures.harmonic import harmonic
from graph.measures.katz import KatzDivergenceError, katz
from graph.records import Relation
from tests.lineages import Lineage, examples, lineages

RING = Lineage(6, [(0, 1), (1, 2), (2, 0), (3, 2), (3, 1), (4, 3), (4, 3)], [0, 1, 2, 3, 3, 0, 1])
"""A cycle of three, a merge into it, a derivative with two relations to one base, an isolate."""

CHAIN = Lineage(60, [(i + 1, i) for i in range(59)], [0] * 59)
"""Longer than any on the Hub."""

DIAMONDS = Lineage(
    31,
    [
        edge
        for i in range(0, 30, 3)
        for edge in ((i + 1, i), (i + 2, i), (i + 3, i + 1), (i + 3, i + 2))
    ],
    [0] * 40,
)
"""Two equal ways at each of ten steps: 1,024 shortest ways from end to end."""

SMALL = Lineage(6, [(1, 0), (2, 1), (3, 0), (3, 1), (5, 3)], [0, 2, 3, 3, 2])
"""A finetune 1 of 0, a quantization 2 of that, a merge 3 of both, its quantization 5; 4 alone."""


def near(values: Any) -> Any:
    """Compare as the kernels promise: to 1e-9, relatively."""
    return pytest.approx(values, rel=1e-9, abs=1e-300)


def in_order(lineage: Lineage, scores: Any) -> list[float]:
    """Return networkx's scores as one value a row."""
    return [scores[node] for node in range(lineage.size)]


def ends(bases: Csr) -> list[tuple[int, int]]:
    """Return the edges of an adjacency in its order."""
    return list(zip(bases.sources().tolist(), bases.targets.tolist(), strict=True))


def test_the_small_lineage_by_hand() -> None:
    bases, arranged = SMALL.bases, SMALL.arranged
    # Distances to 0: 1 of 1 and 3, 2 of 2 and 5. To 1: 1 of 2 and 3, 2 of 5. To 3: 1 of 5.
    assert harmonic(arranged) == near([3, 2.5, 0, 1, 0, 0])
    assert closeness(arranged) == near([4 / 6 * 4 / 5, 3 / 4 * 3 / 5, 0, 1 / 5, 0, 0])
    assert closeness(arranged, wf_improved=False) == near([4 / 6, 3 / 4, 0, 1, 0, 0])
    # Through 1: 2 -> 0. Through 3: 5 -> 0 and 5 -> 1.
    assert betweenness(arranged, normalized=False).tolist() == [0, 1, 0, 2, 0, 0]
    assert betweenness(arranged) == near([0, 1 / 20, 0, 2 / 20, 0, 0])
    # As an end: 0 of 1, 2, 3, 5; 1 of 0, 2, 3, 5; 2 of 0, 1; 3 of 0, 1, 5; 5 of 0, 1, 3.
    assert betweenness(arranged, normalized=False, endpoints=True).tolist() == [4, 5, 2, 5, 0, 3]
    assert dict(zip(ends(bases), edge_betweenness(arranged, normalized=False), strict=True)) == {
        (1, 0): 2,
        (2, 1): 2,
        (3, 0): 2,
        (3, 1): 2,
        (5, 3): 3,
    }
    assert edge_betweenness(arranged) == near([2 / 30, 2 / 30, 2 / 30, 2 / 30, 3 / 30])
    assert katz(arranged, normalized=False) == near([1.231, 1.21, 1, 1.1, 1, 1])
    finetuned, adapted, quantized, merged = descendants_by_relation(
        arranged, codes(SMALL), 4
    ).tolist()
    assert finetuned == [1, 0, 0, 0, 0, 0]
    assert adapted == [0, 0, 0, 0, 0, 0]
    assert quantized == [2, 2, 0, 1, 0, 0]
    assert merged == [1, 1, 0, 0, 0, 0]
    found = downstream(
        arranged,
        authors=np.array([7, 8, 9, 8, 7, -1], np.int32),
        downloads=np.array([1, 2, 4, 8, 16, 32], np.int64),
        downloads_all_time=np.array([100, 200, 400, 800, 1600, 3200], np.int64),
        # Of the 90 days before day 100: all but 1 (unknown) and 2 (to the day too old).
        created_at=np.array([50, -1, 10, 11, 60, 100], np.int64) * DAY,
        as_of=100 * DAY,
    )
    assert found.downloads.tolist() == [46, 44, 0, 32, 0, 0]
    assert found.downloads_all_time.tolist() == [4600, 4400, 0, 3200, 0, 0]
    assert found.authors.tolist() == [2, 2, 0, 0, 0, 0]
    assert found.recent.tolist() == [2, 2, 0, 1, 0, 0]


def codes(lineage: Lineage) -> Any:
    """Return the relations of the adjacency with parallel edges."""
    return lineage.multi[1]


@given(lineages(), st.booleans())
@example(RING, True)
@example(CHAIN, True)
@example(DIAMONDS, False)
@examples(150)
def test_closeness_is_that_of_networkx(lineage: Lineage, improved: bool) -> None:
    expected = nx.closeness_centrality(lineage.graph, wf_improved=improved)
    assert closeness(lineage.arranged, wf_improved=improved) == near(in_order(lineage, expected))


@given(lineages(), st.data())
@example(RING, None)
@example(CHAIN, None)
@examples(150)
def test_harmonic_is_that_of_networkx(lineage: Lineage, data: st.DataObject | None) -> None:
    chosen = st.none() | st.sets(st.integers(0, lineage.size - 1))
    sources = None if data is None else data.draw(chosen, "sources")
    expected = nx.harmonic_centrality(lineage.graph, sources=sources)
    rows = None if sources is None else np.array(sorted(sources), np.int32)
    assert harmonic(lineage.arranged, rows) == near(in_order(lineage, expected))


@given(lineages(), st.booleans(), st.booleans())
@example(RING, True, False)
@example(CHAIN, True, True)
@example(DIAMONDS, True, False)
@examples(200)
def test_betweenness_is_that_of_networkx(
    lineage: Lineage, normalized: bool, endpoints: bool
) -> None:
    options = {"normalized": normalized, "endpoints": endpoints}
    expected = nx.betweenness_centrality(lineage.graph, **options)
    assert betweenness(lineage.arranged, **options) == near(in_order(lineage, expected))


@given(lineages(), st.booleans())
@example(RING, True)
@example(DIAMONDS, True)
@examples(150)
def test_edge_betweenness_is_that_of_networkx(lineage: Lineage, normalized: bool) -> None:
    bases, arranged = lineage.bases, lineage.arranged
    expected = nx.edge_betweenness_centrality(lineage.graph, normalized=normalized)
    found = dict(zip(ends(bases), edge_betweenness(arranged, normalized=normalized), strict=True))
    assert found == near(expected)


def radius(graph: nx.DiGraph) -> float:
    """Return the spectral radius, component by component: of all at once it is ill-conditioned."""
    parts = (graph.subgraph(c) for c in nx.strongly_connected_components(graph))
    return max(float(abs(np.linalg.eigvals(nx.to_numpy_array(part))).max()) for part in parts)


@given(lineages(), st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9]), st.data())
@example(RING, 0.9, None)
@example(CHAIN, 0.9, None)
@example(DIAMONDS, 0.3, None)
@examples(200)
def test_katz_is_that_of_networkx(
    lineage: Lineage, alpha: float, data: st.DataObject | None
) -> None:
    bases, graph = lineage.bases, lineage.graph
    beta: Any = 1.0
    weights = None
    if data is not None:
        own = st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=lineage.size)
        beta = data.draw(own | st.just(0.5), "beta")
        count = len(bases.targets)
        weight = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=count, max_size=count)
        weights = data.draw(st.none() | weight, "weights")
        if isinstance(beta, list):
            beta = np.array(beta[: lineage.size])
    for (child, base), value in zip(
        ends(bases), weights or [1.0] * len(bases.targets), strict=True
    ):
        graph[child][base]["weight"] = value
    limit = radius(graph)
    # At the bound itself the answer is a matter of rounding, and near it networkx never ends.
    assume(not 0.95 < alpha * limit < 1.000001)
    options: dict[str, Any] = {
        "alpha": alpha,
        "normalized": False if data is None else data.draw(st.booleans(), "normalized"),
    }

    def ours() -> Any:
        given_weights = None if weights is None else np.array(weights)
        return katz(lineage.arranged, beta=beta, weights=given_weights, **options)

    if alpha * limit > 1:
        with pytest.raises(nx.PowerIterationFailedConvergence, match="must be less than"):
            ours()
        return
    named = beta if isinstance(beta, float) else dict(enumerate(beta.tolist()))
    expected = nx.katz_centrality(
        graph, beta=named, weight="weight", tol=1e-15, max_iter=5000, **options
    )
    assert ours() == near(in_order(lineage, expected))


@pytest.mark.parametrize(
    ("edges", "bound"),
    [
        ([(0, 1), (1, 0)], "1,"),
        ([(a, b) for a in range(5) for b in range(5) if a != b], "0.25,"),
        ([(0, 0)], "1,"),
        # The golden ratio's inverse: a cycle of two, one of whose models has a loop.
        ([(0, 1), (1, 0), (0, 0)], "0.618034,"),
        # A long way round and a short one: no start is an eigenvector.
        ([(0, 1), (1, 2), (2, 3), (3, 0), (1, 0)], "0.786151,"),
    ],
)
def test_katz_says_the_bound(edges: list[tuple[int, int]], bound: str) -> None:
    size = 1 + max(max(edge) for edge in edges)
    # A derivative and a base of the cycle do not matter.
    lineage = Lineage(size + 2, [*edges, (size, 0), (0, size + 1)], [])
    exact = 1 / radius(lineage.graph)
    arranged = Lineage(size + 2, lineage.edges, [0] * len(lineage.edges)).arranged
    for alpha in (exact * (1 + 1e-9), 7.0):
        with pytest.raises(KatzDivergenceError, match=f"less than {bound}") as caught:
            katz(arranged, alpha=alpha)
        assert f"component of {size} node" in str(caught.value)
    assert np.isfinite(katz(arranged, alpha=exact * 0.999)).all()


@given(lineages(), st.data())
@examples(150)
def test_downstream_is_counted_by_brute_force(lineage: Lineage, data: st.DataObject) -> None:
    def one_a_row(values: st.SearchStrategy[int]) -> list[int]:
        return data.draw(st.lists(values, min_size=lineage.size, max_size=lineage.size))

    authors, created = one_a_row(st.integers(-1, 3)), one_a_row(st.integers(-1, 6))
    month, ever = one_a_row(st.integers(0, 5)), one_a_row(st.integers(0, 2**40))
    found = downstream(
        lineage.arranged,
        authors=np.array(authors, np.int32),
        downloads=np.array(month, np.int64),
        downloads_all_time=np.array(ever, np.int64),
        created_at=np.array(created, np.int64) * DAY,
        as_of=5 * DAY,
        days=3,
    )
    graph = lineage.graph
    below = [nx.ancestors(graph, node) for node in range(lineage.size)]
    assert [values.tolist() for values in found] == [
        [sum(month[node] for node in nodes) for nodes in below],
        [sum(ever[node] for node in nodes) for nodes in below],
        [len({authors[node] for node in nodes} - {-1}) for nodes in below],
        [sum(2 < created[node] <= 5 for node in nodes) for nodes in below],
    ]


def test_an_unknown_date_is_not_recent_whatever_the_window() -> None:
    found = downstream(
        SMALL.arranged,
        authors=np.zeros(6, np.int32),
        downloads=np.zeros(6, np.int64),
        downloads_all_time=np.zeros(6, np.int64),
        created_at=np.array([-1, -1, 0, -1, 0, -1], np.int64),
        as_of=DAY,
    )
    assert isinstance(found, Downstream)
    assert found.recent.tolist() == [1, 1, 0, 0, 0, 0]


@given(lineages())
@example(RING)
@examples(150)
def test_descendants_by_relation_are_counted_by_brute_force(lineage: Lineage) -> None:
    declared = set(zip(lineage.edges, lineage.relations, strict=True))
    graph = lineage.graph
    expected = np.zeros((len(Relation), lineage.size), int)
    for node in range(lineage.size):
        others = graph.subgraph(set(graph) - {node})
        for code in range(len(Relation)):
            first = [b for (child, b), made in declared if child == node and made == code]
            reached = {b for base in first for b in nx.descendants(others, base) | {base}}
            expected[code, list(reached)] += 1
    adjacency, relations = lineage.multi
    found = descendants_by_relation(arrange(adjacency), relations, len(Relation))
    assert found.tolist() == expected.tolist()
    assert (found.max(axis=0) <= descendants(lineage.arranged)).all()
    assert (found.sum(axis=0) >= descendants(lineage.arranged)).all()


@given(lineages())
@example(RING)
@example(CHAIN)
@examples(150)
def test_generations_are_those_of_networkx(lineage: Lineage) -> None:
    expected: list[list[int]] = []
    walk = nx.topological_generations(lineage.graph)
    cyclic = False
    while not cyclic:
        try:
            expected.append(next(walk))
        except StopIteration:
            break
        except nx.NetworkXUnfeasible:
            cyclic = True
    rows, starts = generations(lineage.bases)
    found = [rows[i:j].tolist() for i, j in pairwise(starts)]
    assert list(map(sorted, found)) == list(map(sorted, expected))
    assert (len(rows) < lineage.size) == cyclic


@given(lineages())
@example(RING)
@examples(150)
def test_weak_components_are_those_of_networkx(lineage: Lineage) -> None:
    found = weak_components(lineage.bases)
    components = [set(found.of(i).tolist()) for i in range(found.size)]
    assert components == list(nx.weakly_connected_components(lineage.graph))


def test_a_lineage_without_models() -> None:
    nothing = Lineage(0, [], [])
    empty = nothing.arranged
    none = np.empty(0, np.int64)
    found = downstream(
        empty,
        authors=np.empty(0, np.int32),
        downloads=none,
        downloads_all_time=none,
        created_at=none,
        as_of=0,
    )
    measures: list[Any] = [
        closeness(empty),
        harmonic(empty),
        betweenness(empty),
        edge_betweenness(empty),
        katz(empty),
        generations(nothing.bases).rows,
        *found,
    ]
    assert [len(values) for values in measures] == [0] * len(measures)
    assert descendants_by_relation(empty, np.empty(0, np.int8), 5).shape == (5, 0)
    assert weak_components(nothing.bases).size == 0


def test_a_model_alone_has_nothing() -> None:
    single = Lineage(1, [], [])
    alone = single.arranged
    assert closeness(alone).tolist() == harmonic(alone).tolist() == [0]
    assert betweenness(alone).tolist() == betweenness(alone, endpoints=True).tolist() == [0]
    assert katz(alone).tolist() == [1]
    assert generations(single.bases).starts.tolist() == [0, 1]


def test_ten_diamonds_have_all_their_ways_counted() -> None:
    # By hand: each side of the middle diamond has half of the ways between those beyond it.
    values = betweenness(DIAMONDS.arranged, normalized=False)
    beyond = (31 - 1 - 15 - 2) * (15 + 1)
    assert values[16] == values[17] == beyond / 2
