"""docs/queries.md: ten queries that a frontend can start from, each answered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from graph.ecosystem import Ecosystem
from tests.blocks import Example, examples
from tests.sample_ecosystem import ask

QUERIES = examples((Path(__file__).parents[1] / "docs" / "queries.md").read_text(encoding="utf-8"))


def _name(example: Example) -> str:
    (operation,) = parse(example.query).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    return operation.name.value


def _lists(value: Any) -> Iterator[list[Any]]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, list):
        yield value
    for part in parts:
        yield from _lists(part)


@pytest.mark.parametrize("example", QUERIES, ids=_name)
def test_it_is_answered(example: Example, sample_ecosystem: Ecosystem) -> None:
    data = ask(sample_ecosystem, example.query)
    assert None not in data.values()
    found = [*_lists(data)]
    assert any(found) or "Snapshot" in example.query, "a query shows something of the sample"
    for fields in data.values():
        if isinstance(fields, dict) and "totalCount" in fields:
            assert fields["totalCount"] > 0


def test_there_are_ten_of_distinct_names() -> None:
    assert len({_name(example) for example in QUERIES}) == len(QUERIES) == 10
