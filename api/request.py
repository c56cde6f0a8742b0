"""A request: read from HTTP, within its bounds, and checked to be one of GraphQL."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from api.failure import RequestError
from api.limits import Limits
from api.negotiation import is_json
from api.persisted import Persisted


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks.

    Attributes
    ----------
    query
        The document, also where the client sent but its hash.
    variables, operation, extensions
        As GraphQL over HTTP defines them.
    """

    query: str
    variables: dict[str, Any]
    operation: str | None
    extensions: dict[str, Any]


async def read(scope: Scope, receive: Receive, limits: Limits, persisted: Persisted) -> Request:
    """Read a request: a GET's query string, or a POST's body.

    Raises
    ------
    RequestError
        When it is no GraphQL request, is too large or too slow, or its document is not to be had.
    """
    if scope["method"] == "GET":
        return _request(_got(scope["query_string"], limits.body_bytes), persisted)
    headers = Headers(scope=scope)
    if scope["method"] != "POST":
        allow = {"allow": "GET, POST"}
        raise RequestError("METHOD_NOT_ALLOWED", "use GET or POST", 405, headers=allow)
    if not is_json(headers.get("content-type")):
        raise RequestError(
            "UNSUPPORTED_MEDIA_TYPE", "the content-type must be application/json in UTF-8", 415
        )
    return _request(_json(await _body(headers, receive, limits), "the body"), persisted)


def _got(text: bytes, limit: int) -> dict[str, Any]:
    if len(text) > limit:
        raise RequestError("URL_TOO_LONG", f"the query string is over {limit} bytes", 414)
    try:
        fields = parse_qs(text.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeError, ValueError):
        raise RequestError("BAD_REQUEST", "the query string is not UTF-8") from None
    told: dict[str, Any] = {name: values[-1] for name, values in fields.items()}
    for name in ("variables", "extensions"):
        if told.get(name):
            told[name] = _json(told[name], f"the parameter {name}")
        else:
            told.pop(name, None)
    return told


async def _body(headers: Headers, receive: Receive, limits: Limits) -> bytes:
    limit = limits.body_bytes
    too_large = RequestError("BODY_TOO_LARGE", f"the body is larger than {limit} bytes", 413)
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    body = b""
    try:
        async with asyncio.timeout(limits.body_s):
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > limit:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise RequestError(
            "BODY_TIMEOUT", f"the body did not arrive within {limits.body_s:g} s", 408
        ) from None
    return body


def _json(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError("BAD_REQUEST", f"{what} is not JSON") from None


def _request(told: Any, persisted: Persisted) -> Request:
    """Check the parameters of a request."""
    if not isinstance(told, dict):
        raise RequestError("BAD_REQUEST", 'send one JSON object, such as {"query": "..."}')
    query, operation = told.get("query"), told.get("operationName")
    for name, value in (("query", query), ("operationName", operation)):
        if not isinstance(value, str | None):
            raise RequestError("BAD_REQUEST", f"the parameter {name} must be text")
    for name in ("variables", "extensions"):
        if not isinstance(told.get(name), dict | None):
            raise RequestError("BAD_REQUEST", f"the parameter {name} must be a JSON object")
    extensions = told.get("extensions") or {}
    document = persisted.document(query if query and query.strip() else None, extensions)
    return Request(document, told.get("variables") or {}, operation or None, extensions)
