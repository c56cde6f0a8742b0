"""Lineages, licence paths and removals: by hand, and against slow definitions with networkx."""

from itertools import product

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import lineage as lineage_module
from graph.copies import INFERRED, copies
from graph.ecosystem import RELATIONS, Ecosystem
from graph.license_path import license_path
from graph.lineage import Lineage, lineage
from graph.records import Relation
from graph.removal import Removal, impact_of_removal
from tests.lineages import Item, ecosystem, examples, item, item_lists

WEIGHTS = {"safetensors": {"total": 7_000_000}}
MODELS = [
    item("red/7b", license="mit", createdAt="2024-01-01T00:00:00.000Z", **WEIGHTS),
    item("red/chat", "finetune:red/7b", license="nc", downloads=5),
    item("quant/chat", "quantized:red/chat", downloads=3),
    item("user/lora", "adapter:red/chat"),
    item("blue/8b", license="odd", downloads=100),
    # A merge keeps the root blue/8b when red/7b is gone, and so does what derives from it.
    item("user/merge", "merge:quant/chat", "merge:blue/8b", license="mit", downloads=7),
    item("user/twice", "finetune:user/merge", "quantized:user/merge"),
    item("user/x", "finetune:unseen/base"),
    # A cycle whose older model is the root of the other and of what derives from it.
    item("loop/a", "finetune:loop/z", createdAt="2024-06-01T00:00:00.000Z"),
    item("loop/z", "finetune:loop/a", createdAt="2024-01-01T00:00:00.000Z"),
    item("loop/child", "adapter:loop/a"),
    # Declares nothing; the same weights under the same name, but later.
    item("mirror/7B", createdAt="2024-02-01T00:00:00.000Z", downloads=2, **WEIGHTS),
]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(MODELS)


def names(eco: Ecosystem, rows: object) -> list[str]:
    return [eco.names[row] for row in rows]  # type: ignore[attr-defined]


def edges(eco: Ecosystem, found: Lineage) -> list[tuple[str, str, str]]:
    words = [*RELATIONS, "inferred"]
    ends = zip(found.children.tolist(), found.bases.tolist(), found.codes.tolist(), strict=True)
    return [(eco.names[child], eco.names[base], str(words[code])) for child, base, code in ends]


def test_a_lineage_by_hand(eco: Ecosystem) -> None:
    found = lineage(eco, eco.row("red/chat"), 100)
    assert names(eco, found.rows) == [
        "red/chat",
        "red/7b",  # above comes before below
        "quant/chat",  # two models descend from it, none from the other
        "user/lora",
        "user/merge",
        "user/twice",
    ]
    assert edges(eco, found) == [
        ("red/chat", "red/7b", "finetune"),
        ("quant/chat", "red/chat", "quantized"),
        ("user/lora", "red/chat", "adapter"),
        ("user/merge", "quant/chat", "merge"),
        ("user/twice", "user/merge", "finetune"),
        ("user/twice", "user/merge", "quantized"),
    ]
    assert (found.total, found.truncated) == (6, False)


def test_a_lineage_is_cut_at_what_is_nearest(eco: Ecosystem) -> None:
    found = lineage(eco, eco.row("red/chat"), 3)
    assert names(eco, found.rows) == ["red/chat", "red/7b", "quant/chat"]
    assert edges(eco, found) == [
        ("red/chat", "red/7b", "finetune"),
        ("quant/chat", "red/chat", "quantized"),
    ]
    assert (found.total, found.truncated) == (6, True)
    alone = lineage(eco, eco.row("red/chat"), 1)
    assert (names(eco, alone.rows), len(alone.codes), alone.total) == (["red/chat"], 0, 6)


def test_a_lineage_of_some_relations_and_steps(eco: Ecosystem) -> None:
    some = frozenset({Relation.FINETUNE, Relation.QUANTIZED})
    found = lineage(eco, eco.row("red/chat"), 100, relations=some, max_depth=1)
    assert names(eco, found.rows) == ["red/chat", "red/7b", "quant/chat"]


def test_inferred_copies_are_part_of_a_lineage_that_asks_for_them(eco: Ecosystem) -> None:
    row = eco.row("red/7b")
    assert "mirror/7B" not in names(eco, lineage(eco, row, 100).rows)
    found = lineage(eco, row, 100, inferred=True)
    assert ("mirror/7B", "red/7b", "inferred") in edges(eco, found)
    assert found.total == lineage(eco, row, 100).total + 1
    above = lineage(eco, eco.row("mirror/7B"), 100, inferred=True)
    assert names(eco, above.rows) == ["mirror/7B", "red/7b"]


def test_the_edges_of_a_lineage_are_bounded(
    eco: Ecosystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lineage_module, "MAX_EDGES", 4)
    found = lineage(eco, eco.row("red/chat"), 100)
    assert (len(found.codes), len(found.rows), found.truncated) == (4, 6, True)


def steps(eco: Ecosystem, id: str) -> list[tuple[str, Relation | None, bool | None]]:
    return [(eco.names[s.row], s.relation, s.changed) for s in license_path(eco, eco.row(id))]


def test_licence_paths_by_hand(eco: Ecosystem) -> None:
    assert steps(eco, "red/7b") == [("red/7b", None, None)]
    assert steps(eco, "user/lora") == [
        ("user/lora", Relation.ADAPTER, None),  # it declares no licence
        ("red/chat", Relation.FINETUNE, True),  # nc on mit
        ("red/7b", None, None),
    ]
    # Half red and half blue: blue/8b comes first by id, though red/7b were farther anyway.
    assert steps(eco, "user/twice") == [
        ("user/twice", Relation.FINETUNE, None),
        ("user/merge", Relation.MERGE, True),
        ("blue/8b", None, None),
    ]
    assert steps(eco, "loop/child") == [
        ("loop/child", Relation.ADAPTER, None),
        ("loop/a", Relation.FINETUNE, None),
        ("loop/z", None, None),
    ]
    assert steps(eco, "loop/z") == [("loop/z", None, None)]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        # Of chat, quant/chat, lora, merge and twice only the last two have another root.
        ("red/7b", Removal(5, 3, 15, 8)),
        ("red/chat", Removal(4, 2, 10, 3)),
        ("blue/8b", Removal(2, 0, 7, 0)),
        ("user/merge", Removal(1, 1, 0, 0)),
        ("user/twice", Removal(0, 0, 0, 0)),
        ("unseen/base", Removal(1, 1, 0, 0)),
        # The root of the cycle is gone for its derivatives; or there, and out of reach.
        ("loop/z", Removal(2, 2, 0, 0)),
        ("loop/a", Removal(2, 1, 0, 0)),
    ],
)
def test_removals_by_hand(eco: Ecosystem, id: str, expected: Removal) -> None:
    assert impact_of_removal(eco, eco.row(id)) == expected


def test_a_deleted_descendant_counts_but_its_downloads_do_not() -> None:
    gone = item("user/gone", "finetune:red/7b", downloads=90)
    kept = [item("red/7b"), item("user/of-gone", "finetune:user/gone", downloads=4)]
    eco = ecosystem([*kept, gone], kept)
    assert impact_of_removal(eco, eco.row("red/7b")) == Removal(2, 2, 4, 4)


def drawn_graph(eco: Ecosystem, *, inferred: bool = False) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(eco)))
    for child, base, code in zip(
        eco.bases.sources().tolist(),
        eco.bases.targets.tolist(),
        eco.base_relations.tolist(),
        strict=True,
    ):
        graph.add_edge(child, base, code)
    if inferred:
        found = copies(eco)
        for copy, original in zip(found.rows.tolist(), found.originals.tolist(), strict=True):
            graph.add_edge(copy, original, INFERRED)
    return graph


def check_lineage(
    eco: Ecosystem, row: int, first: int, relations: frozenset[Relation] | None, *, inferred: bool
) -> None:
    graph = drawn_graph(eco, inferred=inferred)
    wanted = set(Relation) if relations is None else relations
    codes = {RELATIONS.index(relation) for relation in wanted} | {INFERRED}
    graph.remove_edges_from([edge for edge in graph.edges(keys=True) if edge[2] not in codes])
    up = nx.single_source_shortest_path_length(graph, row)
    down = nx.single_source_shortest_path_length(graph.reverse(), row)
    place = {node: 2 * steps + 1 for node, steps in down.items()}
    for node, steps in up.items():
        place[node] = min(2 * steps, place.get(node, 2 * steps))
    importance = eco.numbers("descendants")
    order = sorted(place, key=lambda node: (place[node], -importance[node], node))
    found = lineage(eco, row, first, relations=relations, inferred=inferred)
    assert found.rows.tolist() == order[:first]
    shown = set(order[:first])
    told = list(
        zip(found.children.tolist(), found.bases.tolist(), found.codes.tolist(), strict=True)
    )
    assert len(set(told)) == len(told)
    assert set(told) == set(graph.subgraph(shown).edges(keys=True))
    assert nx.is_weakly_connected(nx.DiGraph([*((a, b) for a, b, _ in told), (row, row)]))
    assert (found.total, found.truncated) == (len(order), len(order) > first)


def check_license_path(eco: Ecosystem, row: int) -> None:
    graph = nx.DiGraph(drawn_graph(eco))
    found = license_path(eco, row)
    rows = [step.row for step in found]
    roots = eco.roots.of(row).tolist()
    if roots:
        families, shares = eco.families_of.of(row).tolist(), eco.family_shares
        start = eco.families_of.offsets[row]
        share = {family: shares[start + i] for i, family in enumerate(families)}
        root = min(roots, key=lambda r: (-share[eco.numbers("root_family")[r]], r))
        assert rows == min(nx.all_shortest_paths(graph, row, root))
    else:
        assert rows == [row]
    licenses = [eco.column("license")[r].as_py() for r in rows]
    for step, base, own, other in zip(found, found[1:], licenses, licenses[1:], strict=False):
        assert step.relation in eco.relation(step.row, base.row).split(",")
        assert step.changed == (own != other if own and other else None)
    assert (found[-1].relation, found[-1].changed) == (None, None)


def check_removal(eco: Ecosystem, row: int) -> None:
    graph = nx.DiGraph(drawn_graph(eco))
    below = nx.ancestors(graph, row)
    graph.remove_node(row)
    orphaned = {
        node
        for node in below
        if (roots := set(eco.roots.of(node).tolist())) and not roots & nx.descendants(graph, node)
    }
    downloads = {
        node: max(0, int(eco.numbers("downloads")[node])) * bool(eco.live[node]) for node in below
    }
    assert impact_of_removal(eco, row) == Removal(
        len(below),
        len(orphaned),
        sum(downloads.values()),
        sum(downloads[node] for node in orphaned),
    )


def test_every_model_of_the_example_is_as_defined(eco: Ecosystem) -> None:
    for row, first, inferred in product(range(len(eco)), (1, 2, 4, 100), (False, True)):
        check_lineage(eco, row, first, None, inferred=inferred)
        check_license_path(eco, row)
        check_removal(eco, row)


@given(item_lists(), st.integers(1, 9), st.none() | st.frozensets(st.sampled_from(list(Relation))))
@examples(60)
def test_drawn_ecosystems_are_as_defined(
    items: list[Item], first: int, relations: frozenset[Relation] | None
) -> None:
    eco = ecosystem(items)
    for row in range(len(eco)):
        check_lineage(eco, row, first, relations, inferred=False)
        check_license_path(eco, row)
        check_removal(eco, row)
        assert impact_of_removal(eco, row).descendants == eco.numbers("descendants")[row]
        downloads = impact_of_removal(eco, row).downloads
        assert downloads == eco.numbers("downstream_downloads")[row]
