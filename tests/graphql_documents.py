"""Random documents of a schema: aliases, fragments, directives, merged fields, nested pages."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_object_type,
    is_required_argument,
)
from hypothesis import strategies as st

VARIABLES = {"yes": True, "no": False, "two": 2}
Draw = Callable[[st.SearchStrategy[Any]], Any]
DECLARED = "$yes: Boolean!, $no: Boolean!, $two: Int!"


class Documents:
    """Draws documents of a schema.

    Parameters
    ----------
    schema
        Whose fields are asked for.
    arguments
        Texts to choose from, by the name of an argument; enumerations and ``first`` need none.
    roots
        The fields of the query that are asked for.
    depth
        Levels of objects.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        arguments: Mapping[str, Sequence[str]],
        roots: Sequence[str],
        depth: int,
    ) -> None:
        self._schema = schema
        self._arguments = {"first": ["1", "2", "7", "$two", "0"], **arguments}
        self._roots = roots
        self._depth = depth

    def draw(self, draw: Draw) -> str:
        """Draw a document."""
        return _Drawing(draw, self._schema, self._arguments).document(self._roots, self._depth)


class _Drawing:
    def __init__(
        self, draw: Draw, schema: GraphQLSchema, arguments: Mapping[str, Sequence[str]]
    ) -> None:
        self._draw, self._schema, self._arguments = draw, schema, arguments
        self._aliases = count()
        self._fragments: list[str] = []

    def document(self, roots: Sequence[str], depth: int) -> str:
        query = self._schema.query_type
        assert query is not None
        text = self._selection(query, depth, roots)
        return f"query ({DECLARED}) {text} {' '.join(self._fragments)}"

    def _one_of(self, choices: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(choices))

    def _selection(
        self, kind: GraphQLObjectType, depth: int, only: Sequence[str] | None = None
    ) -> str:
        names = [*(only or kind.fields)]
        if depth <= 1:
            names = [n for n in names if not is_object_type(get_named_type(kind.fields[n].type))]
        parts = ["__typename"] if not names or self._one_of([0, 0, 1]) else []
        if names:
            chosen = self._draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
            parts += [self._field(kind, name, depth) for name in chosen]
        return f"{{ {' '.join(self._wrapped(kind, part) for part in parts)} }}"

    def _wrapped(self, kind: GraphQLObjectType, part: str) -> str:
        way = self._one_of(["", "", "", "inline", "named"])
        if way == "inline":
            return f"... on {kind.name} {self._directive()} {{ {part} }}"
        if way == "named":
            name = f"f{next(self._aliases)}"
            self._fragments.append(f"fragment {name} on {kind.name} {{ {part} }}")
            return f"...{name} {self._directive()}"
        return part

    def _directive(self) -> str:
        ways = ["", "", "", "@include(if: $yes)", "@skip(if: $yes)", "@include(if: $no)"]
        chosen: str = self._one_of(ways)
        return chosen

    def _field(self, kind: GraphQLObjectType, name: str, depth: int) -> str:
        field = kind.fields[name]
        given = [
            f"{argument}: {value}"
            for argument, declared in field.args.items()
            if (value := self._argument(argument, declared)) is not None
        ]
        # Without an alias only where two of the same field have the same arguments.
        alias = f"a{next(self._aliases)}: " if given or self._one_of([0, 0, 1]) else ""
        inner = get_named_type(field.type)
        below = self._selection(inner, depth - 1) if is_object_type(inner) else ""
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments} {self._directive()} {below}"

    def _argument(self, name: str, declared: GraphQLArgument) -> str | None:
        choices = [*self._arguments.get(name, ())]
        inner = get_named_type(declared.type)
        if not choices and isinstance(inner, GraphQLEnumType):
            choices = [*inner.values]
        if name == "first" or is_required_argument(declared):
            chosen: str = self._one_of(choices)
            return chosen
        return self._one_of([None, None, None, *choices])
