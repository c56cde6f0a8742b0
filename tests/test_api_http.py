"""GraphQL over HTTP beyond the audits: media types, methods, caches, compression, other sites."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from api.http import GraphQLEndpoint
from api.limits import Limits
from api.query import Context
from api.schema import graphql_schema
from graph.ecosystem import Ecosystem
from tests.served import Published, Served

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
QUERY = "{ snapshot { id } }"
LONG = "{ models(first: 100) { nodes { id likes downloads } } }"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"text/plain, */*;q=0.1, {GRAPHQL};q=0", JSON),
        (f"{JSON}; charset=utf-8", JSON),
        (GRAPHQL.upper(), GRAPHQL),
        ("text/html", None),
        ("application/xml", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=rubbish", None),
    ],
)
def test_the_media_type_is_negotiated(api: Served, accept: str, kind: str | None) -> None:
    answer = api.post(QUERY, accept=accept)
    if kind is None:
        assert answer.status_code == 406
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
    else:
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert "accept" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (JSON, 200),
        ("Application/JSON ; Charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/graphql", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
def test_bodies_are_json(api: Served, content_type: str, status: int) -> None:
    body = json.dumps({"query": QUERY})
    headers = {"content-type": content_type}
    answer = api.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_are_405(api: Served, method: str) -> None:
    answer = api.client.request(method, "/graphql")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    api.lives()


@pytest.mark.parametrize("query", ["mutation { __typename }", "subscription { __typename }"])
def test_only_queries(api: Served, query: str) -> None:
    for answer in (api.post(query, accept=GRAPHQL), api.client.get("/graphql?query=" + query)):
        assert answer.status_code in {200, 400, 405}
        assert "data" not in answer.json()
    api.lives()


@pytest.mark.parametrize(
    "params",
    [
        {"query": QUERY, "variables": "{"},
        {"query": QUERY, "variables": "[1]"},
        {"query": QUERY, "extensions": "1"},
        {"query": ""},
        {"variables": "{}"},
    ],
)
def test_parameters_of_a_get(api: Served, params: dict[str, str]) -> None:
    assert api.client.get("/graphql", params=params).status_code == 400
    assert api.client.get("/graphql?query=%ff").status_code == 400
    api.lives()


def test_an_operation_is_chosen_by_name(api: Served) -> None:
    both = "query A { snapshot { id } } query B { __typename }"
    assert api.post(both, operationName="B").json()["data"] == {"__typename": "Query"}
    for name in (None, "C"):
        answer = api.post(both, accept=GRAPHQL, operationName=name)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "OPERATION_NOT_FOUND"


def test_an_answer_to_a_get_has_an_etag_that_saves_its_being_sent_again(api: Served) -> None:
    first = api.client.get("/graphql", params={"query": LONG})
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    tag = first.headers["etag"]
    for tags in (tag, f'"x", {tag}'):
        again = api.client.get("/graphql", params={"query": LONG}, headers={"if-none-match": tags})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == first.headers["vary"]
    other = api.client.get("/graphql", params={"query": QUERY}, headers={"if-none-match": tag})
    assert other.status_code == 200
    posted = api.post(LONG)
    assert "etag" not in posted.headers
    assert posted.headers["cache-control"] == "no-store"
    assert posted.json() == first.json()


def test_an_etag_names_document_variables_and_operation(api: Served) -> None:
    query = "query A($n: Int) { models(first: $n) { totalCount } } query B { __typename }"
    asked: list[dict[str, str]] = [
        {"operationName": "A"},
        {"operationName": "B"},
        {"operationName": "A", "variables": '{"n": 1}'},
        {"operationName": "A", "variables": '{"n": 2}'},
    ]
    query = query.replace("($n: Int)", "($n: Int! = 3)")
    tags = [api.client.get("/graphql", params={"query": query, **a}).headers["etag"] for a in asked]
    assert len(set(tags)) == 4


def test_failed_answers_are_not_kept(api: Served) -> None:
    for query in ("{", "{ nothing }", '{ model(id: "no/body") { id } }'):
        answer = api.client.get("/graphql", params={"query": query})
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_the_age_in_caches_is_a_setting(published: Published) -> None:
    with published.served(max_age_s=60) as api:
        answer = api.client.get("/graphql", params={"query": QUERY})
        assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"


def test_long_answers_are_compressed_for_those_who_take_it(api: Served) -> None:
    def ask(query: str, encoding: str) -> tuple[str | None, bytes]:
        with api.client.stream(
            "POST", "/graphql", json={"query": query}, headers={"accept-encoding": encoding}
        ) as answer:
            body = b"".join(answer.iter_raw())
            assert len(body) == int(answer.headers["content-length"])
            assert "accept-encoding" in answer.headers["vary"]
            return answer.headers.get("content-encoding"), body

    encoding, zipped = ask(LONG, "gzip, br")
    none, plain = ask(LONG, "identity")
    assert (encoding, none) == ("gzip", None)
    assert gzip.decompress(zipped) == plain
    assert len(zipped) < len(plain) / 2
    assert ask(LONG, "gzip;q=0, br")[0] is None
    assert ask(QUERY, "gzip")[0] is None


@pytest.fixture
def endpoint(sample_ecosystem: Ecosystem) -> Iterator[GraphQLEndpoint]:
    made = GraphQLEndpoint(graphql_schema(), lambda: Context(sample_ecosystem), Limits())
    yield made
    made.close()


async def asked(endpoint: GraphQLEndpoint, query: str, variables: dict[str, Any]) -> bytes:
    """Ask an endpoint without a socket."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
    await endpoint(scope, receive, send)
    body = sent[1]["body"]
    return body


def test_documents_and_answers_are_kept(endpoint: GraphQLEndpoint) -> None:
    import asyncio

    query = "query ($n: Int!) { models(first: $n) { nodes { id } } }"

    async def ask() -> list[bytes]:
        return [await asked(endpoint, query, {"n": 1 + turn % 5}) for turn in range(20)]

    answers = asyncio.run(ask())
    assert answers[:5] == answers[5:10]
    assert (endpoint.answers.hits, endpoint.answers.misses) == (15, 5)
    assert (endpoint.documents.kept.hits, endpoint.documents.kept.misses) == (4, 1)
    assert 0 < endpoint.answers.size < 20_000


def test_what_is_kept_is_bounded(sample_ecosystem: Ecosystem) -> None:
    import asyncio

    limits = Limits(cached_bytes=20_000, cached_tokens=100)
    endpoint = GraphQLEndpoint(graphql_schema(), lambda: Context(sample_ecosystem), limits)

    async def ask() -> None:
        for turn in range(50):
            query = f"{{ models(first: {turn + 1}) {{ nodes {{ id }} }} }}"
            first = await asked(endpoint, query, {})
            assert first == await asked(endpoint, query, {})

    asyncio.run(ask())
    endpoint.close()
    assert 0 < endpoint.answers.size <= 20_000
    assert 0 < endpoint.documents.kept.size <= 100
    assert endpoint.answers.hits


def test_other_sites_are_shut_out_unless_a_setting_lets_them_in(published: Published) -> None:
    origin = {"origin": "https://elsewhere.example"}
    ask = {**origin, "access-control-request-method": "POST"}
    ask |= {"access-control-request-headers": "content-type"}
    allowed = "access-control-allow-origin"
    with published.served() as api:
        assert allowed not in api.client.get("/graphql?query=" + QUERY, headers=origin).headers
        assert allowed not in api.client.options("/graphql", headers=ask).headers
    with published.served(origins=["https://elsewhere.example"]) as api:
        got = api.client.get("/graphql?query=" + QUERY, headers=origin)
        assert got.headers[allowed] == origin["origin"]
        preflight = api.client.options("/graphql", headers=ask)
        assert preflight.status_code == 200
        assert preflight.headers[allowed] == origin["origin"]
        stranger = {"origin": "https://third.example"}
        assert allowed not in api.client.get("/graphql?query=" + QUERY, headers=stranger).headers


def test_graphiql_needs_no_network_and_is_a_setting(published: Published) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    with published.served() as api:
        page = api.client.get("/graphql", headers=browser)
        assert page.headers["content-type"].startswith("text/html")
        assert "GraphiQL" in page.text
        assert "//" not in page.text
        for name, kind in (("graphiql.js", "text/javascript"), ("graphiql.css", "text/css")):
            assert f'"graphiql/{name}"' in page.text
            asset = api.client.get(f"/graphiql/{name}")
            assert asset.status_code == 200
            assert asset.headers["content-type"].startswith(kind)
            assert len(asset.text) > 100_000
        asked = api.client.get("/graphql", params={"query": QUERY}, headers=browser)
        assert asked.headers["content-type"].startswith(JSON)
    with published.served(graphiql=False) as api:
        assert api.client.get("/graphql", headers=browser).status_code == 404
        assert api.client.get("/graphiql/graphiql.js").status_code == 404
        api.lives()


def test_what_a_client_does_wrong_is_not_logged(api: Served) -> None:
    with structlog.testing.capture_logs() as logs:
        for query in (
            "{",
            "{ nothing }",
            '{ model(id: "no/body") { id } }',
            "{ models(first: 0) }",
        ):
            assert api.post(query).json()["errors"]
        api.client.post("/graphql", content=b"[" * 100_000, headers={"content-type": JSON})
    assert not logs


def test_a_failing_resolver_tells_the_client_nothing_and_the_log_little(
    api: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret of /srv/data")

    monkeypatch.setattr(Ecosystem, "row", fail)
    with structlog.testing.capture_logs() as logs:
        answer = api.post('{ alias: model(id: "asked/for") { id } }')
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in answer.text
    assert "asked" not in error["message"]
    (told,) = (line for line in logs if line["log_level"] != "debug")
    assert told["error"] == "RuntimeError"
    for word in ("secret", "/", "asked", "alias", "Traceback"):
        assert word not in str(told)
    (why,) = (line for line in logs if line["log_level"] == "debug")
    assert "secret" in str(why["exc_info"])
