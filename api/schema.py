"""The schema with its limits, and what an error tells the outside."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import (
    AddValidationRules,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.limits import Limits
from api.query import Query
from api.scalars import SCALARS
from graph.errors import ModelkinError

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")
"""The schema as clients read it; committed, and checked for drift."""

_log = structlog.get_logger()


class Schema(strawberry.Schema):
    """The schema, which leaves logging to `PublicErrors`."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: a client's error is the client's, and ours are logged where masked."""


class PublicErrors(SchemaExtension):
    """Gives each error a stable ``extensions.code``; what is not meant for clients is masked."""

    def on_operation(self) -> Iterator[None]:
        """Replace the errors of the result."""
        yield
        result = self.execution_context.result
        errors = getattr(result, "errors", None)
        if errors:
            result.errors = [_public(error) for error in errors]  # type: ignore[union-attr]


class NamedSnapshot(SchemaExtension):
    """Names the snapshot in the ``extensions`` of every answer."""

    def get_results(self) -> dict[str, Any]:
        """Return what is added to ``extensions``."""
        manifest = self.execution_context.context.eco.manifest
        return {"snapshot": {"id": manifest.id, "sample": manifest.sample}}


def make_schema(limits: Limits) -> Schema:
    """Build the schema with its limits."""
    rules = AddValidationRules(limits.rules())
    return Schema(
        Query,
        config=StrawberryConfig(sort_schema=True, scalar_map=SCALARS),
        extensions=[
            PublicErrors,
            NamedSnapshot,
            lambda: MaxTokensLimiter(limits.tokens),
            lambda: AddValidationRules(rules.validation_rules),
            lambda: ParserCache(maxsize=limits.cached_documents),
            lambda: ValidationCache(maxsize=limits.cached_documents),
        ],
    )


def _public(error: GraphQLError) -> GraphQLError:
    cause = error.original_error
    if isinstance(cause, ModelkinError):
        return _coded(error, str(cause), cause.code)
    if isinstance(error, GraphQLSyntaxError):
        return _coded(error, error.message, "GRAPHQL_PARSE_FAILED")
    if cause is None or isinstance(cause, GraphQLError):
        return _coded(error, error.message, "GRAPHQL_VALIDATION_FAILED")
    _log.error("resolver failed", path=error.path, exc_info=cause)
    return _coded(error, "internal error; the server's log has the cause", "INTERNAL")


def _coded(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
