"""A generated Hub: any number of models, each made on demand from a seed and its number.

Number 0 is the oldest. Derivations point to older models and are heavy-tailed: a few models have
most of the derivatives. Nothing is held in memory, so that the whole Hub's size can be rehearsed.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, overload

FLOOR = 1_646_263_744
"""2022-03-02T23:29:04Z, which every older model of the Hub bears as its date of creation."""

END = 1_793_491_200
"""2026-11-01T00:00:00Z, when the newest of them was created."""

AUTHORS = (
    "Qwen",
    "meta-llama",
    "mistralai",
    "deepseek-ai",
    "google",
    "unsloth",
    "mradermacher",
    "bartowski",
)
STEMS = (
    "Qwen2.5",
    "Llama-3.1",
    "Mistral",
    "DeepSeek-R1-Distill",
    "gemma-2",
    "Phi-3",
    "bert-base",
    "whisper",
)
KINDS = ["Instruct", "Base", "Coder", "GGUF", "AWQ", "LoRA", "Merge", "DPO"]
LICENSES = ["apache-2.0", "mit", "llama3.1", "gemma", "cc-by-nc-4.0", "other", "openrail"]
RELATIONS = ("quantized", "finetune", "adapter", "merge")


class GeneratedModels(Sequence[dict[str, Any]]):
    """The models of a generated Hub, as items of ``GET /api/models``.

    Parameters
    ----------
    count
        How many.
    seed
        The same seed and count give the same models.
    """

    def __init__(self, count: int, seed: int = 0) -> None:
        self._count = count
        self._seed = seed

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, number: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, number: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(number, slice):
            return [self._model(each) for each in range(*number.indices(self._count))]
        if not -self._count <= number < self._count:
            raise IndexError(number)
        return self._model(number % self._count)

    def _draws(self, number: int, what: str) -> list[float]:
        digest = blake2b(f"{self._seed}:{number}:{what}".encode(), digest_size=64).digest()
        return [draw / 2**32 for draw in struct.unpack("<16I", digest)]

    def _created(self, number: int) -> int:
        old = self._count // 100
        if number < old:
            return FLOOR
        # So that the number of models grows with the cube of time.
        return FLOOR + int((END - FLOOR) * ((number - old) / (self._count - old)) ** (1 / 3))

    def _identity(self, number: int) -> tuple[str, str]:
        draw = self._draws(number, "id")
        if draw[0] < 0.1:  # automation names its accounts so
            hexes = blake2b(
                f"{self._seed}:{int(draw[1] * 50)}".encode(), digest_size=16
            ).hexdigest()
            author = "-".join((hexes[:8], hexes[8:12], hexes[12:16], hexes[16:20], hexes[20:]))
        elif draw[0] < 0.4:
            author = AUTHORS[int(draw[1] ** 2 * len(AUTHORS))]
        else:
            author = f"user-{int(draw[1] ** 3 * (self._count // 3 + 1))}"
        stem, kind = STEMS[int(draw[2] * len(STEMS))], KINDS[int(draw[3] * len(KINDS))]
        name = f"{stem}-{2 ** int(draw[4] * 7)}B-{kind}-{number:x}"
        return (
            f"{self._created(number):08x}{self._seed % 2**24:06x}{number:010x}",
            f"{author}/{name}",
        )

    def _parents(self, number: int, draw: Sequence[float]) -> tuple[str, list[int]]:
        relation = RELATIONS[min(3, int(draw[0] * 3.15))]
        if number == 0 or draw[1] > 0.45:
            return relation, []
        wanted = 2 + int(62 * draw[2] ** 8) if relation == "merge" else 1
        places = [self._draws(number, f"parents {k}")[0] for k in range(wanted)]
        return relation, sorted({int(number * place**4) for place in places})

    def _model(self, number: int) -> dict[str, Any]:
        draw = self._draws(number, "model")
        key, name = self._identity(number)
        created = self._created(number)
        modified = created + int(draw[3] ** 4 * (END - created))
        library = ("transformers", "peft", "gguf", "diffusers")[int(draw[4] * 4)]
        relation, parents = self._parents(number, draw)
        bases = [self._identity(parent) for parent in parents]
        tags = [library, "safetensors", "text-generation", "conversational", "en", "region:us"]
        tags += [f"base_model:{base}" for _, base in bases]
        tags += [f"base_model:{relation}:{base}" for _, base in bases]
        tags.append(f"license:{LICENSES[int(draw[5] * len(LICENSES))]}")
        downloads = int(10 / (1 - draw[6]))
        weights = int(1e9 * 2 ** (draw[7] * 7))
        model: dict[str, Any] = {
            "_id": key,
            "id": name,
            "author": name.partition("/")[0],
            "createdAt": iso(created),
            "lastModified": iso(modified),
            "disabled": False,
            "gated": (False, False, False, "auto", "manual")[int(draw[8] * 5)],
            "private": False,
            "downloads": downloads,
            "downloadsAllTime": downloads * (1 + int(draw[9] * 20)),
            "likes": int(1 / (1 - draw[10])) - 1,
            "trendingScore": int(draw[11] ** 20 * 100),
            "library_name": library,
            "pipeline_tag": "text-generation",
            "sha": f"{int(draw[12] * 2**32):040x}",
            "safetensors": {"parameters": {"BF16": weights}, "total": weights},
            "tags": tags,
        }
        if bases:
            model["baseModels"] = {
                "relation": relation,
                "models": [{"_id": base_key, "id": base} for base_key, base in bases],
            }
        return model


def iso(seconds: int) -> str:
    """Write a time as the Hub does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
