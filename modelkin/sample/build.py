"""Write the built-in sample from a collection of models of the Hub.

    python -m modelkin.sample.build PATH/hub-models-2026-08.jsonl.gz

The sample must be small, and still show lineages as they are: a chain, a merge or a
quantization that is cut off is no longer one. So models are not picked, branches are:

1. Only what the collection's last look still found (no ``x_removed_at``).
2. Families: those of the registry that have at least 20 derivatives there (`FAMILIES`), by
   lineage. That leaves out lineages whose root nobody has named, and models that declare no base.
3. What the families themselves released is kept, whether anything derives from it or not.
4. A branch is a derivative that names a root as its base, with all that descends from it.
   In each family the branches are taken in the order of a hash of their first model's id, each
   that still fits into 30 % of the family's derivatives (`FRACTION`). The hash knows nothing
   of downloads or dates, and the fraction is the same for all, so that the families' sizes
   relate to each other as they do in the collection.
5. Whatever the models of a branch descend from is added, so that no lineage ends below its root.

Bases that the collection does not hold stay as ids, and become placeholders in a crawl. The
same collection gives the same bytes, as long as the registry's patterns of these families stay.
"""

import argparse
import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from graph.ecosystem import Ecosystem
from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource

# fmt: off
FAMILIES = (
    "qwen", "deepseek", "llama", "mistral", "gpt-oss", "gemma", "phi", "glm", "minimax",
    "internvl", "olmo", "t5", "xlm-roberta", "distilbert", "minilm", "whisper", "flux",
    "krea", "z-image", "wan", "ltx", "nemotron", "granite", "smollm", "smolvla", "pi0",
    "exaone", "muse", "ornith", "ling", "lfm", "minicpm", "marin", "goldfish",
)
# fmt: on
"""Named here, not counted anew, so that a family added to the registry changes no byte."""

FRACTION = 0.3
"""Of each family's derivatives: what makes a file of about 650 KB."""

_FACTS = ("id", "createdAt", "lastModified", "downloads", "likes", "pipeline_tag", "library_name")
_TAGS = ("base_model:", "license:")
_CARD = ("base_model", "license")

Item = dict[str, Any]


def build(collection: Path) -> bytes:
    """Return the sample's lines.

    Parameters
    ----------
    collection
        Gzipped JSONL, list items of ``/api/models``.
    """
    with gzip.open(collection) as lines:
        items = [item for item in map(orjson.loads, lines) if not item.get("x_removed_at")]
    with tempfile.TemporaryDirectory(prefix="modelkin-") as directory:
        chosen = set(_select(_measured(items, Path(directory))))
    kept = sorted((item for item in items if item["id"] in chosen), key=lambda item: item["id"])
    return b"".join(orjson.dumps(_facts(item), option=orjson.OPT_APPEND_NEWLINE) for item in kept)


def _measured(items: list[Item], directory: Path) -> Ecosystem:
    """Crawl and measure the collection, so that lineage is here what it is everywhere."""
    path = directory / "collection.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(item) for item in items))
    with open_store(str(directory / "store")) as store:
        Crawl(store, JsonlSource(path)).run()
        info = measure(store, load_registry())
        return Ecosystem(store.fetch(info.id, directory / "cache"))


def _select(eco: Ecosystem) -> Iterator[str]:
    """Give the ids of the sample's models."""
    numbers = [eco.family_number(key) for key in FAMILIES]
    chosen = np.isin(eco.numbers("own_family"), numbers) & eco.live
    tops = _tops(eco)
    for key in FAMILIES:
        members = np.zeros(len(eco), np.bool_)
        members[eco.family(key).rows] = True
        members &= eco.derived
        room = round(FRACTION * np.count_nonzero(members))
        for top in sorted(np.flatnonzero(tops & members).tolist(), key=lambda r: _hash(eco, r)):
            grown = chosen.copy()
            grown[top] = True
            grown[eco.descendants(top).rows] = True
            if np.count_nonzero(grown & members) <= room:
                chosen = grown
    for row in np.flatnonzero(chosen).tolist():
        chosen[eco.ancestors(row).rows] = True
    return (eco.names[row] for row in np.flatnonzero(chosen & eco.live).tolist())


def _tops(eco: Ecosystem) -> NDArray[np.bool_]:
    """Return which rows name a root as their base: where the branches begin."""
    roots = eco.roots.degrees() == 0
    tops = np.zeros(len(eco), np.bool_)
    tops[eco.bases.sources()[roots[eco.bases.targets]]] = True
    return tops


def _hash(eco: Ecosystem, row: int) -> int:
    return xxhash.xxh3_64_intdigest(eco.names[row].encode())


def _facts(item: Item) -> Item:
    """Reduce an item to the sample's facts; of the card only what the tags do not say."""
    facts = {name: item[name] for name in _FACTS if item.get(name) is not None}
    facts["tags"] = [tag for tag in item["tags"] if tag.startswith(_TAGS)]
    told = {tag.partition(":")[0] for tag in facts["tags"]}
    card = item.get("cardData") or {}
    if said := {name: card[name] for name in _CARD if card.get(name) and name not in told}:
        facts["cardData"] = said
    if item.get("safetensors"):
        facts["safetensors"] = {"total": item["safetensors"]["total"]}
    return facts


def main() -> None:
    """Write ``models.jsonl`` beside this module."""
    parser = argparse.ArgumentParser(description="Write the built-in sample.")
    parser.add_argument("collection", type=Path, help="hub-models-2026-08.jsonl.gz")
    lines = build(parser.parse_args().collection)
    Path(__file__).with_name("models.jsonl").write_bytes(lines)


if __name__ == "__main__":
    main()
