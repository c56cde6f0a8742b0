"""GraphQL in process and over HTTP: columnar execution beside graphql-core's, field by field.

    python -m bench.graphql [--models 3300000] [--home DIRECTORY] [--seconds 5]

Builds and measures an embedded store of `bench.measure_job` (once, where ``--home`` keeps it).
In process: microseconds of processor time for each query, the best of many, documents parsed and
validated before, answers not encoded. Over HTTP: ``modelkin serve`` with one worker, asked over
connections that stay open, by threads of one other process; each request has another variable, so
that no kept answer helps, unless the row says so. The server's processor time a request holds
whatever else the machine has to do.
"""

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
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


def _request(query: Query, variables: dict[str, Any]) -> bytes:
    body = json.dumps({"query": query.text, "variables": variables}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _exchange(connection: socket.socket, request: bytes) -> None:
    """Send a request, and read its answer to the end."""
    connection.sendall(request)
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(1 << 18)
    head, _, body = found.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200") or body.startswith(b'{"errors"'):
        raise SystemExit(f"failed: {found[:300]!r}")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(connection.recv(1 << 18))


def load(port: int, requests: list[bytes], connections: int, seconds: float, told: Any) -> None:
    """Ask over some connections for some seconds; tells the latencies, in seconds."""
    taken: list[float] = []

    def ask(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            turn = number
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                start = time.perf_counter()
                _exchange(connection, requests[turn % len(requests)])
                taken.append(time.perf_counter() - start)
                turn += connections

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.put(taken)


def over_http(store: Path, eco: Ecosystem, seconds: float) -> None:
    """Serve, and time each query over 1, 16 and 32 connections."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "modelkin", "serve", "--store", str(store)]
    # Without kept answers; the last row is the exception.
    for cached in (0, 64 * 1024 * 1024):
        server = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**os.environ, "MODELKIN_LIMIT_CACHED_BYTES": str(cached)},
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            if not cached:
                print(
                    "\n| over HTTP | connections | requests/s | median ms | p99 ms | server's µs |"
                )
                print("| --- | --- | --- | --- | --- | --- |")
            for query in QUERIES[1:2] if cached else QUERIES:
                requests = [_request(query, query.variables(eco, turn)) for turn in range(1000)]
                for connections in (1, 16, 32):
                    _measure(
                        server.pid, port, query.name, requests, connections, seconds, cached > 0
                    )
        finally:
            server.terminate()
            server.wait()


def _measure(
    pid: int,
    port: int,
    name: str,
    requests: list[bytes],
    connections: int,
    seconds: float,
    kept: bool,
) -> None:
    told: Any = multiprocessing.Queue()
    arguments = (port, requests[:1] if kept else requests, connections, seconds, told)
    client = multiprocessing.Process(target=load, args=arguments)
    used = _processor_s(pid)
    client.start()
    taken = sorted(told.get())
    used = (_processor_s(pid) - used) / len(taken) * 1e6
    client.join()
    median, p99 = statistics.median(taken) * 1e3, taken[int(len(taken) * 0.99)] * 1e3
    label = f"{name}, kept" if kept else name
    rate = len(taken) / seconds
    row = f"{rate:,.0f} | {median:.2f} | {p99:.2f} | {used:,.0f}"
    print(f"| {label} | {connections} | {row} |", flush=True)


def _processor_s(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                if connection.recv(100).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server does not get ready")


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
            build(store, wanted.models)
            measured(store)
        with open_store(str(store)) as opened:
            eco = Ecosystem(opened.fetch(opened.snapshots()[0].id, store))
        print(f"{len(eco):,} models\n")
        in_process(eco)
        over_http(store, eco, wanted.seconds)


if __name__ == "__main__":
    main()
