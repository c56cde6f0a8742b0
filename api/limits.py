"""What a request may cost: each limit a named setting with its unit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a request; each is the setting ``MODELKIN_LIMIT_`` and its name.

    Attributes
    ----------
    body_bytes
        Bytes of a request's body, or of the query string.
    body_s
        Seconds in which a body must have arrived.
    depth
        Levels of nested fields.
    aliases
        Aliased fields, those of a fragment once for each of its uses.
    tokens
        Tokens of a document.
    overlaps
        Pairs of fields of one name in one place, each field with itself included.
    cost
        Values that a query may ask for; see `api.cost`.
    first
        Nodes of the largest page, up to `api.connection.MAX_FIRST`.
    query_s
        Seconds that a query may take, its waiting included.
    queries
        Queries that a worker holds, executing or waiting.
    cached_tokens
        Tokens of the documents whose parsing and validation are kept.
    cached_bytes
        Bytes of the answers that are kept.
    persisted_bytes
        Bytes of the documents that clients sent with their hash and that are kept.
    """

    body_bytes: int = 256 * 1024
    body_s: float = 10.0
    depth: int = 12
    aliases: int = 30
    tokens: int = 2000
    overlaps: int = 10_000
    cost: int = 50_000
    first: int = 1000
    query_s: float = 10.0
    queries: int = 100
    cached_tokens: int = 200_000
    cached_bytes: int = 64 * 1024 * 1024
    persisted_bytes: int = 8 * 1024 * 1024
