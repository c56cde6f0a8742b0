"""The pages for people: the explorer, and GraphiQL with its assets, which need no network."""

from pathlib import Path

from fastapi import APIRouter, Response

from api.explorer import explorer

_GRAPHIQL = Path(__file__).parent / "graphiql"
_KEY = Path(__file__).parent / "explorer" / "key.js"
_DAY = {"cache-control": "public, max-age=86400"}


def graphiql_page() -> bytes:
    """Return GraphiQL's page, for a browser that opens the GraphQL address."""
    return (_GRAPHIQL / "index.html").read_bytes()


def pages(*, graphiql: bool) -> APIRouter:
    """Return the routes of the pages."""
    router = APIRouter(include_in_schema=False)
    router.include_router(explorer(graphiql=graphiql))

    if graphiql:
        # Compressed as they are kept: every browser that runs GraphiQL takes gzip.
        script = _zipped("graphiql.js", "text/javascript")
        style = _zipped("graphiql.css", "text/css")
        router.get("/graphiql/graphiql.js")(lambda: script)
        router.get("/graphiql/graphiql.css")(lambda: style)
        # The explorer's: both ask for an API key in the same way.
        key = Response(_KEY.read_bytes(), media_type="text/javascript", headers=_DAY)
        router.get("/graphiql/key.js")(lambda: key)
    return router


def _zipped(name: str, media_type: str) -> Response:
    body = (_GRAPHIQL / f"{name}.gz").read_bytes()
    return Response(body, media_type=media_type, headers={**_DAY, "content-encoding": "gzip"})
