"""The contract of a store's snapshots, the same for both adapters."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from graph import snapshot
from graph.errors import LeaseLostError, NotFoundError
from graph.score_columns import SCORES
from graph.store.lease import now_ms
from tests.stores import EmbeddedPlace, Place, load, start
from tests.test_store import A, B, begin


def manifest(id: str) -> snapshot.Manifest:
    return snapshot.Manifest(id, snapshot.FORMAT, 1, 1, "file", False, 2, 0, 0, 1, 0.5, {})


def make_snapshot(directory: Path, id: str) -> Path:
    """Write a snapshot of two models of one family, in which b derives from a."""
    common = {"status": "live", "author": "acme", "families": [0], "family_shares": [1.0]}
    scores = dict.fromkeys(SCORES, 0)
    base = {"derivatives": [1], "direct_derivatives": 1, "descendants": 1, "depth": 0}
    derivative = {"bases": [0], "direct_derivatives": 0, "descendants": 0, "depth": 1}
    models: list[dict[str, Any]] = [
        {**scores, **common, **base, "id": A.id, "key": A.key, "pagerank": 0.65},
        {**scores, **common, **derivative, "id": B.id, "key": B.key, "pagerank": 0.35},
    ]
    tables = {
        "models": pa.Table.from_pylist(models, snapshot.MODELS),
        "families": pa.Table.from_pylist([{"key": "a", "name": "A"}], snapshot.FAMILIES),
        "organizations": pa.Table.from_pylist(
            [{"name": "acme", "title": "Acme", "country": "NZ", "kind": "company"}],
            snapshot.ORGANIZATIONS,
        ),
        "licenses": pa.Table.from_pylist([{"id": "mit"}], snapshot.LICENSES),
    }
    snapshot.write(directory / id, manifest(id), tables)
    change = {"kind": "came", "key": A.key, "id": A.id, "after": "live"}
    changes = pa.Table.from_pylist([change], snapshot.CHANGES)
    snapshot.write_lasting(directory / id, "changes", changes)
    snapshot.write_lasting(directory / id, "series", snapshot.SERIES.empty_table())
    return directory / id


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_snapshots_are_listed_newest_first_and_the_oldest_are_stripped(
    place: Place, tmp_path: Path
) -> None:
    store, cache = place.open(), tmp_path / "cache"
    run = begin(store)
    load(store, run, [A, B])
    assert store.snapshots() == []
    for id in ("s1", "s3", "s2"):
        directory = make_snapshot(tmp_path / "new", id)
        size = sum(path.stat().st_size for path in directory.iterdir())
        store.publish(run, id, directory, keep=2)
        assert not directory.exists()
        assert store.snapshots()[0].size == size
        assert store.snapshots()[0].whole
    listed = place.open().snapshots()
    assert [(info.id, info.whole) for info in listed] == [("s2", True), ("s3", True), ("s1", False)]
    assert sorted(place.leftovers()) == ["s1", "s2", "s3"]
    for id in ("", ".", "..", "../s2", "s2/..", "none", ".lasting"):
        for whole in (True, False):
            with pytest.raises(NotFoundError):
                store.fetch(id, cache, whole=whole)
    fetched = store.fetch("s2", cache)
    told, tables = snapshot.read(fetched)
    assert told == manifest("s2")
    assert tables["models"].column("id").to_pylist() == [A.id, B.id]
    assert store.fetch("s2", cache) == fetched


def test_of_a_stripped_snapshot_the_lasting_files_are_left(place: Place, tmp_path: Path) -> None:
    store, cache = place.open(), tmp_path / "cache"
    run = begin(store)
    load(store, run, [A, B])
    store.publish(run, "s1", make_snapshot(tmp_path / "new", "s1"), keep=1)
    assert snapshot.read(store.fetch("s1", cache))[0].id == "s1"
    store.publish(run, "s2", make_snapshot(tmp_path / "new", "s2"), keep=1)
    store.fetch("s2", cache)  # the copy of a snapshot that is stripped goes
    for whole in (True, False):
        left = store.fetch("s1", cache, whole=whole)
        assert files(left) == set(snapshot.LASTING_FILES)
        assert snapshot.read_lasting(left).manifest == manifest("s1")
        assert snapshot.read_lasting(left).changes.column("id").to_pylist() == [A.id]
    with pytest.raises(NotFoundError, match=r"s1.*MODELKIN_KEEP_SNAPSHOTS"):
        snapshot.read(left)
    (info,) = (info for info in store.snapshots() if info.id == "s1")
    assert info.size == sum(path.stat().st_size for path in left.iterdir())


def test_the_lasting_files_of_a_whole_snapshot_come_alone(place: Place, tmp_path: Path) -> None:
    store, cache = place.open(), tmp_path / "cache"
    run = begin(store)
    load(store, run, [A, B])
    store.publish(run, "s", make_snapshot(tmp_path, "s"), keep=1)
    for _ in range(2):
        lasting = store.fetch("s", cache, whole=False)
        assert snapshot.read_lasting(lasting).manifest == manifest("s")
    copied = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    assert copied < store.snapshots()[0].size / 2
    whole = store.fetch("s", cache)
    assert snapshot.read(whole)[0] == manifest("s")
    assert store.fetch("s", cache, whole=False) == whole


def test_half_a_snapshot_is_never_listed_and_swept(place: Place, tmp_path: Path) -> None:
    store = place.open()
    run = begin(store)
    load(store, run, [A, B])
    place.leave_half_published("half")
    assert store.snapshots() == []
    with pytest.raises(NotFoundError):
        store.fetch("half", tmp_path)
    store.publish(run, "whole", make_snapshot(tmp_path, "whole"), keep=5)
    assert place.leftovers() == ["whole"]


def test_snapshot_of_a_run_that_lost_its_lease_is_not_published(
    place: Place, tmp_path: Path
) -> None:
    first, second = place.open(), place.open()
    run = begin(first)
    place.set_lease(expires=now_ms() - 10_000)
    begin(second)
    with pytest.raises(LeaseLostError):
        first.publish(run, "late", make_snapshot(tmp_path, "late"), keep=5)
    assert second.snapshots() == []


def test_two_processes_fetch_at_once(place: Place, tmp_path: Path) -> None:
    store = place.open()
    run = begin(store)
    load(store, run, [A, B])
    store.publish(run, "s", make_snapshot(tmp_path, "s"), keep=5)
    cache = tmp_path / "cache"
    code = "print(store.fetch('s', Path(sys.argv[2])))"
    processes = [start(place, code, str(cache)) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert snapshot.read(store.fetch("s", cache))[0].id == "s"
    if cache.exists():
        assert [path.name for path in cache.iterdir()] == ["s"]


def test_a_snapshot_that_somebody_deleted_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    with EmbeddedPlace(tmp_path / "store").open() as store:
        run = begin(store)
        load(store, run, [A, B])
        for id in ("s1", "s2"):
            store.publish(run, id, make_snapshot(tmp_path / "new", id), keep=1)
        shutil.rmtree(tmp_path / "store" / "snapshots" / "s1")
        assert [info.id for info in store.snapshots()] == ["s2"]
        with pytest.raises(NotFoundError, match="'s1'"):
            store.fetch("s1", tmp_path / "cache")
        store.publish(run, "s3", make_snapshot(tmp_path / "new", "s3"), keep=1)
        assert [(info.id, info.whole) for info in store.snapshots()] == [
            ("s3", True),
            ("s2", False),
        ]
