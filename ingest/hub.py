"""The Hugging Face Hub as a source: every model of ``GET /api/models``, page by page.

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
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from huggingface_hub import __version__ as client_version
from huggingface_hub import get_session, is_offline_mode
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined] # lazily

from graph.errors import HubError, UsageError
from ingest.hub_protocol import (
    FIELDS,
    LIST_PATH,
    checked_endpoint,
    checked_token,
    decode_page,
    error_message,
    first_cursor,
    next_cursor,
    refused_fields,
    retry_after_s,
    without_fields,
)
from ingest.hub_transport import Answer, UnansweredError, ask
from ingest.quota import Quota
from ingest.source import Page

_LONGEST_BACKOFF_S = 8.0
"""Between two attempts: some 75 requests of the quota in ten minutes of outage."""


class HubSource:
    """Every model of the Hub, newest first, at a pace that its quota allows.

    Parameters
    ----------
    endpoint
        The Hub's base address (``HF_ENDPOINT``). The token goes nowhere else.
    token
        An access token (``HF_TOKEN``); None asks anonymously, at half the pace or less.
    limit
        Stop after so many models, counted from where `pages` starts; None reads all.
    sort
        ``createdAt`` never changes, so a pass by it misses nothing that stays in the list;
        ``lastModified`` shows the changes since a time first.
    page_size
        Models asked for at once; the Hub gives at most 1000.
    timeout_s
        For one whole answer, first to last byte.
    first_answer_s
        Give up when the first page cannot be had in this time.
    silence_s
        Give up when a later page cannot be had in this time. Waits that spread the quota do not
        count; no single wait is longer than this.
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
    dropped_fields
        Fields that this Hub refused, so that its models come without them.
    requests, retries
        Requests sent, and how many of them repeated one that came to nothing.
    bytes
        Received over the network, compressed as they came.
    waited_s
        Seconds spent waiting for the quota or between attempts.

    Raises
    ------
    UsageError
        When the endpoint is no address, or the token is none.
    """

    name = "hub"

    def __init__(
        self,
        *,
        endpoint: str = "https://huggingface.co",
        token: str | None = None,
        limit: int | None = None,
        sort: Literal["createdAt", "lastModified"] = "createdAt",
        page_size: int = 1000,
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
        self.total = limit
        self.complete = limit is None
        self.dropped_fields: list[str] = []
        self.requests = 0
        self.retries = 0
        self.bytes = 0
        self.waited_s = 0.0
        self._endpoint = checked_endpoint(endpoint)
        agent = f"modelkin/{library_version}; hf_hub/{client_version}; "
        agent += f"python/{platform.python_version()}"
        self._headers = {
            "user-agent": agent if user_agent is None else f"{agent}; {user_agent}",
            "accept-encoding": "gzip",
        }
        if token is not None and token.strip():
            self._headers["authorization"] = f"Bearer {checked_token(token.strip())}"
        self._sort = sort
        self._page_size = page_size if limit is None else min(page_size, limit)
        self._timeout_s = timeout_s
        self._first_answer_s = first_answer_s
        self._silence_s = silence_s
        self._retry_s = retry_s
        self._on_wait = on_wait
        self._sleep = sleep
        self._clock = clock
        self._quota = Quota(quota_reserve, clock)

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """Read pages, from the newest model or from a cursor that an earlier page gave.

        A page's cursor is the path and query of the next one, so it holds at another address of
        the same Hub too. It does not expire.

        Raises
        ------
        UsageError
            When the token is refused, or the cursor is not one of the Hub's.
        HubError
            When the Hub does not answer or answers with nonsense for too long, when its quota is
            spent for longer than may be waited, or in offline mode.
        """
        if is_offline_mode():
            raise HubError("HF_HUB_OFFLINE is set, so the Hub is not asked: unset it to crawl")
        here = cursor if cursor is not None else first_cursor(self._sort, self._page_size)
        if not here.startswith(f"{LIST_PATH}?"):
            raise UsageError(f"{here!r} is no place in the Hub's list: start anew, with no resume")
        left = self.total
        seen = {here}
        within_s = self._first_answer_s
        while left is None or left > 0:
            items, after = self._page(here, within_s)
            within_s = self._silence_s
            if left is not None:
                items = items[:left]
                left -= len(items)
                after = after if left else None
            if after is None:
                yield Page(items, None)
                return
            if after in seen:
                raise HubError(f"{self._endpoint} leads in a circle, back to {after}: try later")
            seen.add(after)
            yield Page(items, after)
            here = after

    def _page(self, here: str, within_s: float) -> tuple[list[Any], str | None]:
        deadline = self._clock() + within_s
        attempt = 0
        while True:
            deadline += self._pace()
            try:
                return self._read(here, deadline)
            except UnansweredError as failure:
                backoff = min(_LONGEST_BACKOFF_S, self._retry_s * 2 ** min(attempt, 16))
                wait_s = max(backoff * random.uniform(0.5, 1.0), failure.retry_after_s)
                if self._clock() + wait_s >= deadline:
                    raise HubError(
                        f"{self._endpoint} gave no page of models within {within_s:g} s "
                        f"({failure}): check the network and HF_ENDPOINT, or come back later"
                    ) from failure
                self.retries += 1
                attempt += 1
                self._wait(wait_s, str(failure))

    def _read(self, here: str, deadline: float) -> tuple[list[Any], str | None]:
        here = without_fields(here, self.dropped_fields)
        answer, asked_wait_s = self._ask(here, deadline)
        try:
            text = answer.text
            if answer.status == 200:
                return decode_page(text), next_cursor(answer.links, self._endpoint, here)
        except ValueError as error:
            raise UnansweredError(str(error)) from error
        message = error_message(text)
        status = f"status {answer.status} {message[:200]}".rstrip()
        if answer.status in (408, 425, 429) or answer.status >= 500:
            if asked_wait_s:
                status += f", asks to wait {asked_wait_s:.0f} s"
            raise UnansweredError(status, asked_wait_s)
        if answer.status in (401, 403):
            what = "the token" if "authorization" in self._headers else "to answer without a token"
            raise UsageError(f"{self._endpoint} refuses {what} ({status}): check HF_TOKEN")
        refused = refused_fields(message, [f for f in FIELDS if f not in self.dropped_fields])
        if answer.status == 400 and refused:
            self.dropped_fields += refused
            return self._read(here, deadline)
        raise HubError(
            f"{self._endpoint} refuses the list of models ({status}): "
            "check HF_ENDPOINT, or start anew with no resume"
        )

    def _ask(self, here: str, deadline: float) -> tuple[Answer, float]:
        sent_at = self._clock()
        within_s = min(self._timeout_s, deadline - sent_at)
        if within_s <= 0:
            raise UnansweredError("no time left")
        self.requests += 1
        answer = ask(get_session(), self._endpoint + here, self._headers, within_s)
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
        return answer, retry_after_s(answer.headers.get("retry-after"), datetime.now(UTC))

    def _pace(self) -> float:
        wait_s = self._quota.wait_s()
        if wait_s > self._silence_s:
            raise HubError(f"{self._endpoint}: the quota is spent; come back in {wait_s:.0f} s")
        if wait_s > 0:
            self._wait(wait_s, "quota")
        return wait_s

    def _wait(self, seconds: float, reason: str) -> None:
        if self._on_wait is not None:
            self._on_wait(seconds, reason)
        self.waited_s += seconds
        self._sleep(seconds)
