"""The schema, as it is executed and as clients read it."""

from functools import cache
from pathlib import Path

import strawberry
from graphql import GraphQLSchema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from api.query import Query
from api.scalars import SCALARS

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")
"""The schema as clients read it; committed, and checked for drift."""


@cache
def graphql_schema() -> GraphQLSchema:
    """Return the schema, built at its first use."""
    made = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
    return made._schema


def schema_text() -> str:
    """Return the schema as clients read it, sorted, so that a change shows as one."""
    return print_schema(lexicographic_sort_schema(graphql_schema()))
