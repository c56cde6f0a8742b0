"""The networkx backend: ours where there is a kernel, networkx itself elsewhere."""

import copy
import importlib.metadata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.backend import backend
from graph.ecosystem import Ecosystem
from graph.lineage_graph import LineageGraph, Scores
from tests.lineages import Lineage, ecosystem, examples, item, lineages

ITEMS = [
    item("red/7b", downloads=5, createdAt="2024-01-31T00:00:00.000Z", license="mit"),
    item("red/chat", "finetune:red/7b", downloads=7),
    item("quant/chat", "quantized:red/chat", "finetune:red/chat"),
    item("user/merge", "merge:red/7b", "merge:red/chat", "merge:blue/8b"),
    item("loop/a", "finetune:loop/b"),
    item("loop/b", "finetune:loop/a"),
    item("alone/a"),
]
EDGES = {
    ("red/chat", "red/7b"): "finetune",
    ("quant/chat", "red/chat"): "finetune,quantized",
    ("user/merge", "red/7b"): "merge",
    ("user/merge", "red/chat"): "merge",
    ("user/merge", "blue/8b"): "merge",
    ("loop/a", "loop/b"): "finetune",
    ("loop/b", "loop/a"): "finetune",
}


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(ITEMS)


@pytest.fixture
def graph(eco: Ecosystem) -> LineageGraph:
    """A graph that nothing has been asked of."""
    return eco.subgraph(np.arange(len(eco), dtype=np.int32))


@pytest.fixture(scope="module")
def plain() -> nx.DiGraph:
    """The same lineage, written down without any of our code."""
    made = nx.DiGraph()
    made.add_nodes_from(sorted({entry["id"] for entry in ITEMS} | {"blue/8b"}))
    made.add_edges_from((child, base, {"relation": how}) for (child, base), how in EDGES.items())
    return made


@pytest.fixture(autouse=True)
def _quiet_cache() -> Iterator[None]:
    """networkx warns each time that it uses a graph which it has converted before."""
    with nx.config(warnings_to_ignore={"cache"}):
        yield


def test_the_entry_points_are_installed() -> None:
    (found,) = importlib.metadata.entry_points(group="networkx.backends", name="modelkin")
    assert found.load() is backend
    (info,) = importlib.metadata.entry_points(group="networkx.backend_info", name="modelkin")
    told = info.load()()
    assert told["backend_name"] == "modelkin"
    assert all(name in vars(type(backend)) for name in told["functions"])


def test_the_graph_is_a_digraph(graph: LineageGraph, plain: nx.DiGraph) -> None:
    assert isinstance(graph, nx.DiGraph)
    assert list(graph) == list(plain)
    assert dict(graph.edges) == dict(plain.edges)
    assert {n: dict(graph.adj[n]) for n in graph} == {n: dict(plain.adj[n]) for n in plain}
    assert {n: dict(graph.pred[n]) for n in graph} == {n: dict(plain.pred[n]) for n in plain}
    assert dict(graph.in_degree) == dict(plain.in_degree)
    assert dict(graph.degree) == dict(plain.degree)
    assert (graph.order(), graph.size()) == (8, 7)
    assert graph.number_of_edges("red/chat", "red/7b") == 1
    assert graph.number_of_edges("red/7b", "red/chat") == 0
    assert graph.nodes["red/7b"] == {
        "status": "live",
        "author": "red",
        "license": "mit",
        "downloads": 5,
        "created_at": 1706659200000,
    }
    assert graph.nodes["blue/8b"] == {"status": "missing", "author": "blue"}
    for strange in ("red/nothing", "", "zzz", 7, None, ["red/7b"], "\ud800"):
        assert strange not in graph
        assert not graph.has_edge("red/chat", strange)
    with pytest.raises(KeyError):
        graph["red/nothing"]


def test_pagerank_runs_without_a_conversion(
    graph: LineageGraph, plain: nx.DiGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "to_networkx", lambda: pytest.fail("converted"))
    monkeypatch.setattr(graph, "copy", lambda: pytest.fail("copied"))
    ranks = nx.pagerank(graph)
    assert isinstance(ranks, Scores)
    assert graph._plain is None
    assert dict(ranks) == pytest.approx(nx.pagerank(plain, tol=1e-14, max_iter=1000), abs=1e-12)
    options = {
        "alpha": 0.5,
        "personalization": {"user/merge": 2, "alone/a": 1, "not there": 9},
        "dangling": {"red/7b": 1},
    }
    theirs = nx.pagerank(plain, tol=1e-14, max_iter=1000, **options)
    assert dict(nx.pagerank(graph, **options)) == pytest.approx(theirs, abs=1e-12)


def test_scores_read_like_a_dict(graph: LineageGraph) -> None:
    ranks = nx.pagerank(graph)
    as_dict = dict(ranks)
    assert isinstance(ranks, Mapping)
    assert ranks == as_dict
    assert as_dict == ranks
    assert ranks != {**as_dict, "red/7b": 0.0}
    assert ranks != {node: rank for node, rank in as_dict.items() if node != "red/7b"}
    assert max(ranks, key=ranks.__getitem__) == max(as_dict, key=as_dict.__getitem__)
    assert sorted(ranks.items(), key=lambda pair: -pair[1]) == sorted(
        as_dict.items(), key=lambda pair: -pair[1]
    )
    assert sorted(ranks) == sorted(as_dict)
    assert sum(ranks.values()) == pytest.approx(1)
    assert all(type(value) is float for value in ranks.values())
    assert type(ranks["red/7b"]) is float
    assert "alone/a" in ranks
    assert "nobody/x" not in ranks
    assert ranks.get("nobody/x", 0) == 0
    assert ranks.keys() & {"red/7b"} == {"red/7b"}
    with pytest.raises(KeyError):
        ranks["nobody/x"]


SAME: dict[str, Callable[[Any], Any]] = {
    "density": nx.density,
    "transitive reduction": lambda g: sorted(
        nx.transitive_reduction(g.subgraph([n for n in g if not n.startswith("loop")])).edges
    ),
    "shortest path": lambda g: nx.shortest_path(g, "quant/chat", "red/7b"),
    "all shortest paths": lambda g: dict(nx.all_pairs_shortest_path_length(g)),
    "load": nx.load_centrality,
    "is dag": nx.is_directed_acyclic_graph,
    "cycles": lambda g: sorted(map(sorted, nx.simple_cycles(g))),
    "list of graphs": lambda g: sorted(nx.compose_all([g, g]).edges),
    "ego graph": lambda g: sorted(nx.ego_graph(g, "user/merge").edges(data="relation")),
    "subgraph": lambda g: sorted(g.subgraph(["red/7b", "red/chat"]).edges(data="relation")),
    "edge subgraph": lambda g: sorted(g.edge_subgraph([("red/chat", "red/7b")]).nodes),
    "pagerank of a subgraph": lambda g: nx.pagerank(g.subgraph(["red/7b", "red/chat"])),
    "reverse": lambda g: sorted(g.reverse().edges(data="relation")),
    "reverse view": lambda g: sorted(g.reverse(copy=False).edges(data="relation")),
    "undirected": lambda g: sorted(map(sorted, g.to_undirected().edges)),
    "undirected view": lambda g: sorted(map(sorted, g.to_undirected(as_view=True).edges)),
    "copy": lambda g: sorted(g.copy().edges(data="relation")),
    "DiGraph of it": lambda g: sorted(nx.DiGraph(g).edges(data="relation")),
    "MultiDiGraph of it": lambda g: sorted(nx.MultiDiGraph(g).edges(data="relation")),
    "matrix": lambda g: nx.to_numpy_array(g).tolist(),
    "dict of dicts": nx.to_dict_of_dicts,
    "degree histogram": nx.degree_histogram,
    "self-loops": nx.number_of_selfloops,
    "isolates": lambda g: list(nx.isolates(g)),
}


@pytest.mark.parametrize("question", SAME)
def test_what_has_no_kernel_answers_as_networkx(
    question: str, graph: LineageGraph, plain: nx.DiGraph
) -> None:
    assert SAME[question](graph) == SAME[question](plain)


def test_a_conversion_is_made_once(graph: LineageGraph) -> None:
    nx.load_centrality(graph)
    first = graph._plain
    nx.transitive_closure(graph)
    assert first is not None
    assert graph._plain is first


def test_graphml_round_trip(graph: LineageGraph, tmp_path: Path) -> None:
    nx.write_graphml(graph, tmp_path / "lineage.graphml")
    back = nx.read_graphml(tmp_path / "lineage.graphml")
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert dict(back.edges) == dict(graph.edges)


CHANGES: dict[str, Callable[[Any], Any]] = {
    "add_node": lambda g: g.add_node("new"),
    "add_nodes_from": lambda g: g.add_nodes_from(["new"]),
    "add_edge": lambda g: g.add_edge("red/7b", "new"),
    "add_edges_from": lambda g: g.add_edges_from([("red/7b", "new")]),
    "add_weighted_edges_from": lambda g: g.add_weighted_edges_from([("red/7b", "new", 1)]),
    "update": lambda g: g.update(edges=[("red/7b", "new")]),
    "remove_node": lambda g: g.remove_node("red/7b"),
    "remove_nodes_from": lambda g: g.remove_nodes_from(["red/7b"]),
    "remove_edge": lambda g: g.remove_edge("red/chat", "red/7b"),
    "remove_edges_from": lambda g: g.remove_edges_from([("red/chat", "red/7b")]),
    "clear": lambda g: g.clear(),
    "clear_edges": lambda g: g.clear_edges(),
    "add_path": lambda g: nx.add_path(g, ["x", "y"]),
    "relabel in place": lambda g: nx.relabel_nodes(g, {"red/7b": "x"}, copy=False),
    "node attributes": lambda g: nx.set_node_attributes(g, 1, "mark"),
    "edge attributes": lambda g: nx.set_edge_attributes(g, 1, "mark"),
    "layout into nodes": lambda g: nx.spring_layout(g, store_pos_as="pos"),
    "edge swap": lambda g: nx.directed_edge_swap(g, seed=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_lineage_cannot_be_changed(change: str, graph: LineageGraph, plain: nx.DiGraph) -> None:
    with pytest.raises(nx.NetworkXError):
        CHANGES[change](graph)
    assert dict(graph.edges) == dict(plain.edges)
    assert "mark" not in graph.to_networkx().nodes["red/7b"]


def test_a_copy_can_be_changed(graph: LineageGraph) -> None:
    changed = graph.copy()
    assert type(changed) is nx.DiGraph
    changed.add_edge("alone/a", "red/7b", relation="adapter")
    changed.nodes["red/7b"]["mark"] = 1
    nx.set_node_attributes(changed, 1, "mark")
    assert not graph.has_edge("alone/a", "red/7b")
    assert "mark" not in graph.nodes["red/7b"]


@pytest.mark.parametrize("alpha", [-0.1, 1, 1.5, float("nan")])
def test_a_bad_alpha_is_refused(graph: LineageGraph, alpha: float) -> None:
    with pytest.raises(nx.NetworkXError, match="alpha"):
        nx.pagerank(graph, alpha=alpha)


@pytest.mark.parametrize("personalization", [{}, {"red/7b": 0}, {"not there": 1}])
def test_a_zero_personalization_is_refused_as_by_networkx(
    graph: LineageGraph, plain: nx.DiGraph, personalization: dict[str, float]
) -> None:
    for either in (graph, plain):
        with pytest.raises(ZeroDivisionError):
            nx.pagerank(either, personalization=personalization)


@given(lineages(most=7), st.data())
@examples(80)
def test_converted_graphs_are_ranked_as_by_networkx(lineage: Lineage, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]))
    weight = st.sampled_from([None, 0.0, 0.5, 3])
    made = kind()
    made.add_nodes_from(f"n{node}" for node in range(lineage.size))
    # Unlike a lineage, a graph of somebody else's may have loops.
    for child, base in [*lineage.edges, (0, 0)]:
        value = data.draw(weight)
        made.add_edge(f"n{child}", f"n{base}", **({} if value is None else {"weight": value}))
    for name in ("weight", None):
        ours = nx.pagerank(made, weight=name, backend="modelkin")
        theirs = nx.pagerank(made, weight=name, tol=1e-14, max_iter=5000, backend="networkx")
        assert list(ours) == list(theirs)
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_an_earlier_conversion_does_not_lose_the_weights() -> None:
    made = nx.DiGraph([("a", "b"), ("a", "c")])
    made["a"]["b"]["weight"] = 9
    expected = nx.pagerank(made, tol=1e-14, max_iter=1000)
    # networkx keeps what a backend converted, and hands it to the next function.
    nx.minimum_spanning_tree(made.to_undirected(as_view=True), backend="modelkin")
    nx.transitive_closure(made, backend="modelkin")
    nx.get_node_attributes(made, "x", backend="modelkin")
    assert nx.pagerank(made, backend="modelkin") == pytest.approx(expected)
    assert nx.pagerank(made, weight=None, backend="modelkin")["b"] != pytest.approx(expected["b"])


def test_functions_of_two_edge_attributes_run() -> None:
    made = nx.DiGraph()
    made.add_edge("s", "t", capacity=3, weight=2)
    flow = nx.max_flow_min_cost(made, "s", "t", backend="modelkin")
    assert flow == {"s": {"t": 3}, "t": {}}


def test_attributes_that_are_no_numbers_do_not_matter_elsewhere() -> None:
    made = nx.DiGraph([("a", "b", {"weight": "heavy"})])
    assert nx.ancestors(made, "b", backend="modelkin") == {"a"}


def test_an_automatic_backend_takes_only_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    made = nx.path_graph(4, create_using=nx.DiGraph)
    with nx.config.backend_priority(algos=["modelkin"]):
        ranks = nx.pagerank(made)
        fresh = made.copy()
        with monkeypatch.context() as patched:
            patched.setattr(type(backend), "convert_from_nx", lambda *_, **__: pytest.fail("made"))
            assert nx.ancestors(fresh, 3) == {0, 1, 2}
    assert ranks == pytest.approx(nx.pagerank(made, tol=1e-14), abs=1e-9)
    assert nx.pagerank(nx.DiGraph(), backend="modelkin") == {}


def test_a_deep_copy_fails_rather_than_half_works(graph: LineageGraph) -> None:
    with pytest.raises(TypeError):
        copy.deepcopy(graph)
