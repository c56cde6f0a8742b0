"""Faults of the Hub, crawled through to the store: the content is a clean crawl's in the end."""

import random
import string
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from graph.errors import HubError, ShrinkError
from graph.quality import Reason
from graph.store.port import Run, Store
from graph.store.schema import SCHEMAS
from ingest.crawl import Crawl
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from tests.hub import BODIES, Fault, LoopbackHub
from tests.hub_models import END, GeneratedModels, iso
from tests.stores import EmbeddedPlace, Place, rows
from tests.test_crawl_stores import content
from tests.test_hub import FakeClock

PAGE = 25
PATIENT_S = 30.0
MODELS = GeneratedModels(5 * PAGE - 7)[:]

PASSING: dict[str, Fault] = {
    "429 with quota left": Fault(429),
    "429 with none left": Fault(429, {"RateLimit": '"api";r=0;t=17'}),
    "429, wait so many seconds": Fault(429, {"Retry-After": "17"}),
    "503, wait until a date": Fault(503, {"Retry-After": "date"}),
    **{str(status): Fault(status) for status in (408, 500, 502, 503, 504, 520)},
    **{kind: Fault(kind) for kind in (*BODIES, "malformed", "unlabelled") if kind != "empty"},
}
"""Faults that a repetition mends."""

STRANGE = ("empty", "again", "relative", "canonical-host")
"""Faults that need none: an empty page with a next link, a page twice, links of other forms."""


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def store(embedded_place: EmbeddedPlace) -> Store:
    return embedded_place.open()


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a store holds after an undisturbed crawl of the models."""
    with (
        EmbeddedPlace(tmp_path_factory.mktemp("clean")).open() as store,
        pytest.MonkeyPatch.context() as patch,
        LoopbackHub(MODELS) as hub,
    ):
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        crawl(store, hub)
        yield content(store)


def crawl(
    store: Store,
    hub: LoopbackHub,
    clock: FakeClock | None = None,
    timeout_s: float = 0.2,
    **options: Any,
) -> tuple[Run, HubSource]:
    """Crawl a Hub with little patience; with a clock, waits take no time.

    Where requests are counted it needs more: what comes late on a busy machine is asked for twice.
    """
    patience: dict[str, Any] = {"retry_s": 0.01, "timeout_s": timeout_s, "silence_s": 2 * timeout_s}
    if clock is not None:
        patience |= {"clock": clock, "sleep": clock.sleep, "silence_s": 600.0}
    source = HubSource(HubClient(endpoint=hub.url, **patience), page_size=PAGE)
    return Crawl(store, source, batch_rows=PAGE, **options).run(), source


def repeated(run: Run) -> int:
    entry = run.report["quality"].get(Reason.REPEATED_RECORD)
    return entry["count"] if entry else 0


@pytest.mark.parametrize("name", [*PASSING, *STRANGE])
def test_crawl_through_faults(store: Store, clean: dict[str, Any], name: str) -> None:
    fault = PASSING.get(name, Fault(name))
    if fault.headers.get("Retry-After") == "date":
        fault = Fault(fault.kind, {"Retry-After": formatdate(time.time() + 17, usegmt=True)})
    clock = FakeClock()
    # at the first page, on the way, and at the last page
    with LoopbackHub(MODELS, faults=dict.fromkeys((0, 3, 6), fault)) as hub:
        run, source = crawl(store, hub, clock)
    assert content(store) == clean
    assert run.state == "done"
    twice = repeated(run)
    assert run.report["read"] == len(MODELS) + twice
    assert twice == (3 * PAGE - 7 if name == "again" else 0)
    assert source.client.retries >= (0 if name in STRANGE else 3)
    assert clock.now - 1000 > (15 if fault.headers else 0) * (name not in STRANGE)


def test_hub_that_refuses_connections_for_a_minute(store: Store, clean: dict[str, Any]) -> None:
    hubs = [LoopbackHub(MODELS)]
    hubs[0].__enter__()
    port = int(hubs[0].url.rpartition(":")[2])

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if self.now > 1060 and len(hubs) == 1:
                hubs.append(LoopbackHub(MODELS, port=port))
                hubs[-1].__enter__()

    def hang_up(phase: str, done: int, total: int | None) -> None:
        if done == 2 * PAGE:
            hubs[0].__exit__()

    run, source = crawl(store, hubs[0], Clock(), timeout_s=PATIENT_S, progress=hang_up)
    hubs[1].__exit__()
    assert content(store) == clean
    assert (run.state, run.report["read"]) == ("done", len(MODELS))
    assert source.client.retry_wait_s > 60
    assert len(hubs[1].requests) == 3


@pytest.mark.parametrize("name", [*PASSING, "repeat", "other-host"])
def test_crawl_that_gives_up_goes_on_later(store: Store, clean: dict[str, Any], name: str) -> None:
    """A fault that lasts ends the crawl with 75; the next one goes on at the same page."""
    with (
        LoopbackHub(MODELS, page_faults={2: PASSING.get(name, Fault(name))}) as hub,
        pytest.raises(HubError, match=r"later|HF_ENDPOINT") as caught,
    ):
        crawl(store, hub)
    assert caught.value.exit_code == 75
    (failed,) = store.runs(9)
    assert (failed.state, failed.report["read"]) == ("failed", 2 * PAGE)
    with LoopbackHub(MODELS) as hub:
        run, _ = crawl(store, hub, timeout_s=PATIENT_S)
        assert hub.requests[0].get("cursor") is not None
        assert len(hub.requests) == 3
    assert content(store) == clean
    assert (run.id, run.state, run.report["read"]) == (failed.id, "done", len(MODELS))
    assert repeated(run) == 0


def test_cursor_that_loops(store: Store, clean: dict[str, Any]) -> None:
    with LoopbackHub(MODELS, faults={2: "loop"}) as hub:
        with pytest.raises(HubError, match="in a circle"):
            crawl(store, hub, timeout_s=PATIENT_S)
        assert len(hub.requests) == 4
        run, _ = crawl(store, hub)
    assert content(store) == clean
    assert run.report["read"] == len(MODELS) + repeated(run)


def test_models_that_move_while_they_are_listed(store: Store, tmp_path: Path) -> None:
    """Nothing that a page shows or hides by its moment outlasts the next crawl."""
    bases = {base["_id"] for m in MODELS for base in m.get("baseModels", {}).get("models", [])}
    leaves = [model["id"] for model in MODELS if model["_id"] not in bases]
    others = [model["id"] for model in MODELS if model["id"] not in leaves[::3]]

    def change(hub: LoopbackHub) -> None:
        now = len(hub.requests)
        for number in range(now, len(MODELS), 15):
            later = iso(END + number)
            hub.edit(others[number % len(others)], likes=number, lastModified=later)
            hub.edit(leaves[number % len(leaves)], tags=[], baseModels=None, lastModified=later)
            hub.rename(others[(7 * number) % len(others)], f"moved/to-{number}")
            hub.add({"id": f"new/model-{number}", "createdAt": later, "tags": []})
        for id in leaves[3 * now :: 15]:
            hub.delete(id)

    with LoopbackHub(MODELS, changes=dict.fromkeys(range(1, 5), change)) as hub:
        crawl(store, hub, timeout_s=PATIENT_S)
        assert len(hub.requests) == 5
        crawl(store, hub, max_shrink=1.0)
        with EmbeddedPlace(tmp_path / "after").open() as after:
            crawl(after, hub)
            # Who listed a model before it moved knows its former name, and others cannot.
            assert without_aliases(store) == without_aliases(after)
        crawled = len(hub.models)
    statuses = [row[0] for row in rows(store, "models", ["status"])]
    assert statuses.count("live") == crawled != len(MODELS)


def without_aliases(store: Store) -> list[list[tuple[Any, ...]]]:
    return [
        rows(store, table, [name for name in schema.names if name != "aliases"])
        for table, schema in SCHEMAS.items()
    ]


def test_hub_that_shrinks_by_half(store: Store, tmp_path: Path) -> None:
    with LoopbackHub(MODELS) as hub:
        crawl(store, hub)
        before = content(store)
        for model in MODELS[::2]:
            hub.delete(model["id"])
        for _ in range(2):
            with pytest.raises(ShrinkError, match=r"--max-shrink"):
                crawl(store, hub)
            assert content(store) == before
        for model in MODELS[::2]:
            hub.add(model)
        crawl(store, hub)  # a Hub that is well again is read anew, without a word
        assert content(store) == before
        for model in MODELS[::2]:
            hub.delete(model["id"])
        crawl(store, hub, max_shrink=0.6)
        with EmbeddedPlace(tmp_path / "other").open() as accepting:
            with LoopbackHub(MODELS) as whole:
                crawl(accepting, whole)
            crawl(accepting, hub, max_shrink=1.0)
            assert content(store) == content(accepting)


def dirty_models() -> list[dict[str, Any]]:
    """Make records of every kind that a crawl must stand, between the clean ones in time."""

    def model(number: int, **fields: Any) -> dict[str, Any]:
        made = {"_id": f"{number:024x}", "id": f"dirty/model-{number}", "createdAt": iso(END)}
        return {**made, "tags": [], **fields}

    def child(
        number: int, *bases: Any, relation: str = "finetune", **fields: Any
    ) -> dict[str, Any]:
        tags = [f"base_model:{relation}:{base}" for base in bases]
        return model(number, tags=tags, **fields)

    clean = str(MODELS[0]["id"])
    kinds: list[dict[str, Any]] = [
        child(1, "dirty/model-1"),  # itself
        child(2, "dirty/model-3"),  # in circles of two and three
        child(3, "dirty/model-2"),
        child(4, "dirty/model-5"),
        child(5, "dirty/model-6"),
        child(6, "dirty/model-4"),
        child(7, "gone/never-existed"),
        child(8, clean.swapcase()),
        child(9, clean, relation="merge"),
        child(10, *(model["id"] for model in MODELS[:65]), relation="merge"),
        child(11, clean, relation="distillation"),
        child(12, f"https://huggingface.co/{clean}"),
        child(13, "https://elsewhere.example/model"),
        child(14, "/home/somebody/output", "./checkpoint-500", "C:\\models"),
        child(15, "ORIGINAL_REPO_NAME", "", " ", "None"),
        model(16, baseModels={"relation": "merge", "models": None}),
        model(17, baseModels={"models": [{"_id": 7}, None, "text"]}),
        model(18, baseModels=[], cardData={"base_model": [None, 7, {"x": clean}]}),
        model(19, baseModels={"relation": "finetune", "models": [{"id": clean}]}),
        model(20, id="DIRTY/Model-1"),
        model(21, id="Dirty/model-1"),
        model(22, id=None),
        model(23, id="no spaces/in names"),
        model(24, id="x" * 5000),
        model(25, _id="short"),
        model(26, safetensors={"total": None}, transformersInfo={"unknown": 1}),
        model(27, safetensors=[1, 2], tags=[None, 7, ["nested"], {"a": 1}]),
        model(28, tags="text", downloads="many", likes=-1, gated="perhaps"),
        model(29, downloads=2**64 - 1, likes=1.5, gated=7, private="yes", disabled=None),
        model(30, createdAt="yesterday", lastModified="2026-13-45"),
        model(31, createdAt="9999-12-31T23:59:59Z", lastModified="0001-01-01T00:00:00Z"),
        model(32, author="quote'\"\\", library_name="null\0byte", pipeline_tag="line\nbreak"),
        model(33, tags=["license:" + "x" * 10_000], library_name="🤖 \u202e right to left"),
        model(34, sha={"a": {"b": [1] * 100}}, cardData="---\nbroken: [yaml"),
    ]
    return kinds


def test_dirty_records_harm_no_other(place: Place, clean: dict[str, Any]) -> None:
    dirty = dirty_models()
    with LoopbackHub([*MODELS, *dirty]) as hub:
        store = place.open()
        run, _ = crawl(store, hub)
        assert (run.state, run.report["read"]) == ("done", len(MODELS) + len(dirty))
        keys = {model["_id"] for model in MODELS}
        found = content(store)
        assert [row for row in found["models"] if row[0] in keys] == clean["models"]
        assert [row for row in found["derivations"] if row[0] in keys] == clean["derivations"]
        again, _ = crawl(store, hub)
        assert again.report["written"] == 0
        assert content(store) == found
    reasons = run.report["quality"]
    assert sum(entry["count"] for entry in reasons.values()) > len(dirty) // 2


def test_records_of_a_megabyte(store: Store, clean: dict[str, Any]) -> None:
    draw = random.Random(1)
    large = [
        {**model, "sha": "".join(draw.choices(string.printable, k=1000)) * 1000}
        for model in MODELS[:60]
    ]
    for compress in (True, False):
        with LoopbackHub([*large, *MODELS[60:]], compress=compress) as hub:
            crawl(store, hub, FakeClock(), timeout_s=10)
            assert content(store) == clean


@pytest.mark.parametrize("ahead_s", [7200, -7200])
def test_date_of_a_hub_whose_clock_is_another(
    store: Store, clean: dict[str, Any], ahead_s: float
) -> None:
    """Dates of the Hub are read by its own clock: no wait is an hour long, or none at all."""
    date = formatdate(time.time() + ahead_s + 17, usegmt=True)
    clock = FakeClock()
    faults = {2: Fault(503, {"Retry-After": date})}
    with LoopbackHub(MODELS, faults=faults, ahead_s=ahead_s) as hub:
        crawl(store, hub, clock)
    assert 10 < clock.now - 1000 < 20
    assert content(store) == clean


def test_crawl_that_fails_after_its_last_page_goes_on_without_the_hub(
    store: Store, clean: dict[str, Any]
) -> None:
    def fail(phase: str, done: int, total: int | None) -> None:
        if phase == "settle":
            raise HubError("no more")

    with LoopbackHub(MODELS) as hub:
        with pytest.raises(HubError):
            crawl(store, hub, progress=fail)
        asked = len(hub.requests)
        run, _ = crawl(store, hub)
        assert len(hub.requests) == asked
    assert (run.state, run.report["read"], repeated(run)) == ("done", len(MODELS), 0)
    assert content(store) == clean
