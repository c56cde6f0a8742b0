"""Crawls of the loopback Hub, one after another: what changed, what vanished, what was asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.errors import HubError, ShrinkError
from graph.store.embedded import EmbeddedStore
from graph.store.port import Run
from ingest.crawl import Crawl
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from tests.hub import LoopbackHub

START = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 10


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store") as opened:
        yield opened


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def ms(hours: float) -> int:
    return int((START + timedelta(hours=hours)).timestamp() * 1000)


def model(number: int, base: int | None = None, hours: float | None = None) -> dict[str, Any]:
    """Make the model of a number, created in its hour."""
    tags = [] if base is None else [f"base_model:finetune:acme/m{base}"]
    date = at(number if hours is None else hours)
    return {
        "_id": f"{number:024x}",
        "id": f"acme/m{number}",
        "createdAt": date,
        "lastModified": date,
        "tags": tags,
    }


def source(hub: LoopbackHub, **options: Any) -> HubSource:
    client = HubClient(endpoint=hub.url, retry_s=0.01, timeout_s=1, silence_s=0.5)
    return HubSource(client, **{"page_size": PAGE} | options)


def crawl(store: EmbeddedStore, hub: LoopbackHub, mode: str = "full", **options: Any) -> Run:
    own: dict[str, Any] = {"max_shrink": 1.0}
    own |= {name: options.pop(name) for name in ("stop", "resume", "max_shrink") if name in options}
    return Crawl(store, source(hub, **options), mode, **own).run()


def statuses(store: EmbeddedStore) -> dict[str, str]:
    return {
        row["id"]: row["status"]
        for batch in store.columns("models", ["id", "status"])
        for row in batch.to_pylist()
    }


def derivations(store: EmbeddedStore) -> set[tuple[str, str]]:
    ids = {
        row["key"]: row["id"]
        for batch in store.columns("models", ["key", "id"])
        for row in batch.to_pylist()
    }
    return {
        (ids[row["child"]], ids[row["base"]])
        for batch in store.columns("derivations", ["child", "base"])
        for row in batch.to_pylist()
    }


def listed(hub: LoopbackHub) -> int:
    return sum(request.path == "/api/models" for request in hub.requests)


# What changed


def test_incremental_crawl_reads_what_changed_and_no_more(store: EmbeddedStore) -> None:
    with LoopbackHub([model(number) for number in range(100)]) as hub:
        first = crawl(store, hub)
        assert (first.report["read"], first.report["watermark"]) == (100, ms(99))
        hub.requests.clear()
        hub.edit("acme/m3", tags=["base_model:finetune:acme/m1"], lastModified=at(200))
        hub.edit("acme/m4", downloads=7)  # a counter's change shows in a full crawl only
        hub.add(model(100, base=3, hours=201))
        hub.delete("acme/m50")
        run = crawl(store, hub, "incremental")
        assert (run.report["read"], run.report["written"], run.report["watermark"]) == (
            PAGE,
            4,
            ms(201),
        )
        (asked,) = hub.requests
        assert asked.get("sort") == "lastModified"
        assert derivations(store) == {("acme/m3", "acme/m1"), ("acme/m100", "acme/m3")}
        assert statuses(store)["acme/m50"] == "live"
        assert crawl(store, hub, "incremental").report["written"] == 0
        assert crawl(store, hub).report["written"] > 0
        assert "acme/m50" not in statuses(store)


@pytest.mark.parametrize(("overlap_h", "pages"), [(0, 1), (8.5, 1), (9.5, 2), (25, 3)])
def test_overlap_is_read_again(store: EmbeddedStore, overlap_h: float, pages: int) -> None:
    with LoopbackHub([model(number) for number in range(100)]) as hub:
        crawl(store, hub)
        hub.requests.clear()
        crawl(store, hub, "incremental", overlap_s=overlap_h * 3600)
        assert listed(hub) == pages


def test_incremental_crawl_of_an_unknown_hub_reads_all_of_it(store: EmbeddedStore) -> None:
    with LoopbackHub([model(number) for number in range(35)]) as hub:
        run = crawl(store, hub, "incremental")
        assert (run.report["read"], run.report["watermark"]) == (35, ms(34))


def test_limited_crawl_leaves_no_watermark(store: EmbeddedStore) -> None:
    with LoopbackHub([model(number) for number in range(50)]) as hub:
        assert "watermark" not in crawl(store, hub, limit=20).report
        assert crawl(store, hub, "incremental").report["read"] == 50


def test_date_to_come_is_no_watermark(store: EmbeddedStore) -> None:
    ahead = model(60) | {"lastModified": "2999-01-01T00:00:00.000Z"}
    with LoopbackHub([*(model(number) for number in range(50)), ahead]) as hub:
        run = crawl(store, hub)
        assert (run.report["watermark"], run.report["newest"]) == (ms(49), ms(60))


def test_what_changes_during_a_pass_is_seen_by_the_next(store: EmbeddedStore) -> None:
    def change(hub: LoopbackHub) -> None:
        hub.edit("acme/m5", tags=["base_model:finetune:acme/m0"], lastModified=at(300))
        hub.add(model(99, base=98, hours=301))

    models = [model(number) for number in range(50)]
    with LoopbackHub(models, changes={2: change, 7: change}) as hub:
        run = crawl(store, hub)  # five pages, of which m5 is on the last
        assert run.report["watermark"] == ms(49)
        assert derivations(store) == {("acme/m5", "acme/m0")}
        assert crawl(store, hub, "incremental").report["read"] == PAGE
        assert ("acme/m99", "acme/m98") in derivations(store)


def test_interrupted_incremental_crawl_keeps_its_watermark(store: EmbeddedStore) -> None:
    with LoopbackHub([model(number) for number in range(50)]) as hub:
        crawl(store, hub)
        for number in range(50, 90):
            hub.add(model(number))
        stopped = crawl(store, hub, "incremental", stop=lambda: True)
        assert (stopped.state, stopped.report["read"]) == ("stopped", PAGE)
        hub.add(model(90))
        hub.requests.clear()
        resumed = crawl(store, hub, "incremental")
        assert resumed.id == stopped.id
        assert resumed.report["watermark"] == ms(89)
        assert hub.requests[0].get("cursor")
        assert "acme/m90" not in statuses(store)
        crawl(store, hub, "incremental")
        assert len(statuses(store)) == 91


def test_interrupted_full_crawl_is_not_gone_on_with_after_another(store: EmbeddedStore) -> None:
    """Gone on with, it would sweep the models that came above the place where it began."""
    with LoopbackHub([model(number) for number in range(50)]) as hub:
        crawl(store, hub)
        assert crawl(store, hub, stop=lambda: True).state == "stopped"
        hub.add(model(50))
        crawl(store, hub, "incremental")
        crawl(store, hub)
        assert statuses(store)["acme/m50"] == "live"


# What vanished


def test_vanished_bases_are_looked_up_and_others_are_not(store: EmbeddedStore) -> None:
    models = [model(0), model(1), model(2), model(3, base=0), model(4, base=0), model(5, base=1)]
    with LoopbackHub(models) as hub:
        crawl(store, hub)
        for number in (0, 1, 2):
            hub.delete(f"acme/m{number}")
        hub.requests.clear()
        run = crawl(store, hub)
        asked = [request.path.removeprefix("/api/models/") for request in hub.requests[1:]]
        assert asked == ["acme/m0", "acme/m1"]  # the one with most derivatives first
        assert run.report["looked_up"] == {"found": 0, "gone": 2, "left": 0}
        live = dict.fromkeys(("acme/m3", "acme/m4", "acme/m5"), "live")
        assert statuses(store) == {"acme/m0": "deleted", "acme/m1": "deleted", **live}


@pytest.mark.parametrize("tokens", [None, ["hf_known"]])
def test_model_that_the_list_missed_is_found_by_its_name(
    store: EmbeddedStore, tokens: list[str] | None
) -> None:
    with LoopbackHub([model(0), model(1, base=0), model(2)], tokens=tokens) as hub:
        crawl(store, hub)
        missed = dict(hub.models[0], likes=9)
        hub.delete("acme/m0")
        find = hub.find
        hub.find = lambda id: missed if id == "acme/m0" else find(id)  # type: ignore[method-assign]
        run = crawl(store, hub)
        assert run.report["looked_up"] == {"found": 1, "gone": 0, "left": 0}
        assert run.report["quality"]["list_missed"] == {"count": 1, "examples": ["acme/m0"]}
        assert run.report["written"] == 1
        assert statuses(store) == dict.fromkeys(("acme/m0", "acme/m1", "acme/m2"), "live")


def test_beyond_the_limit_of_look_ups_a_vanished_base_stays_until_a_later_crawl(
    store: EmbeddedStore,
) -> None:
    bases = [model(number) for number in range(3)]
    with LoopbackHub([*bases, *(model(10 + n, base=n) for n in range(3))]) as hub:
        crawl(store, hub)
        for base in bases:
            hub.delete(base["id"])
        run = crawl(store, hub, look_ups=2)
        assert run.report["looked_up"] == {"found": 0, "gone": 2, "left": 1}
        assert run.report["quality"]["vanishing_unsure"]["examples"] == ["acme/m2"]
        assert statuses(store)["acme/m2"] == "live"
        crawl(store, hub, look_ups=2)
        assert statuses(store)["acme/m2"] == "deleted"


def test_record_without_key_is_the_model_that_its_name_leads_to(store: EmbeddedStore) -> None:
    """First a dump without ``_id``, then a rename, then the Hub."""
    old, child = model(0), model(1, base=0)
    nameless = [{k: v for k, v in item.items() if k != "_id"} for item in (old, child)]
    with LoopbackHub([old, child]) as hub:
        hub.rename("acme/m0", "other/name")

        class Dump(HubSource):
            def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Any]:
                for page in super().pages(cursor, since):
                    yield type(page)(nameless, page.cursor)

        Crawl(store, Dump(HubClient(endpoint=hub.url))).run()
        assert {"acme/m0", "acme/m1"} == set(statuses(store))
        crawl(store, hub)
        assert statuses(store) == {"other/name": "live", "acme/m1": "live"}
        assert derivations(store) == {("acme/m1", "other/name")}
        assert crawl(store, hub).report["written"] == 0


def test_look_ups_follow_no_name_to_another_host_or_in_circles(store: EmbeddedStore) -> None:
    with LoopbackHub([model(0), model(1, base=0)]) as hub:
        crawl(store, hub)
        hub.delete("acme/m0")
        hub.renamed = {"acme/m0": "acme/x", "acme/x": "acme/m0"}
        crawl(store, hub)
        assert statuses(store)["acme/m0"] == "deleted"


def test_shrink_guard_comes_before_look_ups(store: EmbeddedStore) -> None:
    models = [*(model(n) for n in range(20)), *(model(20 + n, base=n) for n in range(20))]
    with LoopbackHub(models) as hub:
        crawl(store, hub)
        for number in range(20):
            hub.delete(f"acme/m{number}")
        hub.requests.clear()
        with pytest.raises(ShrinkError, match=r"20 of 40 .*--max-shrink 0\.50"):
            crawl(store, hub, max_shrink=0.05)
        assert all(request.path == "/api/models" for request in hub.requests)
        assert set(statuses(store).values()) == {"live"}


def test_hub_that_falls_silent_at_a_look_up_is_asked_again_by_the_next_crawl(
    store: EmbeddedStore,
) -> None:
    models = [model(0), *(model(number, base=0) for number in range(1, 25))]
    with LoopbackHub(models) as hub:
        crawl(store, hub)
        hub.delete("acme/m0")
        find = hub.find

        def hang_up(id: str) -> None:
            raise ConnectionError

        hub.find = hang_up  # type: ignore[method-assign]
        with pytest.raises(HubError, match="no answer"):
            crawl(store, hub)
        assert statuses(store)["acme/m0"] == "live"
        hub.find = find  # type: ignore[method-assign]
        crawl(store, hub)
        assert statuses(store)["acme/m0"] == "deleted"


# What it took


def test_report_says_what_the_hub_was_asked_over_interruptions(store: EmbeddedStore) -> None:
    with LoopbackHub([model(number) for number in range(30)], faults={1: 500}) as hub:
        stopped = crawl(store, hub, stop=lambda: True)
        assert stopped.report["traffic"]["requests"] == 1
        run = crawl(store, hub)
        told = run.report["traffic"]
        assert (told["requests"], told["retries"]) == (len(hub.requests), 1)
        assert told["bytes"] > 0
        assert told["retry_wait_s"] > 0
        assert run.report["seconds"]["load"] >= stopped.report["seconds"]["load"]


def test_refused_fields_are_told_and_the_crawl_goes_on(
    store: EmbeddedStore, capsys: pytest.CaptureFixture[str]
) -> None:
    allowed = ["createdAt", "lastModified", "tags", "downloads"]
    with LoopbackHub([model(0), model(1, base=0)], allowed=allowed) as hub:
        run = crawl(store, hub)
        assert run.state == "done"
        assert derivations(store) == {("acme/m1", "acme/m0")}
    assert "baseModels" in capsys.readouterr().out
