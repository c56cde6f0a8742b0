"""Clients that send or take too much, too slowly, or hold too many connections: theirs end."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.limits import Limits
from modelkin.connection import Bounds
from modelkin.settings import Settings
from tests.served import Published, Served

START = b"GET /healthz HTTP/1.1\r\nhost: x\r\n"
SCRIPT = b"GET /explorer/any/plotly.min.js HTTP/1.1\r\nhost: x\r\n"
"""An answer of some megabytes: more than sockets hold by themselves."""


@contextmanager
def connected(api: Served, window: int | None = None) -> Iterator[socket.socket]:
    """Connect; with ``window`` the system takes but so many bytes that nobody reads."""
    where = urlsplit(str(api.client.base_url))
    with socket.socket() as connection:
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.settimeout(20)
        connection.connect((where.hostname, where.port))
        yield connection


def clients(api: Served) -> set[tuple[str, int]]:
    """Return the addresses of the clients whose connections the server holds open."""
    port = urlsplit(str(api.client.base_url)).port
    established = "01"
    found = set()
    for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if local.endswith(f":{port:04X}") and state == established:
            found.add(("127.0.0.1", int(remote.partition(":")[2], 16)))
    return found


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
        assert sent < 50 * Bounds().head_bytes
    with connected(api) as connection:
        connection.sendall(b"GET /" + b"y" * 2 * Bounds().head_bytes)
        assert whole(connection) in {
            b"",
            b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
            b"content-length: 0\r\nconnection: close\r\n\r\n",
        }
    api.lives()


def test_a_head_that_is_too_slow_ends_the_connection(published: Published) -> None:
    with published.served(bounds=Bounds(head_s=0.2)) as api:
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


def test_a_slow_body_is_not_a_slow_head(published: Published) -> None:
    body = b'{"query": "{ __typename }"}'
    told = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with published.served(bounds=Bounds(head_s=0.2)) as api, connected(api) as connection:
        connection.sendall(told + b"content-length: %d\r\n\r\n" % len(body))
        time.sleep(0.4)
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        time.sleep(0.4)
        connection.sendall(START + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 "), "nor is a pause between two"


def test_a_body_that_goes_on_after_its_answer_ends_the_connection(published: Published) -> None:
    with (
        published.served(bounds=Bounds(head_s=0.3), limits=Limits(body_bytes=100)) as api,
        ExitStack() as stack,
    ):
        for head in (b"POST /nowhere", b"GET /healthz", b"POST /graphql"):
            connection = stack.enter_context(connected(api))
            connection.sendall(head + b" HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 ")
            with pytest.raises(ConnectionError):  # noqa: PT012  (bytes go out before one comes back)
                for _ in range(100):
                    connection.sendall(b"x")
                    time.sleep(0.05)
        connection = stack.enter_context(connected(api))
        connection.sendall(b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 404 ")
        connection.sendall(b"xyz" + START + b"\r\n")
        time.sleep(0.5)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 "), "one that ends does not"


@pytest.mark.parametrize(
    "sent",
    [SCRIPT + b"\r\n", SCRIPT + b"connection: close\r\n\r\n", (SCRIPT + b"\r\n") * 3],
    ids=["one", "the last", "several"],
)
@pytest.mark.parametrize("taken", [0, 1000], ids=["not at all", "bit by bit"])
def test_an_answer_that_is_not_taken_ends_the_connection(
    published: Published, sent: bytes, taken: int
) -> None:
    with (
        published.served(bounds=Bounds(answer_s=0.5)) as api,
        connected(api, window=4096) as connection,
    ):
        connection.sendall(sent)
        begin = time.monotonic()
        while connection.getsockname() in clients(api):
            assert time.monotonic() < begin + 20
            if taken:
                connection.recv(taken)
            time.sleep(0.05)
        assert time.monotonic() > begin + 0.5
        api.lives()


def test_an_answer_that_is_taken_ends_nothing(published: Published) -> None:
    with published.served(bounds=Bounds(answer_s=0.5)) as api, connected(api) as connection:
        end = api.client.get(
            "/explorer/any/plotly.min.js", headers={"accept-encoding": "identity"}
        ).content[-100:]
        for _ in range(2):
            connection.sendall(SCRIPT + b"\r\n")
            while not connection.recv(1_000_000).endswith(end):
                pass
            time.sleep(0.7)


def test_one_connection_too_many_ends_the_one_that_waits_for_longest(published: Published) -> None:
    with published.served(bounds=Bounds(connections=4)) as api, ExitStack() as stack:
        api.lives()  # by a connection that stays open, the first of the four
        idle = [stack.enter_context(connected(api)) for _ in range(20)]
        for connection in idle[:-4]:
            assert whole(connection) == b""
        api.lives()  # by one more
        assert whole(idle[-4]) == b""
        for connection in idle[-3:]:
            connection.sendall(START + b"\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_idle_connections_by_the_thousand_leave_room_for_others(published: Published) -> None:
    with published.served(bounds=Bounds(head_s=1.0, connections=50)) as api, ExitStack() as stack:
        idle = [stack.enter_context(connected(api)) for _ in range(2000)]
        api.lives()
        for connection in idle[:25]:
            connection.close()
        assert all(whole(connection)[:13] in {b"", b"HTTP/1.1 408 "} for connection in idle[25:])
        api.lives()


def test_requests_sent_together_are_all_answered(api: Served) -> None:
    with connected(api) as connection:
        connection.sendall((START + b"\r\n") * 3 + START + b"connection: close\r\n\r\n")
        assert whole(connection).count(b"HTTP/1.1 200 ") == 4


def test_the_settings_have_the_same_defaults() -> None:
    for field in fields(Bounds):
        assert Settings.model_fields[f"limit_{field.name}"].default == field.default
