"""The Hub's list of models as a protocol: what is asked, and what its answers say.

Pure functions; answers are read without trust.
"""

import json
import re
import zlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urljoin, urlsplit

import orjson

from graph.errors import HubError, UsageError

LIST_PATH = "/api/models"

FIELDS = (
    "author",
    "baseModels",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "sha",
    "tags",
    "trendingScore",
)
"""What is asked of each model, beside ``_id`` and ``id``: about 745 bytes a model."""

_CANONICAL_HOST = "huggingface.co"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def checked_endpoint(endpoint: str) -> str:
    """Take an address without its last slash.

    Raises
    ------
    UsageError
        When it is not an address, or holds a user name or a query.
    """
    try:
        parts = urlsplit(endpoint)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.username:
        raise UsageError("HF_ENDPOINT is no address such as https://huggingface.co")
    return endpoint.rstrip("/")


def checked_token(token: str) -> str:
    """Take a token that can stand in a header.

    Raises
    ------
    UsageError
        When it cannot; the message does not show it.
    """
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError("HF_TOKEN holds characters that no access token has: copy it again")
    return token


def first_cursor(sort: str, page_size: int) -> str:
    """Where the list begins, newest first."""
    query = [("sort", sort), ("limit", str(page_size)), *(("expand", field) for field in FIELDS)]
    return f"{LIST_PATH}?{urlencode(query)}"


def unpacked(body: bytes, encoding: str | None, at_most: int) -> bytes:
    """Undo the compression of a body.

    Parameters
    ----------
    body
        As it came.
    encoding
        Its ``Content-Encoding``; gzip is the only one that is asked for.
    at_most
        Bytes that may come out, so that a small body cannot fill the memory.

    Raises
    ------
    ValueError
        When it is damaged, incomplete, too large or compressed in another way.
    """
    if encoding is None or encoding.lower() == "identity":
        return body
    if encoding.lower() != "gzip":
        raise ValueError(f"the body is compressed by {encoding}, which was not asked for")
    gzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = gzip.decompress(body, at_most)
    except zlib.error as error:
        raise ValueError("the body is broken gzip") from error
    if not gzip.eof:
        raise ValueError(f"the body is incomplete gzip, or over {at_most:,} bytes")
    return text


def decode_page(body: bytes) -> list[Any]:
    """Decode one page of models.

    Raises
    ------
    ValueError
        When the body is not JSON, as when it was cut short, or not a list.
    """
    items = _decoded(body)
    if not isinstance(items, list):
        raise ValueError("the body is not a list of models")  # noqa: TRY004
    return items


def _decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _decode_leniently(body)


def _decode_leniently(body: bytes) -> Any:
    # Half an emoji ("\ud83d"), NaN or a stray byte in one model's tags is refused by orjson and
    # would keep a crawl from ever passing that page; what cannot be text becomes "?".
    try:
        loose = json.loads(body.decode("utf-8", "replace"), parse_constant=lambda _: None)
        text = json.dumps(loose, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError("the body is nested too deep") from error
    except ValueError as error:
        kind = "HTML" if body.lstrip()[:1] == b"<" else "broken JSON"
        raise ValueError(f"the body is {kind}") from error
    return orjson.loads(text.encode("utf-8", "replace"))


def decode_model(body: bytes) -> Any:
    """Decode a single model.

    Raises
    ------
    ValueError
        When the body is not JSON, or not an object.
    """
    item = _decoded(body)
    if not isinstance(item, dict):
        raise ValueError("the body is not a model")  # noqa: TRY004
    return item


def next_cursor(links: Collection[Mapping[str, str]], endpoint: str, here: str) -> str | None:
    """Where the next page is, as path and query within any endpoint; None after the last page.

    Parameters
    ----------
    links
        The answer's ``Link`` header, one mapping of ``url`` and parameters for each link.
    endpoint
        The base address that was asked.
    here
        The cursor that was asked; relative links start from it.

    Raises
    ------
    ValueError
        When there is a link that says nothing usable. To take it for the last page would end
        the crawl early.
    HubError
        When the next page is on another host.
    """
    url = next((link["url"] for link in links if link.get("rel") == "next"), None)
    if url is None:
        if any("rel" not in link for link in links):
            raise ValueError("its Link header is malformed")
        return None
    target = _at_the_hub(url, endpoint, here)
    if not (target.path.endswith(LIST_PATH) and target.query):
        raise ValueError(f"its link to the next page is malformed ({url})")
    return f"{LIST_PATH}?{target.query}"


def moved_to(location: str, endpoint: str, here: str) -> str:
    """Return the id to which a model's old address leads.

    Parameters
    ----------
    location
        The answer's ``Location`` header.
    endpoint, here
        The base address and the path that were asked.

    Raises
    ------
    HubError
        When it is on another host, or names no model.
    """
    try:
        path = _at_the_hub(location, endpoint, here).path
    except ValueError as error:
        raise HubError(f"{endpoint} leads to a malformed address ({location})") from error
    _, found, id = unquote(path).partition(f"{LIST_PATH}/")
    if not found or not id:
        raise HubError(f"{endpoint} leads to {location}, which is no model")
    return id


def _at_the_hub(url: str, endpoint: str, here: str) -> SplitResult:
    """Resolve an address that the Hub gave; refuse one on another host.

    A mirror hands the Hub's own links through. Only path and query are taken from a link, so
    that no request, and no token, ever goes anywhere but to the endpoint.
    """
    try:
        target = urlsplit(urljoin(endpoint + here, url))
        host = _host(target)
    except ValueError as error:
        raise ValueError(f"its link to the next page is malformed ({url})") from error
    if host not in (_host(urlsplit(endpoint)), _CANONICAL_HOST):
        raise HubError(
            f"{endpoint} leads to another host, {host or 'none'}: "
            "check HF_ENDPOINT, or name that host there if you trust it"
        )
    return target


def _host(url: SplitResult) -> str:
    if url.port in (None, _DEFAULT_PORTS.get(url.scheme)):
        return url.hostname or ""
    return f"{url.hostname}:{url.port}"


def refused_fields(message: str, fields: Collection[str]) -> list[str]:
    """Which of the fields a refusal does not allow; none when the message is of something else.

    Parameters
    ----------
    message
        Such as ``"expand" must be one of [author, baseModels]``.
    fields
        What was asked for.
    """
    before, _, after = message.partition("one of")
    allowed = set(re.findall(r"\w+", after))
    if "expand" not in before + after or allowed.isdisjoint(fields):
        return []
    return [field for field in fields if field not in allowed]


def without_fields(cursor: str, fields: Collection[str]) -> str:
    """Take fields that the Hub refuses out of a cursor's query."""
    if not fields:
        return cursor
    path, _, query = cursor.partition("?")
    kept = [
        (key, value)
        for key, value in parse_qsl(query, keep_blank_values=True)
        if not (key in ("expand", "expand[]") and value in fields)
    ]
    return f"{path}?{urlencode(kept)}"


def error_message(body: bytes) -> str:
    """Return what an error answer says, in one line; empty when it says nothing."""
    try:
        said = orjson.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return " ".join(str(said).split())


def retry_after_s(value: str | None, now: datetime) -> float:
    """Seconds that a ``Retry-After`` header, a number or a date, asks to wait; 0 for none.

    Parameters
    ----------
    value
        The header; None when there is none.
    now
        The present time, with its time zone.
    """
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if until.tzinfo is None:  # "-0000" reads as a time without zone, and means UTC
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
