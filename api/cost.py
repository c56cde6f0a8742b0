"""What a query asks for, measured on its document before anything is executed.

The cost of a query is the number of values that it may return: each field counts once for each
row that it may stand in, so it counts the product of the ``first`` (or ``last``) of the fields
around it. A field that takes a list of keys, or of definitions, multiplies by their number. Lists
without a ``first``, such as the parents of a model, count as one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    value_from_ast_untyped,
)

from api.connection import FIRST
from api.failure import LimitError
from api.limits import Limits
from graph.errors import UsageError

_PAGE = ("first", "last")


@dataclass(frozen=True, slots=True, eq=False)
class Weight:
    """What a selection asks for, fragments included once for each use.

    Attributes
    ----------
    fields
        How many, those below `pages` left out.
    pages
        The fields that an argument bounds, and how often each is used.
    depth
        Levels of nested fields; introspection, whose depth GraphQL bounds itself, is one level.
    aliases
        Aliased fields.
    """

    fields: int
    pages: Mapping["Bounded", int]
    depth: int
    aliases: int


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """A field whose rows an argument bounds.

    Attributes
    ----------
    name
        Of the argument.
    value
        As the document gives it, or None.
    default
        Rows without it.
    below
        What is asked for of each row.
    """

    name: str
    value: ValueNode | None
    default: int
    below: Weight

    def given(self, variables: Mapping[str, Any]) -> Any:
        """Return the argument's value, or None."""
        if isinstance(self.value, VariableNode):
            return variables.get(self.value.name.value)
        return None if self.value is None else value_from_ast_untyped(self.value, dict(variables))

    def rows(self, variables: Mapping[str, Any]) -> int:
        """Return how many rows the field may have."""
        given = self.given(variables)
        if isinstance(given, list):
            return len(given)
        return given if isinstance(given, int) and self.name in _PAGE else self.default


def weigh(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Weight:
    """Weigh a valid operation.

    Raises
    ------
    LimitError
        When fragments are nested too deep to be followed.
    """
    root = schema.get_root_type(operation.operation)
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    try:
        return _Scale(schema, fragments).selection(root, operation.selection_set)
    except RecursionError:
        raise LimitError("DEPTH_LIMIT", "the query's fragments are nested too deep") from None


def check(weight: Weight, limits: Limits) -> None:
    """Check what does not depend on variables.

    Raises
    ------
    LimitError
        When the query is too deep, or has too many aliases.
    """
    if weight.depth > limits.depth:
        raise LimitError(
            "DEPTH_LIMIT", f"the query's depth is {weight.depth}; the limit is {limits.depth}"
        )
    if weight.aliases > limits.aliases:
        raise LimitError(
            "ALIAS_LIMIT", f"the query has {weight.aliases} aliases; the limit is {limits.aliases}"
        )


def price(weight: Weight, variables: Mapping[str, Any], limits: Limits) -> int:
    """Return what a query costs.

    Raises
    ------
    LimitError
        When a page is too large, or the cost is.
    """
    cost = _cost(weight, variables, limits.first, {})
    if cost > limits.cost:
        raise LimitError(
            "COST_LIMIT",
            f"the query may return {cost} values; the limit is {limits.cost}: ask for smaller"
            " pages or fewer fields",
        )
    return cost


def _cost(
    weight: Weight, variables: Mapping[str, Any], first: int, known: dict[Bounded, int]
) -> int:
    total = weight.fields
    for field, uses in weight.pages.items():
        if field not in known:
            rows = field.rows(variables)
            if field.name in _PAGE and not 1 <= rows <= first:
                message = f"{field.name} is {rows}; it must be from 1 to {first}"
                raise LimitError(UsageError.code, message)
            known[field] = rows * _cost(field.below, variables, first, known)
        total += uses * known[field]
    return total


class _Scale:
    """Weighs selections; each fragment once, however often it is used."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._weighed: dict[str, Weight] = {}

    def selection(self, parent: Any, selections: SelectionSetNode | None) -> Weight:
        if selections is None or not is_object_type(parent):
            return Weight(0, {}, 0, 0)
        return _together(self._one(parent, node) for node in selections.selections)

    def _one(self, parent: GraphQLObjectType, node: Any) -> Weight:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(parent, node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.selection(parent, node.selection_set)
        return self._field(parent, node)

    def _fragment(self, parent: GraphQLObjectType, name: str) -> Weight:
        if name not in self._weighed:
            self._weighed[name] = self.selection(parent, self._fragments[name].selection_set)
        return self._weighed[name]

    def _field(self, parent: GraphQLObjectType, node: FieldNode) -> Weight:
        field = self._schema.get_field(parent, node.name.value)
        aliased = int(node.alias is not None)
        if field is None or node.name.value.startswith("__"):
            return Weight(1, {}, 1, aliased)
        below = self.selection(get_named_type(field.type), node.selection_set)
        bounded = _bounded(field, node, below)
        depth, aliases = 1 + below.depth, aliased + below.aliases
        if bounded is None:
            return Weight(1 + below.fields, below.pages, depth, aliases)
        return Weight(1, {bounded: 1}, depth, aliases)


def _together(weights: Iterable[Weight]) -> Weight:
    fields = aliases = depth = 0
    pages: Counter[Bounded] = Counter()
    for weight in weights:
        fields += weight.fields
        aliases += weight.aliases
        depth = max(depth, weight.depth)
        pages.update(weight.pages)
    return Weight(fields, pages, depth, aliases)


def _bounded(field: GraphQLField, node: FieldNode, below: Weight) -> Bounded | None:
    """Return a field with the argument that bounds its rows; None for a field of one row."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    for name in _PAGE:
        if name in given:
            return Bounded(name, given[name], _default(field, name), below)
    if "first" in field.args:
        return Bounded("first", None, _default(field, "first"), below)
    keys = None
    for name, argument in field.args.items():
        if _counts(argument.type):
            below = below if keys is None else Weight(0, {keys: 1}, below.depth, below.aliases)
            keys = Bounded(name, given.get(name), 1, below)
    return keys


def _counts(type: GraphQLInputType) -> bool:
    """Return whether there is a row for each value of an argument: of keys, of definitions."""
    listed = type.of_type if is_non_null_type(type) else type
    return is_list_type(listed) and (
        is_non_null_type(type) or is_input_object_type(get_named_type(listed))
    )


def _default(field: GraphQLField, name: str) -> int:
    default = field.args[name].default_value if name in field.args else None
    return default if isinstance(default, int) else FIRST
