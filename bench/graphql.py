"""GraphQL in process and over HTTP: columnar execution beside graphql-core's, field by field.

    python -m bench.graphql [--models 3300000] [--home DIRECTORY] [--seconds 5]

Builds and measures an embedded store of `bench.measure_job` (once, where ``--home`` keeps it).
In process: microseconds of processor time for each query, the best of many, documents parsed and
validated before, answers not encoded. Over HTTP: ``modelkin serve`` with one worker, asked by wrk
over connections that stay open; each request has another variable, so that no kept answer helps,
unless the row says so. The server's processor time a request holds whatever else the machine has
to do.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from api.bulk import BulkExecutor
from api.clock import ClockedExecutor, Deadline
from api.documents import Documents
from api.execution import execute
from api.limits import Limits
from api.query import Context
from api.schema import graphql_schema
from bench.load import body, free_port, load, processor_s, wait_until_ready
from bench.measure_job import build, measured
from graph.ecosystem import Ecosystem
from graph.store import open_store

FIVE = "id author license likes downloads"
MODEL = """id author status aliases createdAt modifiedAt license licenseClass downloads
  downloadsAllTime likes library task parameters gated familyInferred
  organization { name title country kind } families { share }
  scores { directDerivatives descendants depth pagerank katz betweenness closeness harmonic
    downstreamDownloads distinctAuthors }"""
REPEAT_S = 1.0
"""Seconds for which each query is repeated in process."""


class Query(NamedTuple):
    """A query, and how its variables differ from one request to the next."""

    name: str
    text: str
    variables: Callable[[Ecosystem, int], dict[str, Any]]


def _first(count: int) -> Callable[[Ecosystem, int], dict[str, Any]]:
    """Ask for a page of about so many, never twice the same in a row."""
    return lambda _, turn: {"n": count - turn % 50}


def _some_id(eco: Ecosystem, turn: int) -> dict[str, Any]:
    return {"id": eco.names[turn * 7919 % len(eco)]}


def _top_id(eco: Ecosystem, turn: int) -> dict[str, Any]:
    return {"id": eco.names[int(eco.numbers("descendants").argmax())], "n": 20 + turn % 80}


QUERIES = [
    Query(
        "one model, 30 fields", f"query($id: String!) {{ model(id: $id) {{ {MODEL} }} }}", _some_id
    ),
    Query(
        "100 models, 5 fields",
        f"query($n: Int!) {{ models(first: $n) {{ nodes {{ {FIVE} }} }} }}",
        _first(100),
    ),
    Query(
        "1,000 models, 5 fields",
        f"query($n: Int!) {{ models(first: $n) {{ nodes {{ {FIVE} }} }} }}",
        _first(1000),
    ),
    Query(
        "100 models, their parents, scores and roots",
        "query($n: Int!) { models(first: $n, orderBy: {field: DOWNLOADS}) { nodes {"
        " id parents { relation model { id } } scores { descendants pagerank } roots { id } } } }",
        _first(100),
    ),
    Query(
        "the most used base: its descendants, ordered",
        "query($id: String!, $n: Int!) { model(id: $id) {"
        " descendants(first: $n, orderBy: DOWNLOADS) {"
        " totalCount nodes { id downloads } pageInfo { endCursor } } } }",
        _top_id,
    ),
]


def in_process(eco: Ecosystem) -> None:
    """Time each query by both executors."""
    schema, limits, context = graphql_schema(), Limits(query_s=600), Context(eco)
    documents = Documents(schema, limits, introspection=True)
    print("| in process | by column, µs | field by field, µs | ratio |\n| --- | --- | --- | --- |")
    for query in QUERIES:
        document = documents.read(query.text, None)
        best: dict[type[ClockedExecutor], float] = {}
        for executor in (BulkExecutor, ClockedExecutor):
            times: list[float] = []
            end = time.monotonic() + REPEAT_S
            variables = query.variables(eco, 0)
            while time.monotonic() < end or len(times) < 3:
                start = time.thread_time()
                deadline = Deadline(limits.query_s)
                execute(schema, document, variables, context, limits, deadline, executor)
                times.append(time.thread_time() - start)
            best[executor] = min(times) * 1e6
        ours, plain = best[BulkExecutor], best[ClockedExecutor]
        print(f"| {query.name} | {ours:,.0f} | {plain:,.0f} | {plain / ours:.1f} |", flush=True)


def over_http(store: Path, eco: Ecosystem, seconds: float) -> None:
    """Serve, and time each query over 1, 16 and 32 connections."""
    command = [sys.executable, "-m", "modelkin", "serve", "--store", str(store)]
    # Without kept answers; the last row is the exception.
    for cached in (0, 64 * 1024 * 1024):
        port = free_port()
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, "MODELKIN_LIMIT_CACHED_BYTES": str(cached)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_ready(port, "/readyz")
            if not cached:
                print(
                    "\n| over HTTP | connections | requests/s | median ms | p99 ms |"
                    " p99 / median | server's µs |\n| --- | --- | --- | --- | --- | --- | --- |"
                )
            for query in QUERIES[1:2] if cached else QUERIES:
                bodies = [body(query.text, query.variables(eco, turn)) for turn in range(1000)]
                name = f"{query.name}, kept" if cached else query.name
                for connections in (1, 16, 32):
                    asked = bodies[:1] if cached else bodies
                    _measure(server.pid, port, name, asked, connections, seconds)
        finally:
            server.terminate()
            server.wait()


def _measure(
    pid: int, port: int, name: str, bodies: list[str], connections: int, seconds: float
) -> None:
    used = processor_s(pid)
    found = load(port, bodies, connections, seconds)
    used = (processor_s(pid) - used) / found.requests * 1e6
    tail = found.p99_ms / found.median_ms
    print(
        f"| {name} | {connections} | {found.rate:,.0f} | {found.median_ms:.2f} |"
        f" {found.p99_ms:.2f} | {tail:.1f} | {used:,.0f} |",
        flush=True,
    )


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=330_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        store = (wanted.home or Path(temporary)) / f"store-{wanted.models}"
        if not store.exists():
            build(str(store), wanted.models)
            measured(str(store))
        with open_store(str(store)) as opened:
            eco = Ecosystem(opened.fetch(opened.snapshots()[0].id, store))
        print(f"{len(eco):,} models\n")
        in_process(eco)
        over_http(store, eco, wanted.seconds)


if __name__ == "__main__":
    main()
