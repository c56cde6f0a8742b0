"""One request to the Hub and its whole answer, within a time that nothing outlasts."""

import time
from collections.abc import Mapping
from concurrent.futures import Future
from threading import Thread
from typing import NamedTuple

import httpx2

from ingest.hub_protocol import unpacked

_CONNECT_S = 5.0
"""For one address. The Hub's name has a dozen, tried in turn: more would add up to minutes."""

_LARGEST_PAGE_BYTES = 64 * 2**20
"""A page of 1000 models is below 1 MB; without a bound an endless body would fill the memory."""


class UnansweredError(Exception):
    """A request came to nothing, and may be repeated.

    Parameters
    ----------
    reason
        What happened, in one line.
    retry_after_s
        Seconds that the Hub asked to wait first.
    """

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Answer(NamedTuple):
    """An answer of any status, its body as it came."""

    status: int
    headers: Mapping[str, str]
    links: list[dict[str, str]]
    body: bytes

    @property
    def text(self) -> bytes:
        """The body unpacked; ValueError when it cannot be."""
        return unpacked(self.body, self.headers.get("content-encoding"), _LARGEST_PAGE_BYTES)


def ask(client: httpx2.Client, url: str, headers: Mapping[str, str], within_s: float) -> Answer:
    """Send a GET request and receive its whole answer.

    A client's own time limits are for each step: name look-ups, a dozen addresses in turn or a
    header that drips outlast any of them. Waiting for a thread bounds the whole; one that is
    given up on ends with the step that it is in.

    Raises
    ------
    UnansweredError
        When there is no answer, or no complete one in ``within_s`` seconds.
    """
    future: Future[Answer] = Future()
    request = (future, client, url, headers, within_s)
    Thread(target=_resolve, args=request, name="hub", daemon=True).start()
    try:
        return future.result(within_s)
    except TimeoutError as error:
        raise UnansweredError(f"no complete answer in {within_s:.3g} s") from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise UnansweredError(f"{type(error).__name__}: {error}".rstrip(": ")) from error


def _resolve(
    future: Future[Answer],
    client: httpx2.Client,
    url: str,
    headers: Mapping[str, str],
    within_s: float,
) -> None:
    try:
        future.set_result(_receive(client, url, headers, within_s))
    except Exception as error:
        future.set_exception(error)


def _receive(
    client: httpx2.Client, url: str, headers: Mapping[str, str], within_s: float
) -> Answer:
    ends_at = time.monotonic() + within_s
    timeout = (min(_CONNECT_S, within_s), within_s, within_s, within_s)
    body = bytearray()
    # A redirect is the asker's to judge: followed here it could lead to any host.
    with client.stream(
        "GET", url, headers=headers, timeout=timeout, follow_redirects=False
    ) as response:
        for chunk in response.iter_raw():
            body += chunk
            if time.monotonic() > ends_at:
                raise UnansweredError(f"no complete answer in {within_s:.3g} s")
            if len(body) > _LARGEST_PAGE_BYTES:
                raise UnansweredError(f"an answer of over {_LARGEST_PAGE_BYTES:,} bytes")
    links = list(response.links.values())
    return Answer(response.status_code, response.headers, links, bytes(body))
