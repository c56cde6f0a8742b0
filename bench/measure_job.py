"""The whole measure job, store to published snapshot: seconds by step, and peak memory.

    python -m bench.measure_job [--models 3300000] [--repeat 3] [--home DIRECTORY] [--neo4j]

Builds a store with the lineage of `bench.measures`: a directory (once, where ``--home`` keeps it)
or a Neo4j that runs for as long as it is needed. Runs ``modelkin measure`` on it, each time in a
process of its own: seconds include starting Python and its libraries, and memory is the most that
the process had. "Until published" is from the run's start until others see the snapshot; into
Neo4j the scores on its nodes are written after that. Then opens the snapshot, in a process of its
own too. The kernels are compiled before, by a store of a thousand models.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.measures import SEED, lineage
from bench.whole_hub import server
from graph.records import Derivation, Model, Relation
from graph.registry import load_registry
from graph.store import open_store
from graph.store.port import Batch

Credentials = tuple[str, str]

BATCH = 10_000
"""Models that one transaction stores."""
IN_REGISTRY = 0.02
"""Fraction of the models whose namespace is one of the registry's."""

_FIRST, _LAST = 1_646_263_744_000, 1_793_491_200_000
_STEMS = ("Qwen2.5-7B", "Llama-3.1-8B", "Mistral-7B-v0.3", "gemma-2-9b", "bert-base", "whisper")
_KINDS = ("Instruct", "Coder", "GGUF", "AWQ-4bit", "LoRA", "DPO", "finetuned", "sft-lora-v2")
_LIBRARIES = ("transformers", "peft", "gguf", "diffusers", "sentence-transformers", None)
_TASKS = ("text-generation", "text-classification", "text-to-image", "feature-extraction", None)
_LICENSES = ("apache-2.0", "mit", "llama3.1", "gemma", "cc-by-nc-4.0", "other", None)
_RELATIONS = (*[Relation.QUANTIZED] * 9, *[Relation.FINETUNE] * 6, *[Relation.ADAPTER] * 4)

_OPEN = """
import sys, time
from pathlib import Path
from graph.ecosystem import Ecosystem
start = time.perf_counter()
eco = Ecosystem(Path(sys.argv[1]))
eco.descendants(eco.row(eco.names[0]))
print(time.perf_counter() - start)
"""


def models(count: int, declared: list[str | None]) -> Iterator[Model]:
    """Invent models in the order of their keys, which is that of their age."""
    ids = identities(count)
    random = np.random.default_rng(SEED)
    downloads = (10 / (1 - random.random(count))).astype(int).tolist()
    draws = random.integers(0, 2**31, count).tolist()
    created = _created(count)
    for number in range(count):
        draw = draws[number]
        yield Model(
            key=_key(number, created),
            id=ids[number],
            author=ids[number].partition("/")[0],
            created_at=created[number],
            modified_at=created[number] + draw % 10**9,
            downloads=downloads[number],
            downloads_all_time=downloads[number] * (1 + draw % 30),
            likes=draw % 5,
            license=_LICENSES[draw // 48 % 7],
            library=_LIBRARIES[draw // 336 % 6],
            task=_TASKS[draw // 2016 % 5],
            parameters=draw * 5 if draw % 3 else None,
            gated="no",
            declared=declared[number],
        )


def identities(count: int) -> list[str]:
    """Invent ids: a few authors have many models, some are the registry's."""
    random = np.random.default_rng(SEED)
    known = list(load_registry().organizations)
    authors = (count * 0.25 * random.random(count) ** 3).astype(int) * 2_654_435_761 % 2**32
    named = np.where(random.random(count) < IN_REGISTRY, random.integers(0, len(known), count), -1)
    names = [
        known[place] if place >= 0 else f"{author:x}"
        for author, place in zip(authors.tolist(), named.tolist(), strict=True)
    ]
    return [f"{name}/{_STEMS[i % 6]}-{_KINDS[i // 6 % 8]}-{i:x}" for i, name in enumerate(names)]


def _created(count: int) -> list[int]:
    created = _FIRST + (_LAST - _FIRST) * (np.arange(count) / count) ** 0.4
    found: list[int] = created.astype(int).tolist()
    return found


def _key(number: int, created: list[int]) -> str:
    return f"{created[number] // 1000:08x}{number:016x}"


def build(url: str, count: int, login: Credentials | None = None) -> None:
    """Store so many models with their lineage, as a finished crawl."""
    child, base = (ends.tolist() for ends in lineage(count))
    ids, created = identities(count), _created(count)
    relations = [
        _RELATIONS[(c * 7 + b) % len(_RELATIONS)] for c, b in zip(child, base, strict=True)
    ]
    declared: list[str | None] = [None] * count
    for c, b, relation in zip(child, base, relations, strict=True):
        more = f"{relation}:{ids[b]}:{_key(b, created)}"
        declared[c] = f"{declared[c]} {more}" if declared[c] else more
    with open_store(url, credentials=login) as store:
        run = store.begin("crawl", "an invented Hub", "full", resume=False)
        found = models(count, declared)
        while batch := list(islice(found, BATCH)):
            store.write(run, Batch(models=batch, digests=range(1, len(batch) + 1)))
        ends = zip(child, base, relations, strict=True)
        while some := list(islice(ends, BATCH)):
            edges = [Derivation(_key(c, created), _key(b, created), how) for c, b, how in some]
            store.write(run, Batch(derivations=edges))
        store.finish(run, "done", {"newest": _LAST})


class Measured(NamedTuple):
    """One run of the job: its process's seconds, those until published and by step, peak MiB."""

    seconds: float
    published: float
    steps: dict[str, float]
    mib: float


def measured(url: str, login: Credentials | None = None) -> Measured:
    """Run ``modelkin measure``."""
    env = dict(os.environ)
    if login:
        env |= dict(zip(("NEO4J_USERNAME", "NEO4J_PASSWORD"), login, strict=True))
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "modelkin", "measure", "--store", url],
        stdout=subprocess.DEVNULL,
        env=env,
    )
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("modelkin measure failed")
    with open_store(url, credentials=login) as store:
        run, snapshot = store.runs(1)[0], store.snapshots()[0]
    published = (snapshot.published_at - run.started_at) / 1000
    return Measured(taken, published, run.report["seconds"], usage.ru_maxrss / 1024)


def opening(path: Path, repeat: int) -> float:
    """Return the seconds to open a snapshot and to find what derives from a model."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    found = [float(subprocess.check_output(command)) for _ in range(repeat)]
    return statistics.median(found)


@contextlib.contextmanager
def neo4j() -> Iterator[tuple[str, Credentials]]:
    """Run an empty Neo4j."""
    with server() as (running, env):
        yield running.url, ("neo4j", env["NEO4J_PASSWORD"])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=330_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--neo4j", action="store_true")
    wanted = parser.parse_args()
    with contextlib.ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        build(str(temporary / "small"), 1_000)
        measured(str(temporary / "small"))
        home: Path = wanted.home or temporary
        url, login = str(home / f"store-{wanted.models}"), None
        if wanted.neo4j:
            url, login = stack.enter_context(neo4j())
        if wanted.neo4j or not Path(url).exists():
            build(url, wanted.models, login)
        runs = [measured(url, login) for _ in range(wanted.repeat)]
        run = sorted(runs)[len(runs) // 2]
        with open_store(url, credentials=login) as store:
            opened = opening(store.fetch(store.snapshots()[0].id, temporary), wanted.repeat)
    print(f"{wanted.models:,} models, the median of {wanted.repeat} runs\n")
    print(f"| {' | '.join(run.steps)} | until published | whole process | peak MiB | opening |")
    print("| --- " * (len(run.steps) + 4) + "|")
    steps = " | ".join(f"{taken:.2f}" for taken in run.steps.values())
    print(f"| {steps} | {run.published:.2f} | {run.seconds:.2f} | {run.mib:,.0f} | {opened:.3f} |")


if __name__ == "__main__":
    main()
