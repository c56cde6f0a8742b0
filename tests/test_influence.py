"""Influence between families and licence drift: by hand, and one derivation at a time."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from graph.ecosystem import RELATIONS, Ecosystem
from graph.influence import Influence, family_centrality, influence
from graph.license_drift import Drift, license_drift
from graph.records import Relation
from graph.registry import LicenseClass
from tests.lineages import REGISTRY, Item, ecosystem, examples, item, item_lists

MODELS = [
    item("red/7b", license="mit"),
    item("blue/8b", license="nc"),
    item("blue/distill", "finetune:red/7b", license="nc"),
    # A model of blue, but what is built on it is built on red: its weights are.
    item("gpt2-mini", "finetune:blue/distill"),
    item("gpt2-small", "quantized:blue/distill", "finetune:blue/distill", license="MIT"),
    # Of both families by lineage; red builds on blue, and on itself, which does not count.
    item("user/merge", "merge:red/7b", "merge:blue/8b", license="mit"),
    item("red/next", "merge:user/merge", license="odd"),
    item("nobody/x", "adapter:unseen/base", license="mit"),
    item("red/gone", "finetune:blue/8b"),
]
GONE = [*MODELS[:-1], item("user/of-gone", "finetune:red/gone")]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem([*MODELS, GONE[-1]], GONE)


def told(eco: Ecosystem, found: Influence) -> list[tuple[str, str, int]]:
    keys = [family.key for family in eco.families]
    return [(keys[a], keys[b], n) for a, b, n in zip(*(x.tolist() for x in found), strict=True)]


def test_influence_by_hand(eco: Ecosystem) -> None:
    assert told(eco, influence(eco)) == [
        ("gpt2", "red", 3),
        ("blue", "red", 1),
        ("nobody", "unseen/base", 1),
        ("red", "blue", 1),
    ]
    assert told(eco, influence(eco, Relation.QUANTIZED)) == [("gpt2", "red", 1)]
    assert told(eco, influence(eco, Relation.FINETUNE)) == [("gpt2", "red", 2), ("blue", "red", 1)]


def test_family_centrality_by_hand(eco: Ecosystem) -> None:
    found = family_centrality(eco)
    number = eco.family_number
    assert found.in_strength[number("red")] == 4
    assert found.out_strength[number("red")] == 1
    assert found.out_strength[number("gpt2")] == 3
    assert found.pagerank.sum() == pytest.approx(1)
    assert np.argmax(found.pagerank) == number("red")


def test_drift_by_hand(eco: Ecosystem) -> None:
    permissive, noncommercial = LicenseClass.PERMISSIVE, LicenseClass.NON_COMMERCIAL
    unknown = LicenseClass.UNKNOWN
    counts = {(d.from_class, d.to_class): d.edges for d in license_drift(eco)}
    assert counts == {
        (permissive, noncommercial): 1,  # blue/distill
        (noncommercial, permissive): 3,  # gpt2-small twice, and the merge's half of blue
        (noncommercial, unknown): 1,  # gpt2-mini
        (permissive, permissive): 1,  # the merge's half of red
        (permissive, unknown): 1,  # red/next: the registry does not know "odd"
        (unknown, permissive): 1,  # nobody/x on what nobody saw
        (unknown, unknown): 1,  # of the deleted model
    }
    assert license_drift(eco)[0] == Drift(noncommercial, permissive, 3)
    merges = license_drift(eco, relation=Relation.MERGE)
    assert sum(drift.edges for drift in merges) == 3
    blue = license_drift(eco, eco.family_number("blue"))
    assert {(d.from_class, d.to_class): d.edges for d in blue} == {
        (permissive, permissive): 1,  # the merge, by both of its bases
        (noncommercial, permissive): 1,
        (permissive, unknown): 1,
        (unknown, unknown): 1,
    }
    assert license_drift(eco, eco.family_number("red"), Relation.ADAPTER) == []


def check(eco: Ecosystem) -> None:
    edges: Counter[tuple[str, str, Relation]] = Counter()
    drifts: Counter[tuple[LicenseClass, LicenseClass, str | None, Relation]] = Counter()
    keys = [family.key for family in eco.families]
    for child in np.flatnonzero(eco.live).tolist():
        family = REGISTRY.family_of(eco.names[child])
        start = eco.bases.offsets[child]
        for place, base in enumerate(eco.bases.of(child).tolist()):
            relation = RELATIONS[eco.base_relations[start + place]]
            for number in eco.families_of.of(base).tolist():
                if family and family.key != keys[number]:
                    edges[family.key, keys[number], relation] += 1
            classes = [
                REGISTRY.license_class(eco.column("license")[row].as_py()) for row in (base, child)
            ]
            for key in [None, *(keys[n] for n in eco.families_of.of(child).tolist())]:
                drifts[classes[0], classes[1], key, relation] += 1
    for relation in [None, *Relation]:
        some: Counter[tuple[str, str]] = Counter()
        for (source, target, how), count in edges.items():
            some[source, target] += count if relation in (None, how) else 0
        expected = sorted(((*pair, n) for pair, n in some.items() if n), key=lambda e: (-e[2], *e))
        assert told(eco, influence(eco, relation)) == expected
        for key in [None, *keys]:
            cells: Counter[tuple[LicenseClass, LicenseClass]] = Counter()
            for (before, after, of, how), count in drifts.items():
                cells[before, after] += count if of == key and relation in (None, how) else 0
            number = None if key is None else eco.family_number(key)
            found = license_drift(eco, number, relation)
            assert {(d.from_class, d.to_class): d.edges for d in found} == dict(+cells)
            assert [d.edges for d in found] == sorted((d.edges for d in found), reverse=True)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(told(eco, influence(eco)))
    ranks = nx.pagerank(graph, tol=1e-14, max_iter=1000, backend="networkx") if graph else {}
    central = family_centrality(eco)
    for number, key in enumerate(keys):
        assert central.pagerank[number] == pytest.approx(ranks.get(key, 0), rel=1e-9)
        strengths = central.in_strength[number], central.out_strength[number]
        inside = key in graph
        assert strengths == (
            (graph.in_degree(key, "weight"), graph.out_degree(key, "weight")) if inside else (0, 0)
        )


def test_the_example_is_as_defined(eco: Ecosystem) -> None:
    check(eco)


@given(item_lists())
@examples(40)
def test_drawn_ecosystems_are_as_defined(items: list[Item]) -> None:
    check(ecosystem(items))
