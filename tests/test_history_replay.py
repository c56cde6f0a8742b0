"""Thirteen looks at real models within four days, crawled and measured one after the other.

The data lies outside the repository. What changed was counted in it from one line of a model to its
next. Where the data tells of a deletion it does not name the model: those lines are of no use.
"""

import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.changes import Kind
from graph.history import of_store
from graph.measure import measure
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.lineages import REGISTRY, Item

DATA = Path(__file__).parents[2] / "shared" / "data" / "hub-models-2026-08-changes.jsonl.gz"

CHOSEN = 10
"""Of so many models that never change what is counted one is crawled: the others cost but time."""

COUNTED = {"went": 551, "returned": 126, "parents": 328, "license": 310}
"""What the collection's own description says of it."""

Line = dict[str, Any]


def lines() -> list[list[Line]]:
    """Return the lines of each look that name a model."""
    looks: dict[str, list[Line]] = {}
    with gzip.open(DATA) as file:
        for line in map(orjson.loads, file):
            look = looks.setdefault(line["commit"], [])
            if "id" in line:
                look.append(line)
    return list(looks.values())


def item(line: Line) -> Item:
    """Return a list item whose declared base is the line's field and nothing else."""
    tags = [tag for tag in line["tags"] if not tag.startswith("base_model:")]
    if line["license"]:
        tags.append(f"license:{line['license']}")
    return {
        "id": line["id"],
        "likes": line["likes"],
        "downloads": line["downloads_30d"],
        "gated": line["gated"],
        "lastModified": line["updated_at"],
        "tags": tags,
        "cardData": {"base_model": line["base_model"]},
        "removed": line["removed"],
    }


def differences(old: Line | None, new: Line) -> list[str]:
    """Return what changed from one line of a model to a later one."""
    if old is None:
        return [] if new["removed"] else ["came"]
    status = ["went" if new["removed"] else "returned"] if old["removed"] != new["removed"] else []
    fields = {"base_model": "parents", "license": "license"}
    return status + [kind for field, kind in fields.items() if old[field] != new[field]]


@pytest.mark.skipif(not DATA.exists(), reason=f"{DATA.name} is not at hand")
def test_replay(tmp_path: Path) -> None:
    looks = lines()
    assert len(looks) == 13
    newest: dict[str, Line] = {}
    expected: Counter[str] = Counter()
    changing = set()
    for number, look in enumerate(looks):
        for line in look:
            found = differences(newest.get(line["id"]), line)
            if found and found != ["came"]:
                changing.add(line["id"])
            if number:
                expected.update(found)
            newest[line["id"]] = line
    assert {kind: expected[kind] for kind in COUNTED} == COUNTED

    chosen = changing | set(sorted(newest)[::CHOSEN])
    states: list[dict[str, Line]] = []
    with open_store(str(tmp_path / "store")) as store:
        ids = []
        for look in looks:
            known = dict(states[-1]) if states else {}
            known |= {line["id"]: line for line in look if line["id"] in chosen}
            states.append(known)
            file = tmp_path / "look.jsonl"
            file.write_bytes(b"".join(orjson.dumps(item(line)) + b"\n" for line in known.values()))
            assert Crawl(store, JsonlSource(file)).run().state == "done"
            ids.append(measure(store, REGISTRY, keep=1).id)
        history = of_store(store, tmp_path)
        counts = [history.changes(*pair).counts for pair in pairwise(ids)]
        assert {kind: sum(each[Kind(kind)] for each in counts) for kind in COUNTED} == COUNTED

        first, last = states[0], states[-1]
        far = Counter(
            (change.id, change.kind.value)
            for change in history.changes(ids[0], ids[-1])
            if change.id in first
        )
        assert far == Counter(
            (id, kind) for id in first for kind in differences(first[id], last[id])
        )
