"""The whole measure job, store to published snapshot: seconds by step, and peak memory.

    python -m bench.measure_job [--models 3300000] [--repeat 3] [--home DIRECTORY]

Builds an embedded store with the lineage of `bench.measures` (once, where ``--home`` keeps it),
and runs ``modelkin measure`` on it, each time in a process of its own: seconds include starting
Python and its libraries, and memory is the most that the process had. Then opens the snapshot, in
a process of its own too. The kernels are compiled before, by a store of a thousand models.
"""

import argparse
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
from graph.records import Derivation, Model, Relation
from graph.registry import load_registry
from graph.store import open_store
from graph.store.port import Batch

BATCH = 50_000
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


def build(directory: Path, count: int) -> None:
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
    with open_store(str(directory)) as store:
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
    """One run of the job: seconds of the process and of its steps, and its peak MiB."""

    seconds: float
    steps: dict[str, float]
    mib: float


def measured(directory: Path) -> Measured:
    """Run ``modelkin measure``."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "modelkin", "measure", "--store", str(directory)],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("modelkin measure failed")
    with open_store(str(directory)) as store:
        steps: dict[str, float] = store.runs(1)[0].report["seconds"]
    return Measured(taken, steps, usage.ru_maxrss / 1024)


def opening(directory: Path, repeat: int) -> float:
    """Return the seconds to open the newest snapshot and to find what derives from a model."""
    with open_store(str(directory)) as store:
        path = store.fetch(store.snapshots()[0].id, directory)
    command = [sys.executable, "-c", _OPEN, str(path)]
    found = [float(subprocess.check_output(command)) for _ in range(repeat)]
    return statistics.median(found)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=330_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--home", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home: Path = wanted.home or Path(temporary)
        small, store = Path(temporary) / "small", home / f"store-{wanted.models}"
        build(small, 1_000)
        measured(small)
        if not store.exists():
            build(store, wanted.models)
        runs = [measured(store) for _ in range(wanted.repeat)]
        run = sorted(runs)[len(runs) // 2]
        print(f"{wanted.models:,} models, the median of {wanted.repeat} runs\n")
        print(f"| {' | '.join(run.steps)} | whole process | peak MiB | opening |")
        print("| --- " * (len(run.steps) + 3) + "|")
        steps = " | ".join(f"{taken:.2f}" for taken in run.steps.values())
        opened = opening(store, wanted.repeat)
        print(f"| {steps} | {run.seconds:.2f} | {run.mib:,.0f} | {opened:.3f} |")


if __name__ == "__main__":
    main()
