"""The 61 audits of the ``graphql-http`` project, over a real socket, each by its number there.

They are the conformance suite of the GraphQL-over-HTTP specification; what they send and expect is
stated here again, so that it is checked without Node.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.served import Served

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = "{ __typename }"
TYPE = "query Type($name: String!) { __type(name: $name) { name } }"
UNKNOWN = "{ f31403dfe404bccbb0e835f2629c6a7 }"
COERCE = "query CoerceFailure($id: ID!){ __typename }"
OK, BAD = range(200, 201), range(400, 401)
CLIENT, FAILED, ANY = range(400, 500), range(400, 600), range(200, 600)


class Audit(NamedTuple):
    """A request, and what its answer must be.

    Attributes
    ----------
    body
        Sent as JSON, or as it is when it is bytes; None for a GET with ``params``.
    kind
        The media type of the answer.
    lacks
        A key that the answer must not have.
    """

    number: str
    status: range
    body: Any = None
    accept: str | None = None
    params: dict[str, str] | None = None
    content_type: str | None = JSON
    kind: str | None = None
    lacks: str | None = None


def audits() -> Iterator[Audit]:  # noqa: PLR0915  (a list)
    query = {"query": TYPENAME}
    yield Audit("22EB", OK, query, GRAPHQL, kind=GRAPHQL)
    yield Audit("4655", OK, query, JSON, kind=JSON)
    yield Audit("47DE", OK, query, "*/*", kind=JSON)
    yield Audit("80D8", OK, query, kind=JSON)
    yield Audit("82A3", OK, query)
    utf8 = json.dumps({"query": '{ __type(name: "Run🏃Swim🏊") { name } }'}, ensure_ascii=False)
    yield Audit("BF61", OK, utf8.encode(), content_type=f"{JSON}; charset=utf-8")
    yield Audit("78D5", OK, query)
    yield Audit("2C94", OK, query)
    yield Audit("5A70", OK, params=query)
    yield Audit("9C48", CLIENT, params={"query": "mutation { __typename }"}, accept=GRAPHQL)
    yield Audit("9ABE", CLIENT, query, content_type="text/plain;charset=UTF-8")
    yield Audit("03D4", OK, query)
    yield Audit("A5BF", BAD, b"")
    yield Audit("423L", BAD, {"notquery": TYPENAME}, GRAPHQL)
    no_text: list[Any] = [{"obj": "ect"}, 0, False, ["array"]]
    for index, wrong in enumerate(no_text):
        yield Audit(f"LKJ{index}", BAD, {"query": wrong})
    yield Audit("34A2", OK, query, GRAPHQL)
    yield Audit("13EE", OK, query, JSON, lacks="errors")
    for index, wrong in enumerate(no_text):
        yield Audit(f"6C0{index}", BAD, {"operationName": wrong, "query": TYPENAME})
    named = {"operationName": "Query", "query": "query Query { __typename }"}
    yield Audit("8161", OK, named, GRAPHQL)
    yield Audit("B8B3", OK, named, JSON, lacks="errors")
    for index, parameter in enumerate(["variables", "operationName", "extensions"]):
        nothing = {"query": TYPENAME, parameter: None}
        yield Audit(f"94B{index}", OK, nothing, GRAPHQL, lacks="errors")
        yield Audit(f"022{index}", OK, nothing, JSON, lacks="errors")
    no_map: list[Any] = ["string", 0, False, ["array"]]
    for index, wrong in enumerate(no_map):
        yield Audit(f"476{index}", BAD, {"query": TYPENAME, "variables": wrong})
    variables = {"query": TYPE, "variables": {"name": "sometype"}}
    yield Audit("2EA1", OK, variables, GRAPHQL)
    yield Audit("28B9", OK, variables, JSON, lacks="errors")
    encoded = {"query": TYPE, "variables": '{"name": "sometype"}'}
    yield Audit("D6D5", OK, params=encoded, accept=GRAPHQL, lacks="errors")
    yield Audit("6A70", OK, params=encoded, accept=JSON, lacks="errors")
    for index, wrong in enumerate(no_map):
        yield Audit(f"58B{index}", BAD, {"query": TYPENAME, "extensions": wrong})
    extended = {"query": TYPENAME, "extensions": {"some": "value"}}
    yield Audit("428F", OK, extended, GRAPHQL)
    yield Audit("1B7A", OK, extended, JSON, lacks="errors")
    yield Audit("B6DC", ANY, b'{ "not a JSON', JSON)
    yield Audit("BCF8", BAD, b'{ "not a JSON', JSON)
    yield Audit("B7N8", BAD, b'{ "not a JSON', GRAPHQL)
    yield Audit("8764", FAILED, {"qeury": TYPENAME})
    yield Audit("3E3A", BAD, {"qeury": TYPENAME})
    yield Audit("572B", OK, {"query": "{"}, JSON)
    yield Audit("FDE2", OK, {"query": UNKNOWN}, JSON)
    yield Audit("7B9B", OK, {"query": COERCE, "variables": {"id": None}}, JSON)
    yield Audit("865D", FAILED, {"query": "{"}, GRAPHQL)
    yield Audit("556A", BAD, {"query": "{"}, GRAPHQL)
    yield Audit("D586", BAD, {"query": "{"}, GRAPHQL, lacks="data")
    yield Audit("51FE", FAILED, {"query": UNKNOWN}, GRAPHQL)
    yield Audit("74FF", BAD, {"query": UNKNOWN}, GRAPHQL)
    yield Audit("5E5B", BAD, {"query": UNKNOWN}, GRAPHQL, lacks="data")
    yield Audit("86EE", BAD, {"query": COERCE, "variables": {"id": None}}, GRAPHQL)


AUDITS = {audit.number: audit for audit in audits()}


def test_there_are_as_many_audits_as_the_project_has() -> None:
    assert len(AUDITS) == 61


@pytest.mark.parametrize("number", AUDITS)
def test_audit(api: Served, number: str) -> None:
    audit = AUDITS[number]
    headers = {"accept": audit.accept} if audit.accept else {}
    if audit.params is not None:
        request = api.client.build_request("GET", "/graphql", params=audit.params, headers=headers)
    else:
        body = audit.body if isinstance(audit.body, bytes) else json.dumps(audit.body).encode()
        if audit.content_type:
            headers["content-type"] = audit.content_type
        request = api.client.build_request("POST", "/graphql", content=body, headers=headers)
    if audit.accept is None:
        del request.headers["accept"]
    answer = api.client.send(request)
    assert answer.status_code in audit.status
    told = json.loads(answer.content.decode("utf-8"))
    if audit.kind is not None:
        assert audit.kind in answer.headers["content-type"]
    if audit.lacks is not None:
        assert audit.lacks not in told
