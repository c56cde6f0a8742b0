"""The backend's functions against networkx's, on lineages and on graphs of somebody else's."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.backend import backend
from graph.backend_info import backend_info
from graph.lineage_graph import LineageGraph, Scores
from graph.names import Names
from tests.lineages import Lineage, examples, lineages

RING = Lineage(6, [(0, 1), (1, 2), (2, 0), (3, 2), (3, 1), (4, 3)], [0] * 6)
EMPTY = Lineage(0, [], [])

ONE_A_NODE: dict[str, Callable[[Any], Any]] = {
    "pagerank": lambda g: nx.pagerank(g, tol=1e-15, max_iter=5000),
    "katz": lambda g: nx.katz_centrality(g, tol=1e-15, max_iter=5000),
    "katz with beta": lambda g: nx.katz_centrality(
        g, 0.05, dict.fromkeys(g, 2.0), normalized=False, tol=1e-15, max_iter=5000
    ),
    "closeness": nx.closeness_centrality,
    "closeness, plain": lambda g: nx.closeness_centrality(g, wf_improved=False),
    "harmonic": nx.harmonic_centrality,
    "harmonic from some": lambda g: nx.harmonic_centrality(g, sources=[*list(g)[::2], "stranger"]),
    "betweenness": nx.betweenness_centrality,
    "betweenness, raw": lambda g: nx.betweenness_centrality(g, normalized=False),
    "betweenness with ends": lambda g: nx.betweenness_centrality(g, endpoints=True),
    "in-degree": nx.in_degree_centrality,
}
"""What returns `Scores` of a lineage."""

OTHER: dict[str, Callable[[Any], Any]] = {
    "harmonic of some": lambda g: nx.harmonic_centrality(g, nbunch=list(g)[:2]),
    "harmonic of one": lambda g: nx.harmonic_centrality(g, nbunch=list(g)[-1]),
    "closeness of one": lambda g: nx.closeness_centrality(g, u=list(g)[-1]),
    "edge betweenness": nx.edge_betweenness_centrality,
    "edge betweenness, raw": lambda g: nx.edge_betweenness_centrality(g, normalized=False),
    "descendants": lambda g: [nx.descendants(g, node) for node in g],
    "ancestors": lambda g: [nx.ancestors(g, node) for node in g],
    "generations": lambda g: until_unfeasible(nx.topological_generations(g)),
    "weak components": lambda g: list(nx.weakly_connected_components(g)),
    "number of them": nx.number_weakly_connected_components,
    "strong components": lambda g: set(map(frozenset, nx.strongly_connected_components(g))),
}


def until_unfeasible(found: Iterator[Any]) -> list[Any]:
    """Return what an iterator gives, and the name of what ends it."""
    items = []
    try:
        for item in found:
            items.append(item)  # noqa: PERF402  (what came before the end counts)
    except nx.NetworkXUnfeasible as error:
        items.append(str(error))
    return items


def lineage_graph(lineage: Lineage) -> LineageGraph:
    """Return a lineage as networkx sees it, which refuses a conversion."""
    column = pa.array([f"n{node:03d}" for node in range(lineage.size)], pa.string())
    graph = LineageGraph(Names(column), lineage.bases)
    graph.to_networkx = lambda: pytest.fail("converted")  # type: ignore[method-assign]
    return graph


def plain_graph(lineage: Lineage, kind: type[nx.Graph] = nx.DiGraph) -> nx.Graph:
    """Return the same as networkx keeps it."""
    made = kind()
    made.add_nodes_from(f"n{node:03d}" for node in range(lineage.size))
    made.add_edges_from((f"n{child:03d}", f"n{base:03d}") for child, base in sorted(lineage.edges))
    return made


def near(values: Any) -> Any:
    """Compare numbers as the kernels promise, and all else for equality."""
    numbers = isinstance(values, float) or (isinstance(values, dict) and values)
    return pytest.approx(values, rel=1e-9, abs=1e-15) if numbers else values


@pytest.mark.parametrize("question", ONE_A_NODE)
@given(lineage=lineages())
@example(lineage=RING)
@examples(40)
def test_scores_of_a_lineage_need_no_conversion(question: str, lineage: Lineage) -> None:
    ours = ONE_A_NODE[question](lineage_graph(lineage))
    assert isinstance(ours, Scores) or lineage.size == 1
    assert dict(ours) == near(ONE_A_NODE[question](plain_graph(lineage)))


@pytest.mark.parametrize("question", OTHER)
@given(lineage=lineages())
@example(lineage=RING)
@examples(40)
def test_answers_of_a_lineage_need_no_conversion(question: str, lineage: Lineage) -> None:
    ours = OTHER[question](lineage_graph(lineage))
    assert ours == near(OTHER[question](plain_graph(lineage)))


@given(lineages())
@examples(60)
def test_the_longest_path_is_that_of_networkx(lineage: Lineage) -> None:
    edges = [(max(edge), min(edge)) for edge in lineage.edges]
    acyclic = Lineage(lineage.size, edges, lineage.relations)
    expected = nx.dag_longest_path_length(plain_graph(acyclic))
    assert nx.dag_longest_path_length(lineage_graph(acyclic)) == expected


def test_a_longest_path_in_other_units_is_that_of_networkx() -> None:
    acyclic = Lineage(4, [(1, 0), (2, 1), (3, 0)], [0, 0, 0])
    graph, made = lineage_graph(acyclic), plain_graph(acyclic)
    graph.to_networkx = lambda: made  # type: ignore[method-assign]
    assert nx.dag_longest_path_length(graph) == 2
    assert nx.dag_longest_path_length(graph, default_weight=5) == 10
    made["n001"]["n000"]["steps"] = 7
    assert nx.dag_longest_path_length(graph, weight="steps") == 8


def test_a_loop_is_a_cycle() -> None:
    looped = Lineage(2, [(1, 0), (0, 0)], [0, 0])
    graph = lineage_graph(looped)
    graph.to_networkx = lambda: plain_graph(looped)  # type: ignore[method-assign]
    with pytest.raises(nx.NetworkXUnfeasible):
        nx.dag_longest_path_length(graph)
    with pytest.raises(nx.NetworkXUnfeasible):
        list(nx.topological_generations(graph))


def test_negative_weights_go_to_networkx() -> None:
    made = nx.DiGraph([("a", "b", {"weight": -2.0}), ("b", "a"), ("c", "a")])
    expected = nx.katz_centrality(made, weight="weight", tol=1e-15)
    with on_backend():
        assert nx.katz_centrality(made, weight="weight", tol=1e-15) == expected


def test_a_lineage_without_models() -> None:
    for question in (*ONE_A_NODE, *OTHER):
        if not question.endswith("of one"):
            ask = {**ONE_A_NODE, **OTHER}[question]
            assert ask(lineage_graph(EMPTY)) == near(ask(plain_graph(EMPTY)))
    assert nx.dag_longest_path_length(lineage_graph(EMPTY)) == 0


@contextmanager
def on_backend() -> Iterator[None]:
    """Have networkx call the backend, also for what is not worth a conversion."""
    with (
        pytest.MonkeyPatch.context() as patched,
        nx.config.backend_priority(algos=["modelkin"]),
        nx.config(warnings_to_ignore={"cache"}),
    ):
        patched.setattr(type(backend), "should_run", staticmethod(lambda *_: True))
        yield


KINDS = [nx.DiGraph, nx.Graph, nx.MultiDiGraph, nx.MultiGraph]


@pytest.mark.parametrize("question", [*ONE_A_NODE, *OTHER])
@given(lineage=lineages(most=7), kind=st.sampled_from(KINDS))
@examples(40)
def test_any_graph_gets_the_right_answer(
    question: str, lineage: Lineage, kind: type[nx.Graph]
) -> None:
    made = plain_graph(lineage, kind)
    made.add_edge("n000", "n000")  # a lineage has no loops; others may
    ask = {**ONE_A_NODE, **OTHER}[question]
    expected: Any
    try:
        expected = ask(made)
    except (nx.NetworkXNotImplemented, nx.NetworkXError, AttributeError) as error:
        with pytest.raises(type(error)), on_backend():
            ask(made)
        return
    with on_backend():
        assert ask(made) == near(expected)


WEIGHTED: dict[str, Callable[[Any], Any]] = {
    "katz": lambda g: nx.katz_centrality(g, 0.02, weight="weight", tol=1e-15, max_iter=9000),
    "katz, negative": lambda g: nx.katz_centrality(g, -0.1, beta=-1, tol=1e-9, max_iter=9000),
    "katz, negative beta": lambda g: nx.katz_centrality(g, 0.05, beta=-1, tol=1e-15, max_iter=9000),
    "closeness": lambda g: nx.closeness_centrality(g, distance="weight"),
    "closeness of one": lambda g: nx.closeness_centrality(g, u="n000", distance="weight"),
    "harmonic": lambda g: nx.harmonic_centrality(g, distance="weight"),
    "betweenness": lambda g: nx.betweenness_centrality(g, weight="weight"),
    "sampled betweenness": lambda g: nx.betweenness_centrality(g, k=1, endpoints=True, seed=3),
    "edge betweenness": lambda g: nx.edge_betweenness_centrality(g, weight="weight"),
    "sampled edges": lambda g: nx.edge_betweenness_centrality(g, k=1, seed=3),
}
"""What asks for weights, or for what no kernel has and networkx itself answers."""


@pytest.mark.parametrize("question", WEIGHTED)
@given(lineage=lineages(most=7), data=st.data())
@examples(30)
def test_weights_are_those_of_networkx(
    question: str, lineage: Lineage, data: st.DataObject
) -> None:
    made = plain_graph(lineage)
    for _, _, attributes in made.edges(data=True):
        if data.draw(st.booleans()):
            attributes["weight"] = data.draw(st.sampled_from([1, 2, 5]))
    with on_backend():
        ours = WEIGHTED[question](made)
    assert ours == near(WEIGHTED[question](made))


def test_what_no_kernel_has_is_answered_of_a_lineage_too() -> None:
    made = plain_graph(RING)
    for ask in WEIGHTED.values():
        graph = lineage_graph(RING)
        graph.to_networkx = lambda: made  # type: ignore[method-assign]
        assert dict(ask(graph)) == near(ask(made)) if ask is not WEIGHTED["closeness of one"] else 1


REFUSED: dict[str, Callable[[Any], Any]] = {
    "katz beyond the bound": lambda g: nx.katz_centrality(g, alpha=1.5),
    "beta of some": lambda g: nx.katz_centrality(g, beta={"n000": 1.0}),
    "beta of a stranger": lambda g: nx.katz_centrality(g, beta={**dict.fromkeys(g, 1), "x": 1}),
    "beta in words": lambda g: nx.katz_centrality(g, beta="much"),
    "closeness of a stranger": lambda g: nx.closeness_centrality(g, u="stranger"),
    "descendants of a stranger": lambda g: nx.descendants(g, "stranger"),
    "ancestors of a stranger": lambda g: nx.ancestors(g, "stranger"),
    "generations of a cycle": lambda g: list(nx.topological_generations(g)),
    "longest path of a cycle": nx.dag_longest_path_length,
}


@pytest.mark.parametrize("question", REFUSED)
def test_bad_input_is_refused_as_by_networkx(question: str) -> None:
    made = plain_graph(RING)
    with pytest.raises(nx.NetworkXException) as theirs:
        REFUSED[question](made)
    graph = lineage_graph(RING)
    graph.to_networkx = lambda: made  # type: ignore[method-assign]
    with pytest.raises(type(theirs.value)):
        REFUSED[question](graph)


@pytest.mark.parametrize("alpha", [-0.1, 1.0, 1.5, float("nan")])
def test_pagerank_names_the_bound_of_alpha(alpha: float) -> None:
    with pytest.raises(nx.NetworkXError, match="at least 0 and less than 1"):
        nx.pagerank(lineage_graph(RING), alpha=alpha)


@pytest.mark.parametrize("weight", [-2.0, float("nan"), float("inf")])
def test_pagerank_names_the_bound_of_weights(weight: float) -> None:
    made = nx.DiGraph([("a", "b", {"weight": weight}), ("b", "a"), ("c", "a")])
    with on_backend(), pytest.raises(nx.NetworkXError, match="at least 0 and finite"):
        nx.pagerank(made)
    with on_backend():  # of edges without a weight each has 1, as in networkx
        assert nx.pagerank(made, weight="absent") == near(nx.pagerank(made, weight=None, tol=1e-15))


def test_nodes_without_edges_share_alike() -> None:
    for graph in (lineage_graph(Lineage(4, [], [])), plain_graph(Lineage(4, [], []))):
        with on_backend():
            assert set(nx.pagerank(graph).values()) == {0.25}
            assert set(nx.katz_centrality(graph).values()) == {0.5}
            for measure in (nx.closeness_centrality, nx.harmonic_centrality):
                assert set(measure(graph).values()) == {0}
            assert set(nx.betweenness_centrality(graph).values()) == {0}
            assert nx.edge_betweenness_centrality(graph) == {}


def test_katz_names_the_bound() -> None:
    with pytest.raises(nx.PowerIterationFailedConvergence, match=r"alpha is 1\.5.* less than 1,"):
        nx.katz_centrality(lineage_graph(RING), alpha=1.5)


@pytest.mark.parametrize("alpha", [float("nan"), float("inf"), float("-inf")])
def test_katz_refuses_an_alpha_that_is_no_number(alpha: float) -> None:
    for lineage in (RING, Lineage(2, [(1, 0)], [0])):
        with pytest.raises(nx.NetworkXError, match="finite"):
            nx.katz_centrality(lineage_graph(lineage), alpha=alpha)


def test_the_backend_names_its_functions() -> None:
    own = {name for name, what in vars(type(backend)).items() if isinstance(what, staticmethod)}
    own -= {"convert_from_nx", "convert_to_nx", "can_run", "should_run"}
    assert set(backend_info()["functions"]) == own
    for name in own:
        assert callable(getattr(nx, name))


NETWORKX_TESTS = [
    "algorithms.centrality.tests.test_betweenness_centrality",
    "algorithms.centrality.tests.test_closeness_centrality",
    "algorithms.centrality.tests.test_degree_centrality",
    "algorithms.centrality.tests.test_harmonic_centrality",
    "algorithms.centrality.tests.test_katz_centrality",
    "algorithms.components.tests.test_strongly_connected",
    "algorithms.components.tests.test_weakly_connected",
    "algorithms.link_analysis.tests.test_pagerank",
    "algorithms.tests.test_dag",
]

_NO_LIMIT = "asks for a failure after max_iter=0 steps; nothing is iterated here"
_MUTATES = "compares a graph that a function without a kernel changed: a conversion has no edges"
EXCEPTIONS = {
    "test_katz_centrality.py::TestKatzCentrality::test_maxiter": _NO_LIMIT,
    "test_pagerank.py::TestPageRank::test_pagerank_max_iter[pagerank]": _NO_LIMIT,
    "test_pagerank.py::TestPageRankScipy::test_pagerank_max_iter[pagerank]": _NO_LIMIT,
    **dict.fromkeys(
        [
            "test_closeness_centrality.py::TestIncrementalClosenessCentrality::test_zero_centrality",
            "test_closeness_centrality.py::TestIncrementalClosenessCentrality::test_incremental",
            "test_strongly_connected.py::TestStronglyConnected::test_contract_scc1",
            "test_strongly_connected.py::TestStronglyConnected::test_contract_scc_isolate",
            "test_strongly_connected.py::TestStronglyConnected::test_contract_scc_edge",
            "test_strongly_connected.py::TestStronglyConnected::test_condensation_mapping_and_members",
        ],
        _MUTATES,
    ),
}
"""Tests of networkx that fail on the backend, and why."""


def test_networkx_own_tests_pass_on_the_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETWORKX_TEST_BACKEND", "modelkin")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    names = [f"networkx.{module}" for module in NETWORKX_TESTS]
    command = [sys.executable, "-m", "pytest", "--pyargs", *names, "-q", "-rf", "--tb=line"]
    command += ["-p", "no:cacheprovider", "-c", "pytest.ini", "--rootdir"]
    command += [str(Path(nx.__file__).parent)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    failed = set(re.findall(r"^FAILED .*?(test_\w+\.py::\S+)", done.stdout, re.MULTILINE))
    assert failed == set(EXCEPTIONS), done.stdout + done.stderr
    counted = re.search(r"(\d+) failed, (\d+) passed", done.stdout)
    assert counted, done.stdout + done.stderr
    assert int(counted[2]) > 250
    assert not re.search(r"\d+ (error|xfailed)", done.stdout), done.stdout
