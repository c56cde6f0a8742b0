"""The built-in sample: what it holds, and that it can be built again."""

import gzip
import re
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.ecosystem import Ecosystem
from graph.quality import Reason
from graph.records import Model
from ingest.transform import transform
from modelkin.sample import sample_source
from modelkin.sample.build import FAMILIES, build

COLLECTION = Path(__file__).parents[2] / "shared" / "data" / "hub-models-2026-08.jsonl.gz"
NAMED = ("qwen", "deepseek", "llama", "mistral", "gpt-oss", "gemma")


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return resources.files("modelkin.sample").joinpath("models.jsonl").read_bytes().splitlines()


@pytest.fixture(scope="module")
def items(lines: list[bytes]) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines]


def test_size(lines: list[bytes]) -> None:
    assert 1_500 <= len(lines) <= 3_000
    assert sum(len(line) + 1 for line in lines) <= 700_000


def test_sorted_by_id_and_each_once(items: list[dict[str, Any]]) -> None:
    ids = [item["id"] for item in items]
    assert ids == sorted(set(ids))


def test_holds_facts_alone(items: list[dict[str, Any]]) -> None:
    facts = (
        "id createdAt lastModified downloads likes pipeline_tag library_name tags cardData"
        " safetensors"
    )
    assert {name for item in items for name in item} == set(facts.split())
    assert {name for item in items for name in item.get("cardData", {})} <= {
        "base_model",
        "license",
    }
    assert {tag.partition(":")[0] for item in items for tag in item["tags"]} == {
        "base_model",
        "license",
    }


def test_every_line_is_a_model(items: list[dict[str, Any]]) -> None:
    for item in items:
        model, doubts = transform(item)
        assert isinstance(model, Model)
        assert model.created_at
        assert not [doubt for doubt in doubts if doubt[0].startswith("bad_")]


def test_source_is_named_as_a_sample(sample_ecosystem: Ecosystem, lines: list[bytes]) -> None:
    assert sample_ecosystem.manifest.sample is True
    assert sample_ecosystem.manifest.source == sample_source().name
    assert sample_ecosystem.manifest.models == len(lines)
    assert sample_ecosystem.manifest.missing > 0
    assert Reason.REPEATED_RECORD not in sample_ecosystem.manifest.quality


def test_families_have_derivatives(sample_ecosystem: Ecosystem) -> None:
    assert set(NAMED) < set(FAMILIES)
    for key in FAMILIES:
        family = sample_ecosystem.family(key)
        assert sample_ecosystem.derived[family.rows].sum() >= 5
    for key in NAMED:
        family = sample_ecosystem.family(key)
        assert sample_ecosystem.derived[family.rows].sum() >= 15


def test_lineages_are_whole(sample_ecosystem: Ecosystem) -> None:
    eco = sample_ecosystem
    assert eco.numbers("depth").max() >= 5
    assert eco.bases.degrees().max() >= 10
    assert {"finetune", "adapter", "quantized", "merge"} <= {
        eco.relation(int(child), int(base))
        for child, base in zip(eco.bases.sources(), eco.bases.targets, strict=True)
    }


def test_deepseek_r1_and_its_distills(sample_ecosystem: Ecosystem) -> None:
    assert sample_ecosystem.live[sample_ecosystem.row("deepseek-ai/DeepSeek-R1")]
    assert sample_ecosystem.live[sample_ecosystem.row("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B")]


def test_readme_tells_the_numbers(sample_ecosystem: Ecosystem) -> None:
    eco = sample_ecosystem
    text = resources.files("modelkin.sample").joinpath("README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z-]+) \| ([\d,]+) \| ([\d,]+) \| [\d,]+ \|$", text, re.MULTILINE)
    assert {key for key, _, _ in rows} == set(NAMED)
    for key, models, derivatives in rows:
        members = eco.family(key).rows
        assert models == f"{eco.live[members].sum():,}"
        assert derivatives == f"{eco.derived[members].sum():,}"
    assert f"holds {eco.manifest.models:,} real models" in text
    assert f"{eco.derived.sum():,} of the models declare a base" in text
    assert f"{eco.manifest.missing} of the bases are not in the sample" in text
    assert f"So {eco.manifest.coverage:.0%} of".replace("%", " %") in text


@pytest.mark.skipif(
    not COLLECTION.exists(),
    reason=f"the collection is not at hand: no ../shared/data/{COLLECTION.name}",
)
def test_is_built_from_the_collection(lines: list[bytes], items: list[dict[str, Any]]) -> None:
    assert build(COLLECTION) == b"".join(line + b"\n" for line in lines)

    with gzip.open(COLLECTION) as file:
        originals = {item["id"]: item for item in map(orjson.loads, file)}
    for item in items:
        model, original = transform(item)[0], transform(originals[item["id"]])[0]
        assert original is not None
        assert model == original._replace(gated=None)  # the one field that is left out
