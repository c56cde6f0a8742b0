"""The web application: GraphQL, the first page, and how it feels."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from cross_web import HTTPException
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.fastapi import GraphQLRouter

from api.current import Current, NotReadyError
from api.limits import Limits
from api.query import Context
from api.schema import make_schema

_PAGE = Path(__file__).with_name("page.html")


def create_app(current: Current, *, limits: Limits | None = None, graphiql: bool = True) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    current
        What is served; it is started and stopped with the application.
    limits
        Bounds of a request.
    graphiql
        Whether a browser that opens ``/graphql`` gets GraphiQL.
    """
    bounds = limits or Limits()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current.start()
        yield
        current.stop()

    app = FastAPI(title="modelkin", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(
        Router(
            make_schema(bounds),
            path="/graphql",
            graphql_ide="graphiql" if graphiql else None,
            context_getter=lambda: Context(current.eco),
            subscription_protocols=(),
        )
    )

    @app.exception_handler(NotReadyError)
    async def not_ready(_: object, error: NotReadyError) -> JSONResponse:
        told = {"message": str(error), "extensions": {"code": error.code}}
        return JSONResponse({"errors": [told]}, status_code=503, headers={"Retry-After": "5"})

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Tell which snapshot is served; 503 while there is none."""
        return {"status": "ok", "snapshot": current.eco.id}

    app.add_middleware(BoundedBody, limit=bounds.body_bytes)
    return app


class Router(GraphQLRouter[Context, None]):
    """Strawberry's router, which also refuses JSON that is no request."""

    def parse_json(self, data: str | bytes) -> Any:
        """Read a body.

        Raises
        ------
        HTTPException
            With 400, when it is no JSON object, or nested too deep to be read.
        """
        try:
            parsed = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from error
        if not isinstance(parsed, dict | list):
            raise HTTPException(400, 'the body is no JSON object; send {"query": "..."}')
        return parsed

    def encode_json(self, data: object) -> bytes:
        """Write an answer."""
        return orjson.dumps(data)


class BoundedBody:
    """Answers 413 to a request whose body is larger than the limit."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages = []
        size = 0
        while True:
            message = await receive()
            messages.append(message)
            size += len(message.get("body", b""))
            if size > self._limit:
                told = f"the body is larger than {self._limit} bytes; send a shorter query"
                await JSONResponse({"errors": [{"message": told}]}, 413)(scope, receive, send)
                return
            if message["type"] != "http.request" or not message.get("more_body"):
                break
        waiting = iter(messages)

        async def replay() -> object:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)  # type: ignore[arg-type]
