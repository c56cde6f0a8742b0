"""How fast a JSONL file gets into the embedded store, beside the parts that it cannot do without.

In one run, over the same generated file: parsing alone, the transform alone, a bare
``sqlite3.executemany`` of the same rows, and the whole crawl, load and settle apart. Each is
repeated, and the best counts, for other processes only ever slow it down.

    python -m bench.jsonl_embedded --models 100000 --repeat 3
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.generate import write
from graph.records import Model
from graph.store.embedded import EmbeddedStore
from graph.store.schema import MODEL_SCHEMA
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from ingest.source import Page
from ingest.transform import transform


def seconds(work: Callable[[], object]) -> float:
    """Return how long a function takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def parse(path: Path) -> int:
    """Read and decode the file, and keep nothing."""
    return sum(len(page.items) for page in JsonlSource(path).pages(None))


def transform_only(pages: Iterator[Page]) -> Iterator[tuple[float, list[Model]]]:
    """Transform page after page, each with the seconds that the transform alone took."""
    for page in pages:
        start = time.perf_counter()
        models = [transform(item)[0] for item in page.items]
        yield time.perf_counter() - start, [model for model in models if model]


def bare_inserts(rows: list[Model], path: Path) -> None:
    """Insert rows into a table with the store's columns and key, and with nothing else."""
    names = MODEL_SCHEMA.names[: len(Model._fields)]
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"CREATE TABLE models ({', '.join(names)}, PRIMARY KEY (key))")
        places = ", ".join("?" * len(names))
        database.executemany(f"INSERT INTO models VALUES ({places})", rows)
    database.close()


def crawl(path: Path, directory: Path) -> dict[str, float]:
    """Crawl the file into a new store, and return the seconds of each phase."""
    with EmbeddedStore(directory) as store:
        phases: dict[str, float] = Crawl(store, JsonlSource(path)).run().report["seconds"]
    return phases


def measure(path: Path, directory: Path) -> dict[str, float]:
    """Measure everything once, in seconds."""
    phases = crawl(path, directory / "store")
    steps = list(transform_only(JsonlSource(path).pages(None)))
    rows = [model for _, models in steps for model in models]
    return {
        "parse": seconds(lambda: parse(path)),
        "transform": sum(taken for taken, _ in steps),
        "bare sqlite3": seconds(lambda: bare_inserts(rows, directory / "bare.sqlite")),
        "crawl: load": phases["load"],
        "crawl: settle": phases["settle"],
        "crawl: whole": sum(phases.values()),
    }


def main() -> None:
    """Measure, and print models a second and the share of the whole crawl's time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for name in ("models.jsonl", "models.jsonl.gz"):
            path = Path(home) / name
            write(path, wanted.models, wanted.seed)
            runs = []
            for _ in range(wanted.repeat):
                with tempfile.TemporaryDirectory(dir=home) as directory:
                    runs.append(measure(path, Path(directory)))
            best = {step: min(run[step] for run in runs) for step in runs[0]}
            print(f"{name}: {wanted.models:,} models, {path.stat().st_size / 2**20:,.0f} MiB")
            for step, taken in best.items():
                share = taken / best["crawl: whole"]
                print(f"  {step:14} {wanted.models / taken:10,.0f} models/s {share:7.0%} of whole")


if __name__ == "__main__":
    main()
