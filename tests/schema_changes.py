"""What changed in the schema since the released one, and what of it may not.

The released schema is ``tests/schema.released.graphql``; at a release the current one takes its
place, and what `listed` says goes into the changelog.

    python -m tests.schema_changes    list the changes
"""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from graphql.utilities import (
    BreakingChange,
    BreakingChangeType,
    DangerousChange,
    DangerousChangeType,
    SchemaChange,
    find_schema_changes,
)

from api.schema import SCHEMA_FILE

RELEASED = Path(__file__).with_name("schema.released.graphql")


def changes() -> list[SchemaChange]:
    """Return what changed since the release."""
    return find_schema_changes(_read(RELEASED), _read(SCHEMA_FILE))


def listed(found: list[SchemaChange]) -> str:
    """Return changes as the lines of a list, what breaks clients first."""
    kinds = {BreakingChange: "breaking", DangerousChange: "take care"}
    lines = [f"* {kinds.get(type(change), 'safe')}: {change.description}" for change in found]
    return "\n".join(sorted(lines))


def refused(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """Return the changes that no release may make.

    A field, an argument or a value may go when the former release has it deprecated, a type when
    nothing leads to it any more. A default may not change: the same query would mean another
    thing. All else that breaks no query may be done.
    """
    deprecated = {*_deprecated(old)}
    found = []
    for change in find_schema_changes(old, new):
        breaks = isinstance(change, BreakingChange)
        if change.type == BreakingChangeType.TYPE_REMOVED:
            breaks = False
        elif breaks and "was removed" in change.description:
            breaks = not deprecated & {word.rstrip(".") for word in change.description.split()}
        if breaks or change.type == DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE:
            found.append(change.description)
    return found


def _deprecated(schema: GraphQLSchema) -> Iterator[str]:
    """Give what is deprecated, as changes name it: ``Type.field``, ``Type.field(argument:)``."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                if field.deprecation_reason is not None:
                    yield f"{kind.name}.{name}"
                for argument, told in getattr(field, "args", {}).items():
                    if told.deprecation_reason is not None:
                        yield f"{kind.name}.{name}({argument}:)"
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                if value.deprecation_reason is not None:
                    yield f"{kind.name}.{name}"


def _read(path: Path) -> GraphQLSchema:
    return build_schema(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    print(listed(changes()) or "nothing changed")
