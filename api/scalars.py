"""Scalars of the schema: whole numbers beyond 32 bits, and dates."""

from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

Long = NewType("Long", int)
"""A count that may exceed GraphQL's ``Int`` of 32 bits."""

LONG = strawberry.scalar(
    name="Long",
    description="A whole number of up to 64 bits, as a JSON number.",
    serialize=int,
    parse_value=int,
)

SCALARS: dict[object, ScalarDefinition] = {Long: LONG}


def long(value: Any) -> Long | None:
    """Return a count as the schema's `Long`; None where it is unknown (-1)."""
    number = int(value)
    return Long(number) if number >= 0 else None


def date(milliseconds: Any) -> datetime | None:
    """Return a date; None where it is unknown (-1)."""
    number = int(milliseconds)
    return datetime.fromtimestamp(number / 1000, UTC) if number >= 0 else None


def milliseconds(value: datetime | None) -> int | None:
    """Return a date as milliseconds since 1970; one without a time zone counts as UTC."""
    if value is None:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return round(value.timestamp() * 1000)
