"""The web application: GraphQL, the first page, and how it feels."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.routing import Route

from api.admission import Admission
from api.current import Current, NotReadyError
from api.failure import RequestError
from api.http import GraphQLEndpoint
from api.limits import Limits
from api.metrics import Metrics
from api.pages import graphiql_page, pages
from api.persisted import Persisted
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
    admission: Admission | None = None,
    documents: Mapping[str, str] | None = None,
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
    admission
        Who may ask, and how much; all, and any amount, where it is left out.
    documents
        By their SHA-256, the only documents that are answered; all where it is left out.
    """
    limits = limits or Limits()
    admission = admission or Admission()
    metrics = Metrics(lambda: current.eco.manifest if current.ready else None)
    endpoint = GraphQLEndpoint(
        graphql_schema(),
        lambda: Context(*current.served),
        limits,
        introspection=introspection,
        page=graphiql_page() if graphiql else None,
        max_age_s=max_age_s,
        admission=admission,
        persisted=Persisted(limits.persisted_bytes, documents),
        metrics=metrics,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current.start()
        yield
        endpoint.close()
        current.stop()

    app = FastAPI(title="modelkin", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.router.routes.append(Route("/graphql", endpoint, include_in_schema=False))  # tried first
    app.include_router(pages(graphiql=graphiql))

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

    @app.get("/metrics")
    async def told_metrics(request: Request) -> Response:
        """Tell what was asked and how it went, in Prometheus' format."""
        try:
            admission.check(request.scope)
        except RequestError as error:
            return JSONResponse({"errors": error.told}, error.status, error.headers)
        return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["ratelimit", "ratelimit-policy", "retry-after"],
            max_age=600,
        )
    return app
