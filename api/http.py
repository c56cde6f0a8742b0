"""GraphQL over HTTP: a request is let in, negotiated, answered on a thread, and remembered.

Follows the GraphQL-over-HTTP specification: queries by GET or POST, bodies in JSON, answers in
``application/json`` or ``application/graphql-response+json`` as the client accepts. An answer is
named by an ETag of its snapshot, document and variables: until the next snapshot it cannot change.
"""

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.metadata import version
from time import perf_counter
from typing import Any

import orjson
import structlog
from graphql import GraphQLSchema
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.admission import Admission
from api.clock import Deadline
from api.documents import Documents
from api.execution import execute
from api.failure import RequestError
from api.limits import Limits
from api.metrics import Metrics
from api.negotiation import GRAPHQL, HTML, media_type, takes_gzip, wants_page
from api.persisted import Persisted
from api.query import Context
from api.rate import Allowance
from api.request import Request, read
from graph.errors import TryLaterError
from graph.lru import Lru

_THREADS = 2
"""Queries that are executed at a time; those that wait are in line."""

_KEPT_BYTES = 700
"""What a kept answer takes beside its body: its key, its fields, its place in the order of use."""

_GZIP_FROM, _GZIP_UP_TO = 1024, 8 * 1024 * 1024
"""Bytes of the answers that are compressed: smaller ones do not gain, larger ones take too long."""

_GZIP_LEVEL = 1
"""The fastest: half as large again as level 6 would make it, in a fifth of the time."""

_VARY = "accept, accept-encoding"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """How a client asks.

    Attributes
    ----------
    get
        Whether by GET, which is for queries alone.
    zipped
        Whether it takes a compressed answer.
    allowance
        What it may still ask.
    """

    get: bool
    zipped: bool
    allowance: Allowance


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
    admission
        Who may ask, and how much.
    persisted
        The documents that are known by their hash.
    metrics
        Where requests are counted.
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
        admission: Admission | None = None,
        persisted: Persisted | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._schema = schema
        self._context = context
        self._limits = limits
        self._page = page
        self._admission = admission or Admission()
        self._persisted = persisted or Persisted(limits.persisted_bytes)
        self._metrics = metrics or Metrics(lambda: None)
        # What only holders of a key may read is not for caches that they share with others.
        scope = "public" if self._admission.anonymous else "private"
        self._cache_control = f"{scope}, max-age={max_age_s}, must-revalidate"
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
        started = perf_counter()
        headers = Headers(scope=scope)
        get = scope["method"] == "GET"
        if get and _opens_page(scope["query_string"], headers.get("accept")):
            await self._send_page(send)
            return
        kind, tag, allowance = GRAPHQL, None, None
        try:
            kind = media_type(headers.get("accept"))
            allowance = self._admission.admit(scope)
            asked = Asked(get, takes_gzip(headers.get("accept-encoding")), allowance)
            request = await read(scope, receive, self._limits, self._persisted)
            context = self._context()
            key = _key(self._version, context.eco.id, request)
            tag = f'W/"{key}"'
            if get and tag in headers.get("if-none-match", ""):
                source, answer = "unchanged", Answer(b"", status=304, complete=True)
            else:
                source, answer = await self._remembered(key, request, context, asked)
            self._persisted.keep(request.query, request.extensions)
        except RequestError as error:
            source, answer = "refused", self._refusal(error, kind)
        except TryLaterError as error:
            later = RequestError(error.code, str(error), 503, headers={"retry-after": "5"})
            source, answer = "refused", self._refusal(later, kind)
        fields = [("content-type", f"{kind}; charset=utf-8"), ("vary", _VARY), *answer.headers]
        if allowance:
            fields += allowance.headers
        if get and answer.complete and tag:
            fields += [("etag", tag), ("cache-control", self._cache_control)]
        else:
            fields.append(("cache-control", "no-store"))
        if answer.zipped:
            fields.append(("content-encoding", "gzip"))
        await _send(send, answer.status, fields, answer.body)
        self._metrics.count(answer.status, source, perf_counter() - started)

    # Answering

    async def _remembered(
        self, key: str, request: Request, context: Context, asked: Asked
    ) -> tuple[str, Answer]:
        answer = self.answers.get((key, asked.zipped))
        if answer is not None:
            return "kept", answer
        answer = await self._answer(request, context, asked)
        if answer.complete:
            # A copy of just its size: what serializers give lies in a larger block.
            kept = replace(answer, body=bytes(memoryview(answer.body)))
            self.answers.put((key, asked.zipped), kept, len(kept.body) + _KEPT_BYTES)
        return "executed", answer

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
        result = execute(
            self._schema,
            document,
            request.variables,
            context,
            self._limits,
            deadline,
            charge=lambda cost: asked.allowance.take("cost", cost),
        )
        self._metrics.count_cost(result.cost)
        manifest = context.eco.manifest
        named = {"id": manifest.id, "sample": manifest.sample}
        told: dict[str, Any] = {"errors": result.errors} if result.errors else {}
        told |= {"data": result.data, "extensions": {"snapshot": named, "cost": result.cost}}
        body = orjson.dumps(told)
        zipped = asked.zipped and _GZIP_FROM <= len(body) <= _GZIP_UP_TO
        if zipped:
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        return Answer(body, zipped, complete=not result.errors)

    def _refusal(self, error: RequestError, kind: str) -> Answer:
        self._metrics.count_refusal(error.code)
        legacy = error.well_formed and kind != GRAPHQL
        return Answer(
            orjson.dumps({"errors": error.told}),
            status=200 if legacy else error.status,
            headers=tuple(error.headers.items()),
        )

    async def _send_page(self, send: Send) -> None:
        page = self._page
        fields = [("content-type", f"{HTML}; charset=utf-8"), ("vary", _VARY)]
        await _send(send, 404 if page is None else 200, fields, page or b"there is no page here")


def _key(version: str, snapshot: str, request: Request) -> str:
    """Name an answer; by a cryptographic hash, since what is asked is anybody's."""
    told = [version, snapshot, request.query, request.operation, request.variables]
    return blake2b(orjson.dumps(told), digest_size=16).hexdigest()


def _opens_page(query_string: bytes, accept: str | None) -> bool:
    is_asked = b"query=" in query_string or b"extensions=" in query_string
    return not is_asked and wants_page(accept)


async def _send(send: Send, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields]
    if status != 304:
        headers.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
