"""The Hugging Face Hub as a source: every model of ``GET /api/models``, page by page."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

import structlog

from graph.errors import HubError, UsageError
from ingest.hub_client import HubClient, Refusal
from ingest.hub_protocol import (
    FIELDS,
    LIST_PATH,
    decode_model,
    decode_page,
    first_cursor,
    moved_to,
    next_cursor,
    refused_fields,
    without_fields,
)
from ingest.hub_transport import Answer
from ingest.source import Page, Source

_GONE = (401, 403, 404, 410)
"""What the Hub answers for a model that is not there, or not for everybody."""

_REDIRECTS = (301, 302, 303, 307, 308)

_log = structlog.get_logger()


class HubSource(Source):
    """Every model of the Hub, newest first, or those that changed since a time.

    Parameters
    ----------
    client
        Asks the Hub, at the pace that its quota allows.
    limit
        Stop after so many models, counted from where `pages` starts; None reads all.
    page_size
        Models asked for at once; the Hub gives at most 1000.
    overlap_s
        How far before the time since when changes are wanted to read on, in seconds: what
        changed while that time was taken may have been listed late.
    look_ups
        How many single models may be asked for, at most.

    Attributes
    ----------
    client
        Asks the Hub, and counts what that takes.
    dropped_fields
        Fields that this Hub refused, so that its models come without them.
    """

    name = "hub"

    def __init__(
        self,
        client: HubClient,
        *,
        limit: int | None = None,
        page_size: int = 1000,
        overlap_s: float = 3600.0,
        look_ups: int = 500,
    ) -> None:
        self._limit = limit
        self.dropped_fields: list[str] = []
        self.client = client
        self._page_size = page_size if limit is None else min(page_size, limit)
        self._overlap_s = overlap_s
        self._look_ups = look_ups

    @property
    def total(self) -> int | None:
        """The limit: the Hub does not say how many models it has."""
        return self._limit

    @property
    def complete(self) -> bool:
        """Whether reading to the end shows all that was asked for."""
        return self._limit is None

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
        """Read pages, from the newest model or from a cursor that an earlier page gave.

        A whole pass goes by ``createdAt``, which never changes, so that it misses nothing that
        stays in the list. One since a time goes by ``lastModified``, down to that time.

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
        sort = "createdAt" if since is None else "lastModified"
        until = None if since is None else _iso(since / 1000 - self._overlap_s)
        here = cursor if cursor is not None else first_cursor(sort, self._page_size)
        if not here.startswith(f"{LIST_PATH}?"):
            raise UsageError(f"{here!r} is no place in the Hub's list: start anew, with no resume")
        left = self._limit
        seen = {here}
        while left is None or left > 0:
            items, after = self._page(here)
            if left is not None:
                items = items[:left]
                left -= len(items)
            if left == 0 or (until is not None and _reaches(items, until)):
                after = None
            if after is None:
                yield Page(items, None)
                return
            if after in seen:
                raise HubError(
                    f"{self.client.endpoint} leads in a circle, back to {after}: try later"
                )
            seen.add(after)
            yield Page(items, after)
            here = after

    def look_up(self, ids: Sequence[str]) -> Iterator[tuple[str, Any | None]]:
        """Ask for single models, following a new name; no more than may be asked for.

        Raises
        ------
        HubError
            As for `pages`.
        """
        for id in islice(ids, self._look_ups):
            yield id, self._model(id)

    @property
    def counts(self) -> dict[str, float]:
        """Requests, retries, bytes received, and seconds waited for the quota and to retry."""
        client = self.client
        return {
            "requests": client.requests,
            "retries": client.retries,
            "bytes": client.bytes,
            "quota_wait_s": round(client.quota_wait_s, 3),
            "retry_wait_s": round(client.retry_wait_s, 3),
        }

    def _page(self, here: str) -> tuple[list[Any], str | None]:
        path = without_fields(here, self.dropped_fields)

        def decode(answer: Answer) -> tuple[list[Any], str | None]:
            following = next_cursor(answer.links, self.client.endpoint, path)
            return decode_page(answer.text), following

        found = self.client.get(path, decode)
        if not isinstance(found, Refusal):
            return found
        asked = [field for field in FIELDS if field not in self.dropped_fields]
        refused = refused_fields(found.message, asked) if found.status == 400 else []
        if not refused:
            raise self._refused(found)
        _log.warning("the Hub refuses fields; models come without them", fields=refused)
        self.dropped_fields += refused
        return self._page(here)

    def _model(self, id: str) -> Any | None:
        fields = [("expand", field) for field in FIELDS if field not in self.dropped_fields]
        asked = set()
        while id not in asked:  # names that lead in a circle lead nowhere
            asked.add(id)
            path = f"{LIST_PATH}/{quote(id, safe='/')}?{urlencode(fields)}"
            found = self.client.get(path, lambda answer: decode_model(answer.text))
            if not isinstance(found, Refusal):
                return found
            if found.status in _REDIRECTS and found.location:
                id = moved_to(found.location, self.client.endpoint, path)
            elif found.status not in _GONE:
                raise self._refused(found)
        return None

    def _refused(self, refusal: Refusal) -> UsageError | HubError:
        endpoint = self.client.endpoint
        if refusal.status in (401, 403):
            what = "to answer without a token" if self.client.anonymous else "the token"
            return UsageError(f"{endpoint} refuses {what} ({refusal}): check HF_TOKEN")
        if refusal.status in _REDIRECTS:
            return HubError(f"{endpoint} leads to {refusal.location}: name that as HF_ENDPOINT")
        return HubError(
            f"{endpoint} refuses the list of models ({refusal}): "
            "check HF_ENDPOINT, or start anew with no resume"
        )


def _reaches(items: list[Any], until: str) -> bool:
    """Return whether the last dated item of a page is older than a time, both as the Hub writes."""
    dates = [item.get("lastModified") for item in items if isinstance(item, dict)]
    written = [date for date in dates if isinstance(date, str)]
    return bool(written) and written[-1] < until


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(max(seconds, 0), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
