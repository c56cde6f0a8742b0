"""What a query may cost: each limit a named setting with its unit."""

from dataclasses import dataclass

from graphql import ASTValidationRule
from strawberry.extensions.max_aliases import create_validator as alias_rule
from strawberry.extensions.query_depth_limiter import create_validator as depth_rule


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a request.

    Attributes
    ----------
    body_bytes
        Bytes of a request's body.
    depth
        Levels of nested fields.
    aliases
        Aliased fields in a document.
    tokens
        Tokens of a document.
    cached_documents
        Documents whose parsing and validation are kept.
    """

    body_bytes: int = 256 * 1024
    depth: int = 12
    aliases: int = 30
    tokens: int = 2000
    cached_documents: int = 1000

    def rules(self) -> list[type[ASTValidationRule]]:
        """Return the validation rules. Make them once: a cache knows a rule by its class."""
        return [depth_rule(self.depth, None), alias_rule(self.aliases)]
