"""Lineages, licence paths, removals, concentration, influence, drift and growth, as clients ask."""

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest

from api.failure import LimitError
from graph.ecosystem import Ecosystem
from graph.license_drift import license_drift
from graph.records import Relation
from graph.shares import Weight
from tests.lineages import ecosystem, item
from tests.sample_ecosystem import ask

JAN, FEB = "2024-01-01T00:00:00.000Z", "2024-02-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def eco(sample_ecosystem: Ecosystem) -> Ecosystem:
    return sample_ecosystem


@pytest.fixture(scope="module")
def copied() -> Ecosystem:
    sized = {"safetensors": {"total": 7_000_000}}
    return ecosystem(
        [
            item("red/7b", createdAt=JAN, license="mit", **sized),
            item("user/lora", "adapter:red/7b", license="nc"),
            item("mirror/7B", createdAt=FEB, downloads=2, **sized),
            item("late/7b", createdAt=FEB, downloads=3, **sized),
            item("blue/on-red", "finetune:red/7b", createdAt=FEB),
        ]
    )


def test_a_lineage_is_the_part_of_the_graph_that_it_says(eco: Ecosystem) -> None:
    id = eco.names[int(np.argmax(eco.numbers("descendants")))]
    (told,) = ask(
        eco,
        f'{{ model(id: "{id}") {{ lineage(first: 1000) {{ nodes {{ id }} totalCount truncated'
        " edges { child base relation inferred } } } }",
    )["model"].values()
    graph = nx.DiGraph(eco.graph)
    nodes = {id} | nx.ancestors(graph, id) | nx.descendants(graph, id)
    assert told["nodes"][0]["id"] == id
    assert {node["id"] for node in told["nodes"]} == nodes
    assert (told["totalCount"], told["truncated"]) == (len(nodes), False)
    edges = {(edge["child"], edge["base"]) for edge in told["edges"]}
    assert edges == set(graph.subgraph(nodes).edges)
    assert not any(edge["inferred"] for edge in told["edges"])
    for edge in told["edges"]:
        relations = graph.edges[edge["child"], edge["base"]]["relation"].split(",")
        assert edge["relation"].lower() in relations


def test_a_lineage_can_be_cut_and_filtered(eco: Ecosystem) -> None:
    id = eco.names[int(np.argmax(eco.numbers("descendants")))]
    told = ask(
        eco,
        f"""{{ model(id: "{id}") {{
          cut: lineage(first: 3) {{ nodes {{ id }} edges {{ child }} totalCount truncated }}
          some: lineage(first: 1000, relations: [QUANTIZED], maxDepth: 1) {{
            nodes {{ id }} edges {{ base relation }} }} }} }}""",
    )["model"]
    assert len(told["cut"]["nodes"]) == 3
    assert told["cut"]["truncated"]
    assert told["cut"]["totalCount"] > 3
    assert {(e["base"], e["relation"]) for e in told["some"]["edges"]} == {(id, "QUANTIZED")}


@pytest.mark.parametrize("first", [0, 1001])
@pytest.mark.parametrize("field", ["lineage", "licensePath"])
def test_how_much_can_be_asked_for_is_bounded(eco: Ecosystem, field: str, first: int) -> None:
    with pytest.raises(LimitError, match=f"first is {first}; it must be from 1 to 1000"):
        ask(
            eco, f'{{ model(id: "{eco.names[0]}") {{ {field}(first: {first}) {{ __typename }} }} }}'
        )


def test_licence_paths_lead_to_a_root(eco: Ecosystem) -> None:
    deep = np.argsort(-eco.numbers("depth"), kind="stable")[:20]
    for row in deep.tolist():
        path = ask(
            eco,
            f"""{{ model(id: "{eco.names[row]}") {{ roots {{ id }} licensePath {{
              model {{ id license licenseClass parents {{ relation model {{ id }} }} }}
              license licenseClass relation changed }} }} }}""",
        )["model"]
        steps = path["licensePath"]
        assert steps[0]["model"]["id"] == eco.names[row]
        assert steps[-1]["model"]["id"] in [root["id"] for root in path["roots"]]
        assert (steps[-1]["relation"], steps[-1]["changed"]) == (None, None)
        for step, above in pairwise(steps):
            assert step["license"] == step["model"]["license"]
            assert step["licenseClass"] == step["model"]["licenseClass"]
            made = [(p["relation"], p["model"]["id"]) for p in step["model"]["parents"]]
            assert (step["relation"], above["model"]["id"]) in made
            known = step["license"] and above["license"]
            assert step["changed"] == ((step["license"] != above["license"]) if known else None)


def test_the_impact_of_a_removal_agrees_with_the_scores(eco: Ecosystem) -> None:
    told = ask(
        eco,
        """{ models(first: 50, orderBy: {field: DESCENDANTS}) { nodes { roots { id }
          scores { descendants downstreamDownloads }
          impactOfRemoval { descendants orphaned downloads orphanedDownloads coverage definition }
        } } }""",
    )["models"]["nodes"]
    for node in told:
        impact = node["impactOfRemoval"]
        assert impact["descendants"] == node["scores"]["descendants"]
        assert impact["downloads"] == node["scores"]["downstreamDownloads"]
        assert 0 <= impact["orphaned"] <= impact["descendants"]
        assert 0 <= impact["orphanedDownloads"] <= impact["downloads"]
        assert impact["coverage"] == eco.manifest.coverage
        assert impact["definition"]


def test_concentration_is_of_the_share_of_the_same_definition(eco: Ecosystem) -> None:
    told = ask(
        eco,
        """{ concentration(by: COUNTRY, weight: DOWNLOADS, attribution: PUBLISHER) {
            hhi gini topShare top5Share groupCount unknown coverage
            definition { weight attribution credit } }
          share(by: COUNTRY, weight: DOWNLOADS, attribution: PUBLISHER, first: 1000) {
            groups { value } unknown } }""",
    )
    found, values = told["concentration"], [g["value"] for g in told["share"]["groups"]]
    fractions = [value / sum(values) for value in values]
    assert found["hhi"] == pytest.approx(sum(fraction**2 for fraction in fractions))
    assert found["topShare"] == pytest.approx(fractions[0])
    assert found["top5Share"] == pytest.approx(sum(fractions[:5]))
    assert 0 < found["gini"] < 1
    assert found["groupCount"] == len(values)
    assert (found["unknown"], found["coverage"]) == (
        told["share"]["unknown"],
        eco.manifest.coverage,
    )
    assert found["definition"] == {
        "weight": "DOWNLOADS",
        "attribution": "PUBLISHER",
        "credit": "FRACTIONAL",
    }


@pytest.mark.parametrize("weight", list(Weight))
def test_concentration_by_every_weight_has_all_its_bounds(eco: Ecosystem, weight: Weight) -> None:
    for by in ("FAMILY", "ORGANIZATION", "COUNTRY"):
        found = ask(
            eco,
            f"{{ concentration(by: {by}, weight: {weight.name}) {{ hhi topShare top5Share }} }}",
        )["concentration"]
        assert found["topShare"] ** 2 <= found["hhi"] <= found["topShare"] <= found["top5Share"]


def test_influence_and_how_central_families_are(copied: Ecosystem) -> None:
    told = ask(
        copied,
        """{ influence(first: 5) { from to weight } merges: influence(relation: MERGE) { weight }
          family(key: "red") { influence { inStrength outStrength pagerank definition } } }""",
    )
    assert told["influence"] == [{"from": "blue", "to": "red", "weight": 1}]
    assert told["merges"] == []
    central = told["family"]["influence"]
    assert (central["inStrength"], central["outStrength"]) == (1, 0)
    # Of two, blue hands all it has to red, and red deals out to both: x = 0.85 (1 - x) + r / 2.
    assert central["pagerank"] == pytest.approx(1.85 / 2.85)
    assert central["definition"]


def test_drift_adds_up_to_all_derivations_of_live_models(eco: Ecosystem) -> None:
    query = "{ all: licenseDrift { fromClass toClass edges } %s }"
    parts = " ".join(f"{r.name}: licenseDrift(relation: {r.name}) {{ edges }}" for r in Relation)
    told = ask(eco, query % parts)
    whole = {(cell["fromClass"], cell["toClass"]): cell["edges"] for cell in told["all"]}
    assert len(whole) == len(told["all"])
    assert sum(whole.values()) == eco.live[eco.bases.sources()].sum()
    assert sum(whole.values()) == sum(c["edges"] for r in Relation for c in told[r.name])
    assert whole == {
        (drift.from_class.name, drift.to_class.name): drift.edges for drift in license_drift(eco)
    }


def test_an_unknown_family_has_no_drift(eco: Ecosystem) -> None:
    with pytest.raises(ValueError, match="no family 'qwem'; did you mean qwen"):
        ask(eco, '{ licenseDrift(family: "qwem") { edges } }')


def test_growth_is_the_time_series_by_quarter(eco: Ecosystem) -> None:
    told = ask(
        eco,
        """{ family(key: "qwen") { growth { quarters derivatives recent previous rate undated
            coverage definition } }
          timeSeries(by: FAMILY, keys: ["qwen"], credit: FULL) { dates series { values } } }""",
    )
    growth, series = told["family"]["growth"], told["timeSeries"]
    by_quarter: dict[str, float] = {}
    for month, value in zip(series["dates"], series["series"][0]["values"], strict=True):
        quarter = f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}"
        by_quarter[quarter] = by_quarter.get(quarter, 0) + value
    found = dict(zip(growth["quarters"], growth["derivatives"], strict=True))
    assert found == {quarter: by_quarter[quarter] for quarter in found}
    assert sum(found.values()) == sum(by_quarter.values())
    assert growth["rate"] == pytest.approx(growth["recent"] / growth["previous"] - 1)
    assert growth["coverage"] == eco.manifest.coverage


def test_relative_adoption_is_of_the_model_and_the_most_adopted_of_a_family(
    eco: Ecosystem,
) -> None:
    adopted = "{ model { id } value derivatives typical days size definition }"
    told = ask(
        eco,
        f"""{{ family(key: "qwen") {{ mostAdopted {adopted} }}
          models(first: 1000, filter: {{organization: "Qwen"}}) {{
            nodes {{ relativeAdoption {adopted} }} }} }}""",
    )
    best = told["family"]["mostAdopted"]
    every = [node["relativeAdoption"] for node in told["models"]["nodes"]]
    known = [adoption for adoption in every if adoption is not None]
    assert best in known
    assert best["value"] == max(adoption["value"] for adoption in known)
    for adoption in known:
        assert adoption["value"] == pytest.approx(adoption["derivatives"] / adoption["typical"])
        assert adoption["days"] in (30, 90, 180, 365)
    assert None in every


@pytest.mark.parametrize(
    ("id", "original", "copies"),
    [("red/7b", None, ["late/7b", "mirror/7B"]), ("late/7b", {"id": "red/7b"}, [])],
)
def test_inferred_copies_are_told_apart(
    copied: Ecosystem, id: str, original: Any, copies: list[str]
) -> None:
    told = ask(
        copied,
        f"""{{ model(id: "{id}") {{ inferredOriginal {{ id }} scores {{ descendants }}
          inferredCopies {{ totalCount nodes {{ id }} }}
          lineage {{ totalCount }} joined: lineage(inferred: true) {{
            totalCount edges {{ child base relation inferred }} }} }}
          family(key: "red") {{ models inferredCopies }} }}""",
    )
    model = told["model"]
    assert model["inferredOriginal"] == original
    assert [node["id"] for node in model["inferredCopies"]["nodes"]] == copies
    assert told["family"] == {"models": 3, "inferredCopies": 2}
    inferred = [edge for edge in model["joined"]["edges"] if edge.pop("inferred")]
    assert len(inferred) == max(len(copies), 1)
    assert {"child": "late/7b", "base": "red/7b", "relation": "UNKNOWN"} in inferred
    assert model["scores"]["descendants"] == (2 if copies else 0)
    assert model["joined"]["totalCount"] > model["lineage"]["totalCount"]


def test_the_answers_are_those_of_an_empty_ecosystem_too() -> None:
    eco = ecosystem([item("alone/a")])
    assert ask(
        eco,
        """{ model(id: "alone/a") { lineage { totalCount edges { child } }
            licensePath { model { id } license } relativeAdoption { value }
            impactOfRemoval { descendants orphaned downloads } inferredOriginal { id } }
          concentration(by: FAMILY) { hhi gini topShare groupCount }
          influence { weight } licenseDrift { edges }
          family(key: "red") { growth { quarters rate } mostAdopted { value }
            influence { pagerank } inferredCopies } }""",
    ) == {
        "model": {
            "lineage": {"totalCount": 1, "edges": []},
            "licensePath": [{"model": {"id": "alone/a"}, "license": None}],
            "relativeAdoption": None,
            "impactOfRemoval": {"descendants": 0, "orphaned": 0, "downloads": 0},
            "inferredOriginal": None,
        },
        "concentration": {"hhi": 0, "gini": 0, "topShare": 0, "groupCount": 0},
        "influence": [],
        "licenseDrift": [],
        "family": {
            "growth": {"quarters": [], "rate": None},
            "mostAdopted": None,
            "influence": {"pagerank": 0},
            "inferredCopies": 0,
        },
    }
