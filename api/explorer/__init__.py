"""The explorer: a page of plain modules for people, with charts by the installed plotly package.

Addresses hold a hash of what is served, so that browsers may keep it for ever; only the page itself
is asked for again.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

from api.negotiation import takes_gzip

_HERE = Path(__file__).parent

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

_PLOTLY = "plotly.min.js"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, no script within the page. plotly.js adds styles, and draws images."""

_SAFE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_PAGE = {**_SAFE, "content-security-policy": _POLICY, "cache-control": "no-cache"}
_FOR_EVER = {**_SAFE, "cache-control": "public, max-age=31536000, immutable"}
_NOT_KEPT = {**_SAFE, "cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Asset:
    """A file as it is sent, plain and compressed."""

    media_type: str
    plain: bytes
    zipped: bytes

    @classmethod
    def of(cls, name: str, plain: bytes) -> "_Asset":
        return cls(_TYPES[Path(name).suffix], plain, gzip.compress(plain, mtime=0))

    def response(self, request: Request, headers: dict[str, str]) -> Response:
        headers = {**headers, "vary": "accept-encoding"}
        if not takes_gzip(request.headers.get("accept-encoding")):
            return Response(self.plain, media_type=self.media_type, headers=headers)
        headers["content-encoding"] = "gzip"
        return Response(self.zipped, media_type=self.media_type, headers=headers)


def explorer(*, graphiql: bool) -> APIRouter:
    """Return the routes of the explorer: ``/``, and ``/explorer/...`` for what it loads.

    Parameters
    ----------
    graphiql
        Whether the page may lead to GraphiQL.
    """
    router = APIRouter(include_in_schema=False)
    files = {
        path.relative_to(_HERE).as_posix(): path.read_bytes()
        for path in sorted(_HERE.rglob("*"))
        if path.suffix in _TYPES
    }
    build = blake2b(version("plotly").encode(), digest_size=8)
    for name, content in files.items():
        build.update(name.encode() + b"\0" + content)
    folder = f"explorer/{build.hexdigest()}"
    assets = {name: _Asset.of(name, content) for name, content in files.items()}
    page = _Asset.of("index.html", _page(files, folder, graphiql=graphiql))

    @router.get("/")
    async def first_page(request: Request) -> Response:
        return page.response(request, _PAGE)

    # Not a coroutine: what is first asked for is compressed on a thread.
    @router.get("/explorer/{build}/{name:path}")
    def asset(request: Request, build: str, name: str) -> Response:
        found = _plotly() if name == _PLOTLY else assets.get(name)
        if found is None or name == "index.html":
            raise HTTPException(404)
        kept = f"explorer/{build}" == folder  # a page of an older release still gets its modules
        return found.response(request, _FOR_EVER if kept else _NOT_KEPT)

    return router


def _page(files: dict[str, bytes], folder: str, *, graphiql: bool) -> bytes:
    """Return the page, which names each module so that all are loaded at once."""
    modules = "\n".join(
        f'<link rel="modulepreload" href="{folder}/{name}">'
        for name in files
        if name.endswith("js")
    )
    text = files["index.html"].decode()
    told = {
        "<!-- modules -->": modules,
        "{folder}": folder,
        "{graphiql}": "on" if graphiql else "off",
    }
    for name, value in told.items():
        text = text.replace(name, value)
    return text.encode()


@lru_cache(maxsize=1)
def _plotly() -> _Asset:
    """Return plotly.js; found without importing plotly, which takes long."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise HTTPException(404, "the package plotly is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "package_data"
    return _Asset.of(_PLOTLY, (folder / _PLOTLY).read_bytes())
