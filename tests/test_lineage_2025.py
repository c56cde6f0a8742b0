"""Real lineages of April 2025, crawled and measured, against a count by networkx alone."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pytest

from graph.ecosystem import RELATIONS, Ecosystem
from graph.families import Attribution, Credit
from graph.quality import Reason
from graph.registry import load_registry
from graph.shares import By, Definition, Weight, share
from tests.lineages import ecosystem

DATA = Path(__file__).parents[2] / "shared" / "data"
EDGES = DATA / "lineage-2025-04.csv.gz"
MODELS = DATA / "hub-models-2025-04.jsonl.gz"

pytestmark = pytest.mark.skipif(
    not (EDGES.exists() and MODELS.exists()),
    reason=f"needs {EDGES.name} and {MODELS.name}, which are not part of the repository",
)


class Edge(NamedTuple):
    child: str
    base: str
    relation: str


@pytest.fixture(scope="module")
def told() -> list[Edge]:
    with gzip.open(EDGES, "rt", encoding="utf-8", newline="") as file:
        return [Edge(row["child"], row["parent"], row["relation"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def edges(told: list[Edge]) -> list[Edge]:
    """The edges of children that are models: some names are left of a printed Python list."""
    return [edge for edge in told if "'" not in edge.child]


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    """What a list item says of each model beside its bases."""
    found = {}
    with gzip.open(MODELS, "rt", encoding="utf-8") as file:
        for line in file:
            info = json.loads(line)["model_info"]
            if "_id" in info:  # some were gone when the facts were collected
                found[info["id"]] = {
                    "_id": info["_id"],
                    "createdAt": info["created_at"],
                    "lastModified": info["lastModified"],
                    "downloads": info["downloads"],
                    "likes": info["likes"],
                    "library_name": info["library_name"],
                    "tags": [tag for tag in info["tags"] if not tag.startswith("base_model:")],
                }
    return found


@pytest.fixture(scope="module")
def eco(told: list[Edge], facts: dict[str, dict[str, Any]]) -> Ecosystem:
    """The edges as tags of the children; bases that are nobody's child stay placeholders."""
    items: dict[str, dict[str, Any]] = {}
    for child, base, relation in told:
        item = items.setdefault(child, {"id": child, **facts.get(child, {})})
        item["tags"] = [*item.get("tags", []), f"base_model:{relation}:{base}"]
    return ecosystem(items.values(), registry=load_registry())


@pytest.fixture(scope="module")
def plain(edges: list[Edge]) -> nx.DiGraph:
    return nx.DiGraph([(edge.child, edge.base) for edge in edges])


def test_the_edges_are_the_files(eco: Ecosystem, edges: list[Edge]) -> None:
    sources = eco.bases.sources().tolist()
    found = [
        Edge(eco.names[child], eco.names[base], RELATIONS[code].value)
        for child, base, code in zip(
            sources, eco.bases.targets.tolist(), eco.base_relations.tolist(), strict=True
        )
    ]
    assert sorted(found) == sorted(set(edges))
    assert eco.manifest.derivations == len(set(edges)) > 7900


def test_what_is_no_edge_is_told(eco: Ecosystem, told: list[Edge], edges: list[Edge]) -> None:
    strange = {edge.child for edge in told} - {edge.child for edge in edges}
    assert eco.manifest.quality[Reason.BAD_ID]["count"] == len(strange)


def test_the_models_are_its_ends(eco: Ecosystem, edges: list[Edge], plain: nx.DiGraph) -> None:
    assert eco.column("id").to_pylist() == sorted(plain, key=str.encode)
    children = {edge.child for edge in edges}
    assert eco.manifest.models == len(children)
    assert eco.manifest.missing == len(plain) - len(children)
    assert eco.manifest.coverage == 1.0


def test_facts_came_through(eco: Ecosystem, facts: dict[str, dict[str, Any]]) -> None:
    known = [id for id in eco.column("id").to_pylist() if id in facts and eco.live[eco.row(id)]]
    assert len(known) > 100
    for id in known:
        row = eco.row(id)
        assert eco.column("key")[row].as_py() == facts[id]["_id"]
        assert eco.numbers("likes")[row] == facts[id]["likes"]
    dated = np.flatnonzero(eco.numbers("created_at") >= 0)
    assert len(dated) == len(known)


def test_measures_are_those_of_networkx(eco: Ecosystem, plain: nx.DiGraph) -> None:
    ids = eco.column("id").to_pylist()
    assert eco.numbers("descendants").tolist() == [len(nx.ancestors(plain, id)) for id in ids]
    assert eco.numbers("direct_derivatives").tolist() == [plain.in_degree(id) for id in ids]
    ranks = nx.pagerank(plain, tol=1e-14, max_iter=5000)
    assert eco.numbers("pagerank") == pytest.approx([ranks[id] for id in ids], abs=1e-9)
    assert dict(nx.pagerank(eco.graph)) == pytest.approx(ranks, abs=1e-9)


def roots_of(plain: nx.DiGraph, created: dict[str, int]) -> dict[str, list[str]]:
    """Return each model's roots; a cycle's is its oldest model, and a root is its own."""
    condensed = nx.condensation(plain)
    found: dict[str, list[str]] = {}
    for component in condensed:
        ends = [
            end
            for end in {component} | nx.descendants(condensed, component)
            if condensed.out_degree(end) == 0
        ]
        roots = [
            min(condensed.nodes[end]["members"], key=lambda id: (created.get(id, 2**63), id))
            for end in ends
        ]
        for id in condensed.nodes[component]["members"]:
            found[id] = roots
    return found


def test_descendants_by_family(eco: Ecosystem, edges: list[Edge], plain: nx.DiGraph) -> None:
    registry = load_registry()

    def family(root: str) -> str:
        named = registry.family_of(registry.origins.get(root, root))
        return named.key if named else root

    ids = eco.column("id").to_pylist()
    created = dict(zip(ids, eco.numbers("created_at").tolist(), strict=True))
    dated = {id: date for id, date in created.items() if date >= 0}
    roots = roots_of(plain, dated)
    full: Counter[str] = Counter()
    fractional: dict[str, float] = defaultdict(float)
    for child in {edge.child for edge in edges}:
        full.update({family(root) for root in roots[child]})
        for root in roots[child]:
            fractional[family(root)] += 1 / len(roots[child])

    counts: dict[Credit, Mapping[str, float]] = {Credit.FULL: full, Credit.FRACTIONAL: fractional}
    for credit, expected in counts.items():
        definition = Definition(Weight.DERIVATIVES, Attribution.LINEAGE, credit)
        found = share(eco, By.FAMILY, definition)
        assert dict(zip(found.keys, found.values, strict=True)) == pytest.approx(dict(expected))
        assert found.unknown == pytest.approx(0, abs=1e-12)
    assert full.most_common(1)[0][1] > 1000

    table = {row["key"]: row["descendants"] for row in eco.table("families").to_pylist()}
    assert {key: count for key, count in table.items() if count} == dict(full)
