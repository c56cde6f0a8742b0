"""Random queries of the schema: each is answered, and so is the next one."""

import re
from datetime import UTC

from graphql import print_ast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from api.schema import schema_text
from tests.served import Served

SCALARS = {
    "DateTime": st.datetimes(timezones=st.just(UTC)).map(lambda at: nodes.String(at.isoformat())),
    "Long": st.integers(0, 2**53).map(nodes.Int),
}

PAGE = re.compile(r"\b(first|last): -?(\d+)")
TOLD = {"NOT_FOUND", "BAD_USER_INPUT", "BAD_CURSOR", "COST_LIMIT", "ALIAS_LIMIT", "DEPTH_LIMIT"}


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a valid document; in most, pages have a size that is allowed."""
    text = draw(queries(schema_text(), custom_scalars=SCALARS, print_ast=print_ast))
    if draw(st.sampled_from([True, True, True, False])):
        text = PAGE.sub(lambda page: f"{page[1]}: {1 + int(page[2]) % 20}", text)
    return text


@given(documents())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_queries_are_answered(api: Served, query: str) -> None:
    answer = api.post(query)
    assert answer.status_code == 200, query
    told = answer.json()
    assert {error["extensions"]["code"] for error in told.get("errors", ())} <= TOLD, query
    assert "data" in told or "errors" in told
    api.lives()
