"""A whole Hub into a real Neo4j: beside a bare loop, again unchanged, and killed on its way.

A loopback Hub of generated models is crawled by ``modelkin run`` as an operator runs it, into an
empty Neo4j. Beside it, in the same run and into an empty Neo4j too, a bare loop over the driver
sends the same rows; reading and transforming them is not counted for the loop, but is for the
crawl. Then the crawl is repeated, which must write nothing, and made once more into an empty
Neo4j, killed by SIGKILL three times; what it publishes must equal what the first one did.

    python -m bench.whole_hub [MODELS]

Each server is one of ours, in a temporary directory, with 2 GB of heap
and 1.5 GB of page cache.
"""

import argparse
import contextlib
import csv
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from neo4j import GraphDatabase

from bench.neo4j_write import BARE_DERIVATIONS, BARE_MODELS, BATCH_ROWS, prepare
from graph.records import Model, decode_references
from graph.store.neo4j_cypher import WRITTEN
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from ingest.transform import transform
from modelkin.local_neo4j import LocalNeo4j

KILLED_AT = (0.25, 0.55, 0.9)
"""Fractions of the undisturbed crawl's time after which the crawl is killed."""

CLOCKED = "recent_derivatives"
"""The one score that depends on when a crawl of the Hub ended."""


def modelkin(*arguments: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the command line."""
    command = [sys.executable, "-m", "modelkin", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)


def done(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for a command to end well; return its seconds and its peak memory in MB."""
    start = time.perf_counter()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args!r} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


@contextlib.contextmanager
def hub(models: int) -> Iterator[str]:
    """Run a loopback Hub that keeps all its pages once it has made them."""
    command = [sys.executable, "-m", "tests.hub", "--models", str(models), "--keep-pages"]
    with subprocess.Popen(
        [*command, str(models // 1000 + 1)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextlib.contextmanager
def server() -> Iterator[tuple[LocalNeo4j, dict[str, str]]]:
    """Run an empty Neo4j; give it with the environment for those who use it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="modelkin-bench-") as data:
        password = secrets.token_urlsafe(18)
        with LocalNeo4j(
            Path(data), port=port, password=password, heap_mb=2048, pagecache_mb=1536
        ) as running:
            env = {"MODELKIN_STORE": running.url, "NEO4J_PASSWORD": password}
            yield running, env | {"MODELKIN_CACHE": f"{data}/cache"}


def batches(endpoint: str) -> Iterator[list[Model]]:
    """Read the Hub's models, in batches as a crawl writes them."""
    batch: list[Model] = []
    # The first answer takes minutes: the loopback Hub sorts its models for it.
    client = HubClient(endpoint=endpoint, timeout_s=1800, first_answer_s=1800)
    for page in HubSource(client).pages(None):
        batch += [model for item in page.items if (model := transform(item)[0])]
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    yield batch


def bare(url: str, password: str, endpoint: str) -> tuple[float, int]:
    """Send all rows by the driver alone; return the seconds that took, and the derivations."""
    taken = 0.0
    edges: list[dict[str, object]] = []
    with (
        GraphDatabase.driver(url, auth=("neo4j", password)) as driver,
        driver.session(database="neo4j") as session,
    ):

        def send(statement: str, rows: list[dict[str, object]]) -> float:
            start = time.perf_counter()
            session.execute_write(lambda tx: tx.run(statement, rows=rows).consume())
            return time.perf_counter() - start

        prepare(driver)
        for models in batches(endpoint):
            rows = [dict(zip(WRITTEN, (*model, 1), strict=True)) for model in models]
            taken += send(BARE_MODELS, rows)
            edges += [
                {"child": model.key, "base": base.key, "relation": base.relation.value}
                for model in models
                for base in decode_references(model.declared)
            ]
        for start in range(0, len(edges), BATCH_ROWS):
            taken += send(BARE_DERIVATIONS, edges[start : start + BATCH_ROWS])
    return taken, len(edges)


def exported(env: dict[str, str], directory: Path) -> dict[str, list[list[str]]]:
    """Export the newest snapshot, without the score that depends on the clock."""
    done(modelkin("export", "csv", str(directory), env=env))
    tables = {}
    for path in sorted(directory.iterdir()):
        with path.open(newline="") as file:
            rows = csv.reader(file)
            header = next(rows)
            kept = [place for place, name in enumerate(header) if name != CLOCKED]
            tables[path.name] = [[row[place] for place in kept] for row in rows]
    return tables


def last_crawl(env: dict[str, str]) -> dict[str, object]:
    """Return what the store says of its last crawl."""
    command = [sys.executable, "-m", "modelkin", "status", "--json"]
    told = orjson.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout)
    found: dict[str, object] = next(run for run in told["runs"] if run["kind"] == "crawl")
    return found


def main() -> None:
    """Crawl in each way, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="?", type=int, default=3_300_000)
    models = parser.parse_args().models
    base = dict(os.environ) | {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "*"}
    with hub(models) as endpoint, tempfile.TemporaryDirectory(prefix="modelkin-bench-") as made:
        start = time.perf_counter()
        read = sum(map(len, batches(endpoint)))
        print(f"{read:,} models made and read in {time.perf_counter() - start:.0f} s", flush=True)
        with server() as (running, env):
            loop_s, edges = bare(running.url, env["NEO4J_PASSWORD"], endpoint)
            print(f"bare loop: {loop_s:.1f} s for {edges:,} derivations too", flush=True)
        with server() as (_, reached):
            env = base | reached | {"HF_ENDPOINT": endpoint}
            crawl_s, memory = done(modelkin("crawl", "hub", env=env))
            print(f"crawl: {crawl_s:.1f} s, {crawl_s / loop_s:.2f} of the loop's; {memory:.0f} MB")
            print(f"  {last_crawl(env)}", flush=True)
            again_s, memory = done(modelkin("crawl", "hub", env=env))
            told = last_crawl(env)
            print(
                f"again: {again_s:.1f} s, {again_s / crawl_s:.2f} of the first;"
                f" wrote {told['written']}; {memory:.0f} MB"
            )
            print(f"  {told}", flush=True)
            measure_s, memory = done(modelkin("measure", env=env))
            print(f"measure: {measure_s:.1f} s; {memory:.0f} MB", flush=True)
            undisturbed = exported(env, Path(made) / "undisturbed")
        with server() as (_, reached):
            env = base | reached | {"HF_ENDPOINT": endpoint}
            passed = 0.0
            for fraction in KILLED_AT:
                process = modelkin("crawl", "hub", env=env)
                time.sleep(fraction * crawl_s - passed)
                process.send_signal(signal.SIGKILL)
                process.wait()
                passed = fraction * crawl_s
                print(f"killed after {passed:.0f} s of crawling: {last_crawl(env)['read']} read")
            rest_s, _ = done(modelkin("run", "hub", env=env))
            killed = exported(env, Path(made) / "killed")
            print(f"and went on to the end in {rest_s:.1f} s, measuring included", flush=True)
    for name, table in undisturbed.items():
        same = "equal" if killed[name] == table else "DIFFERENT"
        print(f"{name}: {len(table):,} rows, {same}")
    if killed != undisturbed:
        raise SystemExit("the killed crawl ended otherwise than the undisturbed one")


if __name__ == "__main__":
    main()
