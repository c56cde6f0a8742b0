"""New snapshots under load: no request fails, and no answer is of two snapshots."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx2

from api.app import create_app
from api.current import Current
from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.served import serving

SNAPSHOTS = 6
CLIENTS = 4
PATIENCE_S = 30
QUERY = """query ($n: Int!) {
  snapshot { id models }
  all: models(first: 100, orderBy: {field: ID}) { totalCount nodes { likes } }
  some: models(first: $n, filter: {status: LIVE}) { totalCount }
  model(id: "a/root") { likes descendants(first: 100) { totalCount nodes { likes } } }
}"""


def publish(store_url: str, directory: Path, number: int) -> None:
    """Publish a snapshot of so many models and a root, each with as many likes; keep no other."""
    ids = ["a/root", *(f"a/m{n}" for n in range(number))]
    lines = [f'{{"id": "{id}", "likes": {number}, "tags": ["base_model:a/root"]}}' for id in ids]
    lines[0] = lines[0].replace('"base_model:a/root"', "")
    (directory / "models.jsonl").write_text("\n".join(lines))
    with open_store(store_url) as store:
        Crawl(store, JsonlSource(directory / "models.jsonl")).run()
        measure(store, load_registry(), keep=1)


def test_snapshots_are_swapped_under_load(tmp_path: Path) -> None:
    url = str(tmp_path / "store")
    publish(url, tmp_path, 1)
    answers: list[dict[str, Any]] = []
    failures: list[object] = []
    stop = threading.Event()

    def ask(address: str, turn: int) -> None:
        with httpx2.Client(base_url=address, timeout=PATIENCE_S) as client:
            while not stop.is_set():
                turn += 1
                # Another variable each time, so that answers are not only kept ones.
                told = {"query": QUERY, "variables": {"n": 1 + turn % 100}}
                try:
                    answer = client.post("/graphql", json=told)
                    answer.raise_for_status()
                    answers.append(answer.json())
                except Exception as error:
                    failures.append(error)

    with open_store(url) as store:
        app = create_app(Current(store, tmp_path / "cache", refresh_s=0.02))
        with serving(app) as address:
            clients = [threading.Thread(target=ask, args=(address, 17 * n)) for n in range(CLIENTS)]
            for client in clients:
                client.start()
            for number in range(2, SNAPSHOTS + 1):
                publish(url, tmp_path, number)
                end = time.monotonic() + PATIENCE_S
                while not answers or answers[-1]["data"]["model"]["likes"] != number:
                    assert time.monotonic() < end, "the new snapshot is not served"
                    time.sleep(0.01)
            stop.set()
            for client in clients:
                client.join()
    assert not failures
    assert {answer["data"]["model"]["likes"] for answer in answers} >= {*range(2, SNAPSHOTS + 1)}
    for answer in answers:
        assert "errors" not in answer
        data = answer["data"]
        number = data["model"]["likes"]
        assert answer["extensions"]["snapshot"]["id"] == data["snapshot"]["id"]
        assert data["snapshot"]["models"] == data["all"]["totalCount"] == number + 1
        assert data["some"]["totalCount"] == number + 1
        assert data["model"]["descendants"]["totalCount"] == number
        nodes = data["all"]["nodes"] + data["model"]["descendants"]["nodes"]
        assert [node["likes"] for node in nodes] == [number] * (2 * number + 1)
