"""How fast a crawl loads into Neo4j, beside a bare loop over the driver.

Both get the same generated models and derivations, in batches of one size, into a database that
is empty and has the same constraint and index. The bare loop is what the driver's manual shows:
a list of maps, ``UNWIND``, ``MERGE``, ``SET``. The store adds to that the lease, the cursor and
the seen hashes of each batch, and that it writes only what changed. The rounds alternate, and
the first of each is not counted: the server compiles as it warms up.

    python -m bench.neo4j_write [MODELS] [--rounds N] [--url bolt://...]
"""

import argparse
import contextlib
import secrets
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from neo4j import Driver, GraphDatabase

from graph.records import Derivation, Model, Relation
from graph.store.neo4j import Neo4jStore
from graph.store.neo4j_cypher import PREPARE, WRITTEN
from graph.store.port import Batch
from modelkin.credentials import credentials
from modelkin.local_neo4j import LocalNeo4j

BATCH_ROWS = 10_000
"""As in a crawl."""

Credentials = tuple[str, str]
Models = list[tuple[Model, int]]
T = TypeVar("T")

BARE_MODELS = "UNWIND $rows AS row MERGE (m:Model {key: row.key}) SET m += row"

# (:Model)-[:DERIVED_FROM {relation}]->(:Model)
BARE_DERIVATIONS = """
UNWIND $rows AS row
MATCH (child:Model {key: row.child})
MATCH (base:Model {key: row.base})
MERGE (child)-[:DERIVED_FROM {relation: row.relation}]->(base)
"""


def generate(count: int) -> tuple[Models, list[Derivation]]:
    """Make models as the Hub has them: a third derives, mostly from a few hundred bases."""
    models: Models = []
    derivations = []
    for number in range(count):
        key = f"{number:024x}"
        base = number * 7919 % max(count // 200, 1)
        derives = number % 3 == 0 and base != number
        if derives:
            relation = list(Relation)[number % 4]
            derivations.append(Derivation(key, f"{base:024x}", relation))
        model = Model(
            key=key,
            id=f"author-{number % 5003}/some-model-{number}",
            author=f"author-{number % 5003}",
            created_at=1_700_000_000_000 + number,
            modified_at=1_710_000_000_000 + number,
            downloads=number * 31 % 10_007,
            downloads_all_time=number * 57 % 1_000_003,
            likes=number % 101,
            license="apache-2.0" if number % 3 else None,
            library="transformers",
            task="text-generation",
            parameters=7_615_616_512 if number % 2 else None,
            gated="no",
            declared=f"finetune:author-{base % 5003}/some-model-{base}" if derives else None,
        )
        models.append((model, number * 2_654_435_761 + 1))
    return models, derivations


def load_bare(driver: Driver, models: Models, derivations: list[Derivation]) -> tuple[float, float]:
    """Load by the driver alone, and return the seconds for models and for derivations."""
    with driver.session(database="neo4j") as session:

        def send(statement: str, rows: list[dict[str, object]]) -> None:
            session.execute_write(lambda tx: tx.run(statement, rows=rows).consume())

        start = time.perf_counter()
        for batch in _batches(models):
            rows = [dict(zip(WRITTEN, (*model, digest), strict=True)) for model, digest in batch]
            send(BARE_MODELS, rows)
        middle = time.perf_counter()
        for edges in _batches(derivations):
            send(BARE_DERIVATIONS, [edge._asdict() for edge in edges])
        return middle - start, time.perf_counter() - middle


def load_store(
    url: str, auth: Credentials, models: Models, derivations: list[Derivation]
) -> tuple[float, float]:
    """Load by the store, and return the seconds for models and for derivations."""
    with Neo4jStore(url, auth) as store:
        run = store.begin("crawl", "bench", "full", resume=False)
        start = time.perf_counter()
        for number, batch in enumerate(_batches(models)):
            store.write(
                run,
                Batch(
                    models=[model for model, _ in batch],
                    digests=[digest for _, digest in batch],
                    cursor=str(number),
                    seen=secrets.token_bytes(8 * len(batch)),
                    report={"read": number * BATCH_ROWS},
                ),
            )
        middle = time.perf_counter()
        for edges in _batches(derivations):
            store.write(run, Batch(derivations=edges))
        end = time.perf_counter()
        store.finish(run, "done", {})
    return middle - start, end - middle


def _batches(values: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(values), BATCH_ROWS):
        yield values[start : start + BATCH_ROWS]


def prepare(driver: Driver) -> None:
    """Empty the database, and make the constraint and the index that both loads rely on."""
    with driver.session(database="neo4j") as session:
        session.run(
            "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
        ).consume()
        for statement in PREPARE:
            session.run(statement).consume()
        session.run("CALL db.clearQueryCaches()").consume()


@contextlib.contextmanager
def _server(url: str | None) -> Iterator[tuple[str, Credentials]]:
    """Give a server by its URL, or one that runs for as long as it is needed."""
    if url:
        given = credentials()
        if given is None:
            raise SystemExit("set NEO4J_USERNAME and NEO4J_PASSWORD")
        yield url, given
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="modelkin-bench-") as data:
        password = secrets.token_urlsafe(18)
        with LocalNeo4j(Path(data), port=port, password=password) as server:
            yield server.url, ("neo4j", password)


def main() -> None:
    """Load both ways in turn, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="?", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count (default 3)")
    parser.add_argument("--url", help="a Neo4j whose database may be emptied (default: its own)")
    arguments = parser.parse_args()
    models, derivations = generate(arguments.models)
    with _server(arguments.url) as (url, auth), GraphDatabase.driver(url, auth=auth) as driver:
        ways: dict[str, Callable[[], tuple[float, float]]] = {
            "bare loop": lambda: load_bare(driver, models, derivations),
            "store": lambda: load_store(url, auth, models, derivations),
        }
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for round_ in range(arguments.rounds + 1):
            for name, load in ways.items():
                prepare(driver)
                taken = load()
                if round_:
                    seconds[name].append(taken)
        prepare(driver)
    print(f"{len(models):,} models, {len(derivations):,} derivations, batches of {BATCH_ROWS:,}")
    print(f"{'':10} {'models/s':>10} {'derivations/s':>14} {'seconds':>8}")
    totals = {}
    for name, rounds in seconds.items():
        first, second = (statistics.median(part) for part in zip(*rounds, strict=True))
        totals[name] = first + second
        rates = f"{len(models) / first:>10,.0f} {len(derivations) / second:>14,.0f}"
        print(f"{name:10} {rates} {totals[name]:>8.1f}")
    print(f"the store loads at {totals['bare loop'] / totals['store']:.0%} of the bare loop's rate")


if __name__ == "__main__":
    main()
