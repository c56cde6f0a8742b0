"""The kernels against networkx and against brute force."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.csr import csr, induced, simple
from graph.measures.depth import depth
from graph.measures.descendants import descendants
from graph.measures.pagerank import pagerank, residual
from graph.measures.roots import roots
from graph.records import Relation
from graph.traversal import reach
from tests.lineages import Lineage, examples, lineages

LOOP = Lineage(5, [(0, 1), (1, 2), (2, 0), (3, 2), (3, 1), (4, 3), (4, 3)], [0, 1, 2, 3, 3, 0, 1])
"""A cycle of three, a merge into it, and a derivative with two relations to one base."""

TOWER = Lineage(80, [(i + 1, i) for i in range(79)], [0] * 79)
"""A chain longer than any on the Hub, and than the first guess of a walk's length."""


def networkx_pagerank(graph: nx.DiGraph, **options: object) -> list[float]:
    """Return networkx's ranks, converged: its own stopping rule grows with the graph."""
    ranks = nx.pagerank(graph, tol=1e-14, max_iter=5000, **options)
    return [ranks[node] for node in graph]


@given(lineages(), st.sampled_from([0.0, 0.1, 0.5, 0.85, 0.99]))
@example(LOOP, 0.85)
@example(TOWER, 0.99)
@examples(100)
def test_pagerank_is_that_of_networkx(lineage: Lineage, alpha: float) -> None:
    ranks = pagerank(lineage.arranged, alpha=alpha)
    assert ranks == pytest.approx(networkx_pagerank(lineage.graph, alpha=alpha), abs=1e-9)
    assert ranks.sum() == pytest.approx(1, abs=1e-12)


@given(lineages(), st.data())
@examples(100)
def test_pagerank_with_options_is_that_of_networkx(lineage: Lineage, data: st.DataObject) -> None:
    bases = lineage.bases
    share = st.lists(st.integers(0, 5), min_size=lineage.size, max_size=lineage.size).filter(any)
    personalization = data.draw(st.none() | share, "personalization")
    dangling = data.draw(st.none() | share, "dangling")
    count = len(bases.targets)
    # A weight of 0 is in it: a model all of whose edges weigh nothing dangles.
    weights = data.draw(
        st.none() | st.lists(st.sampled_from([0.0, 0.5, 1.0, 7.0]), min_size=count, max_size=count),
        "weights",
    )
    graph = lineage.graph
    ends = zip(bases.sources().tolist(), bases.targets.tolist(), strict=True)
    for (child, base), weight in zip(ends, weights or [1.0] * count, strict=True):
        graph[child][base]["weight"] = weight

    def normalised(values: list[int] | None) -> np.ndarray | None:
        return None if values is None else np.array(values) / sum(values)

    def named(values: list[int] | None) -> dict[int, float] | None:
        return None if values is None else {node: float(v) for node, v in enumerate(values)}

    ranks = pagerank(
        lineage.arranged,
        weights=None if weights is None else np.array(weights),
        personalization=normalised(personalization),
        dangling=normalised(dangling),
    )
    expected = networkx_pagerank(
        graph, personalization=named(personalization), dangling=named(dangling)
    )
    assert ranks == pytest.approx(expected, abs=1e-9)


@given(lineages(), st.sampled_from([0.0, 0.5, 0.85]))
@example(LOOP, 0.85)
@example(TOWER, 0.85)
@examples(100)
def test_one_more_step_changes_no_rank(lineage: Lineage, alpha: float) -> None:
    ranks = pagerank(lineage.arranged, alpha=alpha)
    assert residual(lineage.arranged, ranks, alpha=alpha) < 1e-13
    ranks[0] += 0.25
    assert residual(lineage.arranged, ranks, alpha=alpha) > 0.02


def test_networkx_stops_too_early_on_a_large_lineage() -> None:
    # Its bound on the summed error is the number of nodes times tol: 2.5 here, as of 2.5 million
    # nodes at its default. No two sets of ranks differ by more than 2.
    random = np.random.default_rng(5)
    base = (np.arange(1, 2_500) * random.random(2_499) ** 5).astype(int).tolist()
    lineage = Lineage(2_500, [(row + 1, base[row]) for row in range(2_499)], [0] * 2_499)
    graph = lineage.graph
    theirs = nx.pagerank(graph, tol=1e-3, backend="networkx")
    found = np.array([theirs[node] for node in range(lineage.size)])
    ours = pagerank(lineage.arranged)
    assert residual(lineage.arranged, ours) < 1e-13
    assert residual(lineage.arranged, found) > 0.01
    assert ours == pytest.approx(networkx_pagerank(graph), rel=1e-9)
    assert np.abs(found / ours - 1).max() > 0.5


def test_ranks_are_exact_where_an_iteration_stops_early() -> None:
    ranks = pagerank(TOWER.arranged)
    # By hand: a chain's rank is a geometric series from its end.
    raw = np.cumsum(0.85 ** np.arange(80))[::-1]
    assert ranks == pytest.approx(raw / raw.sum(), rel=1e-13)


@given(lineages())
@example(LOOP)
@example(TOWER)
@examples(150)
def test_descendants_are_networkx_ancestors(lineage: Lineage) -> None:
    graph = lineage.graph
    expected = [len(nx.ancestors(graph, node)) for node in graph]
    assert descendants(lineage.arranged).tolist() == expected


@given(lineages())
@example(LOOP)
@examples(100)
def test_direct_derivatives_are_the_in_degree(lineage: Lineage) -> None:
    bases = lineage.bases
    derivatives, _ = csr(bases.targets, bases.sources(), bases.size)
    graph = lineage.graph
    assert derivatives.degrees().tolist() == [graph.in_degree(node) for node in graph]
    for node in graph:
        assert derivatives.of(node).tolist() == sorted(graph.predecessors(node))


@given(lineages())
@example(LOOP)
@example(TOWER)
@examples(150)
def test_depth_is_the_longest_path_of_the_condensation(lineage: Lineage) -> None:
    condensed = nx.condensation(lineage.graph)
    longest: dict[int, int] = {}
    for component in reversed(list(nx.topological_sort(condensed))):
        above = [longest[base] + 1 for base in condensed.successors(component)]
        longest[component] = max(above, default=0)
    mapping = condensed.graph["mapping"]
    expected = [longest[mapping[node]] for node in range(lineage.size)]
    assert depth(lineage.arranged).tolist() == expected


@given(lineages())
@example(LOOP)
@examples(150)
def test_an_arrangement_is_topological(lineage: Lineage) -> None:
    found = lineage.arranged
    assert sorted(found.rows.tolist()) == list(range(lineage.size))
    assert found.places[found.rows].tolist() == list(range(lineage.size))
    offsets, rows = found.components()
    components = [rows[i:j].tolist() for i, j in pairwise(offsets.tolist())]
    related = found.rows[: found.bases.size].tolist()
    assert sorted(related) == sorted({end for edge in lineage.edges for end in edge})
    assert components == [sorted(component) for component in components]
    strong = {frozenset(c) for c in nx.strongly_connected_components(lineage.graph)}
    assert set(map(frozenset, components)) == strong
    assert {frozenset(c.tolist()) for c in found.cycles()} == {c for c in strong if len(c) > 1}
    number = {row: i for i, component in enumerate(components) for row in component}
    for child, base in lineage.edges:
        assert number[base] <= number[child]


@given(lineages())
@example(LOOP)
@examples(100)
def test_an_arrangement_is_the_same_lineage(lineage: Lineage) -> None:
    found, bases = lineage.arranged, lineage.bases
    ends = list(zip(bases.sources().tolist(), bases.targets.tolist(), strict=True))
    children = found.rows[found.bases.sources()]
    arranged = list(zip(children.tolist(), found.rows[found.bases.targets].tolist(), strict=True))
    assert sorted(arranged) == ends
    assert [ends[edge] for edge in found.edges] == arranged
    values = np.arange(len(ends))
    assert found.by_edge(found.edges).tolist() == values.tolist()
    rows = np.arange(lineage.size)
    assert found.by_row(found.by_place(rows)).tolist() == rows.tolist()


@given(lineages())
@example(LOOP)
@examples(100)
def test_parallel_edges_keep_their_order(lineage: Lineage) -> None:
    ends = np.array(lineage.edges, np.int32).reshape(-1, 2)
    adjacency, order = csr(ends[:, 0], ends[:, 1], lineage.size)
    expected = sorted(range(len(ends)), key=lambda edge: (*lineage.edges[edge], edge))
    assert order.tolist() == expected
    assert adjacency.targets.tolist() == [lineage.edges[edge][1] for edge in expected]
    once = sorted(set(lineage.edges))
    assert simple(adjacency).targets.tolist() == [base for _, base in once]
    assert simple(adjacency).sources().tolist() == [child for child, _ in once]


@given(lineages(), st.data())
@example(LOOP, None)
@examples(150)
def test_roots_are_found_by_brute_force(lineage: Lineage, data: st.DataObject | None) -> None:
    ages = st.lists(st.integers(-1, 3), min_size=lineage.size, max_size=lineage.size)
    created = [2, 1, 1, 0, 0] if data is None else data.draw(ages)
    graph = lineage.graph
    founders = set()
    for component in nx.strongly_connected_components(graph):
        if not any(base not in component for node in component for base in graph[node]):
            # The oldest; an unknown age (-1) is the youngest, and of equals the first row is it.
            founders.add(min(component, key=lambda n: (created[n] < 0, created[n], n)))
    found = roots(lineage.arranged, np.array(created, np.int64))
    for node in graph:
        expected = [] if node in founders else sorted(nx.descendants(graph, node) & founders)
        assert found.of(node).tolist() == expected


def test_a_lineage_without_models() -> None:
    empty = Lineage(0, [], []).arranged
    assert empty.cycles() == []
    assert len(depth(empty)) == len(descendants(empty)) == len(pagerank(empty)) == 0
    assert roots(empty, np.empty(0, np.int64)).size == 0


@given(lineages(), st.data())
@example(LOOP, None)
@example(TOWER, None)
@examples(150)
def test_reach_walks_breadth_first(lineage: Lineage, data: st.DataObject | None) -> None:
    codes = st.sets(st.integers(0, len(Relation) - 1))
    allowed = {0, 1, 2, 3, 4} if data is None else data.draw(codes, "allowed")
    start = lineage.size - 1 if data is None else data.draw(st.integers(0, lineage.size - 1))
    steps = 100 if data is None else data.draw(st.integers(0, 4), "steps")
    graph = nx.DiGraph()
    graph.add_nodes_from(range(lineage.size))
    graph.add_edges_from(
        edge for edge, code in zip(lineage.edges, lineage.relations, strict=True) if code in allowed
    )
    expected = nx.single_source_shortest_path_length(graph, start, cutoff=steps)
    expected.pop(start)
    adjacency, relations = lineage.multi
    flags = np.array([code in allowed for code in range(len(Relation))])
    reached = reach(adjacency, relations, start, allowed=flags, max_depth=steps)
    assert dict(zip(reached.rows.tolist(), reached.distances.tolist(), strict=True)) == expected
    assert len(reached.rows) == len(expected)
    assert (np.diff(reached.distances) >= 0).all()


@given(lineages(), st.data())
@examples(100)
def test_the_induced_lineage_is_networkx_subgraph(lineage: Lineage, data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.integers(0, lineage.size - 1))))
    part = induced(lineage.bases, np.array(chosen, np.int32))
    ends = zip(part.sources().tolist(), part.targets.tolist(), strict=True)
    assert {(chosen[child], chosen[base]) for child, base in ends} == set(
        lineage.graph.subgraph(chosen).edges
    )
