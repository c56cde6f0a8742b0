"""Connections whose requests' heads are bounded, in bytes and in time: uvicorn bounds neither."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 512 * 1024
"""Bytes of a request's line and headers; a query string has a bound of its own within."""

HEAD_S = 10.0
"""Seconds in which a head must have arrived, from the connection's or its first byte's arrival."""


class BoundedHeads(HttpToolsProtocol):
    """An HTTP connection that is closed when a request's head is too large or too slow."""

    _received = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; if a head is not whole by then, count it."""
        super().data_received(data)
        if self._timer is not None:
            self._received += len(data)
            if self._received > HEAD_BYTES:
                self._close(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Wait for the head of a further request."""
        super().on_message_begin()
        if self._timer is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Take a head that is whole."""
        self._arrived()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._received = 0
        self._timer = self.loop.call_later(HEAD_S, self._close, b"408 Request Timeout")

    def _arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self, status: bytes) -> None:
        self._arrived()
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status
            )
            self.transport.close()
