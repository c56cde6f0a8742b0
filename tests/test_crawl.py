"""Crawls into the embedded store: what they store, sweep, keep, and say."""

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import (
    HubError,
    InputError,
    LeaseHeldError,
    LeaseLostError,
    ShrinkError,
    StoreError,
)
from graph.records import Model
from graph.store.embedded import EmbeddedStore
from graph.store.port import Batch, Run
from graph.store.schema import SCHEMAS
from ingest.crawl import END, Crawl, _digest
from ingest.jsonl import JsonlSource
from ingest.source import Page, Source

Content = dict[str, list[tuple[Any, ...]]]


def key(number: int) -> str:
    return f"{number:024x}"


def item(number: int | None, id: str, *bases: str, relation: str = "finetune", **more: Any) -> Any:
    """Make a list item; its bases are tags, as they are for most sources."""
    tags = [f"base_model:{relation}:{base}" for base in bases]
    return {"id": id, "tags": tags} | ({"_id": key(number)} if number is not None else {}) | more


@dataclass
class Pages(Source):
    """A source of given pages, of which the cursor is the number of pages read."""

    pages_: list[list[Any]]
    name: str = "test"
    complete: bool = True
    total: int | None = None
    asked: list[str | None] = field(default_factory=list)

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
        self.asked.append(cursor)
        for number in range(int(cursor or 0), len(self.pages_)):
            last = number + 1 == len(self.pages_)
            yield Page(self.pages_[number], None if last else str(number + 1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store") as opened:
        yield opened


def crawl(store: EmbeddedStore, *items: Any, mode: str = "full", **options: Any) -> Run:
    options.setdefault("max_shrink", 1.0)
    return Crawl(store, Pages([list(items)]), mode, **options).run()


def content(store: EmbeddedStore) -> Content:
    """Return all that a store holds but the digests, which say nothing of their own."""
    return {
        table: sorted(
            tuple(row.values())
            for batch in store.columns(table, [name for name in schema.names if name != "digest"])
            for row in batch.to_pylist()
        )
        for table, schema in SCHEMAS.items()
    }


def models(store: EmbeddedStore, *names: str) -> dict[str, Any]:
    """Return some columns of the models by their keys, shortened."""
    found = {}
    for batch in store.columns("models", ["key", *names]):
        for row in batch.to_pylist():
            stored_key, *values = row.values()
            found[short(stored_key)] = (
                values[0] if len(names) == 1 else dict(zip(names, values, strict=True))
            )
    return found


def edges(store: EmbeddedStore) -> set[tuple[str, str]]:
    return {
        (short(row["child"]), short(row["base"]))
        for batch in store.columns("derivations", ["child", "base"])
        for row in batch.to_pylist()
    }


def short(stored_key: str) -> str:
    return stored_key.lstrip("0")


def count(run: Run, reason: str) -> int:
    entry = run.report["quality"].get(reason)
    return entry["count"] if entry else 0


def doubts(run: Run) -> dict[str, tuple[int, set[str]]]:
    """Return the quality report; of few examples the order says nothing."""
    quality = run.report["quality"].items()
    return {reason: (entry["count"], set(entry["examples"])) for reason, entry in quality}


def test_placeholder_comes_with_its_derivative_and_goes_with_it(store: EmbeddedStore) -> None:
    run = crawl(store, item(1, "a/b"), item(2, "c/d", "gone/base"))
    assert models(store, "id", "status", "author")["id:gone/base"] == {
        "id": "gone/base",
        "status": "missing",
        "author": "gone",
    }
    assert edges(store) == {("2", "id:gone/base")}
    assert count(run, "base_missing") == 1
    crawl(store, item(1, "a/b"), item(2, "c/d"))
    assert (models(store, "status"), edges(store)) == ({"1": "live", "2": "live"}, set())


def test_placeholder_becomes_the_model_that_turns_up(store: EmbeddedStore) -> None:
    crawl(store, item(2, "c/d", "late/base"))
    run = crawl(store, item(1, "late/base"), item(2, "c/d", "late/base"))
    assert (models(store, "status"), edges(store)) == ({"1": "live", "2": "live"}, {("2", "1")})
    assert count(run, "base_missing") == 0


def test_deleted_model_stays_while_something_derives_from_it(store: EmbeddedStore) -> None:
    chain = item(1, "a/root"), item(2, "a/middle", "a/root"), item(3, "a/leaf", "a/middle")
    crawl(store, *chain, item(4, "a/alone"))
    crawl(store, chain[2])
    assert models(store, "status") == {"1": "deleted", "2": "deleted", "3": "live"}
    assert edges(store) == {("2", "1"), ("3", "2")}
    assert crawl(store, chain[2]).report["written"] == 0
    crawl(store, item(3, "a/leaf"))
    assert (models(store, "status"), edges(store)) == ({"3": "live"}, set())


def test_deleted_model_that_returns(store: EmbeddedStore) -> None:
    both = item(1, "a/root", likes=7), item(2, "a/leaf", "a/root")
    crawl(store, *both)
    before = content(store)
    crawl(store, both[1])
    assert models(store, "status", "likes")["1"] == {"status": "deleted", "likes": 7}
    crawl(store, *both)
    assert content(store) == before


def test_shrink_guard(store: EmbeddedStore) -> None:
    many = [item(number, f"a/m{number}", "a/m0") for number in range(20)]
    crawl(store, *many)
    before = content(store)
    with pytest.raises(
        ShrinkError, match=r"10 of 20 models .*--max-shrink 0\.05.*--max-shrink 0\.50"
    ):
        crawl(store, *many[:10], max_shrink=0.05)
    assert content(store) == before
    (refused, _) = store.runs(2)
    assert refused.state == "refused"
    run = crawl(store, *many[:10], max_shrink=0.5)
    assert run.state == "done"
    assert len(models(store, "status")) == 10


def test_incremental_crawl_sweeps_nothing_and_replaces_derivations(store: EmbeddedStore) -> None:
    crawl(store, item(1, "a/one"), item(2, "a/two"), item(3, "a/three", "a/one"))
    run = crawl(store, item(3, "a/three", "a/two", "x/new"), mode="incremental", max_shrink=0.0)
    assert edges(store) == {("3", "2"), ("3", "id:x/new")}
    assert set(models(store, "status")) == {"1", "2", "3", "id:x/new"}
    assert (run.mode, run.seen) == ("incremental", b"")
    again = crawl(store, item(3, "a/three", "a/two", "x/new"), mode="incremental")
    assert again.report["written"] == 0


def test_limited_crawl_sweeps_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    path = tmp_path / "models.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(item(n, f"a/m{n}")) for n in range(9)))
    Crawl(store, JsonlSource(path)).run()
    Crawl(store, JsonlSource(path, limit=1), max_shrink=0.0).run()
    assert len(models(store, "status")) == 9


def test_cut_file_sweeps_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "models.jsonl"
    lines = [orjson.dumps(item(n, f"a/m{n}", sha=f"{n * 7919:x}")) for n in range(999)]
    whole = gzip.compress(b"\n".join(lines))
    path.write_bytes(whole)
    Crawl(store, JsonlSource(path)).run()
    path.write_bytes(whole[: len(whole) // 2])
    run = Crawl(store, JsonlSource(path), max_shrink=0.0).run()
    assert 300 < run.report["read"] < 700
    assert count(run, "cut_file") == 1
    assert len(models(store, "status")) == 999


def test_renamed_model_keeps_its_former_names_and_edges(store: EmbeddedStore) -> None:
    leaf = item(2, "c/leaf", "a/old")
    crawl(store, item(1, "a/old", "x/base"), leaf)
    run = crawl(store, item(1, "a/new", "x/base"), leaf)
    assert models(store, "id", "aliases")["1"] == {"id": "a/new", "aliases": "a/old"}
    assert edges(store) == {("1", "id:x/base"), ("2", "1")}
    assert count(run, "base_renamed") == 1
    crawl(store, item(1, "a/newer"), leaf)
    assert models(store, "aliases")["1"] == "a/old a/new"
    assert edges(store) == {("2", "1")}


def test_repository_made_anew_under_an_old_id(store: EmbeddedStore) -> None:
    crawl(store, item(1, "a/b"), item(3, "c/leaf", baseModels=base_models("a/b", 1)))
    run = crawl(store, item(2, "a/b"), item(3, "c/leaf", baseModels=base_models("a/b", 1)))
    assert models(store, "status") == {"1": "deleted", "2": "live", "3": "live"}
    assert edges(store) == {("3", "1")}
    assert count(run, "id_reused") == 1
    crawl(store, item(2, "a/b"), item(3, "c/leaf", "a/b"))
    assert (models(store, "status"), edges(store)) == ({"2": "live", "3": "live"}, {("3", "2")})


def base_models(id: str, number: int, relation: str = "finetune") -> dict[str, Any]:
    return {"relation": relation, "models": [{"_id": key(number), "id": id}]}


def test_key_that_is_learned_later(store: EmbeddedStore) -> None:
    dump = [item(None, f"a/m{number}", "a/m0") for number in range(9)]
    crawl(store, *dump)
    crawl(store, item(None, "a/m1", "a/m2"), mode="incremental")
    hub = [item(number, f"a/m{number}", "a/m0") for number in range(9)]
    crawl(store, *hub, max_shrink=0.0)
    assert models(store, "id") == {short(key(n)): f"a/m{n}" for n in range(9)}
    assert edges(store) == {(short(key(n)), "") for n in range(1, 9)}


def test_names_of_a_record_without_key_go_to_the_one_with_it(store: EmbeddedStore) -> None:
    crawl(store, item(None, "a/b"))
    run = store.begin("crawl", "by hand", "incremental")
    store.write(run, Batch(aliases=[("id:a/b", "a/former")]))
    store.finish(run, "done", {})
    crawl(store, item(1, "a/b"), item(2, "c/d", "a/former"))
    assert models(store, "aliases") == {"1": "a/former", "2": None}
    assert edges(store) == {("2", "1")}


def test_record_without_key_is_the_model_that_is_known_by_its_id(store: EmbeddedStore) -> None:
    crawl(store, item(1, "a/b"), item(2, "c/d", "a/b"))
    crawl(store, item(None, "a/b", likes=5), item(None, "c/d", "a/b"), item(None, "e/f"))
    assert models(store, "likes") == {"1": 5, "2": None, "id:e/f": None}
    assert edges(store) == {("2", "1")}


@pytest.mark.parametrize("cut", [1, 2])
def test_key_that_the_same_run_gave(store: EmbeddedStore, cut: int, tmp_path: Path) -> None:
    """Whether the record with the key is in this page, the page before or stored by then."""
    records = [item(1, "a/b", likes=1), item(None, "x/y"), item(None, "a/b", likes=2)]
    Crawl(store, Pages([records[:cut], records[cut:]])).run()
    assert models(store, "likes") == {"1": 2, "id:x/y": None}
    with EmbeddedStore(tmp_path / "resumed") as other:
        Crawl(other, Pages([records[:cut], records[cut:]]), stop=lambda: True).run()
        Crawl(other, Pages([records[:cut], records[cut:]])).run()
        assert content(other) == content(store)


def test_base_in_another_case(store: EmbeddedStore) -> None:
    run = crawl(store, item(1, "Org/Base"), item(2, "c/d", "org/base"))
    assert edges(store) == {("2", "1")}
    assert count(run, "base_case_resolved") == 1
    run = crawl(store, item(1, "Org/Base"), item(3, "ORG/base"), item(2, "c/d", "org/base"))
    assert edges(store) == {("2", "id:org/base")}
    assert count(run, "base_case_resolved") == 0
    crawl(store, item(1, "Org/Base"), item(3, "org/base"), item(2, "c/d", "org/base"))
    assert edges(store) == {("2", "3")}


def test_last_of_repeated_records_counts(store: EmbeddedStore) -> None:
    pages = [
        [item(1, "a/b", "x/one"), item(1, "a/b", "x/two"), item(2, "c/d", likes=1)],
        [item(2, "c/d", likes=2), item(3, "e/f")],
        [item(1, "a/b", "x/three"), item(3, "e/f")],
    ]
    run = Crawl(store, Pages(pages)).run()
    assert edges(store) == {("1", "id:x/three")}
    assert models(store, "likes")["2"] == 2
    assert count(run, "repeated_record") == 4
    assert run.report["read"] == 7
    expected = content(store)
    assert Crawl(store, Pages(pages)).run().state == "done"
    assert content(store) == expected


IDS = ["a/one", "A/One", "b/two", "c/three", "d/four", "gone/five"]


def records(keyed: bool) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda number, id, bases, likes: item(number if keyed else None, id, *bases, likes=likes),
        st.integers(1, 6),
        st.sampled_from(IDS),
        st.lists(st.sampled_from(IDS), max_size=2),
        st.integers(0, 2),
    )


# One source gives keys or gives none. Where it did both and renamed models besides, whom a record
# without one means would depend on whether the rename had come by then.
worlds = st.booleans().flatmap(lambda keyed: st.lists(records(keyed), max_size=8))
unrepeated = st.booleans().flatmap(
    lambda keyed: st.lists(
        records(keyed),
        max_size=8,
        unique_by=(lambda record: record["id"], lambda record: record.get("_id", record["id"])),
    )
)
many_stores = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


@contextlib.contextmanager
def fresh(tmp_path: Path, numbers: Iterator[int] = itertools.count()) -> Iterator[EmbeddedStore]:  # noqa: B008
    with EmbeddedStore(tmp_path / f"store-{next(numbers)}") as opened:
        yield opened


@many_stores
@given(unrepeated, unrepeated, st.sampled_from(["full", "incremental"]), st.randoms())
def test_order_does_not_matter_and_a_second_crawl_writes_nothing(
    tmp_path: Path, before: list[Any], after: list[Any], mode: str, chance: random.Random
) -> None:
    with fresh(tmp_path) as one, fresh(tmp_path) as other:
        for records in (before, after):
            crawl(one, *records, mode=mode)
            shuffled = chance.sample(records, len(records))
            half = len(records) // 2
            pages = Pages([shuffled[:half], shuffled[half:]])
            Crawl(other, pages, mode, max_shrink=1.0).run()
        assert content(one) == content(other)
        again = crawl(one, *after, mode=mode)
        assert content(one) == content(other)
        if mode == "full":  # else a record of an older repository may come and go each time
            assert again.report["written"] == 0


@settings(many_stores, max_examples=15)
@given(st.lists(st.tuples(worlds, st.sampled_from(["full", "incremental"])), min_size=2))
def test_crawl_that_has_nothing_to_settle_ends_like_one_that_settles_all(
    tmp_path: Path, crawls: list[tuple[list[Any], str]]
) -> None:
    class Broken(Pages):
        def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
            raise HubError("no answer")

    with fresh(tmp_path) as one, fresh(tmp_path) as other:
        for records, mode in (*crawls, crawls[-1], crawls[-1]):
            quick = crawl(one, *records, mode=mode)
            with pytest.raises(HubError):  # what a crawl that failed left must be settled anew
                Crawl(other, Broken([])).run()
            slow = crawl(other, *records, mode=mode)
            assert "settle" in slow.report["seconds"]
            assert content(one) == content(other)
            assert quick.report["written"] == slow.report["written"]
            assert doubts(quick) == doubts(slow)


def test_crawl_that_finds_the_very_same_does_not_settle(store: EmbeddedStore) -> None:
    items = item(1, "a/b", "Gone/base"), item(2, "c/d", "A/b"), item(3, "e/f")

    def settles(*items: Any, mode: str = "full") -> bool:
        run = crawl(store, *items, mode=mode)
        assert count(run, "base_missing") == count(run, "base_case_resolved") == 1
        return "settle" in run.report["seconds"]

    assert settles(*items)
    assert not settles(*items)
    assert not settles(items[1], mode="incremental")
    assert not settles(*items)
    assert settles(*items[:2])  # nothing to write, but one is gone
    assert settles(*items[:2])  # and what was doubtful about it
    assert not settles(*items[:2])
    assert settles(*items)
    assert len(models(store, "id")) == 4


def test_crawl_that_was_killed_after_its_last_batch_is_settled_by_the_next(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl(store, item(1, "a/b"), item(2, "c/d"))

    def killed(*_: Any) -> None:
        raise StoreError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(store, "finish", killed)  # what it counted last is told nobody
        with pytest.raises(StoreError):
            crawl(store, item(1, "a/b"), item(2, "c/d", "a/b"), progress=killed)
    assert edges(store) == set()
    crawl(store, item(1, "a/b"), item(2, "c/d", "a/b"))
    assert edges(store) == {("2", "1")}


@many_stores
@given(worlds, worlds, st.integers(1, 3), st.sampled_from(["full", "incremental"]))
def test_crawl_that_was_stopped_after_each_page_ends_like_one_that_was_not(
    tmp_path: Path, before: list[Any], after: list[Any], size: int, mode: str
) -> None:
    pages = [after[start : start + size] for start in range(0, len(after), size)]
    with fresh(tmp_path) as whole, fresh(tmp_path) as stopped:
        for store in (whole, stopped):
            crawl(store, *before)
        Crawl(whole, Pages(pages), mode, max_shrink=1.0).run()
        stops = 0

        def go_on() -> str:
            told: list[str] = []
            # Look-ups that were stopped begin anew, so those go through.
            return (
                Crawl(
                    stopped,
                    Pages(pages),
                    mode,
                    max_shrink=1.0,
                    progress=lambda phase, _done, _total: told.append(phase),
                    stop=lambda: "look up" not in told,
                )
                .run()
                .state
            )

        while go_on() != "done":
            stops += 1
            assert stops <= len(pages), "it never gets on"
        assert stops == len(pages)
        assert content(stopped) == content(whole)


@pytest.mark.parametrize("stop_at", range(1, 6))
def test_going_on_after_a_stop(store: EmbeddedStore, tmp_path: Path, stop_at: int) -> None:
    pages = [[item(2 * n, f"a/m{n}", f"a/m{n + 1}"), item(2 * n + 1, f"b/m{n}")] for n in range(6)]
    asked = itertools.count(1)
    run = Crawl(store, Pages(pages), stop=lambda: next(asked) == stop_at).run()
    assert (run.state, run.cursor, run.report["read"]) == ("stopped", str(stop_at), 2 * stop_at)
    assert edges(store) == set()
    source = Pages(pages)
    again = Crawl(store, source).run()
    assert (again.id, again.state, again.report["read"]) == (run.id, "done", 12)
    assert source.asked == [str(stop_at)]
    with EmbeddedStore(tmp_path / "whole") as whole:
        report = Crawl(whole, Pages(pages)).run().report
        assert content(whole) == content(store)
    assert {**report, "seconds": 0} == {**again.report, "seconds": 0}


def test_starting_over(store: EmbeddedStore) -> None:
    pages = [[item(1, "a/b")], [item(2, "c/d")]]
    first = Crawl(store, Pages(pages), stop=lambda: True).run()
    source = Pages(pages)
    second = Crawl(store, source, resume=False).run()
    assert (second.id != first.id, source.asked, second.report["read"]) == (True, [None], 2)


ODD = [
    None,
    7,
    "text",
    [],
    {},
    {"id": 7},
    {"id": "x" * 999},
    {"id": "\ud800/\0"},
    item(7, "odd/one", library_name="a\0b", pipeline_tag="\ud800", downloads=10**30),
    item(8, "odd/two", "\ud800", "a\0b", "ORIGINAL_REPO_NAME", tags=7, cardData="x"),
    item(9, "odd/three", gated=[], safetensors=[], baseModels=7, createdAt="\ud800"),
    {"id": "odd/four", "_id": "\ud800", "cardData": {"base_model": ["\ud800", "a\0b"]}},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_one_bad_record_stops_nothing(store: EmbeddedStore, odd: Any) -> None:
    run = crawl(store, item(1, "a/b"), odd, item(2, "c/d", "a/b"))
    assert (run.state, run.report["read"]) == ("done", 3)
    assert edges(store) == {("2", "1")}
    assert run.report["quality"]
    assert crawl(store, item(1, "a/b"), odd, item(2, "c/d", "a/b")).report["written"] == 0


def test_crawl_of_nothing(store: EmbeddedStore) -> None:
    assert Crawl(store, Pages([])).run().state == "done"
    assert crawl(store).report["read"] == 0


def test_lease_that_is_held(store: EmbeddedStore, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store") as other:
        held = other.begin("crawl", "hub", "full")
        with pytest.raises(LeaseHeldError, match="try again"):
            crawl(store, item(1, "a/b"))
        other.finish(held, "done", {})
        assert crawl(store, item(1, "a/b")).state == "done"


class Broken(Pages):
    """A source that fails after its first pages."""

    error: Exception = HubError("the Hub does not answer")

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
        yield from itertools.islice(super().pages(cursor), 2)
        raise self.error


@pytest.mark.parametrize("error", [HubError("silent"), InputError("unreadable")])
def test_source_that_fails(store: EmbeddedStore, error: Exception) -> None:
    pages = [[item(number, f"a/m{number}")] for number in range(4)]
    source = Broken(pages)
    source.error = error
    with pytest.raises(type(error), match=str(error)):
        Crawl(store, source).run()
    (run,) = store.runs(9)
    assert (run.state, run.cursor, run.report["read"], run.report["written"]) == (
        "failed",
        "2",
        2,
        2,
    )
    assert Crawl(store, Pages(pages)).run().report["read"] == 4
    assert len(models(store, "id")) == 4


def test_lease_that_is_lost_on_the_way(store: EmbeddedStore, tmp_path: Path) -> None:
    pages = [[item(number, f"a/m{number}")] for number in range(9)]

    def take_over(phase: str, done: int, total: int | None) -> None:
        if done == 3:
            store._database.execute("UPDATE lease SET owner = 'other/1/x', token = token + 1")

    with pytest.raises(LeaseLostError, match="took over"):
        Crawl(store, Pages(pages), batch_rows=1, progress=take_over).run()
    assert len(models(store, "id")) == 3


def test_each_page_is_stored_when_it_is_told_of(store: EmbeddedStore) -> None:
    pages = [[item(number, f"a/m{number}")] for number in range(5)]
    told: list[tuple[str, int, int | None]] = []

    def progress(phase: str, done: int, total: int | None) -> None:
        told.append((phase, done, total))
        if phase == "load":
            assert len(models(store, "id")) == done
            assert store.runs(1)[0].cursor == (str(done) if done < 5 else END)

    Crawl(store, Pages(pages, total=5), batch_rows=1, progress=progress).run()
    assert told == [("load", number, 5) for number in range(1, 6)]


def test_settling_is_told_of(store: EmbeddedStore) -> None:
    told: list[tuple[str, int, int | None]] = []
    crawl(store, item(1, "a/b", "c/d"), progress=lambda *step: told.append(step))
    assert told == [("load", 1, None), ("settle", 1, 2), ("settle", 2, 2)]


def test_report(store: EmbeddedStore) -> None:
    run = crawl(
        store,
        item(1, "a/b", createdAt="2024-01-01", lastModified="2025-01-01T00:00:00Z"),
        item(2, "c/d", "gone/base", createdAt="2024-06-01"),
        None,
    )
    assert run.report.pop("seconds").keys() == {"compare", "load", "settle"}
    assert run.report.pop("settled")["quality"].keys() == {"base_missing"}
    assert run.report == {
        "read": 3,
        "written": 4,
        "newest": 1_735_689_600_000,
        "watermark": 1_735_689_600_000,
        "quality": {
            "not_an_object": {"count": 1, "examples": ["None"]},
            "base_missing": {"count": 1, "examples": ["gone/base"]},
        },
    }
    assert (run.kind, run.source, run.mode, run.state) == ("crawl", "test", "full", "done")
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at <= time.time() * 1000


def test_more_changes_than_a_transaction_takes(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    write: Callable[[Run, Batch], int] = store.write

    def measured(run: Run, batch: Batch) -> int:
        if batch.cursor is None and not batch.report:
            sizes.append(
                sum(
                    map(
                        len,
                        (
                            batch.models,
                            batch.derivations,
                            batch.dropped_derivations,
                            batch.dropped_models,
                        ),
                    )
                )
            )
        return write(run, batch)

    monkeypatch.setattr(store, "write", measured)
    crawl(store, *(item(n, f"a/m{n}", f"gone/m{n}") for n in range(7)), batch_rows=2)
    assert sizes == [2, 2, 2, 1] * 2
    crawl(store, item(99, "z/z"), batch_rows=2)
    assert sizes[8:] == [2, 2, 2, 1] + [2] * 7
    assert (set(models(store, "id")), edges(store)) == ({short(key(99))}, set())


def test_digest_changes_with_each_field_and_is_never_unknown() -> None:
    model = Model(key(1), "a/b")
    digests = {_digest(model)} | {
        _digest(
            Model._make(["changed" if at == place else value for at, value in enumerate(model)])
        )
        for place in range(len(model))
    }
    assert len(digests) == 1 + len(Model._fields)
    assert 0 not in digests


def shuffled(values: Iterable[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(some := list(values), len(some))


def test_many_models_in_any_order(store: EmbeddedStore, tmp_path: Path) -> None:
    from bench.generate import models as generated

    items = list(generated(3000))
    Crawl(store, Pages([items])).run()
    with EmbeddedStore(tmp_path / "other") as other:
        mixed = shuffled(items, 1)
        Crawl(other, Pages([mixed[:1000], mixed[1000:1001], mixed[1001:]])).run()
        assert content(other) == content(store)
    assert 800 < len(edges(store)) < 1200
