"""How input objects are built from what a client sent."""

from collections.abc import Mapping
from typing import Any, TypeVar

from strawberry.types import get_object_definition

T = TypeVar("T")


def of_leaves(kind: type[T]) -> type[T]:
    """Build an input whose fields are leaves, or lists of them, from its values as they are.

    They are coerced already. strawberry would look up name and type of each field for each value
    of each request: a fifth of the time of a query with a filter.
    """
    definition = get_object_definition(kind, strict=True)
    names: dict[str, str] = {}

    def build(kind: type[T], values: Mapping[str, Any], context: Any) -> T:
        if not names:  # fields have their types and names once the schema is built
            convert = context.config.name_converter.from_field
            names.update({convert(field): field.python_name for field in definition.fields})
        return kind(**{names[name]: value for name, value in values.items()})

    definition.from_input = build
    return kind
