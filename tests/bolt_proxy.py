"""A TCP proxy before a Neo4j that breaks connections at the worst moment, or goes away."""

import socket
import threading
from contextlib import suppress
from typing import Self

COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""The Bolt message COMMIT, as a chunk."""


class BoltProxy:
    """Cuts the connection at the next ``cuts`` commits, before or after they reach the server.

    ``passed`` counts the commits that were handed on.
    """

    def __init__(self, url: str, *, after: bool = False) -> None:
        host, _, port = url.partition("://")[2].partition(":")
        self._server = (host, int(port))
        self._port = 0
        self.cuts = 0
        self.passed = 0
        self._after = after
        self._sockets: list[socket.socket] = []
        self.come_back()

    @property
    def url(self) -> str:
        return f"bolt://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()

    def go_away(self) -> None:
        """End all connections, and refuse new ones."""
        # What waits in a call on a socket is not woken by closing it alone.
        for end in (self._listener, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def come_back(self) -> None:
        """Listen again, where it did before."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                server = socket.create_connection(self._server)
                self._sockets += [client, server]
                for one, other, towards in ((client, server, True), (server, client, False)):
                    threading.Thread(
                        target=self._pump, args=(one, other, towards), daemon=True
                    ).start()

    def _pump(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        """Hand on what comes; the end of one direction ends both."""
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if to_server and self.cuts and data.endswith(COMMIT):
                    self.cuts -= 1
                    if self._after:
                        self._commit_unheard(source, target, data)
                    break
                target.sendall(data)
                self.passed += to_server and data.endswith(COMMIT)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _commit_unheard(client: socket.socket, server: socket.socket, data: bytes) -> None:
        """Let the commit take effect, and the client never hear of it."""
        client.shutdown(socket.SHUT_RDWR)
        server.sendall(data)
        threading.Event().wait(0.5)
