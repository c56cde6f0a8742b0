"""What schemathesis draws and checks; it loads this module, which ``SCHEMATHESIS_HOOKS`` names.

schemathesis runs in an environment of its own, so that nothing of ours is imported here.
"""

from datetime import UTC
from typing import Any

import schemathesis  # type: ignore[import-not-found]
from graphql import Node, NullValueNode, Visitor, parse_value, print_ast, visit
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar  # type: ignore[import-not-found]

LIKELY = {
    "first": ["1", "2", "7", "20"],
    "last": ["1", "2", "7", "20"],
    "maxDepth": ["1", "3"],
    "id": ['"Qwen/Qwen3-0.6B"', '"Qwen/Qwen3.8-27B"'],
    "text": ['"qwen coder"', '"llama instrct"'],
    "key": ['"qwen"', '"llama"'],
    "family": ['"qwen"', '"deepseek"'],
    "families": ['["qwen"]', '["llama", "qwen"]'],
    "keys": ['["qwen"]', '["llama", "CN"]'],
}
"""Values of arguments that lead further than drawn ones, which name nothing that there is."""

REFUSALS = {"NOT_FOUND", "BAD_USER_INPUT", "BAD_CURSOR", "COST_LIMIT", "OVERLAP_LIMIT"}

scalar("Long", st.integers(-1, 2**53).map(nodes.Int))
dates = st.datetimes(timezones=st.just(UTC))
scalar("DateTime", dates.map(lambda at: nodes.String(at.isoformat())))


class _Likely(Visitor):
    """Puts likely values into most of the places that have them."""

    def leave(self, node: Any, *_: Any) -> Node | None:
        likely = LIKELY.get(node.name.value) if node.kind in {"argument", "object_field"} else None
        if likely is None or isinstance(node.value, NullValueNode):
            return None
        drawn = len(print_ast(node.value)) % (len(likely) + 1)
        if drawn == len(likely):
            return None
        return type(node)(name=node.name, value=parse_value(likely[drawn]))


@schemathesis.hook
def map_body(context: Any, body: Node) -> Node:
    return visit(body, _Likely())


@schemathesis.check
def is_answered(context: Any, response: Any, case: Any) -> None:
    assert response.status_code == 200, response.text
    told = response.json()
    assert told.keys() <= {"data", "errors", "extensions"}
    assert "data" in told or told["errors"]
    assert {error["extensions"]["code"] for error in told.get("errors", ())} <= REFUSALS
