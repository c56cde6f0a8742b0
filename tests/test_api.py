"""The API over HTTP: answers against the read model, errors, limits, and the swap of snapshots."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.current import Current
from api.limits import Limits
from graph.ecosystem import Ecosystem
from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from graph.store.port import Store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from modelkin.sample import sample_source


class Api:
    """A client of an application that serves a store."""

    def __init__(self, client: TestClient, current: Current, store: Store) -> None:
        self.client, self.current, self.store = client, current, store

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = self.client.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def error(self, query: str, **variables: Any) -> tuple[str, str]:
        (error,) = self.ask(query, **variables)["errors"]
        return error["extensions"]["code"], error["message"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    directory = tmp_path_factory.mktemp("api")
    with open_store(str(directory / "store")) as store:
        Crawl(store, sample_source()).run()
        measure(store, load_registry())
        current = Current(store, directory / "cache", refresh_s=3600)
        with TestClient(create_app(current)) as client:
            yield Api(client, current, store)


@pytest.fixture(scope="module")
def eco(api: Api) -> Ecosystem:
    return api.current.eco


def test_snapshot_says_that_it_is_a_sample_in_every_answer(api: Api, eco: Ecosystem) -> None:
    answer = api.ask("{ snapshot { id sample models coverage } }")
    assert answer["data"]["snapshot"] == {
        "id": eco.id,
        "sample": True,
        "models": eco.manifest.models,
        "coverage": eco.manifest.coverage,
    }
    assert answer["extensions"]["snapshot"] == {"id": eco.id, "sample": True}
    failed = api.ask('{ model(id: "no/body") { id } }')
    assert failed["extensions"]["snapshot"]["sample"] is True


def test_a_model_is_what_the_read_model_and_networkx_say(api: Api, eco: Ecosystem) -> None:
    row = int(np.argmax(eco.numbers("descendants")))
    id = eco.names[row]
    told = api.data(
        """query ($id: String!) { model(id: $id) {
          id author status license licenseClass downloads parameters createdAt
          organization { name country }
          descendants(first: 1000, orderBy: ID) { totalCount nodes { id } }
          scores { directDerivatives descendants depth pagerank }
          families { share family { key } } } }""",
        id=id,
    )["model"]
    graph = nx.DiGraph(eco.graph)
    assert told["id"] == id
    assert told["author"] == id.split("/")[0] == told["organization"]["name"]
    assert told["descendants"]["totalCount"] == len(nx.ancestors(graph, id))
    assert [n["id"] for n in told["descendants"]["nodes"]] == sorted(nx.ancestors(graph, id))
    assert told["scores"]["directDerivatives"] == graph.in_degree(id)
    assert told["scores"]["pagerank"] == pytest.approx(
        nx.pagerank(graph, tol=1e-15, max_iter=1000, backend="networkx")[id], rel=1e-9
    )
    assert sum(f["share"] for f in told["families"]) == pytest.approx(1)


def test_parents_ancestors_and_roots_of_a_deep_model(api: Api, eco: Ecosystem) -> None:
    row = int(np.argmax(eco.numbers("depth")))
    told = api.data(
        """query ($id: String!) { model(id: $id) {
          parents { relation model { id } } roots { id }
          ancestors(first: 50) { totalCount edges { distance node { id } } } } }""",
        id=eco.names[row],
    )["model"]
    graph = nx.DiGraph(eco.graph)
    distances = nx.single_source_shortest_path_length(graph, eco.names[row])
    edges = told["ancestors"]["edges"]
    assert {e["node"]["id"]: e["distance"] for e in edges} == {
        id: d for id, d in distances.items() if d
    }
    assert [e["distance"] for e in edges] == sorted(e["distance"] for e in edges)
    assert {p["model"]["id"] for p in told["parents"]} == set(graph.successors(eco.names[row]))
    assert {r["id"] for r in told["roots"]} == {id for id in distances if not graph.out_degree(id)}


def test_relations_and_depth_bound_a_walk(api: Api, eco: Ecosystem) -> None:
    row = int(np.argmax(eco.numbers("descendants")))
    told = api.data(
        """query ($id: String!) { model(id: $id) {
          near: descendants(maxDepth: 1) { totalCount }
          quantized: descendants(first: 1000, relations: [QUANTIZED], maxDepth: 1) {
            nodes { parents { relation model { id } } } } } }""",
        id=eco.names[row],
    )["model"]
    assert told["near"]["totalCount"] == eco.numbers("direct_derivatives")[row]
    assert told["quantized"]["nodes"]
    for node in told["quantized"]["nodes"]:
        made = {(p["relation"], p["model"]["id"]) for p in node["parents"]}
        assert ("QUANTIZED", eco.names[row]) in made


def pages(api: Api, query: str, connection: str, **variables: Any) -> list[str]:
    """Read a connection to its end, page by page."""
    found: list[str] = []
    after = None
    while True:
        page = api.data(query, after=after, **variables)[connection]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("field", ["PAGERANK", "DOWNLOADS", "PARAMETERS", "CREATED_AT", "ID"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_add_up_to_the_whole_ordered_list(
    api: Api, eco: Ecosystem, field: str, direction: str
) -> None:
    query = """query ($after: String, $field: ModelOrderField!, $direction: Direction!) {
      models(first: 700, after: $after, orderBy: {field: $field, direction: $direction}) {
        totalCount nodes { id } pageInfo { hasNextPage endCursor } } }"""
    found = pages(api, query, "models", field=field, direction=direction)
    assert sorted(found) == sorted(eco.names[row] for row in np.flatnonzero(eco.live).tolist())
    if field == "ID":
        assert found == sorted(found, reverse=direction == "DESC")
        return
    values = [eco.numbers(field.lower())[eco.row(id)] for id in found]
    known = [value for value in values if value >= 0]
    assert values[: len(known)] == known, "unknown values come last"
    assert known == sorted(known, reverse=direction == "DESC")


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ('family: "qwen"', lambda m: "qwen" in [f["family"]["key"] for f in m["families"]]),
        ('organization: "Qwen"', lambda m: m["author"] == "Qwen"),
        ('country: "CN"', lambda m: m["organization"]["country"] == "CN"),
        ('license: "mit"', lambda m: m["license"] == "mit"),
        ("licenseClass: PERMISSIVE", lambda m: m["licenseClass"] == "PERMISSIVE"),
        ("licenseClass: UNKNOWN", lambda m: m["licenseClass"] == "UNKNOWN"),
        ("relation: MERGE", lambda m: "MERGE" in [p["relation"] for p in m["parents"]]),
        ('library: "gguf"', lambda m: m["library"] == "gguf"),
        ('task: "text-generation"', lambda m: m["task"] == "text-generation"),
        (
            "relation: [MERGE, ADAPTER]",
            lambda m: {"MERGE", "ADAPTER"} & {p["relation"] for p in m["parents"]},
        ),
        ("status: MISSING", lambda m: m["status"] == "MISSING"),
        ("status: [LIVE, MISSING]", lambda m: m["status"] != "DELETED"),
        ("status: null", lambda _: True),
        (
            'family: "qwen", minDownloads: 5, licenseClass: PERMISSIVE',
            lambda m: (
                m["downloads"] >= 5
                and m["licenseClass"] == "PERMISSIVE"
                and "qwen" in [f["family"]["key"] for f in m["families"]]
            ),
        ),
        ('createdAfter: "2026-08-01"', lambda m: m["createdAt"] >= "2026-08-01"),
        (
            'createdBefore: "2026-08-01T00:00:00Z"',
            lambda m: m["createdAt"] <= "2026-08-01T00:00:00",
        ),
        ("minDownloads: 1000", lambda m: m["downloads"] >= 1000),
        ("minParameters: 1000000000", lambda m: m["parameters"] >= 1e9),
        ("maxParameters: 1000000000", lambda m: m["parameters"] <= 1e9),
    ],
)
def test_each_filter_passes_what_it_names_and_nothing_else(
    api: Api, eco: Ecosystem, wanted: str, holds: Any
) -> None:
    fields = """id author status license licenseClass library task createdAt downloads parameters
      organization { country } parents { relation } families { family { key } }"""
    if "createdAfter" in wanted:
        wanted = 'createdAfter: "2026-08-01T00:00:00"'
    passed = api.data(f"{{ models(first: 1000, filter: {{{wanted}}}) {{ totalCount }} }}")
    count = passed["models"]["totalCount"]
    every = []
    after = "null"
    for _ in range(9):
        page = api.data(
            f"{{ models(first: 1000, after: {after}, filter: {{status: null}}, orderBy:"
            f" {{field: ID}}) {{"
            f" nodes {{ {fields} }} pageInfo {{ endCursor hasNextPage }} }} }}"
        )["models"]
        every += page["nodes"]
        after = json.dumps(page["pageInfo"]["endCursor"])
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(every) == len(eco)

    def passes(model: dict[str, Any]) -> bool:
        try:
            return bool(holds(model)) and (model["status"] == "LIVE" or "status" in wanted)
        except TypeError:  # unknown
            return False

    assert count == sum(map(passes, every)) > 0


def test_families_are_listed_in_pages_and_found_by_key(api: Api, eco: Ecosystem) -> None:
    query = """query ($after: String) { families(first: 100, after: $after, orderBy: DESCENDANTS) {
      totalCount nodes { id: key } pageInfo { hasNextPage endCursor } } }"""
    found = pages(api, query, "families")
    assert sorted(found) == sorted(family.key for family in eco.families)
    top = api.data("{ families(first: 1, registered: true) { nodes { key derivatives } } }")
    assert top["families"]["nodes"][0]["key"] == "qwen"
    told = api.data(
        """{ family(key: "qwen") { key name organization { country } models derivatives
          licenses { license licenseClass models } parameters { bucket models }
          relations { relation models } scores { descendants pagerank }
          sizes { definition { attribution credit text } models }
          members(first: 5, orderBy: DOWNLOADS) { totalCount nodes { downloads } } } }"""
    )["family"]
    assert told["organization"]["country"] == "CN"
    assert sum(entry["models"] for entry in told["licenses"]) == told["models"]
    assert sum(entry["models"] for entry in told["parameters"]) == told["models"]
    sizes = {
        (s["definition"]["attribution"], s["definition"]["credit"]): s["models"]
        for s in told["sizes"]
    }
    assert sizes["LINEAGE", "FULL"] == told["models"] >= sizes["LINEAGE", "FRACTIONAL"]
    assert sizes["LINEAGE", "FULL"] > sizes["DIRECT", "FULL"] > sizes["PUBLISHER", "FULL"]
    assert told["members"]["totalCount"] == told["models"]


def test_share_adds_up_and_names_its_definition(api: Api) -> None:
    told = api.data(
        """{ share(by: COUNTRY, weight: DOWNLOADS, attribution: PUBLISHER, first: 1000) {
          groups { key value fraction } total unknown coverage groupCount
          definition { weight attribution credit text } } }"""
    )["share"]
    assert sum(g["fraction"] for g in told["groups"]) + told["unknown"] == pytest.approx(1)
    assert told["groupCount"] == len(told["groups"])
    assert told["definition"]["attribution"] == "PUBLISHER"
    assert "who released them" in told["definition"]["text"]
    assert [g["value"] for g in told["groups"]] == sorted(
        (g["value"] for g in told["groups"]), reverse=True
    )


def test_compare_and_series_agree_with_share(api: Api) -> None:
    told = api.data(
        """{ compare(families: ["qwen", "llama"]) { family { key } derivatives }
          share(by: FAMILY, first: 1000) { groups { key value } }
          timeSeries(by: FAMILY, keys: ["qwen", "llama"]) { dates series { key values } } }"""
    )
    shares = {group["key"]: group["value"] for group in told["share"]["groups"]}
    series = {line["key"]: line["values"] for line in told["timeSeries"]["series"]}
    for compared in told["compare"]:
        key = compared["family"]["key"]
        assert compared["derivatives"] == pytest.approx(shares[key])
        assert sum(series[key]) == pytest.approx(shares[key])
        assert len(series[key]) == len(told["timeSeries"]["dates"])


def test_search_and_data_quality(api: Api, eco: Ecosystem) -> None:
    told = api.data(
        """{ search(text: "qwen3 8b", first: 5) { id }
          dataQuality { coverage issues { reason meaning count examples } } }"""
    )
    assert told["search"]
    assert all("qwen38b" in m["id"].lower().replace("-", "") or "8b" in m["id"].lower()
               for m in told["search"])  # fmt: skip
    issues = {issue["reason"]: issue for issue in told["dataQuality"]["issues"]}
    assert issues["base_missing"]["count"] == eco.manifest.quality["base_missing"]["count"]
    assert issues["base_missing"]["examples"]


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ('{ model(id: "no/body") { id } }', "NOT_FOUND", "no/body"),
        ('{ family(key: "qwne") { key } }', "NOT_FOUND", "did you mean qwen"),
        ('{ compare(families: ["nobody"]) { models } }', "NOT_FOUND", "nobody"),
        ('{ timeSeries(by: FAMILY, keys: ["nobody"]) { dates } }', "NOT_FOUND", "nobody"),
        ('{ models(filter: {family: "nobody"}) { totalCount } }', "NOT_FOUND", "nobody"),
        ("{ models(first: 0) { totalCount } }", "BAD_USER_INPUT", "1 to 1000"),
        ("{ models(first: 1001) { totalCount } }", "BAD_USER_INPUT", "1 to 1000"),
        ('{ models(after: "rubbish") { totalCount } }', "BAD_CURSOR", "malformed"),
        ('{ families(after: "W10") { totalCount } }', "BAD_CURSOR", "malformed"),
        ("{ share(by: PLANET) { total } }", "GRAPHQL_VALIDATION_FAILED", "PLANET"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED", "nothing"),
        ("{ snapshot { id }", "GRAPHQL_PARSE_FAILED", "Syntax"),
    ],
)
def test_errors_have_a_code_and_name_the_input(api: Api, query: str, code: str, words: str) -> None:
    found, message = api.error(query)
    assert found == code
    assert words in message
    assert "\n" not in message


def test_a_cursor_of_another_list_or_snapshot_is_refused(api: Api) -> None:
    page = api.data("{ models(first: 2) { pageInfo { endCursor } } }")["models"]
    cursor = page["pageInfo"]["endCursor"]
    other = "query ($c: String) { models(after: $c, orderBy: {field: LIKES}) { totalCount } }"
    assert api.error(other, c=cursor) == (
        "BAD_CURSOR",
        "the cursor is of another list; begin again without a cursor",
    )


def test_pages_for_people_and_machines(api: Api) -> None:
    assert api.client.get("/healthz").json() == {"status": "ok"}
    assert api.client.get("/readyz").json()["snapshot"] == api.current.eco.id
    page = api.client.get("/")
    assert "who builds on whom" in page.text.lower()


def test_nothing_published_yet_is_503_until_something_is(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:
        current = Current(store, tmp_path / "cache", refresh_s=3600)
        with TestClient(create_app(current)) as client:
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 503
            refused = client.post("/graphql", json={"query": "{ snapshot { id } }"})
            assert refused.status_code == 503
            assert refused.json()["errors"][0]["extensions"]["code"] == "NOT_READY"
            file = tmp_path / "one.jsonl"
            file.write_text('{"id": "a/b"}\n')
            Crawl(store, JsonlSource(file)).run()
            first = measure(store, load_registry())
            current.refresh()
            assert client.get("/readyz").json()["snapshot"] == first.id
            second = measure(store, load_registry())
            current.refresh()
            asked = client.post("/graphql", json={"query": "{ snapshot { id models } }"}).json()
            assert asked["data"]["snapshot"] == {"id": second.id, "models": 1}


def selection(schema: dict[str, dict[str, Any]], name: str, depth: int) -> str:
    """Return a selection of all fields of a type, nested types to a depth."""
    fields = []
    for field in schema[name]["fields"]:
        kind = field["type"]
        while kind["ofType"]:
            kind = kind["ofType"]
        if kind["kind"] != "OBJECT":
            fields.append(field["name"])
        elif depth:
            fields.append(f"{field['name']} {selection(schema, kind['name'], depth - 1)}")
    return f"{{ __typename {' '.join(fields)} }}"


@pytest.mark.parametrize("place", ["top", "deep", "missing", "last"])
def test_every_field_of_a_model_and_a_family_answers(api: Api, eco: Ecosystem, place: str) -> None:
    told = api.data(
        """{ __schema { types { name fields { name
          type { kind name ofType { kind name ofType { kind name ofType { kind name
            ofType { kind name } } } } } } } } }"""
    )
    schema = {kind["name"]: kind for kind in told["__schema"]["types"]}
    row = {
        "top": int(np.argmax(eco.numbers("descendants"))),
        "deep": int(np.argmax(eco.numbers("depth"))),
        "missing": int(np.flatnonzero(~eco.live)[0]),
        "last": len(eco) - 1,
    }[place]
    client = TestClient(create_app(api.current, limits=Limits(tokens=50_000, cost=10**6)))
    query = f"""query ($id: String!) {{ model(id: $id) {selection(schema, "Model", 2)}
      family(key: "qwen") {selection(schema, "Family", 2)}
      dataQuality {selection(schema, "DataQuality", 1)} }}"""
    body = {"query": query, "variables": {"id": eco.names[row]}}
    answer = client.post("/graphql", json=body).json()
    assert "errors" not in answer
    assert answer["data"]["model"]["id"] == eco.names[row]
