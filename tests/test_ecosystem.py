"""The ecosystem: names, graphs and walks, also where there is next to nothing."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from graph import profile
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError
from graph.families import Attribution, Credit
from graph.listing import Order, OrderField, Window, model_listing
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.score_columns import SCORES
from graph.search import search
from graph.selection import Filter
from graph.shares import By, Definition, Weight, series, share, sizes
from tests.lineages import Item, ecosystem, examples, item, item_lists


def hub_item(key: str, *args: Any, **fields: Any) -> Item:
    return {**item(*args, **fields), "_id": key * 24}


FIRST = [
    hub_item("a", "red/7b", downloads=5, license="mit", createdAt="2024-01-31T00:00:00.000Z"),
    hub_item("b", "old/name", "finetune:red/7b"),
    hub_item("c", "user/merge", "merge:old/name", "merge:blue/8b", "adapter:old/name"),
    hub_item("d", "Zed/upper"),
    hub_item("e", "user/other", "quantized:red/7b", license="nc"),
]
SECOND = [entry if entry["id"] != "old/name" else {**entry, "id": "new/name"} for entry in FIRST]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(FIRST, SECOND)


def names(eco: Ecosystem, rows: Any) -> list[str]:
    return [eco.names[row] for row in rows.tolist()]


def test_rows_ascend_by_the_bytes_of_the_id(eco: Ecosystem) -> None:
    ids = eco.column("id").to_pylist()
    assert ids == ["Zed/upper", "blue/8b", "new/name", "red/7b", "user/merge", "user/other"]
    assert [eco.row(id) for id in ids] == list(range(len(eco)))
    assert len(eco.names) == len(eco) == 6


def test_a_former_name_finds_the_model(eco: Ecosystem) -> None:
    assert eco.row("old/name") == eco.row("new/name")
    # Whoever still declares the former name derives from the model under its new one.
    merged = eco.ancestors(eco.row("user/merge"))
    assert names(eco, merged.rows) == ["blue/8b", "new/name", "red/7b"]
    assert merged.distances.tolist() == [1, 1, 2]
    assert "old/name" not in eco.graph


def test_a_model_that_is_not_there(eco: Ecosystem) -> None:
    for id in ("red/9b", "", "RED/7b", "old/name/"):
        with pytest.raises(NotFoundError, match="search"):
            eco.row(id)


def test_a_family_that_is_not_there(eco: Ecosystem) -> None:
    with pytest.raises(NotFoundError, match="did you mean red"):
        eco.family("Redd")
    with pytest.raises(NotFoundError, match="'families' lists them"):
        eco.family("xyzzy")
    for key in ("", "RED", "\ud800"):
        with pytest.raises(NotFoundError):
            eco.family(key)


def test_what_the_graph_knows(eco: Ecosystem) -> None:
    assert eco.graph.nodes["red/7b"] == {
        "status": "live",
        "author": "red",
        "license": "mit",
        "downloads": 5,
        "created_at": 1706659200000,
    }
    assert eco.graph.nodes["blue/8b"] == {"status": "missing", "author": "blue"}
    assert dict(eco.graph.edges) == {
        ("new/name", "red/7b"): {"relation": "finetune"},
        ("user/merge", "new/name"): {"relation": "adapter,merge"},
        ("user/merge", "blue/8b"): {"relation": "merge"},
        ("user/other", "red/7b"): {"relation": "quantized"},
    }
    assert eco.graph is eco.graph


def test_a_family_has_a_graph_of_its_own(eco: Ecosystem) -> None:
    graph = eco.family("red").graph
    assert list(graph) == ["new/name", "red/7b", "user/merge", "user/other"]
    assert dict(graph.edges) == dict(eco.graph.subgraph(list(graph)).edges)
    assert dict(graph.nodes(data=True)) == {n: eco.graph.nodes[n] for n in graph}
    assert dict(graph.pred["red/7b"]) == {
        "new/name": {"relation": "finetune"},
        "user/other": {"relation": "quantized"},
    }
    expected = nx.pagerank(graph.copy(), tol=1e-14, max_iter=1000)
    assert dict(nx.pagerank(graph)) == pytest.approx(expected, abs=1e-12)
    assert repr(eco.family("red")) == "<Family red: 4 models>"


def test_a_family_without_members(eco: Ecosystem) -> None:
    view = eco.family("nobody")
    assert view.rows.tolist() == []
    assert list(view.graph) == []
    assert nx.pagerank(view.graph) == {}
    assert "red/7b" not in view.graph


def test_walks_are_filtered(eco: Ecosystem) -> None:
    red = eco.row("red/7b")
    assert names(eco, eco.descendants(red).rows) == ["new/name", "user/other", "user/merge"]
    quantized = frozenset({Relation.QUANTIZED})
    assert names(eco, eco.descendants(red, quantized).rows) == ["user/other"]
    assert names(eco, eco.descendants(red, max_depth=1).rows) == ["new/name", "user/other"]
    assert len(eco.descendants(red, max_depth=0).rows) == 0
    assert len(eco.descendants(red, frozenset()).rows) == 0


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Filter(), [0, 1, 2, 3, 4, 5]),
        (Filter(family="blue"), [1, 4]),
        (Filter(organization="user"), [4, 5]),
        (Filter(country="CN"), [3]),
        (Filter(license="mit"), [3]),
        (Filter(license="none such"), []),
        (Filter(license_class=LicenseClass.NON_COMMERCIAL), [5]),
        (Filter(license_class=LicenseClass.UNKNOWN), [0, 1, 2, 4]),
        (Filter(relations=(Relation.MERGE,)), [4]),
        (Filter(statuses=(Status.MISSING,)), [1]),
        (Filter(min_downloads=0), [3]),
        (Filter(min_downloads=6), []),
        (Filter(created_after=1706659200000), [3]),
        (Filter(created_before=1706659199999), []),
        (Filter(family="red", organization="user", relations=(Relation.QUANTIZED,)), [5]),
    ],
)
def test_filters(eco: Ecosystem, asked: Filter, expected: list[int]) -> None:
    assert asked.rows(eco).tolist() == expected
    backwards = np.arange(len(eco), dtype=np.int32)[::-1]
    assert backwards[asked.of(eco, backwards)].tolist() == expected[::-1]
    listed = model_listing(eco, Order(OrderField.ID, descending=True), asked)
    page = listed.page(Window(first=2))
    assert page.rows.tolist() == expected[::-1][:2]
    assert page.more == (len(expected) > 2)
    assert listed.total == len(expected)


def test_what_is_derived_is_derived_once(eco: Ecosystem) -> None:
    assert eco.numbers("downloads") is eco.numbers("downloads")
    assert eco.numbers("downloads").tolist() == [-1, -1, -1, 5, -1, -1]
    calls: list[int] = []
    for _ in range(2):
        eco.once("a key of this test", lambda: calls.append(1))
    assert calls == [1]


@given(item_lists())
@examples(50)
def test_scores_of_drawn_ecosystems_are_networkx(items: list[Item]) -> None:
    eco = ecosystem(items)
    plain = nx.DiGraph()
    plain.add_nodes_from(entry["id"] for entry in items)
    for entry in items:
        for tag in entry["tags"]:
            if tag.startswith("base_model:"):
                plain.add_edge(entry["id"], tag.rpartition(":")[2])
    ids = eco.column("id").to_pylist()
    assert ids == sorted(plain)
    assert set(eco.graph.edges) == set(plain.edges)
    assert eco.numbers("direct_derivatives").tolist() == [plain.in_degree(id) for id in ids]
    assert eco.numbers("descendants").tolist() == [len(nx.ancestors(plain, id)) for id in ids]
    ranks = nx.pagerank(plain, tol=1e-14, max_iter=1000)
    assert eco.numbers("pagerank") == pytest.approx([ranks[id] for id in ids], abs=1e-9)
    listed = {entry["id"]: entry for entry in items}
    for row in eco.table("families").to_pylist():
        graph = eco.family(row["key"]).graph
        assert set(graph.edges) == set(plain.subgraph(list(graph)).edges)
        members = [id for id in graph if id in listed]
        assert row["models"] == len(members)
        assert row["derivatives"] == sum(plain.out_degree(id) > 0 for id in members)
        assert row["downloads"] == sum(listed[id].get("downloads", 0) for id in members)
        assert row["pagerank"] == pytest.approx(sum(ranks[id] for id in graph), abs=1e-9)


QUESTIONS: dict[str, Callable[[Ecosystem], Any]] = {
    "pagerank": lambda eco: dict(nx.pagerank(eco.graph)),
    "edges": lambda eco: list(eco.graph.edges(data=True)),
    "density": lambda eco: nx.density(eco.graph),
    "reduction": lambda eco: list(nx.transitive_reduction(eco.graph)),
    "betweenness": lambda eco: nx.betweenness_centrality(eco.graph),
    "repr": repr,
    "family graph": lambda eco: [list(eco.family(f.key).graph) for f in eco.families],
    "shares": lambda eco: [
        (share(eco, by, d), series(eco, by, ["red"], d))
        for by in By
        for d in (Definition(*parts) for parts in product(Weight, Attribution, Credit))
    ],
    "sizes": lambda eco: [sizes(eco, 0, weight) for weight in Weight],
    "listing": lambda eco: [
        model_listing(eco, Order(field, True), Filter()).page(Window(5)) for field in OrderField
    ],
    "search": lambda eco: search(eco, "alone", 5).tolist(),
    "filters": lambda eco: [
        asked.rows(eco).tolist()
        for asked in (
            Filter(family="red"),
            Filter(country="CN"),
            Filter(license_class=LicenseClass.UNKNOWN),
            Filter(relations=(Relation.MERGE,)),
            Filter(statuses=(Status.LIVE,)),
            Filter(min_downloads=1),
        )
    ],
    "licenses": lambda eco: profile.licenses(eco, np.arange(len(eco), dtype=np.int32)),
    "relations": lambda eco: profile.relations(eco, np.arange(len(eco), dtype=np.int32)),
    "parameters": lambda eco: profile.parameters(eco, np.arange(len(eco), dtype=np.int32)),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("items", [[item("alone/a")], [{"no": "model"}]], ids=["one", "none"])
def test_next_to_nothing_can_be_asked_anything(items: list[Item], question: str) -> None:
    QUESTIONS[question](ecosystem(items))


def test_scores_are_the_snapshot_s_own_columns(tmp_path: Path) -> None:
    eco = ecosystem([item("red/7b"), item("red/chat", "finetune:red/7b")], directory=tmp_path)
    table = eco.scores()
    assert table.column_names == ["id", *SCORES]
    assert table.column("id").to_pylist() == ["red/7b", "red/chat"]
    assert table.column("direct_derivatives").to_pylist() == [1, 0]
    for name in table.column_names:
        (chunk,) = table.column(name).chunks
        assert [buffer and buffer.address for buffer in chunk.buffers()] == [
            buffer and buffer.address for buffer in eco.column(name).buffers()
        ]


def test_one_isolated_model() -> None:
    eco = ecosystem([item("alone/a")])
    assert (eco.manifest.models, eco.manifest.derivations, eco.manifest.coverage) == (1, 0, 0.0)
    assert dict(nx.pagerank(eco.graph)) == {"alone/a": 1.0}
    whole = share(eco, By.FAMILY, Definition(Weight.MODELS, Attribution.LINEAGE, Credit.FULL))
    assert (whole.keys, whole.total, whole.unknown) == ([], 1, 1.0)
    assert len(eco.ancestors(0).rows) == len(eco.descendants(0).rows) == 0


def test_no_model_at_all(tmp_path: Path) -> None:
    eco = ecosystem([{"no": "model"}], directory=tmp_path)
    assert len(eco) == 0
    assert eco.manifest.coverage == 0.0
    assert [family.key for family in eco.families] == ["red", "blue", "gpt2", "nobody"]
    with pytest.raises(NotFoundError):
        eco.row("alone/a")
