"""How fast a crawl reads the Hub, and how little it adds to what the Hub's quota takes.

    python -m bench.hub_crawl [--models 200000] [--rounds 3] [--speed 10]

The loopback Hub of the tests runs in a process of its own, its pages made before. Reading: models
a second of the client, of the client and the transform, and of huggingface_hub's `list_models`
asked for the same fields, in turns; the median of the rounds. Quota: a whole crawl into the
embedded store under 500 requests in 300 seconds, by clocks that run ``speed`` times as fast for
both sides, in pages of a hundred so that it takes several windows. The floor is what its requests
take at the pace of the quota less the reserve.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from huggingface_hub import HfApi

from graph.store import open_store
from ingest.crawl import Crawl
from ingest.hub import HubSource
from ingest.hub_client import HubClient
from ingest.hub_protocol import FIELDS
from ingest.transform import transform

QUOTA, WINDOW_S = 500, 300.0
"""What the Hub grants to whom it does not know."""

RESERVE = 0.1
"""As by default."""

SMALL_PAGE = 100


@contextmanager
def hub(models: int, *options: object) -> Iterator[str]:
    """Run a loopback Hub, and give its address."""
    command = [sys.executable, "-m", "tests.hub", "--models", models, *options]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def pages(url: str) -> int:
    """Read and decode all pages."""
    return sum(len(page.items) for page in HubSource(HubClient(endpoint=url)).pages(None))


def records(url: str) -> int:
    """Read all pages, and make records of their items."""
    source = HubSource(HubClient(endpoint=url))
    return sum(transform(item)[0] is not None for page in source.pages(None) for item in page.items)


def listed(url: str) -> int:
    """Read by huggingface_hub's own way."""
    found = HfApi(endpoint=url, token=False).list_models(sort="created_at", expand=[*FIELDS])  # type: ignore[list-item]  # as the Hub takes them
    return sum(1 for _ in found)


def reading(models: int, rounds: int) -> None:
    """Measure reading, and print a table."""
    ways: dict[str, Callable[[str], int]] = {
        "modelkin's client": pages,
        "modelkin's client and transform": records,
        "`HfApi.list_models`": listed,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with hub(models, "--prepare", 1000) as url:
        for _ in range(rounds):
            for name, way in ways.items():
                start, cpu = time.perf_counter(), time.process_time()
                read = way(url)
                taken[name].append((time.perf_counter() - start, time.process_time() - cpu))
                if read != models:
                    raise SystemExit(f"{name} read {read} of {models} models")
    print(f"{models:,} models, the median of {rounds} rounds\n")
    print("| | models/s | models a second of its processor time |\n| --- | --- | --- |")
    for name, times in taken.items():
        wall, cpu = (models / statistics.median(column) for column in zip(*times, strict=True))
        print(f"| {name} | {wall:,.0f} | {cpu:,.0f} |")


def quota(models: int, speed: float) -> None:
    """Measure a crawl under a quota, and print it beside its floor."""

    def clock() -> float:
        return time.monotonic() * speed

    def sleep(seconds: float) -> None:
        time.sleep(seconds / speed)

    options = ("--quota", QUOTA, "--window", WINDOW_S, "--speed", speed, "--prepare", SMALL_PAGE)
    with (
        tempfile.TemporaryDirectory() as directory,
        open_store(directory) as store,
        hub(models, *options) as url,
    ):
        client = HubClient(endpoint=url, quota_reserve=RESERVE, clock=clock, sleep=sleep)
        run = Crawl(store, HubSource(client, page_size=SMALL_PAGE)).run()
    seconds = run.report["seconds"]
    load_s = seconds.pop("load") * speed
    floor_s = client.requests / (QUOTA * (1 - RESERVE)) * WINDOW_S
    whole_s = load_s + sum(seconds.values())
    print(f"\n{client.requests:,} requests, {QUOTA} in {WINDOW_S:.0f} s less {RESERVE:.0%}\n")
    print("| | seconds | over the floor |\n| --- | --- | --- |")
    print(f"| the floor | {floor_s:,.0f} | |")
    print(f"| load | {load_s:,.0f} | {load_s / floor_s - 1:.1%} |")
    print(f"| the whole crawl | {whole_s:,.0f} | {whole_s / floor_s - 1:.1%} |")
    print(f"\n{client.retries} retries")


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--speed", type=float, default=10.0)
    wanted = parser.parse_args()
    reading(wanted.models, wanted.rounds)
    quota(wanted.models, wanted.speed)


if __name__ == "__main__":
    main()
