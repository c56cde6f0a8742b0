"""GraphQL under load for long, with a new snapshot each minute: errors, latencies, memory.

    python -m bench.graphql_soak [--minutes 30] [--models 100000] [--connections 16]

Two workers of ``modelkin serve`` answer wrk from an embedded store of generated models, which is
crawled and measured anew each minute, from one of two files of the same models with other
numbers. Each minute it prints the requests a second, the 99th percentile, the snapshot that is
served, and what each worker holds for itself and in all, shared pages of the snapshots included.
Ends with an error when an answer is none, is not 200, or was refused.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import orjson

from bench.generate import write
from bench.graphql import QUERIES
from bench.load import body, free_port, load, wait_until_ready
from graph.ecosystem import Ecosystem
from modelkin.opening import open as open_snapshot

WORKERS = 2
DISTINCT = 5_000
"""Requests that differ: more than a worker keeps the answers of."""
COUNTS = """query ($least: Long!) {
  share(by: FAMILY, first: 10, minDownloads: $least) { groups { key value } unknown }
  families(first: 10, orderBy: DERIVATIVES) { nodes { key derivatives growth { recent } } }
}"""


def modelkin(*arguments: str, store: Path) -> subprocess.Popen[bytes]:
    """Start the command line on a store."""
    command = [sys.executable, "-m", "modelkin", arguments[0], "--store", str(store)]
    return subprocess.Popen([*command, *arguments[1:]], stdout=subprocess.DEVNULL)


def run(store: Path, models: Path) -> None:
    """Crawl and measure."""
    process = modelkin("run", str(models), store=store)
    if process.wait():
        raise SystemExit(f"{process.args!r} ended with {process.returncode}")


def questions(eco: Ecosystem) -> list[str]:
    """Return what is asked, in no order."""
    kinds = [*QUERIES, None]
    asked = []
    for turn in range(DISTINCT):
        query = kinds[turn % len(kinds)]
        if query is None:
            asked.append(body(COUNTS, {"least": turn}))
        else:
            asked.append(body(query.text, query.variables(eco, turn)))
    random.Random(0).shuffle(asked)
    return asked


def workers(server: int) -> list[int]:
    """Return the processes that answer."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def memory_mb(process: int) -> tuple[float, float]:
    """Return what a process holds for itself, and in all."""
    told = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    return int(told["RssAnon"].split()[0]) / 1024, int(told["VmRSS"].split()[0]) / 1024


def got(port: int, path: str) -> str:
    """Return what an address answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        text: str = answer.read().decode()
    return text


def main() -> None:
    """Load, publish, and print a line a minute."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=16)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modelkin-bench-") as temporary:
        store = Path(temporary, "store")
        files = [Path(temporary, f"{seed}.jsonl") for seed in range(2)]
        for seed, file in enumerate(files):
            write(file, wanted.models, seed)
        run(store, files[0])
        asked = questions(open_snapshot(store))
        port = free_port()
        serve = ("serve", "--port", str(port), "--workers", str(WORKERS))
        with (
            Path(temporary, "log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "modelkin", *serve, "--store", str(store)],
                stderr=log,
                stdout=log,
            ) as server,
        ):
            try:
                soak(port, server.pid, store, files, asked, wanted)
            finally:
                server.terminate()


def soak(
    port: int,
    server: int,
    store: Path,
    files: list[Path],
    asked: list[str],
    wanted: argparse.Namespace,
) -> None:
    """Load and publish by the minute."""
    wait_until_ready(port, "/readyz")
    told = " | ".join(f"worker {n + 1}, MB of its own (in all)" for n in range(WORKERS))
    print(f"| minute | requests/s | p99 ms | snapshot | {told} |")
    print("| --- " * (4 + WORKERS) + "|")
    for minute in range(1, wanted.minutes + 1):
        end = time.monotonic() + 60
        publishing = modelkin("run", str(files[minute % 2]), store=store)
        found = load(port, asked, wanted.connections, 58)
        if publishing.wait():
            raise SystemExit(f"{publishing.args!r} ended with {publishing.returncode}")
        snapshot = orjson.loads(got(port, "/readyz"))["snapshot"]
        held = " | ".join(
            f"{own:,.0f} ({whole:,.0f})" for own, whole in map(memory_mb, workers(server))
        )
        print(
            f"| {minute} | {found.rate:,.0f} | {found.p99_ms:.1f} | {snapshot} | {held} |",
            flush=True,
        )
        refused = [
            line
            for line in got(port, "/metrics").splitlines()
            if line.startswith("modelkin_refused_total") and not line.endswith(" 0.0")
        ]
        if refused:
            raise SystemExit(f"requests were refused: {refused}")
        time.sleep(max(0.0, end - time.monotonic()))


if __name__ == "__main__":
    main()
