"""Columnar execution gives exactly what graphql-core gives, row by row and field by field."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pytest
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    NoUnusedVariablesRule,
    parse,
    specified_rules,
    validate,
)
from graphql.execution import Executor
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from api.bulk import BulkExecutor
from api.clock import ClockedExecutor
from api.column import Batch, Batches, column
from api.query import Context
from api.scalars import SCALARS
from api.schema import graphql_schema
from graph.ecosystem import Ecosystem
from tests.graphql_documents import VARIABLES, Documents

RULES = [rule for rule in specified_rules if rule is not NoUnusedVariablesRule]


def executed(
    executor: type[ClockedExecutor], schema: GraphQLSchema, text: str, context: Any
) -> tuple[bytes, list[Any]]:
    """Return the answer's data as it is sent, and its errors."""
    built = executor.build(
        schema, parse(text), context_value=context, raw_variable_values={**VARIABLES}
    )
    assert isinstance(built, ClockedExecutor), built
    result = built.execute_operation()
    assert isinstance(result, ExecutionResult)
    return orjson.dumps(result.data), [error.formatted for error in result.errors or []]


def same(schema: GraphQLSchema, text: str, context: Any) -> list[Any]:
    """Check that both ways give the same; return the errors."""
    plain = executed(ClockedExecutor, schema, text, context)
    bulk = executed(BulkExecutor, schema, text, context)
    assert bulk == plain
    return bulk[1]


@given(st.data())
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_documents_of_the_api(sample_ecosystem: Ecosystem, data: st.DataObject) -> None:
    eco = sample_ecosystem
    ids = [eco.names[int(np.argmax(eco.numbers(n)))] for n in ("descendants", "depth")]
    arguments = {
        "id": [f'"{id}"' for id in [*ids, "no/body"]],
        "after": ['"rubbish"'],
        "key": ['"qwen"', '"llama"', '"nobody"'],
        "text": ['"qwen 8b"', '"-"'],
        "maxDepth": ["1", "2"],
    }
    roots = ["model", "models", "family", "families", "search", "snapshot"]
    text = Documents(graphql_schema(), arguments, roots, depth=6).draw(data.draw)
    assume(not validate(graphql_schema(), parse(text), RULES))
    event(f"errors: {bool(same(graphql_schema(), text, Context(eco)))}")


class Ill:
    """What the rows of the ill-behaved schema are rows of."""


def value(row: int) -> int:
    if row % 11 == 7:
        raise ValueError(f"row {row}")
    return row


def things(batch: Batch[Any], step: int) -> Batches[Any]:
    rows = np.concatenate([np.arange(row % 3) + step for row in batch.rows.tolist()])
    flat: Batch[Any] = Batch(Thing, batch.eco, rows.astype(np.int32))
    return Batches(flat, batch.rows % 3)


def each(read: Any) -> Any:
    return column(lambda batch: [read(row) for row in batch.rows.tolist()], description="")


@strawberry.type
class Thing:
    """A row, some of whose fields fail in some rows."""

    eco: strawberry.Private[Any]
    row: strawberry.Private[int]

    whole: int = each(lambda row: row)
    whole_or_none: int | None = each(lambda row: row if row % 2 else None)
    too_large: int | None = each(lambda row: row << 28)
    no_whole: int | None = each(lambda row: row / 2)
    real: float = each(lambda row: row / 2)
    mixed: float = each(lambda row: row if row % 2 else row / 2)
    not_a_number: float | None = each(lambda row: math.nan if row % 5 == 4 else row / 2)
    text: str = each(str)
    no_text: str | None = each(lambda row: row if row % 2 else "x")
    flag: bool = each(lambda row: row % 2 == 0)
    no_flag: bool | None = each(lambda row: row)
    null_where_none_may_be: str = each(lambda row: None if row % 9 == 8 else "x")
    fails: int | None = each(value)
    fails_hard: int = each(value)
    texts: list[str] = each(lambda row: [str(row)] * (row % 3))
    texts_or_none: list[str | None] | None = each(lambda row: [None, "x"] if row % 2 else None)
    tables: list[list[int]] = each(lambda row: [[row], [], [row, row]])
    no_list: list[int] | None = each(lambda row: row if row % 4 == 3 else [row])
    other: "Thing" = column(lambda b: Batch(Thing, b.eco, b.rows + 1), description="")
    other_or_none: "Thing | None" = each(lambda row: Thing(eco=Ill, row=1) if row % 2 else None)
    many: list["Thing"] = column(lambda batch: things(batch, 1), description="")
    many_more: list["Thing"] | None = column(lambda batch: things(batch, 2), description="")

    @strawberry.field
    def plain(self, add: int = 1) -> int:
        return self.row + add

    @strawberry.field
    def plain_fails(self) -> int | None:
        return value(self.row)

    @strawberry.field
    def plain_fails_hard(self) -> int:
        return value(self.row)

    @strawberry.field
    def page(self, first: int) -> Sequence["Thing"]:
        if not first:
            raise ValueError("first is 0")
        return Batch(Thing, self.eco, np.arange(self.row, self.row + first, dtype=np.int32))

    @strawberry.field
    def holes(self) -> list["Thing | None"]:
        return [None, self, None]

    @strawberry.field
    def made(self) -> "Sequence[Thing] | None":
        return tuple(Thing(eco=self.eco, row=row) for row in range(self.row % 4))

    @strawberry.field
    def endless(self) -> list["Thing"]:
        return (Thing(eco=self.eco, row=row) for row in range(3))  # type: ignore[return-value]


@strawberry.type
class Query:
    @strawberry.field
    def things(self, first: int) -> Sequence[Thing]:
        return Batch(Thing, Ill, np.arange(first * 4, dtype=np.int32))  # type: ignore[arg-type]

    @strawberry.field
    def things_or_none(self, first: int) -> Sequence[Thing | None] | None:
        return Batch(Thing, Ill, np.arange(first * 4, dtype=np.int32))  # type: ignore[arg-type]

    @strawberry.field
    def thing(self, first: int) -> Thing | None:
        return Thing(eco=Ill, row=first)


@pytest.fixture(scope="module")
def ill() -> GraphQLSchema:
    return strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_documents_of_a_schema_whose_fields_fail(ill: GraphQLSchema, data: st.DataObject) -> None:
    roots = ["things", "thingsOrNone", "thing"]
    text = Documents(ill, {}, roots, depth=4).draw(data.draw)
    assume(not validate(ill, parse(text), RULES))
    event(f"errors: {bool(same(ill, text, None))}")


@pytest.mark.parametrize("root", ["things", "thingsOrNone", "thing"])
def test_each_way_to_fail(ill: GraphQLSchema, root: str) -> None:
    kind = ill.type_map["Thing"]
    assert isinstance(kind, GraphQLObjectType)
    failing = set()
    for name, field in kind.fields.items():
        arguments = "(first: 2)" if "first" in field.args else ""
        below = "{ text whole }" if "Thing" in str(field.type) else ""
        for first in range(10):
            asked = f"{root}(first: {first}) {{ text {name}{arguments} {below} }}"
            if same(ill, f"{{ {asked} }}", None):
                failing.add(name)
    assert failing == {
        *("fails", "failsHard", "plainFails", "plainFailsHard", "nullWhereNoneMayBe"),
        *("noWhole", "notANumber", "noList", "tooLarge"),
    }


def test_pages_are_read_by_column(
    sample_ecosystem: Ecosystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one object is made for a page that consists of columns."""

    def no_object(*_: object, **__: object) -> Any:
        raise AssertionError("a row was made an object")

    monkeypatch.setattr(Batch, "__iter__", no_object)
    monkeypatch.setattr(Batch, "__getitem__", no_object)
    text = """{ models(first: 50) { nodes {
      id author license licenseClass status createdAt likes organization { name }
      roots { id } parents { relation model { id } } scores { pagerank } } } }"""
    _, errors = executed(BulkExecutor, graphql_schema(), text, Context(sample_ecosystem))
    assert not errors
    with pytest.raises(AssertionError, match="object"):
        [*Batch(Thing, Ill, np.arange(3))]  # type: ignore[arg-type]


def test_nothing_ordinary_is_left_to_graphql_core(
    sample_ecosystem: Ecosystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_back(*_: object, **__: object) -> Any:
        raise AssertionError("completed row by row")

    monkeypatch.setattr(Executor, "complete_object_value", fall_back)
    text = """{ snapshot { id } search(text: "qwen") { id }
      models(first: 20) { totalCount pageInfo { endCursor } edges { cursor distance node {
        ...all ancestors(first: 2) { nodes { ...all } edges { distance node { id } } }
        lineage(first: 3) { nodes { id } edges { child base } } licensePath { license } } } }
      families(first: 5) { nodes { key organization { name } licenses { license models }
        sizes { definition { text } models } members(first: 2) { nodes { ...all } } } }
      share(by: COUNTRY) { groups { key value } } timeSeries(by: FAMILY, keys: ["qwen"]) { dates } }
      fragment all on Model { id author organization { name country } status aliases createdAt
        modifiedAt license licenseClass downloads likes library task parameters gated
        parents { relation model { id } } roots { id } scores { pagerank depth }
        families { share family { key } } publisherFamily { name } familyInferred }"""
    _, errors = executed(BulkExecutor, graphql_schema(), text, Context(sample_ecosystem))
    assert not errors
