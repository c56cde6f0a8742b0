"""Documents: parsed, validated and weighed once, however often they are sent."""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from api.cost import Weight, check, weigh
from api.failure import InvalidError, LimitError, RequestError
from api.limits import Limits
from api.overlap import check_overlaps
from graph.lru import Lru

_MAX_ERRORS = 20
"""Errors of one document that are told."""


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document, and the operation of it that was chosen."""

    node: DocumentNode
    operation: OperationDefinitionNode
    weight: Weight

    @property
    def is_query(self) -> bool:
        """Whether it only reads."""
        return self.operation.operation == OperationType.QUERY


class Documents:
    """Reads documents; those that are valid and within the limits are kept.

    Parameters
    ----------
    schema
        What they are validated against.
    limits
        Bounds of a document.
    introspection
        Whether the schema may be asked for; names near a wrong one are told only then.
    """

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._rules = [*specified_rules]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self.kept: Lru[Document] = Lru(limits.cached_tokens)

    def read(self, text: str, operation: str | None) -> Document:
        """Return a document.

        Raises
        ------
        RequestError
            When it cannot be parsed, is not valid, has no such operation, or asks for too much.
        """
        key = text, operation
        if found := self.kept.get(key):
            return found
        node = self._parse(text)
        check_overlaps(node, self._limits.overlaps)
        if errors := validate(
            self._schema,
            node,
            self._rules,
            max_errors=_MAX_ERRORS,
            hide_suggestions=not self._introspection,
        ):
            raise InvalidError(errors)
        chosen = get_operation_ast(node, operation)
        if chosen is None:
            raise RequestError(
                "OPERATION_NOT_FOUND",
                "the document has no operation of that name"
                if operation
                else "the document has several operations; name one as operationName",
                well_formed=True,
            )
        weight = weigh(self._schema, node, chosen)
        check(weight, self._limits)
        document = Document(node, chosen, weight)
        self.kept.put(key, document, node.token_count)
        return document

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            if "Parsing aborted" in error.message:
                raise LimitError(
                    "TOKEN_LIMIT", f"the document has more than {self._limits.tokens} tokens"
                ) from None
            raise InvalidError([error], "GRAPHQL_PARSE_FAILED") from None
