"""Connections that are bounded in number, bytes and time: of these uvicorn bounds but idleness."""

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a worker's connections; each is the setting ``MODELKIN_LIMIT_`` and its name.

    Attributes
    ----------
    connections
        Open ones. One more ends the one that has kept its client's turn for longest.
    head_bytes
        Bytes of a request's line and headers; a query string has a bound of its own within.
    head_s
        Seconds in which these must have arrived, from the connection's or their first byte's
        arrival; and, after an answer, what is left of the body.
    answer_s
        Seconds in which an answer must have been taken.
    idle_s
        Seconds without a request, after one.
    """

    connections: int = 500
    head_bytes: int = 512 * 1024
    head_s: float = 10.0
    answer_s: float = 60.0
    idle_s: int = 5


class BoundedConnection(HttpToolsProtocol):
    """An HTTP connection that ends when its client sends or takes too much or too slowly.

    Parameters
    ----------
    bounds
        Of all connections of the worker.
    arguments
        uvicorn's own.
    """

    def __init__(self, *, bounds: Bounds, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._bounds = bounds
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._received = 0
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        # So that we are told of any byte that the client does not take.
        transport.set_write_buffer_limits(high=0)
        self._since = monotonic()
        self._wait_for_head()
        if len(self.connections) > self._bounds.connections:
            self._end_another()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        for what in [*self._timers]:
            self._arrived(what)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; if a head is not whole by then, count it."""
        super().data_received(data)
        if "head" in self._timers:
            self._received += len(data)
            if self._received > self._bounds.head_bytes:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Wait for the head of a further request."""
        super().on_message_begin()
        if "head" not in self._timers:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Take a head that is whole."""
        self._arrived("head")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take a request that is whole."""
        self._arrived("rest")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for what nobody reads, if the answer came before the body's end."""
        super().on_response_complete()
        self._since = monotonic()
        # Of requests that were sent together this may be the next one, whose body somebody reads.
        if self.cycle.response_complete and self.cycle.more_body:
            self._wait("rest", self._bounds.head_s, self.transport.close)

    def pause_writing(self) -> None:
        """Wait for the client to take what was written."""
        super().pause_writing()
        self._wait("answer", self._bounds.answer_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on when it has."""
        self._arrived("answer")
        super().resume_writing()

    def _waits(self) -> bool:
        """Whether it is the client's turn: to send a request, or to take an answer."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body or self.flow.write_paused

    def _end_another(self) -> None:
        others = (c for c in self.connections if isinstance(c, BoundedConnection) and c is not self)
        waiting = (c for c in others if c._waits() and not c.transport.is_closing())
        longest = min(waiting, key=lambda connection: connection._since, default=None)
        if longest is not None:
            longest.transport.abort()

    def _wait_for_head(self) -> None:
        self._received = 0
        self._wait("head", self._bounds.head_s, self._refuse, b"408 Request Timeout")

    def _wait(self, what: str, seconds: float, end: Any, *arguments: Any) -> None:
        self._timers[what] = self.loop.call_later(seconds, end, *arguments)

    def _arrived(self, what: str) -> None:
        if timer := self._timers.pop(what, None):
            timer.cancel()

    def _refuse(self, status: bytes) -> None:
        self._arrived("head")
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status
            )
            self.transport.close()
