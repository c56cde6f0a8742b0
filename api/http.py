"""GraphQL over HTTP: a request is read and negotiated here, answered on a thread, and remembered.

Follows the GraphQL-over-HTTP specification: queries by GET or POST, bodies in JSON, answers in
``application/json`` or ``application/graphql-response+json`` as the client accepts. An answer is
named by an ETag of its snapshot, document and variables: until the next snapshot it cannot change.
"""

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs

import orjson
import structlog
from graphql import GraphQLSchema
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.clock import Deadline
from api.documents import Documents
from api.execution import execute
from api.failure import RequestError
from api.limits import Limits
from api.negotiation import GRAPHQL, HTML, is_json, media_type, takes_gzip, wants_page
from api.query import Context
from graph.errors import TryLaterError
from graph.lru import Lru

_THREADS = 2
"""Queries that are executed at a time; those that wait are in line."""

_GZIP_FROM, _GZIP_UP_TO = 1024, 8 * 1024 * 1024
"""Bytes of the answers that are compressed: smaller ones do not gain, larger ones take too long."""

_GZIP_LEVEL = 1
"""The fastest: half as large again as level 6 would make it, in a fifth of the time."""

_VARY = "accept, accept-encoding"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks."""

    query: str
    variables: dict[str, Any]
    operation: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks.

    Attributes
    ----------
    get
        Whether by GET, which is for queries alone.
    zipped
        Whether it takes a compressed answer.
    """

    get: bool
    zipped: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent.

    Attributes
    ----------
    body
        JSON.
    zipped
        Whether it is compressed.
    status
        Of HTTP.
    complete
        Whether it has no errors, so that it stands until the next snapshot.
    headers
        Further ones.
    """

    body: bytes
    zipped: bool = False
    status: int = 200
    complete: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class GraphQLEndpoint:
    """An ASGI application that answers GraphQL requests at any path.

    Parameters
    ----------
    schema
        What can be asked.
    context
        Makes a request's context, which holds one snapshot from then on.
    limits
        Bounds of a request.
    introspection
        Whether the schema may be asked for.
    page
        What a browser gets that opens the address; None for 404.
    max_age_s
        Seconds for which caches may give an answer to a GET without asking again.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        context: Callable[[], Context],
        limits: Limits,
        *,
        introspection: bool = True,
        page: bytes | None = None,
        max_age_s: int = 0,
    ) -> None:
        self._schema = schema
        self._context = context
        self._limits = limits
        self._page = page
        self._cache_control = f"public, max-age={max_age_s}, must-revalidate"
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="graphql")
        self._version = version("modelkin")
        self._held = 0
        self.documents = Documents(schema, limits, introspection=introspection)
        self.answers: Lru[Answer] = Lru(limits.cached_bytes)

    def close(self) -> None:
        """Stop answering."""
        self._threads.shutdown(cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        asked = Asked(scope["method"] == "GET", takes_gzip(headers.get("accept-encoding")))
        if (
            asked.get
            and b"query=" not in scope["query_string"]
            and wants_page(headers.get("accept"))
        ):
            await self._send_page(send)
            return
        kind, tag = GRAPHQL, None
        try:
            kind = media_type(headers.get("accept"))
            get = asked.get
            request = self._got(scope) if get else await self._posted(scope, headers, receive)
            context = self._context()
            key = _key(self._version, context.eco.id, request)
            tag = f'W/"{key}"'
            if get and tag in headers.get("if-none-match", ""):
                answer = Answer(b"", status=304, complete=True)
            else:
                answer = await self._remembered(key, request, context, asked)
        except RequestError as error:
            answer = _refusal(error, kind)
        except TryLaterError as error:
            later = RequestError(error.code, str(error), 503, headers={"retry-after": "5"})
            answer = _refusal(later, kind)
        fields = [("content-type", f"{kind}; charset=utf-8"), ("vary", _VARY), *answer.headers]
        if asked.get and answer.complete and tag:
            fields += [("etag", tag), ("cache-control", self._cache_control)]
        else:
            fields.append(("cache-control", "no-store"))
        if answer.zipped:
            fields.append(("content-encoding", "gzip"))
        await _send(send, answer.status, fields, answer.body)

    # Reading

    def _got(self, scope: Scope) -> Request:
        text = scope["query_string"]
        if len(text) > self._limits.body_bytes:
            raise RequestError(
                "URL_TOO_LONG", f"the query string is over {self._limits.body_bytes} bytes", 414
            )
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
        return _request(told)

    async def _posted(self, scope: Scope, headers: Headers, receive: Receive) -> Request:
        if scope["method"] != "POST":
            raise RequestError("METHOD_NOT_ALLOWED", "use GET or POST", 405, headers=_ALLOW)
        if not is_json(headers.get("content-type")):
            raise RequestError(
                "UNSUPPORTED_MEDIA_TYPE", "the content-type must be application/json in UTF-8", 415
            )
        return _request(_json(await self._body(headers, receive), "the body"))

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        limit = self._limits.body_bytes
        too_large = RequestError("BODY_TOO_LARGE", f"the body is larger than {limit} bytes", 413)
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise too_large
        body = b""
        try:
            async with asyncio.timeout(self._limits.body_s):
                more = True
                while more:
                    message = await receive()
                    body += message.get("body", b"")
                    if len(body) > limit:
                        raise too_large
                    more = message.get("more_body", False)
        except TimeoutError:
            raise RequestError(
                "BODY_TIMEOUT", f"the body did not arrive within {self._limits.body_s:g} s", 408
            ) from None
        return body

    # Answering

    async def _remembered(
        self, key: str, request: Request, context: Context, asked: Asked
    ) -> Answer:
        answer = self.answers.get((key, asked.zipped))
        if answer is None:
            answer = await self._answer(request, context, asked)
            if answer.complete:
                self.answers.put((key, asked.zipped), answer, len(answer.body))
        return answer

    async def _answer(self, request: Request, context: Context, asked: Asked) -> Answer:
        if self._held >= self._limits.queries:
            raise RequestError(
                "OVERLOADED",
                f"{self._held} queries are in line; try again in a second",
                503,
                headers={"retry-after": "1"},
            )
        self._held += 1
        try:
            deadline = Deadline(self._limits.query_s)
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._found, request, context, deadline, asked
            )
        finally:
            self._held -= 1

    def _found(
        self, request: Request, context: Context, deadline: Deadline, asked: Asked
    ) -> Answer:
        try:
            return self._executed(request, context, deadline, asked)
        except (RequestError, TryLaterError):
            raise
        except Exception as error:
            _log.error("a query failed", error=type(error).__name__)
            _log.debug("why", exc_info=error)
            message = "the server failed; its log has the cause"
            raise RequestError("INTERNAL", message, 500) from None

    def _executed(
        self, request: Request, context: Context, deadline: Deadline, asked: Asked
    ) -> Answer:
        document = self.documents.read(request.query, request.operation)
        if asked.get and not document.is_query:
            raise RequestError(
                "METHOD_NOT_ALLOWED", "GET is for queries", 405, headers={"allow": "POST"}
            )
        result = execute(self._schema, document, request.variables, context, self._limits, deadline)
        manifest = context.eco.manifest
        named = {"id": manifest.id, "sample": manifest.sample}
        told: dict[str, Any] = {"errors": result.errors} if result.errors else {}
        told |= {"data": result.data, "extensions": {"snapshot": named, "cost": result.cost}}
        body = orjson.dumps(told)
        zipped = asked.zipped and _GZIP_FROM <= len(body) <= _GZIP_UP_TO
        if zipped:
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        return Answer(body, zipped, complete=not result.errors)

    async def _send_page(self, send: Send) -> None:
        page = self._page
        fields = [("content-type", f"{HTML}; charset=utf-8"), ("vary", _VARY)]
        await _send(send, 404 if page is None else 200, fields, page or b"there is no page here")


_ALLOW = {"allow": "GET, POST"}


def _json(text: str | bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RequestError("BAD_REQUEST", f"{what} is not JSON") from None


def _request(told: Any) -> Request:
    """Check the parameters of a request."""
    if not isinstance(told, dict):
        raise RequestError("BAD_REQUEST", 'send one JSON object, such as {"query": "..."}')
    query = told.get("query")
    if not isinstance(query, str) or not query.strip():
        raise RequestError("BAD_REQUEST", "the parameter query must be text that is not empty")
    operation, variables = told.get("operationName"), told.get("variables")
    if not isinstance(operation, str | None):
        raise RequestError("BAD_REQUEST", "the parameter operationName must be text")
    for name in ("variables", "extensions"):
        if not isinstance(told.get(name), dict | None):
            raise RequestError("BAD_REQUEST", f"the parameter {name} must be a JSON object")
    return Request(query, variables or {}, operation or None)


def _key(version: str, snapshot: str, request: Request) -> str:
    """Name an answer; by a cryptographic hash, since what is asked is anybody's."""
    told = [version, snapshot, request.query, request.operation, request.variables]
    return blake2b(orjson.dumps(told), digest_size=16).hexdigest()


def _refusal(error: RequestError, kind: str) -> Answer:
    legacy = error.well_formed and kind != GRAPHQL
    return Answer(
        orjson.dumps({"errors": error.told}),
        status=200 if legacy else error.status,
        headers=tuple(error.headers.items()),
    )


async def _send(send: Send, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields]
    if status != 304:
        headers.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
