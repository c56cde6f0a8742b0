"""The web application: GraphQL, the first page, and how it feels."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.routing import Route

from api.current import Current, NotReadyError
from api.http import GraphQLEndpoint
from api.limits import Limits
from api.pages import graphiql_page, pages
from api.query import Context
from api.schema import graphql_schema


def create_app(
    current: Current,
    *,
    limits: Limits | None = None,
    graphiql: bool = True,
    introspection: bool = True,
    origins: Sequence[str] = (),
    max_age_s: int = 0,
) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    current
        What is served; it is started and stopped with the application.
    limits
        Bounds of a request.
    graphiql
        Whether a browser that opens ``/graphql`` gets GraphiQL.
    introspection
        Whether the schema may be asked for.
    origins
        Sites whose pages may ask from a browser; ``*`` for all.
    max_age_s
        Seconds for which caches may give an answer to a GET without asking again.
    """
    endpoint = GraphQLEndpoint(
        graphql_schema(),
        lambda: Context(*current.served),
        limits or Limits(),
        introspection=introspection,
        page=graphiql_page() if graphiql else None,
        max_age_s=max_age_s,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current.start()
        yield
        endpoint.close()
        current.stop()

    app = FastAPI(title="modelkin", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(pages(graphiql=graphiql))
    app.router.routes.append(Route("/graphql", endpoint, include_in_schema=False))

    @app.exception_handler(NotReadyError)
    async def not_ready(_: object, error: NotReadyError) -> JSONResponse:
        told = {"message": str(error), "extensions": {"code": error.code}}
        return JSONResponse({"errors": [told]}, status_code=503, headers={"Retry-After": "5"})

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Tell that the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Tell which snapshot is served; 503 while there is none."""
        return {"status": "ok", "snapshot": current.eco.id}

    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
            max_age=600,
        )
    return app
