"""Heads of requests that do not end: the connection does."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from modelkin import head
from tests.served import Published, Served

START = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"


@contextmanager
def connected(api: Served) -> Iterator[socket.socket]:
    where = urlsplit(str(api.client.base_url))
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        yield connection


def whole(connection: socket.socket) -> bytes:
    """Return all that is received until the server closes."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        pass  # closed while we still sent
    return received


@pytest.mark.parametrize(
    "endless", [b"x: " + b"y" * 100_000, b"x: y\r\n" * 10_000], ids=["one header", "many headers"]
)
def test_a_head_that_is_too_large_ends_the_connection(api: Served, endless: bytes) -> None:
    with connected(api) as connection:
        connection.sendall(START)
        sent = 0
        with pytest.raises(ConnectionError):  # noqa: PT012  (which piece it is depends on buffers)
            for _ in range(1000):
                connection.sendall(endless)
                sent += len(endless)
        assert sent < 50 * head.HEAD_BYTES
    with connected(api) as connection:
        connection.sendall(b"GET /" + b"y" * 2 * head.HEAD_BYTES)
        assert whole(connection) in {
            b"",
            b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            b"content-length: 0\r\nconnection: close\r\n\r\n",
        }
    api.lives()


def test_a_head_that_is_too_slow_ends_the_connection(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "HEAD_S", 0.2)
    with published.served() as api:
        for sent in (b"", b"GET", START):
            with connected(api) as connection:
                connection.sendall(sent)
                assert whole(connection).startswith(b"HTTP/1.1 408 ")
        with connected(api) as connection:
            connection.sendall(START + b"\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            connection.sendall(START)
            assert whole(connection).startswith(b"HTTP/1.1 408 "), "a further one, too"
        api.lives()


def test_a_slow_body_is_not_a_slow_head(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "HEAD_S", 0.2)
    body = b'{"query": "{ __typename }"}'
    told = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with published.served() as api, connected(api) as connection:
        connection.sendall(told + b"content-length: %d\r\n\r\n" % len(body))
        time.sleep(0.4)
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.4)
        connection.sendall(START + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 "), "nor is a pause between two"


def test_requests_sent_together_are_all_answered(api: Served) -> None:
    with connected(api) as connection:
        connection.sendall((START + b"\r\n") * 3 + START + b"connection: close\r\n\r\n")
        assert whole(connection).count(b"HTTP/1.1 200 ") == 4
