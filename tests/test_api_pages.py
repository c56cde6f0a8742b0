"""Connections by Relay's rules: from either end the same list, nothing missed, nothing twice."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.clock import Deadline
from api.documents import Documents
from api.execution import execute
from api.limits import Limits
from api.query import Context
from api.schema import graphql_schema
from graph.ecosystem import Ecosystem

PAGE = """($first: Int, $after: String, $last: Int, $before: String) { list {
  totalCount edges { cursor node { KEY } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
WINDOW = "first: $first, after: $after, last: $last, before: $before"

LISTS = {
    "models": (
        f'list: models({WINDOW}, filter: {{family: "qwen"}}, orderBy: {{field: LIKES}})',
        "id",
    ),
    "families": (f"list: families({WINDOW}, orderBy: DOWNLOADS)", "key"),
}


def page(eco: Ecosystem, name: str, **variables: Any) -> dict[str, Any]:
    field, key = LISTS[name]
    text = "query " + PAGE.replace("list", field, 1).replace("KEY", key)
    limits = Limits()
    document = Documents(graphql_schema(), limits, introspection=True).read(text, None)
    result = execute(graphql_schema(), document, variables, Context(eco), limits, Deadline(60))
    assert not result.errors, result.errors
    assert result.data is not None
    found: dict[str, Any] = result.data["list"]
    return found


@pytest.mark.parametrize("name", LISTS)
@given(size=st.integers(1, 400))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_forward_is_backward_reversed(sample_ecosystem: Ecosystem, name: str, size: int) -> None:
    size += page(sample_ecosystem, name, first=1)["totalCount"] // 8
    forward: list[Any] = []
    cursor = None
    while True:
        found = page(sample_ecosystem, name, first=min(size, 1000), after=cursor)
        forward += found["edges"]
        assert found["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        cursor = found["pageInfo"]["endCursor"]
        assert cursor == found["edges"][-1]["cursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    backward: list[Any] = []
    cursor = None
    while True:
        found = page(sample_ecosystem, name, last=min(size, 1000), before=cursor)
        backward = found["edges"] + backward
        assert found["pageInfo"]["hasNextPage"] == (cursor is not None)
        cursor = found["pageInfo"]["startCursor"]
        assert cursor == found["edges"][0]["cursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert forward == backward
    assert len(forward) == found["totalCount"]
    assert len({edge["cursor"] for edge in forward}) == len(forward)
