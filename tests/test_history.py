"""What snapshots leave for ever: through both stores, the API, the status, and notebooks."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import modelkin
from api.app import create_app
from api.current import Current
from graph import snapshot
from graph.changes import Kind
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError, SnapshotFormatError, UsageError
from graph.history import History, of_store, reader
from graph.measure import measure
from graph.series import ATTRIBUTION, CREDIT, SMALLEST_MODELS, WEIGHTS
from graph.shares import By, Definition, Weight, share
from graph.store import open_store
from graph.store.port import Store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from modelkin.status import report, shown
from tests.lineages import REGISTRY, Item, item
from tests.stores import Neo4jPlace, Place


def key(number: int) -> str:
    return f"{number:024x}"


MANY = [item(f"many/{number}", "finetune:solo/root") for number in range(SMALLEST_MODELS)]
"""Enough for an organisation and an unregistered family to be kept."""

LOOKS: list[list[Item]] = [
    [
        item("red/7b", _id=key(1), license="mit", downloads=10),
        item("u/a", "finetune:red/7b", _id=key(2), downloads=4),
        item("u/merge", "merge:red/7b", "merge:blue/8b", _id=key(3), license="nc"),
        item("u/passing", _id=key(4)),
        item("solo/root", _id=key(5)),
    ],
    [
        item("red/7b", _id=key(1), license="nc", downloads=30),
        item("u/a2", "finetune:blue/8b", _id=key(2), downloads=5),
        item("u/visitor", _id=key(6)),
        item("solo/root", _id=key(5)),
        *MANY,
    ],
    [
        item("red/7b", _id=key(1), license="mit"),
        item("u/a3", "quantized:red/7b", _id=key(2)),
        item("u/merge", "merge:red/7b", "merge:blue/8b", _id=key(3), license="mit"),
        item("u/new", "finetune:u/a3", _id=key(7)),
    ],
]


def look(store: Store, items: list[Item], directory: Path, *, keep: int = 5) -> str:
    """Crawl items as all there is, measure, and return the snapshot's id."""
    file = directory / f"look-{len(store.snapshots())}.jsonl"
    file.write_text("".join(json.dumps(entry) + "\n" for entry in items), encoding="utf-8")
    source = JsonlSource(file)
    assert Crawl(store, source, max_shrink=1.0).run().state == "done"
    return measure(store, REGISTRY, keep=keep).id


def told(
    history: History, before: str, after: str
) -> list[tuple[str, str, str | None, str | None]]:
    return [(c.kind.value, c.id, c.before, c.after) for c in history.changes(before, after)]


def numbers(eco: Ecosystem) -> dict[tuple[By, Weight], dict[str, float]]:
    """Return what `share` answers of each group that is kept."""
    found = {}
    for by in By:
        for weight in WEIGHTS:
            divided = share(eco, by, Definition(weight, ATTRIBUTION, CREDIT))
            found[by, weight] = dict(zip(divided.keys, divided.values, strict=True))
    return found


def test_of_old_snapshots_series_and_changes_are_kept(place: Place, tmp_path: Path) -> None:
    store, cache = place.open(), tmp_path / "cache"
    ids, answers = [], []
    for items in LOOKS:
        ids.append(look(store, items, tmp_path, keep=1))
        answers.append(numbers(Ecosystem(store.fetch(ids[-1], cache))))
    first, second, third = ids
    history = of_store(store, cache)
    assert [(past.manifest.id, past.whole) for past in history] == [
        (third, True),
        (second, False),
        (first, False),
    ]
    assert [past.manifest.previous for past in history] == [second, first, None]
    assert [past.manifest.models for past in history] == [4, 104, 5]
    with pytest.raises(NotFoundError, match=r"MODELKIN_KEEP_SNAPSHOTS says how many stay whole"):
        Ecosystem(store.fetch(second, cache))

    assert [c for c in told(history, first, second) if not c[1].startswith("many/")] == [
        ("came", "u/visitor", None, "live"),
        ("went", "u/merge", "live", None),
        ("went", "u/passing", "live", None),
        ("renamed", "u/a2", "u/a", "u/a2"),
        ("parents", "u/a2", "red/7b", "blue/8b"),
        ("license", "red/7b", "mit", "nc"),
    ]
    assert [c for c in told(history, second, third) if not c[1].startswith("many/")] == [
        ("came", "u/new", None, "live"),
        ("went", "solo/root", "live", None),
        ("went", "u/visitor", "live", None),
        # of what nothing derives from no record is left, but that it went is known
        ("returned", "u/merge", None, "live"),
        ("renamed", "u/a3", "u/a2", "u/a3"),
        ("parents", "u/a3", "blue/8b", "red/7b"),
        ("license", "red/7b", "nc", "mit"),
    ]
    assert told(history, first, third) == [
        ("came", "u/new", None, "live"),
        ("went", "solo/root", "live", None),
        ("went", "u/passing", "live", None),
        ("renamed", "u/a3", "u/a", "u/a3"),
    ]
    counts = history.changes(first, third).counts
    assert counts == {Kind.CAME: 1, Kind.WENT: 2, Kind.RENAMED: 1} | dict.fromkeys(
        (Kind.RETURNED, Kind.PARENTS, Kind.LICENSE), 0
    )

    for by in By:
        keys = sorted({key for answer in answers for key in answer[by, Weight.MODELS]})
        for weight in WEIGHTS:
            points = history.series(by, keys, weight)
            assert [manifest.id for manifest in points.snapshots] == ids
            for group in keys:
                for value, answer in zip(points.values[group], answers, strict=True):
                    small = answer[by, Weight.MODELS].get(group, 0) < SMALLEST_MODELS
                    listed = group in {f.key for f in REGISTRY.families} | {*REGISTRY.organizations}
                    many = by in (By.FAMILY, By.ORGANIZATION) and not listed
                    if not (small and many):
                        assert value == pytest.approx(answer[by, weight].get(group, 0.0))
                    else:
                        assert value is None
    derivatives = history.series(By.FAMILY, ["red", "solo/root"], Weight.DERIVATIVES).values
    assert derivatives == {"red": [1.5, 0.0, 2.5], "solo/root": [None, SMALLEST_MODELS, None]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a store of the looks, of which two snapshots are whole."""
    directory = tmp_path_factory.mktemp("history")
    with open_store(str(directory / "store")) as store:
        for items in LOOKS:
            look(store, items, directory, keep=2)
    return directory


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(str(home / "store")) as opened:
        yield opened


@pytest.fixture
def ids(store: Store) -> list[str]:
    """The snapshots' ids, the oldest first."""
    return [info.id for info in store.snapshots()][::-1]


def test_what_cannot_be_compared_is_told(store: Store, ids: list[str], tmp_path: Path) -> None:
    history = of_store(store, tmp_path)
    with pytest.raises(NotFoundError, match="no snapshot 'x'"):
        history.changes("x", ids[0])
    with pytest.raises(NotFoundError, match="no snapshot 'y'"):
        history.changes(ids[0], "y")
    for before, after in ((ids[1], ids[0]), (ids[1], ids[1])):
        with pytest.raises(UsageError, match="name the older snapshot first"):
            history.changes(before, after)
    with pytest.raises(UsageError, match="has no downloads_all_time"):
        history.series(By.FAMILY, ["red"], Weight.DOWNLOADS_ALL_TIME)
    with pytest.raises(NotFoundError):
        history["nowhere"]


def test_a_snapshot_follows_one_of_its_own_kind(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:

        def published(items: list[Item], name: str) -> str:
            file = tmp_path / "items.jsonl"
            file.write_text("".join(json.dumps(entry) + "\n" for entry in items), encoding="utf-8")
            Crawl(store, JsonlSource(file, name=name), max_shrink=1.0).run()
            return measure(store, REGISTRY).id

        sample = published([item("a/sampled")], snapshot.SAMPLE)
        hub = published([item("a/a"), item("a/b")], "hub")
        sample_again = published([item("a/sampled"), item("a/more")], snapshot.SAMPLE)
        hub_again = published([item("a/a")], "hub")
        history = of_store(store, tmp_path)
        previous = {past.manifest.id: past.manifest.previous for past in history}
        assert previous == {sample: None, hub: None, sample_again: sample, hub_again: hub}
        assert told(history, hub, hub_again) == [("went", "a/b", "live", None)]
        assert told(history, sample, sample_again) == [("came", "a/more", None, "live")]
        with pytest.raises(NotFoundError, match=f"nothing links {hub} with {sample_again}"):
            history.changes(hub, sample_again)
        points = history.series(By.RELATION, [], Weight.MODELS)
        assert [manifest.id for manifest in points.snapshots] == [hub, hub_again]


@pytest.mark.parametrize("fault", ["older format", "damaged", "gone"])
def test_after_a_snapshot_that_cannot_be_read_nothing_is_compared(
    tmp_path: Path, fault: str
) -> None:
    with open_store(str(tmp_path / "store")) as store:
        first = look(store, LOOKS[0], tmp_path)
        directory = store.fetch(first, tmp_path)
        if fault == "older format":
            manifest = snapshot.read(directory)[0]
            snapshot.write_manifest(directory, replace(manifest, format=snapshot.FORMAT - 1))
            with pytest.raises(SnapshotFormatError, match="measure again"):
                Ecosystem(directory)
        elif fault == "damaged":
            (directory / "models.arrow").write_bytes(b"damaged")
        else:
            for table in snapshot.TABLES:
                (directory / f"{table}.arrow").unlink()
        second = look(store, LOOKS[1], tmp_path)
        history = of_store(store, tmp_path)
        assert history[second].manifest.previous is None
        assert history[first].manifest.models == 5
        with pytest.raises(NotFoundError, match="nothing links"):
            history.changes(first, second)
        assert report(store)["changes"] is None
        third = look(store, LOOKS[2], tmp_path)
        assert of_store(store, tmp_path)[third].manifest.previous == second


@pytest.mark.parametrize("stream", ["tables", "lasting"])
def test_a_snapshot_that_is_damaged_in_neo4j_does_not_stop_the_next(
    neo4j_place: Neo4jPlace, tmp_path: Path, stream: str
) -> None:
    store = neo4j_place.open()
    first = look(store, LOOKS[0], tmp_path)
    neo4j_place.run(
        "MATCH (p:SnapshotPart) WHERE p.id STARTS WITH $prefix SET p.bytes = $bytes",
        prefix=f"{first}/{stream}/",
        bytes=b"damaged",
    )
    with pytest.raises(SnapshotFormatError, match=f"{first} in .* is damaged"):
        store.fetch(first, tmp_path / "cache")
    second = look(store, LOOKS[1], tmp_path)
    assert of_store(store, tmp_path)[second].manifest.previous is None
    assert report(store)["changes"] is None


def test_lasting_files_of_later_and_damaged_ones(
    store: Store, ids: list[str], tmp_path: Path
) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(store.fetch(ids[0], tmp_path), copied)
    lasting = snapshot.read_lasting(copied)
    assert len(lasting.series)
    snapshot.write_manifest(copied, replace(lasting.manifest, format=snapshot.FORMAT + 1))
    with pytest.raises(SnapshotFormatError, match="upgrade modelkin"):
        snapshot.read_lasting(copied)
    snapshot.write_manifest(copied, lasting.manifest)
    (copied / "changes.arrow").write_bytes(b"damaged")
    with pytest.raises(SnapshotFormatError, match="measure again"):
        snapshot.read_lasting(copied)


def test_what_was_read_is_read_once(store: Store, ids: list[str], tmp_path: Path) -> None:
    asked: list[str] = []

    def directory(id: str) -> Path:
        asked.append(id)
        return store.fetch(id, tmp_path, whole=False)

    read = reader(directory)
    history = History(store.snapshots(), read)
    assert asked == []
    assert history.changes(ids[0], ids[2]) is history.changes(ids[0], ids[2])
    history.series(By.FAMILY, ["red"], Weight.MODELS)
    History(store.snapshots(), read).changes(ids[0], ids[1])
    assert sorted(asked) == ids


def test_status_tells_what_changed(store: Store, ids: list[str]) -> None:
    state = report(store)
    assert [(s["id"], s["whole"]) for s in state["snapshots"]] == [
        (ids[2], True),
        (ids[1], True),
        (ids[0], False),
    ]
    changes = json.loads(shown(state, as_json=True))["changes"]
    assert (changes["from"], changes["to"]) == (ids[1], ids[2])
    assert changes["counts"] == {
        "came": 1, "went": 102, "returned": 1, "renamed": 1, "parents": 1, "license": 1,
    }  # fmt: skip
    assert len([e for e in changes["examples"] if e["kind"] == "went"]) == 3
    assert {"kind": "license", "id": "red/7b", "before": "nc", "after": "mit"} in changes[
        "examples"
    ]
    lines = shown(state, as_json=False).splitlines()
    assert (
        f"changed    1 came, 102 went, 1 returned, 1 renamed, 1 parents, 1 license, since {ids[1]}"
        in lines
    )
    assert "  renamed  u/a3: u/a2 -> u/a3" in lines
    assert "  parents  u/a3: blue/8b -> red/7b" in lines
    assert any(ids[0] in line and line.endswith("series and changes") for line in lines)


def test_notebooks_reach_the_history(home: Path, ids: list[str]) -> None:
    past = modelkin.history(home / "store")
    assert isinstance(past, modelkin.History)
    assert [change.id for change in past.changes(ids[0], ids[2]) if change.kind == "came"] == [
        "u/new"
    ]
    assert modelkin.open(home / "store").manifest.previous == ids[1]
    with pytest.raises(NotFoundError, match="MODELKIN_KEEP_SNAPSHOTS"):
        modelkin.open(home / "store", ids[0])


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Current(store, tmp_path, refresh_s=3600))) as opened:
        yield opened


def ask(client: TestClient, query: str, **variables: Any) -> Any:
    answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def refused(client: TestClient, query: str, **variables: Any) -> tuple[str, str]:
    answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["message"]


def test_snapshots_are_asked_for(client: TestClient, ids: list[str]) -> None:
    data = ask(
        client,
        """query ($id: ID) { snapshots { id whole previous models }
           newest: snapshots(first: 1) { id } snapshot { id whole }
           old: snapshot(id: $id) { id whole models publishedAt asOf coverage sample } }""",
        id=ids[0],
    )
    assert data["snapshots"] == [
        {"id": ids[2], "whole": True, "previous": ids[1], "models": 4},
        {"id": ids[1], "whole": True, "previous": ids[0], "models": 104},
        {"id": ids[0], "whole": False, "previous": None, "models": 5},
    ]
    assert data["newest"] == [{"id": ids[2]}]
    assert data["snapshot"] == {"id": ids[2], "whole": True}
    assert data["old"]["models"] == 5
    assert not data["old"]["whole"]
    assert refused(client, '{ snapshot(id: "x") { id } }')[0] == "NOT_FOUND"
    assert refused(client, "{ snapshots(first: 0) { id } }")[0] == "BAD_USER_INPUT"


CHANGES = """query ($from: ID!, $to: ID!, $kinds: [ChangeKind!], $first: Int!, $after: String) {
  changes(from: $from, to: $to, kinds: $kinds, first: $first, after: $after) {
    totalCount counts { came went returned renamed parents license }
    nodes { kind id before after } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


def test_changes_are_asked_for_in_pages(client: TestClient, store: Store, ids: list[str]) -> None:
    near = {"from": ids[0], "to": ids[1]}
    whole = ask(client, CHANGES, first=1000, **near)["changes"]
    assert whole["totalCount"] == len(whole["nodes"]) == 106
    assert whole["counts"] == {
        "came": 101, "went": 2, "returned": 0, "renamed": 1, "parents": 1, "license": 1,
    }  # fmt: skip
    assert whole["nodes"][-2:] == [
        {"kind": "PARENTS", "id": "u/a2", "before": "red/7b", "after": "blue/8b"},
        {"kind": "LICENSE", "id": "red/7b", "before": "mit", "after": "nc"},
    ]
    pages: list[dict[str, Any]] = []
    after = None
    while True:
        page = ask(client, CHANGES, first=40, after=after, **near)["changes"]
        assert page["totalCount"] == 106
        assert page["pageInfo"]["hasPreviousPage"] == bool(pages)
        pages += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == whole["nodes"]

    some = ask(client, CHANGES, first=9, kinds=["LICENSE", "RENAMED"], **near)["changes"]
    assert [node["kind"] for node in some["nodes"]] == ["RENAMED", "LICENSE"]
    assert some["totalCount"] == 2
    assert some["counts"] == whole["counts"]
    assert ask(client, CHANGES, first=9, kinds=[], **near)["changes"]["nodes"] == []

    code, _ = refused(client, CHANGES, first=9, kinds=["CAME"], after=after, **near)
    assert code == "BAD_CURSOR"
    far = {"from": ids[0], "to": ids[2]}
    assert refused(client, CHANGES, first=9, after=after, **far)[0] == "BAD_CURSOR"
    assert refused(client, CHANGES, first=9, after="x", **near)[0] == "BAD_CURSOR"
    assert refused(client, CHANGES, first=0, **near)[0] == "BAD_USER_INPUT"
    assert (
        refused(client, CHANGES, first=9, **{"from": ids[1], "to": ids[0]})[0] == "BAD_USER_INPUT"
    )
    assert refused(client, CHANGES, first=9, **{"from": "x", "to": ids[0]})[0] == "NOT_FOUND"


def test_series_by_snapshot(client: TestClient, ids: list[str]) -> None:
    query = """query ($keys: [String!]!, $by: GroupBy!, $weight: Weight!) {
      timeSeries(by: $by, keys: $keys, weight: $weight, interval: SNAPSHOT) {
        dates snapshots series { key values } definition { weight attribution credit } } }"""
    told = ask(client, query, keys=["red", "solo/root"], by="FAMILY", weight="MODELS")["timeSeries"]
    assert told["snapshots"] == ids
    assert told["dates"] == sorted(told["dates"])
    assert told["definition"] == {
        "weight": "MODELS", "attribution": "LINEAGE", "credit": "FRACTIONAL",
    }  # fmt: skip
    assert told["series"] == [
        {"key": "red", "values": [2.5, 1.0, 3.5]},
        {"key": "solo/root", "values": [None, SMALLEST_MODELS + 1, None]},
    ]
    countries = ask(client, query, keys=["CN", "XX"], by="COUNTRY", weight="DOWNLOADS")
    assert countries["timeSeries"]["series"] == [
        {"key": "CN", "values": [14.0, 30.0, 0.0]},
        {"key": "XX", "values": [0.0, 0.0, 0.0]},
    ]
    by_month = ask(client, '{ timeSeries(by: FAMILY, keys: ["red"]) { snapshots } }')
    assert by_month["timeSeries"]["snapshots"] is None

    def refusal(arguments: str) -> tuple[str, str]:
        return refused(client, f"{{ timeSeries(interval: SNAPSHOT, {arguments}) {{ dates }} }}")

    assert refusal('by: FAMILY, keys: ["nope"]')[0] == "NOT_FOUND"
    for other in ("credit: FULL", "attribution: PUBLISHER", "attribution: DIRECT"):
        code, message = refusal(f'by: FAMILY, keys: ["red"], {other}')
        assert code == "BAD_USER_INPUT"
        assert "LINEAGE" in message
    code, message = refusal('by: FAMILY, keys: ["red"], weight: DOWNLOADS_ALL_TIME')
    assert code == "BAD_USER_INPUT"
    assert "models, derivatives, downloads" in message


def test_history_and_ecosystem_are_swapped_together(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:
        first = look(store, LOOKS[0], tmp_path)
        current = Current(store, tmp_path / "cache", refresh_s=3600)
        current.refresh()
        kept = current.served
        second = look(store, LOOKS[1], tmp_path)
        assert [past.manifest.id for past in current.served.history] == [first]
        current.refresh()
        eco, history = current.served
        assert eco.id == second
        assert [past.manifest.id for past in history] == [second, first]
        assert [past.manifest.id for past in kept.history] == [first]
