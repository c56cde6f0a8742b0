"""How much memory a full crawl into the embedded store takes, by the size of the Hub.

Each crawl is a process of its own: a first one, and a second one of the unchanged Hub, which has
to write nothing. The source makes its items as it goes, so that nothing but the crawl grows.

    python -m bench.crawl_memory --models 1000000 3300000 10000000
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.generate import models
from graph.store.embedded import EmbeddedStore
from ingest.crawl import Crawl
from ingest.source import Page, Source

PAGE_ITEMS = 1_000
"""As the Hub gives them."""

_PATTERNS = 10_000


class Repeated(Source):
    """A Hub of any size, the newest models first: some generated ones, each under many names.

    Three in ten have a base, for most an early model; one base in fifty is not there.
    """

    name = "repeated"
    complete = True

    def __init__(self, count: int) -> None:
        self._count = count
        draw = random.Random(0)
        self._patterns = list(models(_PATTERNS))
        self._bases: list[tuple[str, float] | None] = []
        for item in self._patterns:
            declared = item.pop("baseModels", None)
            item["tags"] = [tag for tag in item["tags"] if not tag.startswith("base_model:")]
            self._bases.append((declared["relation"], draw.random() ** 6) if declared else None)

    @property
    def total(self) -> int:
        """How many items there are."""
        return self._count

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Give all items."""
        for start in range(self._count, 0, -PAGE_ITEMS):
            numbers = range(start, max(0, start - PAGE_ITEMS), -1)
            yield Page([self._item(number) for number in numbers], str(start))

    def _item(self, number: int) -> dict[str, Any]:
        key, id = self._identity(number)
        item = self._patterns[number % _PATTERNS] | {"_id": key, "id": id}
        declared = self._bases[number % _PATTERNS]
        if declared:
            relation, place = declared
            base_key, base = self._identity(int(number * place))
            if number % 50 == 0:
                base_key, base = f"{number:024x}", f"gone/{number}"
            bases = [{"_id": base_key, "id": base}]
            item["baseModels"] = {"relation": relation, "models": bases}
        return item

    def _identity(self, number: int) -> tuple[str, str]:
        pattern = self._patterns[number % _PATTERNS]
        return f"{number:08x}{pattern['_id'][8:]}", f"{pattern['id']}-{number // _PATTERNS}"


def crawl(count: int, directory: Path) -> dict[str, Any]:
    """Crawl, and return what it took."""
    start = time.monotonic()
    with EmbeddedStore(directory) as store:
        report = Crawl(store, Repeated(count)).run().report
    return {
        "seconds": time.monotonic() - start,
        "phases": report["seconds"],
        "written": report["written"],
        "processor": time.process_time(),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def crawl_apart(count: int, directory: Path) -> dict[str, Any]:
    """Crawl in a process of its own."""
    command = [sys.executable, "-m", "bench.crawl_memory", "--models", str(count)]
    done = subprocess.run(
        [*command, "--into", str(directory)], check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure, and print a line a crawl."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, nargs="+", default=[1_000_000, 3_300_000])
    parser.add_argument("--into", type=Path, help="crawl once into this directory, and print JSON")
    wanted = parser.parse_args()
    if wanted.into:
        print(json.dumps(crawl(wanted.models[0], wanted.into)))
        return
    for count in wanted.models:
        with tempfile.TemporaryDirectory() as directory:
            first = told(f"{count:,} models, first", crawl_apart(count, Path(directory)))
            second = told(f"{count:,} models, second", crawl_apart(count, Path(directory)))
        shares = [second[of] / first[of] for of in ("seconds", "processor")]
        print("  the second: {:.0%} of the time, {:.0%} of the processor time".format(*shares))


def told(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Print what a crawl took."""
    phases = ", ".join(f"{phase} {taken:.1f} s" for phase, taken in found["phases"].items())
    print(
        f"{name}: peak {found['peak'] / 1e6:,.0f} MB, {found['written']:,} written,"
        f" {found['seconds']:.1f} s ({phases}), {found['processor']:.1f} s of a processor",
        flush=True,
    )
    return found


if __name__ == "__main__":
    main()
