"""What is generated from the code is up to date, and names what users look for."""

import re
from typing import Any

from graphql import GraphQLSchema, build_schema

import modelkin
from api.schema import graphql_schema
from tests.reference import DOCS, PAGES, outdated


def test_every_page_is_up_to_date() -> None:
    assert [path.name for path in outdated()] == []


def test_every_public_name_is_described() -> None:
    page = PAGES[DOCS / "python.md"]()
    names = {name for name in modelkin.__all__ if name != "__version__"}
    assert names <= set(re.findall(r"^###? `(?:modelkin\.)?(\w+)`$", page, re.M))
    for section in page.split("\n### ")[1:]:
        name, _, described = section.partition("\n")
        assert re.sub(r"```text\n.*?```", "", described, flags=re.S).strip(), name


def test_settings_commands_reasons_and_columns_are_named() -> None:
    text = "".join(make() for make in PAGES.values())
    for word in ("`MODELKIN_LIMIT_DEPTH`", "`HF_ENDPOINT`", "`modelkin crawl`", "`--max-shrink`"):
        assert word in text
    for word in ("`cycle`", "`LeaseHeldError` | 75", "`family_shares`", "type Query"):
        assert word in text


def undescribed(schema: GraphQLSchema) -> set[str]:
    """Return what bears no description: types, fields, arguments, values of enumerations."""
    parts: dict[str, Any] = {}
    for name, kind in schema.type_map.items():
        parts[name] = kind
        for inner, part in (getattr(kind, "fields", {}) | getattr(kind, "values", {})).items():
            parts[f"{name}.{inner}"] = part
            for argument, told in getattr(part, "args", {}).items():
                parts[f"{name}.{inner}({argument}:)"] = told
    return {name for name, part in parts.items() if not part.description and name[:2] != "__"}


def test_everything_in_the_schema_is_described() -> None:
    assert undescribed(graphql_schema()) == set()
    bare = build_schema("type Query { a(b: I): E } enum E { V } input I { c: Int }")
    assert undescribed(bare) == {"Query", "Query.a", "Query.a(b:)", "E", "E.V", "I", "I.c"}
