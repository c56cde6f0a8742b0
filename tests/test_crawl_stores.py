"""Crawl and measure into both stores: the same content, whatever happened on the way."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph import snapshot
from graph.measure import measure
from graph.registry import load_registry
from graph.score_columns import SCORES
from graph.store.neo4j_scores import write_scores
from graph.store.port import Run, Store
from graph.store.schema import SCHEMAS
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.stores import EmbeddedPlace, Neo4jPlace, Place, rows, start

EXTRACT = Path(__file__).parents[2] / "shared" / "data" / "hub-models-2026-08.jsonl.gz"
"""A real extract of the Hub. It is too large for the repository, so a clone may lack it."""

LINES, PAGE = 4000, 500
"""What the crawls read that are broken off."""


def write_models(path: Path, count: int) -> None:
    """Write list items of the shapes that the extract has, for where the extract is absent."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number in range(count):
            base = f"Qwen/base-{number % 40}" if number % 3 else f"gone/base-{number % 7}"
            item: dict[str, Any] = {
                "id": f"author{number % 90}/model-{number}",
                "createdAt": "2026-08-18T06:09:20.000Z",
                "lastModified": f"2026-08-{number % 20 + 1:02}T06:21:48.000Z",
                "downloads": number * 7919 % 100_003,
                "likes": number % 11,
                "gated": [False, "auto", "manual"][number % 3],
                "tags": ["safetensors", "license:apache-2.0"],
            }
            if number < 40:
                item |= {"id": f"Qwen/base-{number}", "safetensors": {"total": 7 * 10**9}}
            elif number % 5 == 0:
                item["cardData"] = {"base_model": base, "license": "mit"}
            else:
                relation = ["finetune", "adapter", "quantized", "merge"][number % 4]
                item["tags"] += [f"base_model:{base}", f"base_model:{relation}:{base}"]
                item["tags"] += [f"base_model:author{number % 90}/model-{number - 90}"]
            file.write(json.dumps(item) + "\n")


@pytest.fixture(scope="module")
def models_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if EXTRACT.exists():
        return EXTRACT
    path = tmp_path_factory.mktemp("hub") / "models.jsonl.gz"
    write_models(path, 6000)
    return path


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    return {table: rows(store, table, schema.names) for table, schema in SCHEMAS.items()}


def crawl(store: Store, path: Path, limit: int | None = None, **options: Any) -> Run:
    page = PAGE if limit else 10_000
    options.setdefault("batch_rows", page)
    return Crawl(store, JsonlSource(path, limit=limit, page_size=page), **options).run()


def graph_dump(place: Neo4jPlace) -> list[list[Any]]:
    """Read all nodes and relationships that people query, as the server shows them."""
    graph = "n:Model OR n:Organization OR n:Family"
    nodes = place.run(f"MATCH (n) WHERE {graph} RETURN elementId(n) AS e, properties(n) ORDER BY e")
    relations = place.run(
        f"MATCH (n)-[r]->() WHERE {graph} RETURN elementId(r) AS e, properties(r) ORDER BY e"
    )
    return nodes + relations


def test_both_stores_hold_and_measure_the_same(
    embedded_place: EmbeddedPlace,
    neo4j_place: Neo4jPlace,
    models_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedded, neo4j = embedded_place.open(), neo4j_place.open()
    runs = [crawl(store, models_file) for store in (embedded, neo4j)]
    assert [run.state for run in runs] == ["done", "done"]
    expected = content(embedded)
    assert min(len(table) for table in expected.values()) > 2000
    assert content(neo4j) == expected

    for store in (embedded, neo4j):
        again = crawl(store, models_file)
        assert (again.state, again.report["written"]) == ("done", 0)
    assert content(neo4j) == expected

    registry = load_registry()
    opened = []
    for store in (embedded, neo4j):
        info = measure(store, registry)
        opened.append(snapshot.read(store.fetch(info.id, tmp_path / "cache")))
    (one, tables), (other, other_tables) = opened
    assert replace(other, id=one.id, measured_at=one.measured_at) == one
    for name, table in tables.items():
        for column, mine, theirs in zip(
            table.schema.names, table.columns, other_tables[name].columns, strict=True
        ):
            assert mine.to_pylist() == theirs.to_pylist(), f"{name}.{column}"

    check_nodes(neo4j_place, tables)
    changed: list[int] = []

    def counted(*arguments: Any) -> int:
        changed.append(write_scores(*arguments))
        return changed[-1]

    monkeypatch.setattr("graph.store.neo4j.write_scores", counted)
    before = graph_dump(neo4j_place)
    measure(neo4j, registry)
    assert changed == [0]
    assert graph_dump(neo4j_place) == before
    assert len(neo4j.snapshots()) == 2


def check_nodes(place: Neo4jPlace, tables: dict[str, Any]) -> None:
    """Compare scores, families and organisations on the nodes with a snapshot."""
    models, families = tables["models"].to_pylist(), tables["families"].to_pylist()
    organizations = {row["name"]: row for row in tables["organizations"].to_pylist()}
    scores = tuple(SCORES)
    columns = ", ".join(f"m.{name}" for name in scores)
    found = place.run(
        f"MATCH (m:Model) WHERE m.depth IS NOT NULL RETURN m.key, {columns} ORDER BY m.key"
    )
    assert found == sorted(
        [model["key"], *(model[name] for name in scores)]
        for model in models
        if model["bases"] or model["derivatives"]
    )
    found = place.run("MATCH (m:Model)-[r:IN_FAMILY]->(f:Family) RETURN m.key, f.key, r.share")
    assert sorted(found) == sorted(
        [model["key"], families[row]["key"], share]
        for model in models
        for row, share in zip(model["families"], model["family_shares"], strict=True)
    )
    found = place.run("MATCH (f:Family) RETURN f.key, f.name")
    assert sorted(found) == sorted([family["key"], family["name"]] for family in families)
    found = place.run("MATCH (m:Model)-[:PUBLISHED_BY]->(o:Organization) RETURN m.key, o.name")
    assert sorted(found) == sorted(
        [model["key"], model["author"]] for model in models if model["author"] in organizations
    )
    found = place.run("MATCH (o:Organization) RETURN o.name, o.title, o.country, o.kind")
    assert sorted(found) == sorted(
        [row[name] for name in ("name", "title", "country", "kind")]
        for row in organizations.values()
    )


@pytest.fixture
def uninterrupted(tmp_path: Path, models_file: Path) -> Callable[[Store], None]:
    """Compare a store with one that a crawl filled in one go."""
    place = EmbeddedPlace(tmp_path / "uninterrupted")
    with place.open() as store:
        read = crawl(store, models_file, LINES).report["read"]
        expected = content(store)

    def check(store: Store) -> None:
        assert content(store) == expected
        assert store.runs(1)[0].report["read"] == read == LINES

    return check


def test_crawl_that_is_stopped_goes_on(
    place: Place, models_file: Path, uninterrupted: Callable[[Store], None]
) -> None:
    with place.open() as store:
        asked = iter([False, False, True])
        run = crawl(store, models_file, LINES, stop=lambda: next(asked))
        assert (run.state, run.report["read"]) == ("stopped", 3 * PAGE)
    store = place.open()
    assert crawl(store, models_file, LINES).id == run.id
    uninterrupted(store)


def test_crawl_that_fails_goes_on(
    place: Place, models_file: Path, uninterrupted: Callable[[Store], None]
) -> None:
    store = place.open()

    def fail(phase: str, done: int, total: int | None) -> None:
        if phase == "settle" or (done == 5 * PAGE and store.runs(1)[0].cursor == str(done)):
            raise RuntimeError(phase)

    with pytest.raises(RuntimeError, match="load"):
        crawl(store, models_file, LINES, progress=fail)
    assert store.runs(1)[0].state == "failed"
    with pytest.raises(RuntimeError, match="settle"):
        crawl(
            store,
            models_file,
            LINES,
            progress=lambda *told: fail(*told) if told[1] != 5 * PAGE else None,
        )
    crawl(store, models_file, LINES)
    assert len(store.runs(9)) == 1
    uninterrupted(store)


KILLED = """
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource

path, lines, page, last = sys.argv[2], *map(int, sys.argv[3:])
source = JsonlSource(Path(path), limit=lines, page_size=page)
Crawl(
    store,
    source,
    batch_rows=page,
    progress=lambda phase, done, total: done < last or os._exit(9),
).run()
"""


def test_crawl_that_is_killed_goes_on(
    place: Place, models_file: Path, uninterrupted: Callable[[Store], None]
) -> None:
    for pages in (2, 6):
        arguments = map(str, (models_file, LINES, PAGE, pages * PAGE))
        assert start(place, KILLED, *arguments).wait(60) == 9
    store = place.open()
    (run,) = store.runs(9)
    assert (run.state, run.cursor) == ("running", str(6 * PAGE))
    assert crawl(store, models_file, LINES).id == run.id
    uninterrupted(store)
