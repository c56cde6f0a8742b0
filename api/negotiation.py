"""Media types: which one an answer has, by RFC 9110 and GraphQL over HTTP."""

from functools import lru_cache

from api.failure import RequestError

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"

_KNOWN = 256
"""Distinct headers that are remembered."""


@lru_cache(maxsize=_KNOWN)
def media_type(accept: str | None) -> str:
    """Return the media type of an answer; `JSON` for a client that takes anything.

    Raises
    ------
    RequestError
        With 406, when the client takes neither of the two.
    """
    ranges = _ranges(accept or "*/*")
    wanted = {kind: _quality(ranges, kind) for kind in (GRAPHQL, JSON)}
    named = GRAPHQL in ranges and wanted[GRAPHQL] >= wanted[JSON]
    best = GRAPHQL if named or wanted[GRAPHQL] > wanted[JSON] else JSON
    if not wanted[best]:
        raise RequestError("NOT_ACCEPTABLE", f"accept {GRAPHQL} or {JSON}", 406)
    return best


@lru_cache(maxsize=_KNOWN)
def wants_page(accept: str | None) -> bool:
    """Return whether a client is a browser that would show a page."""
    ranges = _ranges(accept or "")
    return HTML in ranges and ranges[HTML] >= max(_quality(ranges, GRAPHQL), _quality(ranges, JSON))


@lru_cache(maxsize=_KNOWN)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Return whether a client takes gzip."""
    ranges = _ranges(accept_encoding or "")
    return ranges.get("gzip", ranges.get("*", 0.0)) > 0


@lru_cache(maxsize=_KNOWN)
def is_json(content_type: str | None) -> bool:
    """Return whether a body is JSON in UTF-8."""
    kind, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    charsets = [p.partition("=")[2].strip('" ') for p in parameters if p.startswith("charset")]
    return kind == JSON and all(charset in {"utf-8", "utf8"} for charset in charsets)


def _ranges(header: str) -> dict[str, float]:
    """Return the ranges of an Accept header with their qualities, 0 to 1."""
    found: dict[str, float] = {}
    for entry in header.split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = min(max(float(parameter[2:]), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        if kind:
            found[kind] = max(found.get(kind, 0.0), quality)
    return found


def _quality(ranges: dict[str, float], kind: str) -> float:
    main = kind.partition("/")[0]
    return next((ranges[r] for r in (kind, f"{main}/*", "*/*") if r in ranges), 0.0)
