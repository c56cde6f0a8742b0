"""The schema with its limits, and what an error tells the outside."""

from pathlib import Path
from typing import Any

import strawberry
import structlog
from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
    build_schema,
    lexicographic_sort_schema,
    print_schema,
)
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
    """The schema; it says what an error tells the outside."""

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002  (strawberry's)
    ) -> None:
        """Give each error a stable ``extensions.code``, and mask what is not meant for clients.

        Only what is masked is logged: an error of a client's is the client's.
        """
        for error in errors:
            cause = error.original_error
            if isinstance(cause, ModelkinError):
                code = cause.code
            elif isinstance(error, GraphQLSyntaxError):
                code = "GRAPHQL_PARSE_FAILED"
            elif cause is None or isinstance(cause, GraphQLError):
                code = "GRAPHQL_VALIDATION_FAILED"
            else:
                code = ModelkinError.code
                _log.error("a resolver failed", path=error.path, exc_info=cause)
                error.message = "internal error; the server's log has the cause"
            error.extensions = {"code": code}


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
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            NamedSnapshot,
            lambda: MaxTokensLimiter(limits.tokens),
            lambda: AddValidationRules(rules.validation_rules),
            lambda: ParserCache(maxsize=limits.cached_documents),
            lambda: ValidationCache(maxsize=limits.cached_documents),
        ],
    )


def schema_text() -> str:
    """Return the schema as clients read it, sorted, so that a change shows as one."""
    # Not strawberry's own sort_schema: it makes resolvers get text where they expect an enum.
    return print_schema(lexicographic_sort_schema(build_schema(make_schema(Limits()).as_str())))
