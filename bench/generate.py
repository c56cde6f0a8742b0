"""Write a JSONL file of invented models, as the Hub's list with its lean fields would give them.

Newest first, about 750 bytes a line, 30% with bases. Which bases: a few models have most of the
derivatives, chains are a few steps long, one declaration in fifty names a model that is not
there. The same number and seed give the same file.

    python -m bench.generate models.jsonl.gz --models 1000000
"""

import argparse
import gzip
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

_FIRST, _LAST = 1_646_263_744, 1_793_491_200
"""Seconds since 1970: the Hub's floor for dates of creation, and 2026-11-01."""

_RELATIONS = ["quantized", "finetune", "adapter", "merge"]
_RELATION_WEIGHTS = [45, 28, 22, 5]
_STEMS = ["Qwen2.5-7B", "Llama-3.1-8B", "Mistral-7B-v0.3", "gemma-2-9b", "bert-base", "whisper"]
_KINDS = ["Instruct", "Coder", "GGUF", "AWQ-4bit", "LoRA", "DPO", "finetuned", "sft-lora-v2"]
_LIBRARIES = ["transformers", "peft", "gguf", "diffusers", "sentence-transformers", None]
_TASKS = ["text-generation", "text-classification", "text-to-image", "feature-extraction", None]
_LICENSES = ["apache-2.0", "mit", "llama3.1", "gemma", "cc-by-nc-4.0", "other", None]
_TAGS = ["safetensors", "pytorch", "tensorboard", "conversational", "trl", "generated_from_trainer"]
_MORE_TAGS = ["autotrain_compatible", "text-generation-inference", "en", "zh", "imatrix", "dpo"]


def models(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Invent models, the newest first."""
    draw = random.Random(seed)
    for number in reversed(range(count)):
        yield _model(number, count, draw)


def _identity(number: int, count: int) -> tuple[str, str]:
    """Return the key and the id of a model, which follow from its number."""
    mixed = number * 2_654_435_761 % 2**32  # Knuth's hash: neighbours get unlike names
    author = f"{'lab' if mixed % 5 == 0 else 'user'}-{mixed % (count // 4 + 1)}"
    name = f"{_STEMS[mixed % len(_STEMS)]}-{_KINDS[mixed // 7 % len(_KINDS)]}-{number:x}"
    return f"{_created(number, count):08x}{mixed:08x}{number:08x}", f"{author}/{name}"


def _created(number: int, count: int) -> int:
    return _FIRST + int((_LAST - _FIRST) * (number / count) ** 0.4)


def _model(number: int, count: int, draw: random.Random) -> dict[str, Any]:
    key, id = _identity(number, count)
    library, task, license = (draw.choice(names) for names in (_LIBRARIES, _TASKS, _LICENSES))
    weights = int(1e8 * 2 ** draw.uniform(0, 10))
    downloads = int(10 / (1 - draw.random()))
    tags = [tag for tag in (library, task) if tag]
    tags += draw.sample(_TAGS, 3) + draw.sample(_MORE_TAGS, 3) + ["arxiv:2106.09685"]
    item = {
        "_id": key,
        "id": id,
        "author": id.partition("/")[0],
        "disabled": False,
        "gated": draw.choices([False, "auto", "manual"], [95, 3, 2])[0],
        "lastModified": _iso(min(_LAST, _created(number, count) + int(draw.expovariate(1e-6)))),
        "likes": int(1 / (1 - draw.random())) - 1,
        "trendingScore": 0,
        "private": False,
        "sha": f"{draw.getrandbits(160):040x}",
        "downloads": downloads,
        "downloadsAllTime": downloads * draw.randint(1, 30),
        "tags": tags,
        "library_name": library,
        "pipeline_tag": task,
        "createdAt": _iso(_created(number, count)),
        "safetensors": {"parameters": {"BF16": weights}, "total": weights},
    }
    if number and draw.random() < 0.3:
        relation = draw.choices(_RELATIONS, _RELATION_WEIGHTS)[0]
        wanted = draw.randint(2, 5) if relation == "merge" else 1
        bases = [_identity(int(number * draw.random() ** 6), count) for _ in range(wanted)]
        if draw.random() < 0.02:
            bases[0] = (f"{draw.getrandbits(96):024x}", f"gone/model-{draw.getrandbits(16)}")
        tags += [f"base_model:{base}" for _, base in bases]
        tags += [f"base_model:{relation}:{base}" for _, base in bases]
        item["baseModels"] = {
            "relation": relation,
            "models": [{"_id": base_key, "id": base} for base_key, base in bases],
        }
    if license:
        tags.append(f"license:{license}")
    tags += ["endpoints_compatible", "region:us"]
    return item


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def write(path: Path, count: int, seed: int = 0) -> None:
    """Write models to a file, gzipped if its name ends so."""
    with gzip.open(path, "wb", 6) if path.suffix == ".gz" else path.open("wb") as file:
        items = models(count, seed)
        while lines := [orjson.dumps(item) for item in islice(items, 10_000)]:
            file.write(b"\n".join(lines) + b"\n")


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    write(wanted.path, wanted.models, wanted.seed)


if __name__ == "__main__":
    main()
