"""The notebooks run as Jupyter runs them, and print what stands under their cells."""

import ast
import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import jupytext
import pytest
from nbclient import NotebookClient

from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
COLLECTION = ROOT.parent / "shared" / "data" / "hub-models-2026-08.jsonl.gz"
FIGURE = "application/vnd.plotly.v1+json"
STRICT = """\
```python
%reset -f
import warnings
warnings.simplefilter("error")
```
"""
"""Before each notebook: no name is left of the one before, and any warning is an error."""

pytestmark = pytest.mark.xdist_group("notebooks")  # one kernel for all

Cell = Any
"""A cell; its fields are those of nbformat."""


@pytest.fixture(scope="module")
def ran(sample_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Cell]]:
    """Each notebook's cells with their outputs; ``modelkin-data`` is the sample's store."""
    directory = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(sample_directory / "store", directory / "modelkin-data")
    if COLLECTION.exists():
        crawl_collection(directory)
    cells = {name: jupytext.read(FOLDER / f"{name}.md").cells for name in NOTEBOOKS}
    every = jupytext.reads("", "md")
    every.cells = [
        cell for own in cells.values() for cell in (*jupytext.reads(STRICT, "md").cells, *own)
    ]
    where = {"metadata": {"path": str(directory)}}
    NotebookClient(every, timeout=120, resources=where).execute()
    return cells


def crawl_collection(directory: Path) -> None:
    """Make the store that the notebook of the published table looks for."""
    live = directory / "live.jsonl"
    with gzip.open(COLLECTION, "rt", encoding="utf-8") as lines:
        kept = [line for line in lines if not json.loads(line).get("x_removed_at")]
    live.write_text("".join(kept), encoding="utf-8")
    with open_store(str(directory / "collection")) as store:
        Crawl(store, JsonlSource(live)).run()
        measure(store, load_registry())


def printed(cell: Cell) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def of_collection(cell: Cell) -> bool:
    return 'Path("collection")' in cell.source


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_what_it_prints(name: str, ran: dict[str, list[Cell]]) -> None:
    cells = ran[name]
    figures = 0
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code" or of_collection(cell):
            continue
        shown = below and re.match(r"```text\n(.*?)```", below.source, re.DOTALL)
        assert printed(cell) == (shown[1] if shown else ""), cell.source
        drawn = [output for output in cell.outputs if FIGURE in output.get("data", {})]
        last = ast.unparse(ast.parse(cell.source).body[-1])
        assert len(drawn) == last.startswith("figures."), cell.source
        figures += len(drawn)
    assert figures or name == "own-measure"


@pytest.mark.skipif(
    not COLLECTION.exists(), reason=f"needs {COLLECTION.name}, which is not part of the repository"
)
def test_the_collection_gives_the_published_column(ran: dict[str, list[Cell]]) -> None:
    (cell,) = filter(of_collection, ran["published-table"])
    lines = printed(cell).splitlines()
    assert len(lines) == 6
    assert all(line.endswith("the same") for line in lines)


def test_the_list_has_each_notebook() -> None:
    listed = re.findall(r"^\| \[[^]]+\]\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(listed) == NOTEBOOKS
