"""What a request may cost: each bound is refused with its code, and the next query answered."""

import json
import socket
import threading
import time
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import get_introspection_query, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from api.bulk import BulkExecutor
from api.clock import ClockedExecutor, Deadline
from api.cost import price, weigh
from api.documents import Documents
from api.execution import execute
from api.failure import LimitError, TimeUpError
from api.limits import Limits
from api.overlap import check_overlaps
from api.query import Context
from api.schema import graphql_schema
from graph.ecosystem import Ecosystem
from modelkin.settings import Settings
from tests.served import Published, Served

GRAPHQL = "application/graphql-response+json"
PAGE = """query ($n: Int = 3) { models(first: $n) {
  nodes { id ancestors(first: 5) { nodes { id } } } } }"""


def code(api: Served, query: str, status: int = 400, **told: Any) -> str:
    """Return the code that a query is refused with; the API must live on."""
    answer = api.post(query, accept=GRAPHQL, **told)
    assert answer.status_code == status, answer.text[:300]
    assert "data" not in answer.json()
    legacy = api.post(query, **told)
    assert legacy.status_code == (200 if status == 400 else status)
    assert legacy.json()["errors"] == answer.json()["errors"]
    api.lives()
    found: str = answer.json()["errors"][0]["extensions"]["code"]
    return found


def cost(query: str, **variables: Any) -> int:
    schema, limits = graphql_schema(), Limits(cost=10**12, depth=100, aliases=1000)
    document = Documents(schema, limits, introspection=True).read(query, None)
    return price(document.weight, variables, limits)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ snapshot { id } }", 2),
        ("{ models(first: 10) { totalCount } }", 1 + 10),
        ("{ models(first: 10) { nodes { id likes } } }", 1 + 10 * (1 + 2)),
        ("{ models { nodes { id } } }", 1 + 20 * 2),
        ('{ search(text: "x") { id } }', 1 + 10),
        (PAGE.replace("= 3", "= 7"), 1 + 20 * (1 + 2 + 5 * 2)),  # no variables given here
        ('{ compare(families: ["a", "b", "c"]) { models derivatives } }', 1 + 3 * 2),
        ("{ a: snapshot { ...f } b: snapshot { ...f } } fragment f on Snapshot { id models }", 6),
        ("{ models(first: 10) { ... on ModelConnection { nodes { id } } } }", 1 + 10 * 2),
        ("{ __schema { types { name } } }", 1),
    ],
)
def test_cost_is_the_product_of_the_pages_summed_over_fields(query: str, expected: int) -> None:
    assert cost(query) == expected


def test_cost_follows_variables_and_is_told(api: Served) -> None:
    for variables, first in (({}, 3), ({"n": 2}, 2)):
        told = api.post(PAGE, variables=variables).json()
        assert told["extensions"]["cost"] == 1 + first * (1 + 2 + 5 * 2)
        assert len(told["data"]["models"]["nodes"]) == first


@st.composite
def selections(draw: st.DrawFn, depth: int = 3) -> tuple[str, int]:
    """Draw fields of a model and their cost, counted by hand."""
    text, total = "id", 1
    for name in draw(st.lists(st.sampled_from(["ancestors", "descendants"]), unique=True)):
        if depth:
            inner, each = draw(selections(depth - 1))
            first = draw(st.integers(1, 30))
            text += f" {name}(first: {first}) {{ nodes {{ {inner} }} }}"
            total += 1 + first * (1 + each)
    return text, total


@given(selections())
@settings(max_examples=50, deadline=None)
def test_cost_of_random_queries(drawn: tuple[str, int]) -> None:
    text, total = drawn
    assert cost(f'{{ model(id: "a/b") {{ {text} }} }}') == 1 + total


def test_what_costs_too_much_is_refused_before_it_is_executed(api: Served) -> None:
    query = "{ models(first: 1000) { nodes { descendants(first: 50) { nodes { id } } } } }"
    assert code(api, query) == "COST_LIMIT"
    message = api.post(query).json()["errors"][0]["message"]
    assert "102001" in message
    assert "50000" in message
    by_variable = (
        "query ($n: Int!) { models(first: $n) { nodes { descendants(first: $n) { totalCount } } } }"
    )
    assert code(api, by_variable, variables={"n": 400}) == "COST_LIMIT"
    assert "errors" not in api.post(by_variable, variables={"n": 4}).json()


@pytest.mark.parametrize("first", [0, -1, 1001, 2**31 - 1])
def test_a_page_out_of_bounds_is_refused(api: Served, first: int) -> None:
    assert code(api, f"{{ models(first: {first}) {{ totalCount }} }}") == "BAD_USER_INPUT"
    query = "query ($n: Int!) { models(first: $n) { totalCount } }"
    assert code(api, query, variables={"n": first}) == "BAD_USER_INPUT"


def test_depth_aliases_and_tokens(api: Served) -> None:
    inner = "id"
    for _ in range(6):
        inner = f"parents {{ model {{ {inner} }} }}"
    assert code(api, f'{{ model(id: "a/b") {{ {inner} }} }}') == "DEPTH_LIMIT"
    hidden = '{ model(id: "a/b") { ...a } } fragment a on Model { parents { model { ...b } } } '
    hidden += f"fragment b on Model {{ {inner} }}"
    assert code(api, hidden) == "DEPTH_LIMIT"
    aliases = " ".join(f"a{i}: id" for i in range(31))
    assert code(api, f"{{ snapshot {{ {aliases} }} }}") == "ALIAS_LIMIT"
    spread = " ".join(f"s{i}: snapshot {{ ...f }}" for i in range(11))
    assert code(api, f"{{ {spread} }} fragment f on Snapshot {{ a: id b: id }}") == "ALIAS_LIMIT"
    assert code(api, f"{{ snapshot {{ {'id ' * 2000} }} }}") == "TOKEN_LIMIT"


def bomb(levels: int) -> str:
    """Return fragments of which each uses the next one twice."""
    parts = [f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(levels)]
    return f"{{ ...f0 }} {' '.join(parts)} fragment f{levels} on Query {{ snapshot {{ id }} }}"


@pytest.mark.parametrize(
    "query",
    [
        bomb(100),
        "{ " + "... { " * 600 + "snapshot { id }" + " }" * 601,
        "{" + "a{" * 900,
        "{ snapshot { " + "id @include(if: true) " * 250 + "} }",
        "{ snapshot { id " + "@include(if: true) " * 300 + "} }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "query " + "($a: Int)" * 300 + "{ snapshot { id } }",
        '{ model(id: "' + "x" * 200_000 + '") { id } }',
        "{ models(filter: " + "{family: " * 300 + "1" + "}" * 300 + ") { totalCount } }",
        "{ compare(families: [" + '"qwen",' * 1500 + "]) { models } }",
        "{ __schema { " + "types { fields { type { " * 20 + "name" + " } } }" * 20 + " } }",
        "fragment f on Query { snapshot { id } } " + "{ snapshot { id } }" * 50,
    ],
    ids=lambda query: query[:30],
)
def test_bombs_end_in_an_answer_at_once(api: Served, query: str) -> None:
    start = time.monotonic()
    answer = api.post(query, accept=GRAPHQL)
    assert answer.status_code in {200, 400}
    assert len(answer.content) < 50_000
    assert time.monotonic() - start < 9  # the client's patience; not a measurement
    api.lives()


@pytest.mark.parametrize(
    "query",
    [
        "{" + 'model(id: "a/b") { id } ' * 150 + "}",
        "{" + "models { nodes { parents { model { id } } } } " * 100 + "}",
        "{" + "... { snapshot { id } } " * 200 + "}",
        "{ snapshot {"
        + " ".join(f"...f{i}" for i in range(150))
        + "} } "
        + " ".join(f"fragment f{i} on Snapshot {{ id models }}" for i in range(150)),
    ],
    ids=["copies", "nested copies", "inline fragments", "fragments"],
)
def test_fields_that_would_all_be_compared_are_refused_first(api: Served, query: str) -> None:
    assert code(api, query) == "OVERLAP_LIMIT"


def overlaps(query: str) -> int:
    """Return the smallest limit under which a document passes."""
    for limit in range(1000):
        try:
            check_overlaps(parse(query), limit)
        except LimitError:
            continue
        return limit
    raise AssertionError(query)


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("{ a b }", 2),
        ("{ a a a }", 3 + 2 + 1),
        ("{ a { x } a { x } }", 2 * (2 + 1)),
        ("{ a { x } b { x } }", 4),
        ("{ x: a y: a }", 2),
        ("{ ...f ...f a } fragment f on Q { a }", (2 + 1) + 1),
        ("{ ... { a } ... { ... { a } } }", 2 + 1),
        ("{ ...f } fragment f on Q { ...g } fragment g on Q { ...f a }", 1 + 1 + 1),
        ("fragment f on Q { a { ...f } } { ...none }", 1 + 1),
    ],
)
def test_overlaps_are_pairs_of_fields_that_stand_together(query: str, pairs: int) -> None:
    assert overlaps(query) == pairs


def test_introspection_is_within_the_limits_and_can_be_shut(published: Published) -> None:
    query = get_introspection_query(descriptions=True)
    with published.served() as api:
        assert api.post(query).json()["data"]["__schema"]["queryType"]["name"] == "Query"
        assert "Did you mean" in api.post("{ snapsho { id } }").json()["errors"][0]["message"]
    with published.served(introspection=False) as api:
        assert code(api, query) == "GRAPHQL_VALIDATION_FAILED"
        assert "Did you" not in api.post("{ snapsho { id } }").json()["errors"][0]["message"]
        assert api.post("{ __typename }").json()["data"] == {"__typename": "Query"}


def test_a_query_ends_at_its_deadline(sample_ecosystem: Ecosystem) -> None:
    schema, limits = graphql_schema(), Limits()
    text = "{ models(first: 100) { nodes { id parents { model { id } } } } }"
    document = Documents(schema, limits, introspection=True).read(text, None)
    context = Context(sample_ecosystem)
    assert execute(schema, document, {}, context, limits, Deadline(60)).data
    with pytest.raises(TimeUpError):
        execute(schema, document, {}, context, limits, Deadline(0))


@pytest.mark.parametrize("executor", [BulkExecutor, ClockedExecutor])
def test_a_query_ends_while_it_runs(
    sample_ecosystem: Ecosystem, executor: type[ClockedExecutor]
) -> None:
    schema, limits = graphql_schema(), Limits()
    text = "{ models(first: 1000) { nodes { descendants(first: 1) { nodes { id } } } } }"
    document = Documents(schema, limits, introspection=True).read(text, None)
    # A thousand walks take a hundred times as long.
    deadline = Deadline(0.001)
    with pytest.raises(TimeUpError):
        execute(schema, document, {}, Context(sample_ecosystem), limits, deadline, executor)


def test_too_little_time_is_503_with_a_code(published: Published) -> None:
    with published.served(limits=Limits(query_s=1e-9)) as api:
        answer = api.post("{ snapshot { id } }")
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "TIME_LIMIT"


def test_queries_beyond_the_line_are_sent_away(published: Published) -> None:
    query = (
        "query ($t: String!) { search(text: $t, first: 1000) { id ancestors { nodes { id } } } }"
    )
    with published.served(limits=Limits(queries=1)) as api:
        statuses: list[int] = []
        codes: set[str] = set()

        def ask(number: int) -> None:
            for turn in range(20):
                answer = api.post(query, variables={"t": f"a {'e' * (turn % 2)} {number}"})
                statuses.append(answer.status_code)
                if answer.status_code == 503:
                    assert int(answer.headers["retry-after"]) >= 1
                    codes.add(answer.json()["errors"][0]["extensions"]["code"])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 503}
        assert codes == {"OVERLOADED"}
        api.lives()


def raw(api: Served, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send bytes, and return the first line of the answer."""
    where = urlsplit(str(api.client.base_url))
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
        return connection.recv(1000).partition(b"\r\n")[0]


def test_bodies_that_are_too_large_or_too_slow(published: Published) -> None:
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with published.served(limits=Limits(body_bytes=500, body_s=0.2)) as api:
        body = json.dumps({"query": "{ snapshot { id } }", "x": "y" * 600})
        headers = {"content-type": "application/json"}
        assert api.client.post("/graphql", content=body, headers=headers).status_code == 413
        chunks = (body[i : i + 100].encode() for i in range(0, len(body), 100))
        assert api.client.post("/graphql", content=chunks, headers=headers).status_code == 413
        assert b"413" in raw(api, head + b"content-length: 100000000\r\n\r\n")
        assert b"408" in raw(api, head + b"content-length: 50\r\n\r\n", b'{"query": "')
        query = {"query": "{ snapshot { id } }" + "#" * 600}
        assert api.client.get("/graphql", params=query).status_code == 414
        api.lives()


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b'"query"',
        b"[" * 100_000,
        b'{"query":' * 20_000,
        b"",
        b"{",
        b"[]",
        b'[{"query": "{ snapshot { id } }"}]',
        b'{"query": 1}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ snapshot { id } }", "variables": {"a": "\\udfff"}}',
        b"\xff",
        "\ufeff{}".encode(),
        b"query=%7Bsnapshot%7Bid%7D%7D",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_body_that_is_no_request_is_400_with_a_code(api: Served, body: bytes) -> None:
    for accept in ("application/json", GRAPHQL):
        headers = {"content-type": "application/json", "accept": accept}
        answer = api.client.post("/graphql", content=body, headers=headers)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "snapshot" not in error["message"]
    api.lives()


@pytest.mark.parametrize(
    "id", ["\0", "a/b\0", "a/\x1b[31m", "a/\u202eb", "x" * 10_000, "../../etc/passwd", "' OR 1=1"]
)
def test_strange_ids_are_not_found(api: Served, id: str) -> None:
    answer = api.post("query ($id: String!) { model(id: $id) { id } }", variables={"id": id})
    assert answer.json()["data"] == {"model": None}
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    found = api.post("query ($t: String!) { search(text: $t) { id } }", variables={"t": id})
    told = [error["extensions"]["code"] for error in found.json().get("errors", ())]
    assert told == (["BAD_USER_INPUT"] if len(id) > 256 else [])
    api.lives()


CURSORS = ["", "W10", "e30", "bnVsbA", "AAAA", "!!!!", "=" * 100, "9" * 5000, "ÿ", "\0"]


@pytest.mark.parametrize("cursor", CURSORS)
def test_forged_cursors_are_refused(api: Served, cursor: str) -> None:
    query = "query ($c: String) { models(after: $c) { totalCount } }"
    answer = api.post(query, variables={"c": cursor}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_CURSOR"]
    api.lives()


def test_weight_of_a_bomb_is_its_weight() -> None:
    schema = graphql_schema()
    document = Documents(schema, Limits(), introspection=True).read(bomb(60), None)
    assert weigh(schema, document.node, document.operation).fields == 2 * 2**60


def test_the_settings_have_the_same_defaults() -> None:
    for field in fields(Limits):
        assert Settings.model_fields[f"limit_{field.name}"].default == field.default
