"""How the loopback Hub answers one request, rightly or with a fault."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import struct
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import orjson

if TYPE_CHECKING:
    from tests.hub import HubServer

ALLOWED = tuple(
    """
    author baseModels cardData config createdAt disabled downloads downloadsAllTime gated gguf
    inference lastModified library_name likes mask_token model-index pipeline_tag private
    resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore widgetData
    """.split()  # noqa: SIM905
)
"""What the list accepts as ``expand``."""

ONE_ALLOWED = ("childrenModelCount", "usedStorage")
"""What only a single model accepts as ``expand``, beside what the list does."""

DEFAULT = (
    "likes",
    "trendingScore",
    "private",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "createdAt",
)
"""What a list item has when nothing is expanded, beside its ids."""

SORTS = ("createdAt", "lastModified", "downloads", "likes", "trendingScore")

LINKS = {
    "other-host": '<http://elsewhere.example{next}>; rel="next"',
    "canonical-host": '<https://huggingface.co{next}>; rel="next"',
    "relative": '<{next}>; rel="next"',
    "malformed": '<http://[::1{next}>; rel="next"',
    "unlabelled": "<{url}{next}>",
    "repeat": '<{url}{here}>; rel="next"',
    "again": '<{url}{here}&part=2>; rel="next"',
    "loop": '<{url}{first}&part=2>; rel="next"',
}
"""Faults in the ``Link`` header, by name; ``again`` leads to the same page, then on;
``loop`` back to the first."""

BODIES = (
    "reset",
    "reset-body",
    "silent",
    "drip",
    "drip-head",
    "cut",
    "truncated",
    "bad-gzip",
    "html",
    "object",
    "empty",
)
"""Faults in the body, by name; ``empty`` is an empty page whose next link leads to the full one."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one answer.

    A status with headers, one of `BODIES` or `LINKS` by name, or a ``Link`` header.
    """

    kind: str | int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One request as it came, when by the Hub's clock; header names are in lower case."""

    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    at: float = 0.0

    def get(self, key: str) -> str | None:
        return dict(self.query).get(key)

    def getlist(self, *keys: str) -> list[str]:
        return [value for key, value in self.query if key in keys]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HubServer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        headers = {key.lower(): value for key, value in self.headers.items()}
        request = Request(unquote(url.path), parse_qsl(url.query, keep_blank_values=True), headers)
        admitted, number, rate = self.server.hub.admit(request)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        tokens = self.server.hub.tokens
        if not admitted:
            self._error(429, "We had to rate limit you", rate)
        elif scheme and tokens is not None and token not in tokens:
            said = "Invalid credentials in Authorization header"
            self._error(401, "Invalid username or password.", {**rate, "X-Error-Message": said})
        elif request.path == "/api/models":
            self._list(request, number, rate)
        elif request.path.startswith("/api/models/"):
            self._one(request, bool(scheme), rate)
        else:
            self._error(404, "Sorry, we can't find the page you are looking for.", rate)

    def _one(self, request: Request, known: bool, rate: Mapping[str, str]) -> None:
        hub = self.server.hub
        name = request.path.removeprefix("/api/models/")
        fields = request.getlist("expand", "expand[]")
        found = hub.find(name)
        if found is not None and not set(fields) <= {*hub.allowed, *ONE_ALLOWED}:
            listed = ", ".join((*hub.allowed, *ONE_ALLOWED))
            self._error(400, f'"expand" must be one of [{listed}]', rate)
        elif found is not None:
            item = shown(found, fields) if fields else {**found, "modelId": name}
            self._answer(200, orjson.dumps(item), rate)
        elif name in hub.renamed:
            self._answer(307, b"", {**rate, "Location": f"/api/models/{hub.renamed[name]}"})
        elif known:
            self._error(404, "Repository not found", {**rate, "X-Error-Code": "RepoNotFound"})
        else:
            said = "Invalid username or password."
            self._error(401, said, {**rate, "X-Error-Message": said})

    def _list(self, request: Request, number: int, rate: Mapping[str, str]) -> None:
        hub = self.server.hub
        fields = request.getlist("expand", "expand[]")
        if not set(fields) <= set(hub.allowed):
            listed = ", ".join(hub.allowed)
            return self._error(400, f'"expand" must be one of [{listed}]', rate)
        sort = request.get("sort") or "trendingScore"
        if sort not in SORTS:
            return self._error(400, f'"sort" must be one of [{", ".join(SORTS)}]', rate)
        wanted = request.get("limit") or ""
        limit = min(hub.largest_page, int(wanted) if wanted.isdecimal() else 0) or hub.largest_page
        hub.change(number)
        keys, _ = hub.order(sort)
        try:
            start = place_after(keys, sort, request.get("cursor"))
        except (ValueError, LookupError, TypeError):
            return self._error(400, "Invalid cursor", rate)
        end = start + limit
        following = None
        if end < len(keys):
            kept = [(key, value) for key, value in request.query if key not in ("cursor", "part")]
            kept.append(("cursor", cursor_after(sort, keys[end - 1])))
            following = "/api/models?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in kept)
        packed = hub.compress and "gzip" in request.headers.get("accept-encoding", "")
        headers = dict(rate)
        if following is not None:
            headers["Link"] = f'<{hub.url}{following}>; rel="next"'
        body = hub.page(sort, start, limit, fields, packed)
        if packed:
            headers["Content-Encoding"] = "gzip"
        fault = hub.fault(number, start // limit)
        if fault is None:
            return self._answer(200, body, headers)
        return self._fail(fault, body, headers, following)

    def _fail(self, fault: Fault, body: bytes, headers: dict[str, str], after: str | None) -> None:
        kind, url = fault.kind, self.server.hub.url
        plain = {key: headers[key] for key in ("RateLimit", "RateLimit-Policy")}
        plain.update(fault.headers)
        if isinstance(kind, int):
            self._error(kind, "The Hub is having a hard time", plain)
        elif kind in LINKS or "<" in kind:
            first = "&".join(
                part for part in self.path.split("&") if not part.startswith("cursor=")
            )
            link = LINKS.get(kind, kind).format(url=url, next=after, here=self.path, first=first)
            self._answer(200, body, {**headers, "Link": link})
        elif kind == "truncated":
            whole = gzip.decompress(body) if "Content-Encoding" in headers else body
            self._answer(200, whole[: len(whole) // 2], plain)
        elif kind == "bad-gzip":
            self._answer(200, b"not gzip", {**plain, "Content-Encoding": "gzip"})
        elif kind == "html":
            page = b"<!DOCTYPE html><title>Be right back</title>"
            self._answer(200, page, {**plain, "Content-Type": "text/html"})
        elif kind == "object":
            self._answer(200, b'{"error": "Internal error"}', plain)
        elif kind == "empty":
            self._answer(200, b"[]", {**plain, "Link": f'<{url}{self.path}&part=2>; rel="next"'})
        else:
            self._hang_up(kind, body, headers)

    def _hang_up(self, kind: str, body: bytes, headers: dict[str, str]) -> None:
        self.close_connection = True
        if kind.startswith("reset"):
            if kind == "reset-body":
                self._answer(200, body, headers, sent=len(body) // 2)
            at_once = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            self.connection.close()
        elif kind == "silent":
            self.server.hub.stopping.wait()
        elif kind == "drip":
            self._answer(200, body, headers, sent=0)
            self._drip(body)
        elif kind == "drip-head":
            self._drip(b"HTTP/1.1 200 -\r\nX-Slow: " + b"." * 10_000)
        elif kind == "cut":
            self._answer(200, body, headers, sent=len(body) // 2)
        else:
            raise AssertionError(f"no such fault: {kind}")

    def _drip(self, body: bytes) -> None:
        for byte in body:
            self.wfile.write(bytes([byte]))
            if self.server.hub.stopping.wait(0.02):
                break

    def _error(self, status: int, said: str, headers: Mapping[str, str]) -> None:
        self._answer(status, orjson.dumps({"error": said}), headers)

    def _answer(
        self, status: int, body: bytes, headers: Mapping[str, str], sent: int | None = None
    ) -> None:
        date = formatdate(time.time() + self.server.hub.ahead_s, usegmt=True)
        lines = {"Content-Type": "application/json; charset=utf-8", "Date": date, **headers}
        lines["Content-Length"] = str(len(body))
        head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        self.wfile.write(f"HTTP/1.1 {status} -\r\n{head}\r\n".encode("latin-1"))
        self.wfile.write(body[:sent])


def shown(model: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """A model with the fields that are asked for; those that it lacks are absent."""
    names = ("_id", "id", *fields)
    return {name: model[name] for name in names if model.get(name) is not None}


def cursor_after(sort: str, key: tuple[Any, str]) -> str:
    """A keyset cursor, as the Hub writes it: a query in base64."""
    value, model = key
    places: list[dict[str, Any]] = [{sort: value, "_id": {"$gt": model}}]
    if value is not None:
        places += [{sort: {"$lt": value}}, {sort: None}]
    return base64.b64encode(json.dumps({"$or": places}, separators=(",", ":")).encode()).decode()


def place_after(keys: Sequence[tuple[Any, str]], sort: str, cursor: str | None) -> int:
    """Where the first model after a cursor is."""
    if cursor is None:
        return 0
    place = json.loads(base64.b64decode(cursor, validate=True))["$or"][0]
    value, model = place[sort], place["_id"]["$gt"]

    def is_after(key: tuple[Any, str]) -> bool:
        if key[0] == value:
            return key[1] > cast("str", model)
        return key[0] is None or (value is not None and key[0] < value)

    return bisect_left(keys, True, key=is_after)
