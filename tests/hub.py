"""The loopback Hub: ``/api/models`` as the real one answers it, with faults by script.

``python -m tests.hub --models 100000`` serves a generated Hub and prints its address.
"""

import argparse
import gzip
import math
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from http.server import ThreadingHTTPServer
from typing import Any, Self, cast

import orjson

from ingest.hub_protocol import FIELDS
from tests.hub_models import GeneratedModels
from tests.hub_wire import ALLOWED, BODIES, DEFAULT, LINKS, Fault, Handler, Request, shown

__all__ = ["ALLOWED", "BODIES", "LINKS", "Fault", "LoopbackHub", "Request"]


class LoopbackHub:
    """A Hub on 127.0.0.1, served by threads while the ``with`` block lasts.

    Parameters
    ----------
    models
        List items of ``/api/models``, or how many to generate. One without ``_id`` is given one.
    faults, page_faults
        Faults by the number of the list request, and by the number of the page (each time it is
        asked for); both count from 0. A bare status or name stands for its `Fault`.
    changes
        What happens to the models just before a list request, by its number.
    allowed
        The fields that ``expand`` accepts.
    quota, window_s
        Requests per window of so many seconds, counted from the start by ``clock``.
    tokens
        The tokens that are accepted; None accepts any.
    renamed
        Old id to new id.
    ahead_s
        Seconds by which the Hub's own clock, as its answers state it, is ahead.
    largest_page
        How many models a page holds at most, whatever is asked for.
    keep_pages
        How many encoded pages to keep, for speed.
    """

    def __init__(
        self,
        models: Sequence[Mapping[str, Any]] | int = 100,
        *,
        seed: int = 0,
        faults: Mapping[int, Fault | str | int] | None = None,
        page_faults: Mapping[int, Fault | str | int] | None = None,
        changes: Mapping[int, Callable[["LoopbackHub"], None]] | None = None,
        allowed: Sequence[str] = ALLOWED,
        quota: int = 1_000_000,
        window_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        tokens: Sequence[str] | None = None,
        renamed: Mapping[str, str] | None = None,
        ahead_s: float = 0.0,
        compress: bool = True,
        largest_page: int = 1000,
        keep_pages: int = 0,
        port: int = 0,
    ) -> None:
        self.models: Sequence[Mapping[str, Any]] = (
            GeneratedModels(models, seed) if isinstance(models, int) else [*map(_keyed, models)]
        )
        self.requests: list[Request] = []
        self.refused = 0
        self.allowed = allowed
        self.tokens = tokens
        self.renamed = dict(renamed or {})
        self.ahead_s = ahead_s
        self.compress = compress
        self.largest_page = largest_page
        self.stopping = threading.Event()
        self._faults = faults or {}
        self._page_faults = page_faults or {}
        self._changes = changes or {}
        self._quota = quota
        self._window_s = window_s
        self._clock = clock
        self._started = clock()
        self._window = 0
        self._used = 0
        self._listed = 0
        self._keep_pages = keep_pages
        self._pages: dict[tuple[object, ...], bytes] = {}
        self._orders: dict[str, tuple[list[tuple[Any, str]], list[int]]] = {}
        self._places: dict[Any, int] = {}
        self._lock = threading.RLock()
        self._server = HubServer(self, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        host, bound = self._server.server_address[:2]
        self.url = f"http://{host!s}:{bound}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def add(self, model: Mapping[str, Any]) -> None:
        """List a model that is new, or that was away."""
        self._replace([*self.models, _keyed(model)])
        self.renamed.pop(model["id"], None)

    def delete(self, id: str) -> None:
        """Take a model off the list, as when it is deleted or made private."""
        self._replace([model for model in self.models if model["id"] != id])

    def edit(self, id: str, /, **fields: Any) -> None:
        """Set fields of a model; what a commit changes comes with its ``lastModified``."""
        self._replace([{**m, **fields} if m["id"] == id else m for m in self.models])

    def rename(self, id: str, to: str) -> None:
        """Give a model another name or owner: its old address then leads to the new one."""
        self.edit(id, id=to, author=to.partition("/")[0])
        self.renamed = {**self.renamed, id: to}

    def _replace(self, models: list[Mapping[str, Any]]) -> None:
        with self._lock:
            self.models = models
            self._orders.clear()
            self._pages.clear()
            self._places.clear()

    def find(self, id: str) -> Mapping[str, Any] | None:
        """Return the model that bears an id now."""
        with self._lock:
            if not self._places:
                self._places.update((m.get("id"), place) for place, m in enumerate(self.models))
            place = self._places.get(id)
            return None if place is None else self.models[place]

    def spend(self, count: int) -> None:
        """Use up some of the quota, as others on the same token do."""
        with self._lock:
            self._used += count

    def admit(self, request: Request) -> tuple[bool, int, dict[str, str]]:
        """Count a request: whether the quota allows it, its number, the quota's headers."""
        with self._lock:
            now = self._clock()
            number = self._listed
            self._listed += request.path == "/api/models"
            self.requests.append(replace(request, at=now))
            window, into_s = divmod(now - self._started, self._window_s)
            if window != self._window:
                self._window, self._used = int(window), 0
            admitted = self._used < self._quota
            self._used += admitted
            self.refused += not admitted
            left, reset_s = max(0, self._quota - self._used), math.floor(self._window_s - into_s)
        policy = f'"fixed window";"api";q={self._quota};w={self._window_s:.0f}'
        return (
            admitted,
            number,
            {"RateLimit": f'"api";r={left};t={reset_s}', "RateLimit-Policy": policy},
        )

    def change(self, number: int) -> None:
        """Let happen what happens before a list request."""
        if number in self._changes:
            self._changes[number](self)

    def fault(self, number: int, page: int) -> Fault | None:
        found = self._faults.get(number, self._page_faults.get(page))
        return found if found is None or isinstance(found, Fault) else Fault(found)

    def order(self, sort: str) -> tuple[list[tuple[Any, str]], list[int]]:
        """Sort keys and places of the models: value descending, ``_id`` ascending, nulls last."""
        with self._lock:
            if sort not in self._orders:
                rows = [(m.get(sort), str(m["_id"]), place) for place, m in enumerate(self.models)]
                rows.sort(key=lambda row: row[1])
                nulls = [row for row in rows if row[0] is None]
                rows = [row for row in rows if row[0] is not None]
                rows.sort(key=lambda row: cast("Any", row[0]), reverse=True)
                rows += nulls
                self._orders[sort] = [row[:2] for row in rows], [row[2] for row in rows]
            return self._orders[sort]

    def page(self, sort: str, start: int, limit: int, fields: Sequence[str], packed: bool) -> bytes:
        """One page of the list as JSON, compressed when asked for."""
        key = (sort, start, limit, tuple(fields), packed)
        if key in self._pages:
            return self._pages[key]
        with self._lock:
            models = [self.models[place] for place in self.order(sort)[1][start : start + limit]]
        items = [shown(model, fields or DEFAULT) for model in models]
        if not fields:
            items = [{**item, "modelId": item["id"]} for item in items]
        body = orjson.dumps(items)
        body = gzip.compress(body, 1) if packed else body
        if len(self._pages) < self._keep_pages:
            self._pages[key] = body
        return body

    def prepare(self, limit: int) -> None:
        """Encode all pages of so many models that a crawl asks for, and begin the quota anew."""
        self._keep_pages = max(self._keep_pages, -(-len(self.models) // limit))
        for start in range(0, len(self.models), limit):
            self.page("createdAt", start, limit, FIELDS, packed=self.compress)
        self._started = self._clock()


class HubServer(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, hub: LoopbackHub, port: int) -> None:
        self.hub = hub
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open, so that their threads end too."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the client was quicker
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # clients hang up on faults, as they should
            super().handle_error(request, client_address)


def _keyed(model: Mapping[str, Any]) -> Mapping[str, Any]:
    if "_id" in model:
        return model
    return {"_id": blake2b(str(model["id"]).encode(), digest_size=12).hexdigest(), **model}


def main() -> None:
    """Serve a generated Hub until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=main.__doc__)
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--quota", type=int, default=1_000_000, help="requests per window")
    parser.add_argument("--window", type=float, default=300.0, help="seconds")
    parser.add_argument("--speed", type=float, default=1.0, help="of its clock")
    parser.add_argument("--keep-pages", type=int, default=200, help="encoded pages in memory")
    parser.add_argument("--prepare", type=int, metavar="LIMIT", help="encode all pages of so many")
    asked = parser.parse_args()
    hub = LoopbackHub(
        asked.models,
        seed=asked.seed,
        port=asked.port,
        quota=asked.quota,
        window_s=asked.window,
        clock=lambda: time.monotonic() * asked.speed,
        keep_pages=asked.keep_pages,
    )
    if asked.prepare:
        hub.prepare(asked.prepare)
    with hub:
        print(hub.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
