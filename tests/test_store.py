"""The contract of a store, the same for both adapters."""

import threading
from dataclasses import replace

import pyarrow as pa
import pytest

from graph.errors import (
    LeaseHeldError,
    LeaseLostError,
    StoreError,
)
from graph.records import Derivation, Model, Relation, Status
from graph.store.lease import now_ms
from graph.store.port import Batch, Run, Store
from graph.store.schema import MODEL_SCHEMA
from tests.stores import Place, load, rows, start

A = Model("a" * 24, "acme/a", "acme", 1, 2, 3, 4, 5, "mit", "transformers", "text", 6, "no")
B = Model("b" * 24, "acme/b", "acme", declared=f"finetune:acme/a:{'a' * 24}")
C = Model("id:ünïcode/模型🤖", "ünïcode/模型🤖", "ünïcode", status=Status.MISSING)


def begin(store: Store, source: str = "file", **options: bool) -> Run:
    return store.begin("crawl", source, "full", **options)


def test_second_claimant_is_refused(place: Place) -> None:
    first, second = place.open(), place.open()
    run = begin(first)
    with pytest.raises(LeaseHeldError, match="another run holds the store"):
        begin(second)
    first.finish(run, "done", {})
    begin(second)


def test_expired_lease_is_taken_over_and_fences_the_old_run_off(place: Place) -> None:
    first, second = place.open(), place.open()
    old = begin(first)
    place.set_lease(expires=now_ms() - 10_000)
    new = begin(second)
    assert new.token > old.token
    for change in (
        lambda: load(first, old, [A]),
        lambda: first.renew(old),
        lambda: first.finish(old, "done", {}),
    ):
        with pytest.raises(LeaseLostError, match="took over"):
            change()
    assert load(second, new, [B]) > 0
    assert rows(second, "models", ["key"]) == [(B.key,)]
    assert [run.state for run in second.runs(9)] == ["running", "failed"]


def test_renewing_a_lease_that_nobody_took_keeps_it(place: Place) -> None:
    first, second = place.open(), place.open()
    run = begin(first)
    place.set_lease(expires=now_ms() - 10_000)
    first.renew(run)
    with pytest.raises(LeaseHeldError):
        begin(second)


def test_lease_of_a_dead_process_is_taken_over_at_once(place: Place) -> None:
    code = "store.begin('crawl', 'file', 'full'); os._exit(9)"
    assert start(place, code).wait(60) == 9
    run = begin(place.open())
    assert run.state == "running"


def test_lease_of_a_process_elsewhere_is_not_taken_over(place: Place) -> None:
    begin(place.open())
    place.set_lease(owner="another-host/1/abc")
    with pytest.raises(LeaseHeldError, match="another-host/1"):
        begin(place.open())


def test_of_eight_claimants_at_once_one_wins(place: Place) -> None:
    stores = [place.open() for _ in range(8)]
    barrier = threading.Barrier(8)
    results: list[str] = []

    def claim(store: Store) -> None:
        barrier.wait()
        try:
            begin(store)
        except LeaseHeldError:
            results.append("held")
        else:
            results.append("won")

    threads = [threading.Thread(target=claim, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["held"] * 7 + ["won"]


def test_batch_and_cursor_are_kept_when_the_store_is_opened_again(place: Place) -> None:
    with place.open() as store:
        run = begin(store)
        batch = Batch(
            models=[B, A, C], digests=[2, 1, 3], cursor="page 2", report={"read": 3, "ü": [1]}
        )
        assert store.write(run, batch) > 0
    with place.open() as store:
        names = MODEL_SCHEMA.names
        expected = [(*A, 1, None), (*B, 2, None), (*C, 3, None)]
        assert rows(store, "models", names) == [tuple(row) for row in expected]
        (stored,) = store.runs(1)
        assert stored == replace(run, cursor="page 2", report={"read": 3, "ü": [1]})


def test_what_is_the_same_is_not_written(place: Place) -> None:
    store = place.open()
    run = begin(store)
    derivations = [Derivation(B.key, A.key, Relation.FINETUNE)]
    batch = Batch(
        models=[A, B],
        digests=[1, 2],
        statuses=[(A.key, Status.LIVE)],
        aliases=[(A.key, "old/a"), (A.key, "old/a")],
        derivations=derivations,
        cursor="1",
        seen=b"12345678",
        report={},
    )
    assert store.write(run, batch) > 0
    assert store.write(run, batch) == 0
    assert rows(store, "models", ["id", "aliases"]) == [("acme/a", "old/a"), ("acme/b", None)]
    assert store.write(run, Batch()) == 0
    assert store.write(run, Batch(cursor="2", seen=b"87654321", report={"x": 1})) == 0


def test_changed_fields_replace_and_nulls_remove(place: Place) -> None:
    store = place.open()
    run = begin(store)
    store.write(run, Batch(models=[A], digests=[1]))
    changed = A._replace(downloads=None, license="apache-2.0", parameters=2**62)
    store.write(run, Batch(models=[changed], digests=[-(2**63)]))
    assert rows(store, "models", MODEL_SCHEMA.names) == [(*changed, -(2**63), None)]


def test_status_update_forgets_the_digest(place: Place) -> None:
    store = place.open()
    run = begin(store)
    store.write(run, Batch(models=[A, B], digests=[1, 2]))
    assert store.write(run, Batch(statuses=[(A.key, Status.DELETED), (B.key, Status.LIVE)])) > 0
    names = ["id", "status", "digest"]
    assert rows(store, "models", names) == [("acme/a", "deleted", 0), ("acme/b", "live", 2)]
    # It is back: the digest differs.
    store.write(run, Batch(models=[A], digests=[1]))
    assert rows(store, "models", names)[0] == ("acme/a", "live", 1)


def test_same_digest_under_another_status_is_written(place: Place) -> None:
    store = place.open()
    run = begin(store)
    store.write(run, Batch(models=[A._replace(status=Status.MISSING)], digests=[1]))
    assert store.write(run, Batch(models=[A], digests=[1])) > 0
    assert rows(store, "models", ["status"]) == [("live",)]


def test_former_ids_become_aliases_once(place: Place) -> None:
    store = place.open()
    run = begin(store)
    for digest, id in enumerate(["acme/a", "new/a", "acme/a", "new/a", "acme/a2"], 1):
        store.write(run, Batch(models=[A._replace(id=id)], digests=[digest]))
    assert rows(store, "models", ["id", "aliases"]) == [("acme/a2", "acme/a new/a")]
    store.write(run, Batch(aliases=[(A.key, "acme/a"), (A.key, "acme/A"), (A.key, "cme/a")]))
    assert rows(store, "models", ["aliases"]) == [("acme/a new/a acme/A cme/a",)]


def test_parallel_relations_and_what_drops_them(place: Place) -> None:
    store = place.open()
    run = begin(store)
    finetune = Derivation(B.key, A.key, Relation.FINETUNE)
    merge = Derivation(B.key, A.key, Relation.MERGE)
    of_missing = Derivation(B.key, C.key, Relation.ADAPTER)
    load(store, run, [A, B, C], [finetune, merge, of_missing, finetune])
    names = ["child", "base", "relation"]
    assert rows(store, "derivations", names) == sorted([finetune, merge, of_missing])
    assert rows(store, "derivations", ["relation"]) == [("adapter",), ("finetune",), ("merge",)]
    assert store.write(run, Batch(dropped_derivations=[merge])) > 0
    assert store.write(run, Batch(dropped_derivations=[merge])) == 0
    assert rows(store, "derivations", names) == sorted([finetune, of_missing])
    assert store.write(run, Batch(dropped_models=[A.key])) > 0
    assert rows(store, "derivations", names) == [of_missing]
    assert rows(store, "models", ["key"]) == [(B.key,), (C.key,)]
    store.write(run, Batch(dropped_models=[B.key, "never seen"]))
    assert rows(store, "derivations", names) == []


def test_unfinished_run_is_gone_on_with(place: Place) -> None:
    store = place.open()
    run = begin(store)
    assert (run.cursor, run.seen, run.report) == (None, b"", {})
    store.write(run, Batch(cursor="1", seen=b"1" * 8, report={"read": 1}))
    store.write(run, Batch(cursor="2", seen=b"2" * 16))
    other = store.begin("measure", "file", "full")
    assert other.id != run.id
    store.finish(other, "stopped", {})

    resumed = begin(place.open())
    assert (resumed.id, resumed.cursor, resumed.report) == (run.id, "2", {"read": 1})
    assert sorted(resumed.seen) == sorted(b"1" * 8 + b"2" * 16)
    assert resumed.ended_at is None


@pytest.mark.parametrize(("source", "mode"), [("file", "incremental"), ("hub", "full")])
def test_run_is_not_gone_on_with_over_another(place: Place, source: str, mode: str) -> None:
    store = place.open()
    run = begin(store)
    store.write(run, Batch(cursor="1", seen=b"1" * 8))
    store.finish(run, "stopped", {})
    other = store.begin("crawl", source, mode)
    store.finish(store.begin("measure", "file", "full"), "done", {})
    new = begin(store)
    assert new.id not in (run.id, other.id)
    assert (new.cursor, new.seen) == (None, b"")


def test_run_that_ended_well_or_never_began_is_not_gone_on_with(place: Place) -> None:
    store = place.open()
    never = begin(store)
    store.finish(never, "failed", {})
    run = begin(store)
    assert run.id != never.id
    store.write(run, Batch(cursor="1", seen=b"1" * 8))
    done = store.finish(run, "done", {"read": 1})
    assert (done.state, done.report, done.cursor) == ("done", {"read": 1}, "1")
    assert done.ended_at is not None
    new = begin(store)
    assert new.id != run.id
    assert (new.seen, new.cursor) == (b"", None)


def test_run_can_be_begun_anew(place: Place) -> None:
    store = place.open()
    run = begin(store)
    store.write(run, Batch(cursor="1", seen=b"1" * 8))
    store.finish(run, "stopped", {})
    new = begin(store, resume=False)
    assert new.id != run.id
    assert (new.cursor, new.seen) == (None, b"")
    store.finish(new, "stopped", {})
    assert [r.id for r in store.runs(2)] == [new.id, run.id]
    assert [r.id for r in store.runs(1)] == [new.id]


def test_columns_come_in_chunks_in_the_order_of_keys(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.store.embedded_columns.CHUNK_ROWS", 3)
    monkeypatch.setattr("graph.store.neo4j_client.CHUNK_ROWS", 3)
    store = place.open()
    run = begin(store)
    assert list(store.columns("models", ["key"])) == []
    assert list(store.columns("derivations", ["child"])) == []
    # By code point, in which UTF-16 would put the last two the other way round.
    keys = ["0", "9", "Z", "a", "é", "模", "\uffee", "🤖"]
    models = [
        Model(key, f"x/{key}", likes=place if place % 2 else None) for place, key in enumerate(keys)
    ]
    edges = [Derivation(key, "0", Relation.MERGE) for key in keys[4:]]
    load(store, run, models[::-1], edges)
    chunks = list(store.columns("models", ["likes", "key"]))
    assert [len(chunk) for chunk in chunks] == [3, 3, 2]
    assert chunks[0].schema == pa.schema([("likes", pa.int64()), ("key", pa.string())])
    assert rows(store, "models", ["key", "likes"]) == [(model.key, model.likes) for model in models]
    assert rows(store, "derivations", ["child", "base", "relation"]) == sorted(edges)


def test_store_of_a_newer_version_is_refused(place: Place) -> None:
    with place.open() as store:
        begin(store)
    place.set_version(99)
    with pytest.raises(StoreError, match=r"version 99.*upgrade modelkin"):
        place.open()
