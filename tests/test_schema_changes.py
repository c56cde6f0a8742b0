"""No release breaks the queries of the one before, and the rule that says so can fail."""

import pytest
from graphql import build_schema

from api.schema import SCHEMA_FILE
from tests.schema_changes import RELEASED, changes, listed, refused


def test_the_schema_keeps_what_the_released_one_promised() -> None:
    released, current = (build_schema(file.read_text()) for file in (RELEASED, SCHEMA_FILE))
    assert refused(released, current) == [], listed(changes())


OLD = """
type Query { a: Int @deprecated(reason: "use b") b(c: Int = 1, d: Int @deprecated): T o: O }
enum T { A B @deprecated }
type O { x: Int }
input I { x: Int @deprecated y: Int }
"""


@pytest.mark.parametrize(
    ("was", "now", "refusal"),
    [
        ("a: Int", "new: Int a: Int", []),
        ('a: Int @deprecated(reason: "use b")', "", []),
        (", d: Int @deprecated", "", []),
        (" B @deprecated", "", []),
        ("x: Int @deprecated y", "y", []),
        ("A B", "A C B", []),
        ("(c: Int = 1", "(e: Int, c: Int = 1", []),
        (" o: O }", " }", ["Field Query.o was removed."]),
        ("{ A B", "{ B", ["Enum value T.A was removed."]),
        (" y: Int }", " }", ["Field I.y was removed."]),
        ("b(c: Int = 1, ", "b(", ["Argument Query.b(c:) was removed."]),
        ("c: Int = 1", "c: Int = 2", ["Query.b(c:) has changed defaultValue from 1 to 2."]),
        ("b(c", "b(e: Int!, c", ["A required argument Query.b(e:) was added."]),
        ("{ x: Int }", "{ x: String }", ["Field O.x changed type from Int to String."]),
    ],
)
def test_what_a_release_may_change(was: str, now: str, refusal: list[str]) -> None:
    assert was in OLD
    old, new = build_schema(OLD), build_schema(OLD.replace(was, now))
    assert refused(old, new) == refusal
