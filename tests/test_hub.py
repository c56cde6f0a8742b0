"""The Hub as a source, over real sockets against the loopback Hub."""

import gzip
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from huggingface_hub import HfApi, close_session, constants
from huggingface_hub.errors import RepositoryNotFoundError

from graph.errors import HubError, UsageError
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from ingest.hub_protocol import (
    FIELDS,
    decode_page,
    first_cursor,
    next_cursor,
    refused_fields,
    retry_after_s,
    unpacked,
)
from ingest.quota import Quota
from ingest.source import Page, Source
from tests.hub import BODIES, LINKS, Fault, LoopbackHub
from tests.hub_models import FLOOR, GeneratedModels, iso

TOKEN = "hf_a-token-of-the-tests"
STATUSES = (408, 429, 500, 502, 503, 504, 520, 522, 524)
TRANSIENT = (*STATUSES, *BODIES, "malformed", "unlabelled")
"""Faults that a repetition mends."""

OWN = ("limit", "page_size", "overlap_s", "look_ups")
"""What a source takes itself; its client takes the rest."""


@pytest.fixture(autouse=True, scope="module")
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the client off proxies, the user's token and all hosts but the loopback."""
    home = tmp_path_factory.mktemp("hf-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        patch.setenv("HF_HOME", str(home))
        patch.setenv("NO_PROXY", "*")
        patch.delenv("HF_TOKEN", raising=False)
        # The client reads its settings when it is first imported, which has happened by now.
        patch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "AGENT_HARNESSES_PATH", str(home / "harnesses.json"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        close_session()
        yield
        close_session()


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def client(hub: LoopbackHub | str, **options: Any) -> HubClient:
    """Make a client that repeats quickly."""
    endpoint = hub if isinstance(hub, str) else hub.url
    settings: dict[str, Any] = {"retry_s": 0.01, "timeout_s": 0.3}
    return HubClient(**settings | {"endpoint": endpoint, "token": None} | options)


def source(asked: HubClient | LoopbackHub | str, **options: Any) -> HubSource:
    """Make a source of small pages."""
    own = {name: options.pop(name) for name in OWN if name in options}
    if not isinstance(asked, HubClient):
        asked = client(asked, **options)
    return HubSource(asked, **{"page_size": 10} | own)


def waited(crawl: HubSource) -> float:
    return crawl.client.quota_wait_s + crawl.client.retry_wait_s


def ids(pages: Iterator[Page] | list[Page]) -> list[str]:
    return [item["id"] for page in pages for item in page.items]


def newest_first(hub: LoopbackHub) -> list[str]:
    by_id = sorted(hub.models, key=lambda model: model["_id"])
    return [m["id"] for m in sorted(by_id, key=lambda model: model["createdAt"], reverse=True)]


# The pass


def test_a_full_pass_gives_every_model_once_newest_first() -> None:
    with LoopbackHub(2345) as hub:
        crawl: Source = source(hub, page_size=1000)
        pages = list(crawl.pages(None))
        assert ids(pages) == newest_first(hub)
        assert [len(page.items) for page in pages] == [1000, 1000, 345]
        assert pages[-1].cursor is None
        items = {item["id"]: item for page in pages for item in page.items}
        assert items == {model["id"]: dict(model) for model in hub.models}
        assert (crawl.name, crawl.total) == ("hub", None)


def test_models_of_one_date_come_by_id_and_none_is_lost_between_pages() -> None:
    models = [{"id": f"old/{n}", "createdAt": iso(FLOOR)} for n in range(57)]
    with LoopbackHub(models) as hub:
        assert ids(source(hub).pages(None)) == newest_first(hub)


def test_an_odd_item_is_handed_on() -> None:
    odd = {"id": "a/b", "createdAt": iso(FLOOR), "safetensors": 7, "tags": None, "sha": []}
    with LoopbackHub([odd]) as hub:
        (page,) = source(hub).pages(None)
        assert page.items[0]["safetensors"] == 7


def test_an_empty_hub_is_one_empty_page() -> None:
    with LoopbackHub(0) as hub:
        assert list(source(hub).pages(None)) == [Page([], None)]


def test_it_asks_for_lean_pages() -> None:
    with LoopbackHub(30) as hub:
        list(source(hub, library_version="1.2", user_agent="ops@example.org").pages(None))
        for request in hub.requests:
            assert request.getlist("expand") == list(FIELDS)
            assert (request.get("sort"), request.get("limit")) == ("createdAt", "10")
            assert request.headers["user-agent"].startswith("modelkin/1.2; hf_hub/")
            assert request.headers["user-agent"].endswith("; ops@example.org")
            assert "authorization" not in request.headers


def test_the_hub_may_clamp_the_page() -> None:
    with LoopbackHub(1500) as hub:
        pages = list(source(hub, page_size=5000, timeout_s=5).pages(None))
        assert [len(page.items) for page in pages] == [1000, 500]


def test_a_pass_by_last_change() -> None:
    with LoopbackHub(300) as hub:
        items = [m for page in source(hub).pages(None, 0) for m in page.items]
        dates = [item["lastModified"] for item in items]
        assert dates == sorted(dates, reverse=True)
        assert len({item["id"] for item in items}) == 300


@pytest.mark.parametrize("limit", [0, 1, 10, 25, 100, 101])
def test_a_limit(limit: int) -> None:
    with LoopbackHub(100) as hub:
        crawl = source(hub, limit=limit)
        pages = list(crawl.pages(None))
        assert ids(pages) == newest_first(hub)[:limit]
        assert crawl.client.requests == -(-min(limit, 100) // 10)
        assert crawl.total == limit
        assert all(page.cursor is not None for page in pages[:-1])
        assert not pages or pages[-1].cursor is None


def test_each_cursor_resumes_with_the_rest_at_any_address() -> None:
    with LoopbackHub(95) as first, LoopbackHub(95) as second:
        pages = list(source(first).pages(None))
        for number, page in enumerate(pages[:-1], start=1):
            assert page.cursor is not None
            assert page.cursor.startswith("/api/models?")
            assert "127.0.0.1" not in page.cursor
            assert ids(source(second).pages(page.cursor)) == ids(pages[number:])


def test_a_cursor_outlives_the_model_it_stands_on() -> None:
    models = GeneratedModels(50)[:]
    with LoopbackHub(models) as hub:
        page = next(source(hub).pages(None))
        rest = newest_first(hub)[10:]
    last = page.items[-1]["id"]
    with LoopbackHub([model for model in models if model["id"] != last]) as hub:
        assert ids(source(hub).pages(page.cursor)) == rest


@pytest.mark.parametrize("cursor", ["", "row 7", "@elsewhere.example/api/models?x", "/api/other?x"])
def test_a_foreign_cursor_is_refused_before_anything_is_asked(cursor: str) -> None:
    with LoopbackHub(5) as hub:
        with pytest.raises(UsageError, match="no resume"):
            list(source(hub).pages(cursor))
        assert hub.requests == []


def test_a_damaged_cursor_is_named_as_such() -> None:
    with LoopbackHub(5) as hub, pytest.raises(HubError, match=r"Invalid cursor.*no resume"):
        list(source(hub).pages("/api/models?sort=createdAt&cursor=e30"))


# The token, and other hosts


def test_the_token_is_sent_to_the_endpoint() -> None:
    with LoopbackHub(30, tokens=[TOKEN]) as hub:
        assert len(ids(source(hub, token=f"{TOKEN}\n").pages(None))) == 30
        assert {r.headers["authorization"] for r in hub.requests} == {f"Bearer {TOKEN}"}


def test_a_next_page_on_another_host_is_refused_by_its_name() -> None:
    with LoopbackHub(30) as other:
        link = f'<{other.url}{{next}}>; rel="next"'
        with LoopbackHub(30, faults={1: link}) as hub:
            pages = source(hub, token=TOKEN).pages(None)
            assert len(next(pages).items) == 10
            with pytest.raises(HubError, match=other.url.removeprefix("http://")):
                next(pages)
        assert other.requests == []


def test_a_redirect_is_not_followed_and_takes_no_token_along() -> None:
    with LoopbackHub(30) as other:
        away = Fault(307, {"Location": f"{other.url}{first_cursor('createdAt', 10)}"})
        with (
            LoopbackHub(30, faults={0: away}) as hub,
            pytest.raises(HubError, match="HF_ENDPOINT"),
        ):
            list(source(hub, token=TOKEN).pages(None))
        assert other.requests == []


@pytest.mark.parametrize("name", ["relative", "canonical-host"])
def test_links_that_lead_on_at_the_endpoint(name: str) -> None:
    with LoopbackHub(50, faults={1: name}) as hub:
        crawl = source(hub, token=TOKEN)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert (crawl.client.requests, crawl.client.retries) == (5, 0)


@pytest.mark.parametrize(
    ("endpoint", "url", "leads_to"),
    [
        ("https://huggingface.co", "https://huggingface.co/api/models?c=1", "/api/models?c=1"),
        ("https://huggingface.co", "http://huggingface.co:80/api/models?c=1", "/api/models?c=1"),
        ("https://a.example/hub", "https://a.example/hub/api/models?c=1", "/api/models?c=1"),
        ("https://a.example/hub", "https://huggingface.co/api/models?c=1", "/api/models?c=1"),
        ("https://a.example", "?c=1", "/api/models?c=1"),
    ],
)
def test_where_a_link_leads(endpoint: str, url: str, leads_to: str) -> None:
    assert next_cursor([{"url": url, "rel": "next"}], endpoint, "/api/models?x=1") == leads_to


@pytest.mark.parametrize(
    "url", ["https://huggingface.co@a.example/api/models?c=1", "//a.example/api/models?c=1"]
)
def test_where_a_link_must_not_lead(url: str) -> None:
    with pytest.raises(HubError, match=r"another host, a\.example"):
        next_cursor([{"url": url, "rel": "next"}], "https://huggingface.co", "/api/models?x=1")


def test_a_link_of_another_kind_is_the_last_page() -> None:
    assert next_cursor([{"url": "/api/models?x", "rel": "prev"}], "https://a.example", "/") is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_a_matter_of_configuration(status: int) -> None:
    with LoopbackHub(5, tokens=["another"], faults={0: status}) as hub:
        crawl = source(hub, token=TOKEN if status == 401 else None)
        with pytest.raises(UsageError, match="HF_TOKEN") as caught:
            list(crawl.pages(None))
        assert TOKEN not in str(caught.value)
        assert crawl.client.requests == 1


@pytest.mark.parametrize("token", ["hf_two words", "hf_tökén", "hf_a\nb"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(UsageError, match="HF_TOKEN") as caught:
        source("http://127.0.0.1:1", token=token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["", "huggingface.co", "ftp://a.example", "http://[::1", "http:///x"]
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(UsageError, match="HF_ENDPOINT"):
        source(endpoint)


# Fields


def test_fields_that_the_hub_refuses_are_dropped() -> None:
    allowed = [field for field in FIELDS if field not in ("baseModels", "downloadsAllTime")]
    with LoopbackHub(30, allowed=allowed) as hub:
        crawl = source(hub)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert crawl.dropped_fields == ["baseModels", "downloadsAllTime"]
        assert (crawl.client.requests, crawl.client.retries) == (4, 0)


def test_a_cursor_from_before_the_refusal_still_resumes() -> None:
    with LoopbackHub(30) as before:
        first = next(source(before).pages(None))
    with LoopbackHub(30, allowed=[f for f in FIELDS if f != "baseModels"]) as after:
        crawl = source(after)
        assert ids(crawl.pages(first.cursor)) == newest_first(after)[10:]
        assert crawl.dropped_fields == ["baseModels"]


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ('"expand" must be one of [author, tags]', ["sha"]),
        ('"expand[3]" must be one of [author, tags]', ["sha"]),
        ('Invalid option: expected one of "author"|"tags" at expand[3]', ["sha"]),
        ('"sort" must be one of [createdAt, likes]', []),
        ('"expand" must be one of [author, tags, sha]', []),
        ('"expand" must be one of [something, else]', []),
        ("", []),
    ],
)
def test_what_a_refusal_names(message: str, refused: list[str]) -> None:
    assert refused_fields(message, ["author", "sha", "tags"]) == refused


@pytest.mark.parametrize("status", [400, 404, 410])
def test_any_other_refusal_ends_the_pass_at_once(status: int) -> None:
    with LoopbackHub(5, faults={0: status}) as hub:
        crawl = source(hub)
        with pytest.raises(HubError, match=f"{status} The Hub is having a hard time.*HF_ENDPOINT"):
            list(crawl.pages(None))
        assert crawl.client.requests == 1


# Faults


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.parametrize("number", [0, 2])
def test_a_passing_fault_changes_nothing(fault: str | int, number: int, compress: bool) -> None:
    with LoopbackHub(50, faults={number: fault}, compress=compress) as hub:
        crawl = source(hub, first_answer_s=10)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert crawl.client.requests == 6
        assert crawl.client.retries == (fault != "empty")


def test_faults_in_a_row() -> None:
    with LoopbackHub(50, faults=dict(enumerate((503, "html", "reset", "cut", 524)))) as hub:
        crawl = source(hub)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert (crawl.client.requests, crawl.client.retries) == (10, 5)
        assert waited(crawl) > 0


@pytest.mark.parametrize("fault", [each for each in TRANSIENT if each != "empty"])
def test_a_lasting_fault_ends_with_what_it_is(fault: str | int) -> None:
    with LoopbackHub(50, page_faults={2: fault}) as hub:
        pages = source(hub, silence_s=0.4, timeout_s=0.1).pages(None)
        assert ids([next(pages), next(pages)]) == newest_first(hub)[:20]
        with pytest.raises(HubError, match=r"within 0\.4 s \(.+\): check"):
            next(pages)
        assert HubError.exit_code == 75


def test_a_circle_of_pages_is_named() -> None:
    assert "repeat" in LINKS
    with LoopbackHub(50, page_faults={2: "repeat"}) as hub:
        pages = source(hub).pages(None)
        cursor = [next(pages), next(pages)][1].cursor
        with pytest.raises(HubError) as caught:
            next(pages)
        assert f"circle, back to {cursor}" in str(caught.value)


@pytest.mark.parametrize("fault", [503, "silent", "drip", "drip-head", "html"])
def test_a_hub_that_never_answers(fault: str | int) -> None:
    with LoopbackHub(5, page_faults={0: fault}) as hub, pytest.raises(HubError, match=r"0\.3 s"):
        list(source(hub, first_answer_s=0.3, timeout_s=0.1).pages(None))


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(HubError, match=r"ConnectError.*HF_ENDPOINT"):
            list(source(url, first_answer_s=0.3).pages(None))


def test_the_first_page_of_a_resumed_pass_is_a_first_answer_too() -> None:
    with LoopbackHub(30) as hub:
        cursor = next(source(hub).pages(None)).cursor
    with LoopbackHub(30, page_faults={1: 503}) as hub, pytest.raises(HubError, match=r"0\.2 s"):
        list(source(hub, first_answer_s=0.2).pages(cursor))


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (rb'[{"id": "a/\ud83d"}]', [{"id": "a/?"}]),
        (b'[{"id": "a/\xff"}]', [{"id": "a/�"}]),
        (b'[{"likes": NaN}]', [{"likes": None}]),
        ('[{"id": "a/\N{GRINNING FACE}"}]'.encode(), [{"id": "a/\N{GRINNING FACE}"}]),
    ],
)
def test_one_odd_string_does_not_stop_a_page(body: bytes, items: list[Any]) -> None:
    assert decode_page(body) == items


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b"null", b"<html>", b"[" * 100_000, b"[1]]"])
def test_a_body_that_is_no_page(body: bytes) -> None:
    with pytest.raises(ValueError, match="body is"):
        decode_page(body)


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (gzip.compress(b"[]" * 99, mtime=0)[:-9], "gzip", "incomplete"),
        (gzip.compress(b"[]" * 999, mtime=0), "gzip", "over 1,000 bytes"),
        (b"[]", "gzip", "broken"),
        (b"[]", "br", "by br"),
    ],
)
def test_a_body_that_cannot_be_unpacked(body: bytes, encoding: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        unpacked(body, encoding, 1000)


# Quota


def test_an_even_pace() -> None:
    clock = FakeClock()
    quota = Quota(0.1, clock)
    assert quota.wait_s() == 0
    quota.update(sent_at=clock(), remaining=499, reset_s=299, limit=500)
    assert quota.wait_s() == pytest.approx(300 / 449)
    clock.sleep(0.5)
    assert quota.wait_s() == pytest.approx(300 / 449 - 0.5)
    clock.sleep(1)
    assert quota.wait_s() == 0


@pytest.mark.parametrize("left", [50, 7, 0])
def test_the_reserve_waits_for_the_next_window(left: int) -> None:
    clock = FakeClock()
    quota = Quota(0.1, clock)
    quota.update(sent_at=clock() - 2, remaining=left, reset_s=40, limit=500)
    assert quota.wait_s() == 41


def test_a_quota_that_is_not_stated_is_the_most_that_was_left() -> None:
    clock = FakeClock()
    quota = Quota(0.5, clock)
    quota.update(sent_at=clock(), remaining=99, reset_s=9, limit=None)
    quota.update(sent_at=clock(), remaining=59, reset_s=8, limit=None)
    assert quota.wait_s() == pytest.approx(1)


@pytest.mark.parametrize("reserve", [0.0, 0.1, 0.5])
def test_a_crawl_never_runs_into_the_limit(reserve: float) -> None:
    clock = FakeClock()
    waits: list[tuple[float, str]] = []
    with LoopbackHub(500, quota=20, window_s=300, clock=clock) as hub:
        crawl = source(
            hub,
            quota_reserve=reserve,
            clock=clock,
            sleep=clock.sleep,
            on_wait=lambda seconds, reason: waits.append((seconds, reason)),
        )
        assert ids(crawl.pages(None)) == newest_first(hub)
        windows = Counter((request.at - 1000) // 300 for request in hub.requests)
    assert hub.refused == crawl.client.retries == 0
    assert max(windows.values()) <= 20 * (1 - reserve)
    # Evenly: no wait is as long as half a window, and little of the quota is left unused.
    assert max(seconds for seconds, _ in waits) < 150
    assert windows[1.0] >= 20 * (1 - reserve) - 2
    assert {reason for _, reason in waits} == {"quota"}
    assert waited(crawl) == pytest.approx(sum(seconds for seconds, _ in waits))


def test_a_real_window_over_the_socket() -> None:
    with LoopbackHub(500, quota=40, window_s=1) as hub:
        crawl = source(hub)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert hub.refused == crawl.client.retries == 0


def test_what_others_spend_is_waited_out() -> None:
    clock = FakeClock()
    with LoopbackHub(100, quota=20, clock=clock) as hub:
        crawl = source(hub, clock=clock, sleep=clock.sleep)
        pages = crawl.pages(None)
        read = [next(pages), next(pages)]
        hub.spend(18)
        read += pages
        assert ids(read) == newest_first(hub)
        assert (hub.refused, crawl.client.retries) == (1, 1)


def test_a_spent_quota_ends_the_pass_when_its_reset_is_too_far() -> None:
    clock = FakeClock()
    with LoopbackHub(100, quota=20, clock=clock) as hub:
        hub.spend(20)
        crawl = source(hub, clock=clock, sleep=clock.sleep)
        with pytest.raises(HubError, match="429 We had to rate limit you, asks to wait 301 s"):
            list(crawl.pages(None))
        assert (crawl.client.requests, waited(crawl)) == (1, 0)


def test_a_window_longer_than_the_patience() -> None:
    clock = FakeClock()
    with LoopbackHub(100, quota=2, window_s=86_400, clock=clock) as hub:
        pages = source(hub, clock=clock, sleep=clock.sleep, quota_reserve=0.5).pages(None)
        next(pages)
        with pytest.raises(HubError, match="quota is spent; come back in 86401 s"):
            next(pages)


def test_a_wait_that_the_hub_asks_for() -> None:
    clock = FakeClock()
    with LoopbackHub(30, faults={1: Fault(503, {"Retry-After": "45"})}) as hub:
        crawl = source(hub, clock=clock, sleep=clock.sleep)
        assert ids(crawl.pages(None)) == newest_first(hub)
        assert waited(crawl) == pytest.approx(45, abs=0.1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("0", 0),
        ("120", 120),
        ("Sun, 01 Nov 2026 00:01:00 GMT", 60),
        ("Sun, 01 Nov 2026 00:01:00 -0000", 60),
        ("Sat, 31 Oct 2026 00:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
    ],
)
def test_retry_after(header: str | None, seconds: float) -> None:
    assert retry_after_s(header, datetime(2026, 11, 1, tzinfo=UTC)) == seconds


def test_waiting_can_be_stopped() -> None:
    class StopError(Exception):
        pass

    def stop(seconds: float, reason: str) -> None:
        raise StopError(reason)

    with (
        LoopbackHub(30, faults={1: 503}) as hub,
        pytest.raises(StopError, match="status 503"),
    ):
        list(source(hub, on_wait=stop).pages(None))


def test_counters() -> None:
    with LoopbackHub(30, faults={1: 503}, compress=False) as hub:
        crawl = source(hub)
        size = sum(len(hub.page("createdAt", at, 10, FIELDS, False)) for at in (0, 10, 20))
        list(crawl.pages(None))
        assert (crawl.client.requests, crawl.client.retries) == (4, 1)
        assert size < crawl.client.bytes < size + 100


# Offline, and silence at import


def test_offline_mode_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with LoopbackHub(5) as hub:
        with pytest.raises(HubError, match="HF_HUB_OFFLINE"):
            list(source(hub).pages(None))
        assert hub.requests == []


def test_neither_import_nor_construction_asks_anybody() -> None:
    script = """
import sys
sys.addaudithook(lambda event, args: sys.exit(f"{event} {args}") if event in (
    "socket.connect", "socket.getaddrinfo", "socket.sendto") else None)
from ingest.hub import HubSource
from ingest.hub_client import HubClient
client = HubClient(token="hf_x", endpoint="http://127.0.0.1:1")
pages = HubSource(client).pages(None)
try:
    next(pages)
except Exception as error:
    print(type(error).__name__, error)
"""
    env = {k: v for k, v in os.environ.items() if k != "HF_HUB_DISABLE_TELEMETRY"}
    env["HF_HUB_OFFLINE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("HubError HF_HUB_OFFLINE is set")


# The loopback Hub itself, by the real client


def test_the_real_client_takes_the_loopback_for_a_hub() -> None:
    models = GeneratedModels(40)[:]
    name = models[7]["id"]
    with LoopbackHub(models, renamed={"old/name": name}) as hub:
        api = HfApi(endpoint=hub.url, token=TOKEN)
        assert api.model_info("old/name").id == name
        with pytest.raises(RepositoryNotFoundError):
            api.model_info("no/such-model")
        by_likes = [model.likes or 0 for model in api.list_models(sort="likes")]
        assert by_likes == sorted((model["likes"] for model in models), reverse=True)
        assert len(list(api.list_models(limit=7))) == 7


def test_generated_models_derive_from_older_ones_unevenly() -> None:
    models = GeneratedModels(3000)[:]
    assert models == GeneratedModels(3000)[:]
    assert models != GeneratedModels(3000, seed=1)[:]
    assert len({m["_id"] for m in models}) == len({m["id"] for m in models}) == 3000
    place = {model["_id"]: number for number, model in enumerate(models)}
    children: Counter[int] = Counter()
    most = 0
    for number, model in enumerate(models):
        parents = [place[p["_id"]] for p in model.get("baseModels", {}).get("models", [])]
        assert all(parent < number for parent in parents)
        children.update(parents)
        most = max(most, len(parents))
    assert most > 2
    assert children.most_common(1)[0][1] > 50
    assert len(children) < 1000


def test_a_missing_value_sorts_last() -> None:
    models = [{"id": f"a/{n}", "likes": n if n % 2 else None} for n in range(30)]
    with LoopbackHub(models) as hub:
        first = "/api/models?sort=likes&limit=4"
        read = ids(source(hub).pages(first))
    assert read[:15] == [f"a/{n}" for n in range(29, 0, -2)]
    assert sorted(read) == sorted(str(model["id"]) for model in models)
