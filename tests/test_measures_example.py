"""The example of ``docs/measures.md``: its drawing is crawled, its table is what must come out."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from graph.ecosystem import Ecosystem
from tests.lineages import Item, ecosystem, item

TEXT = Path(__file__).parent.parent.joinpath("docs", "measures.md").read_text(encoding="utf-8")
DRAWING = re.findall(r"```mermaid\n(.*?)```", TEXT, re.DOTALL)[0]

DELETED, NEVER_SEEN = "gone/base", "lost/base"
DOWNLOADS = {"red/chat": 10, "user/merge": 5}
CREATED = {
    "loop/b": "2023-01-01T00:00:00.000Z",
    **dict.fromkeys(("red/chat-gguf", "user/merge-gguf", "loop/c"), "2024-06-01T00:00:00.000Z"),
}
WRITTEN = {("user/case", "red/7b"): "RED/7b"}

EXACT = {
    "direct": "direct_derivatives",
    "descendants": "descendants",
    "depth": "depth",
    "betweenness": "betweenness",
    "closeness": "closeness",
    "harmonic": "harmonic",
    "downloads": "downstream_downloads",
    "authors": "distinct_authors",
    "recent": "recent_derivatives",
}
ROUNDED = {"PageRank": "pagerank", "Katz": "katz"}


def drawn() -> list[Item]:
    """Return the models that the drawing shows, as the Hub would list them."""
    named = dict(re.findall(r'(\w+)\["([^"]+)"\]', DRAWING))
    bases: dict[str, list[str]] = {id: [] for id in named.values()}
    plain = re.sub(r'\["[^"]+"\]', "", DRAWING)
    for child, relation, base in re.findall(r"(\w+) -- (\w+) --> (\w+)", plain):
        id, target = named[child], named[base]
        bases[id].append(f"{relation}:{WRITTEN.get((id, target), target)}")
    return [
        item(
            id,
            *declared,
            downloads=DOWNLOADS.get(id, 1),
            createdAt=CREATED.get(id, "2024-01-01T00:00:00.000Z"),
        )
        for id, declared in bases.items()
        if id != NEVER_SEEN
    ]


def table() -> dict[str, dict[str, str]]:
    """Return the rows of the example's table by model."""
    lines = TEXT.partition("| model | direct |")[2].splitlines()
    names = ["direct", *(cell.strip() for cell in lines[0].split("|")[:-1])]
    rows = {}
    for line in lines[2:]:
        if not line.startswith("|"):
            break
        model, *cells = (cell.strip() for cell in line.split("|")[1:-1])
        rows[model.strip("`")] = dict(zip(names, cells, strict=True))
    return rows


TABLE = table()


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    models = drawn()
    return ecosystem(models, [model for model in models if model["id"] != DELETED])


def test_the_table_has_the_models_of_the_drawing(eco: Ecosystem) -> None:
    assert len(TABLE) == 25
    assert list(TABLE) == eco.column("id").to_pylist()
    assert (eco.manifest.missing, eco.manifest.deleted) == (1, 1)
    assert eco.manifest.derivations == 20  # of 19 pairs, one of them in two relations


@pytest.mark.parametrize("model", TABLE)
def test_a_row_is_what_is_measured(eco: Ecosystem, model: str) -> None:
    row, told = eco.row(model), TABLE[model]
    for name, column in EXACT.items():
        found = float(eco.numbers(column)[row])
        assert found == pytest.approx(float(Fraction(told[name])), rel=1e-12), name
    for name, column in ROUNDED.items():
        assert f"{eco.numbers(column)[row]:.4f}" == told[name], name
    assert ", ".join(eco.names[root] for root in eco.roots.of(row)) == told["roots"]
    keys = sorted(eco.families[number].key for number in eco.families_of.of(row))
    assert ", ".join(keys) == told["families"]
