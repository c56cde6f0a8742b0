"""Requests to the Hub: at the pace of its quota, repeated within limits, counted.

Of `huggingface_hub` this uses the HTTP session, with its proxies, certificates and offline
switch, and the reading of rate limits. Its ``http_backoff`` is not used: it sleeps through a
spent quota and repeats silent requests for minutes with no way to bound or count either, and it
lets an answer drip for ever. So there is one loop here, in which each wait and each request
counts against one limit. Its ``build_hf_headers`` is not used either: unless telemetry is off it
asks the Hub who is calling, and it may pick up a token that nobody gave.
"""

import platform
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

from huggingface_hub import __version__ as client_version
from huggingface_hub import get_session, is_offline_mode
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined] # lazily

from graph.errors import HubError
from ingest.hub_protocol import checked_endpoint, checked_token, error_message, retry_after_s
from ingest.hub_transport import Answer, UnansweredError, ask
from ingest.quota import Quota

_LONGEST_BACKOFF_S = 8.0
"""Between two attempts: some 75 requests of the quota in ten minutes of outage."""

T = TypeVar("T")


class Refusal(NamedTuple):
    """An answer that is none, and would not be one if the request were repeated."""

    status: int
    message: str
    location: str | None

    def __str__(self) -> str:
        return f"status {self.status} {self.message[:200]}".rstrip()


class HubClient:
    """Asks the Hub, one request at a time.

    Parameters
    ----------
    endpoint
        The Hub's base address (``HF_ENDPOINT``). The token goes nowhere else.
    token
        An access token (``HF_TOKEN``); None asks anonymously, at half the pace or less.
    timeout_s
        For one whole answer, first to last byte.
    first_answer_s
        Give up when the first answer cannot be had in this time.
    silence_s
        Give up when a later answer cannot be had in this time. Waits that spread the quota do
        not count; no single wait is longer than this.
    quota_reserve
        Fraction of the quota that is left to others on the same token.
    retry_s
        Wait before the first repetition; doubles each time up to 8 s, less up to half at random.
    library_version
        The version of modelkin, for the user agent.
    user_agent
        More for the user agent, such as a contact address.
    on_wait
        Told of each wait before it begins: its seconds and its reason. May raise, to stop.
    sleep, clock
        How to wait, and the seconds by which waits are counted.

    Attributes
    ----------
    requests, retries
        Requests sent, and how many of them repeated one that came to nothing.
    bytes
        Received over the network, compressed as they came.
    quota_wait_s, retry_wait_s
        Seconds spent waiting for the quota, and between attempts.

    Raises
    ------
    UsageError
        When the endpoint is no address, or the token is none.
    """

    def __init__(
        self,
        *,
        endpoint: str = "https://huggingface.co",
        token: str | None = None,
        timeout_s: float = 30.0,
        first_answer_s: float = 60.0,
        silence_s: float = 600.0,
        quota_reserve: float = 0.1,
        retry_s: float = 1.0,
        library_version: str = "unknown",
        user_agent: str | None = None,
        on_wait: Callable[[float, str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.endpoint = checked_endpoint(endpoint)
        self.requests = 0
        self.retries = 0
        self.bytes = 0
        self.quota_wait_s = 0.0
        self.retry_wait_s = 0.0
        agent = f"modelkin/{library_version}; hf_hub/{client_version}; "
        agent += f"python/{platform.python_version()}"
        self._headers = {
            "user-agent": agent if user_agent is None else f"{agent}; {user_agent}",
            "accept-encoding": "gzip",
        }
        if token is not None and token.strip():
            self._headers["authorization"] = f"Bearer {checked_token(token.strip())}"
        self._timeout_s = timeout_s
        self._within_s = first_answer_s
        self._silence_s = silence_s
        self._retry_s = retry_s
        self._on_wait = on_wait
        self._sleep = sleep
        self._clock = clock
        self._quota = Quota(quota_reserve, clock)

    @property
    def anonymous(self) -> bool:
        """Whether it asks without a token."""
        return "authorization" not in self._headers

    def get(self, path: str, decode: Callable[[Answer], T]) -> T | Refusal:
        """Ask for a path until there is an answer.

        Parameters
        ----------
        path
            Path and query at the endpoint.
        decode
            Reads an answer of status 200; ValueError says that it is nonsense, and the request
            is repeated.

        Raises
        ------
        HubError
            When the Hub does not answer or answers with nonsense for too long, when its quota is
            spent for longer than may be waited, or in offline mode.
        """
        if is_offline_mode():
            raise HubError("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it to crawl")
        deadline = self._clock() + self._within_s
        attempt = 0
        while True:
            deadline += self._pace()
            try:
                found = self._read(path, decode, deadline)
            except UnansweredError as failure:
                backoff = min(_LONGEST_BACKOFF_S, self._retry_s * 2 ** min(attempt, 16))
                wait_s = max(backoff * random.uniform(0.5, 1.0), failure.retry_after_s)
                if self._clock() + wait_s >= deadline:
                    raise HubError(
                        f"{self.endpoint} gave no answer within {self._within_s:g} s "
                        f"({failure}): check the network and HF_ENDPOINT, or come back later"
                    ) from failure
                self.retries += 1
                attempt += 1
                self.retry_wait_s += self._wait(wait_s, str(failure))
            else:
                self._within_s = self._silence_s
                return found

    def _read(self, path: str, decode: Callable[[Answer], T], deadline: float) -> T | Refusal:
        answer, asked_wait_s = self._ask(path, deadline)
        try:
            if answer.status == 200:
                return decode(answer)
            message = error_message(answer.text)
        except ValueError as error:
            raise UnansweredError(str(error)) from error
        refusal = Refusal(answer.status, message, answer.headers.get("location"))
        if answer.status in (408, 425, 429) or answer.status >= 500:
            asked = f", asks to wait {asked_wait_s:.0f} s" if asked_wait_s else ""
            raise UnansweredError(f"{refusal}{asked}", asked_wait_s)
        return refusal

    def _ask(self, path: str, deadline: float) -> tuple[Answer, float]:
        sent_at = self._clock()
        within_s = min(self._timeout_s, deadline - sent_at)
        if within_s <= 0:
            raise UnansweredError("no time left")
        self.requests += 1
        answer = ask(get_session(), self.endpoint + path, self._headers, within_s)
        self.bytes += len(answer.body)
        rate = parse_ratelimit_headers(answer.headers)
        if rate is not None:
            self._quota.update(
                sent_at=sent_at,
                remaining=rate.remaining,
                reset_s=rate.reset_in_seconds,
                limit=rate.limit,
            )
            if answer.status == 429 and rate.remaining == 0:
                return answer, rate.reset_in_seconds + 1.0
        return answer, retry_after_s(answer.headers.get("retry-after"), _sent(answer))

    def _pace(self) -> float:
        wait_s = self._quota.wait_s()
        if wait_s > self._silence_s:
            raise HubError(f"{self.endpoint}: the quota is spent; come back in {wait_s:.0f} s")
        if wait_s > 0:
            self.quota_wait_s += self._wait(wait_s, "quota")
        return wait_s

    def _wait(self, seconds: float, reason: str) -> float:
        if self._on_wait is not None:
            self._on_wait(seconds, reason)
        self._sleep(seconds)
        return seconds


def _sent(answer: Answer) -> datetime:
    """Return when an answer was sent by the Hub's own clock, which its dates go by, if it says."""
    try:
        date = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return datetime.now(UTC)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
