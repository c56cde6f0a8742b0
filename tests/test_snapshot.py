"""The snapshot's files: round trips, refusals, and reading them without us."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from graph import snapshot
from graph.ecosystem import Ecosystem, _numbers
from graph.errors import SnapshotFormatError
from graph.measure import measure
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.lineages import REGISTRY, ecosystem, item

ITEMS = [
    item("red/7b", downloads=5, license="mit", likes=2),
    item("red/chat", "finetune:red/7b"),
    item("user/merge", "merge:red/chat", "merge:blue/8b", "finetune:red/chat"),
    item("alone/a"),
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A snapshot's files, as a store keeps them."""
    ecosystem(ITEMS, directory=tmp_path)
    (found,) = (tmp_path / "store" / "snapshots").iterdir()
    return found


def change_manifest(directory: Path, **values: object) -> None:
    path = directory / "manifest.json"
    told = orjson.loads(path.read_bytes()) | values
    path.write_bytes(orjson.dumps({name: v for name, v in told.items() if v is not ...}))


def test_what_is_written_is_read(directory: Path, tmp_path: Path) -> None:
    manifest, batches = snapshot.read(directory)
    assert list(batches) == ["models", "families", "organizations", "licenses", "search"]
    tables = {name: pa.Table.from_batches([batch]) for name, batch in batches.items()}
    snapshot.write(tmp_path / "again", manifest, tables)
    lasting = snapshot.read_lasting(directory)
    assert lasting.manifest == manifest
    for name in snapshot.LASTING:
        snapshot.write_lasting(tmp_path / "again", name, getattr(lasting, name))
    again, read_again = snapshot.read(tmp_path / "again")
    assert again == manifest
    for name, batch in batches.items():
        assert read_again[name].schema == (snapshot.TABLES | snapshot.INDEXES)[name]
        assert read_again[name].equals(batch)
    for path in directory.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_tables_in_several_pieces_become_one(directory: Path, tmp_path: Path) -> None:
    manifest, batches = snapshot.read(directory)
    tables = {name: pa.Table.from_batches([batch]) for name, batch in batches.items()}
    models = tables["models"]
    tables["models"] = pa.concat_tables([models.slice(0, 1), models.slice(1, 2), models.slice(3)])
    snapshot.write(tmp_path / "again", manifest, tables)
    assert snapshot.read(tmp_path / "again")[1]["models"].equals(batches["models"])


def test_numbers_are_read_without_a_copy(directory: Path) -> None:
    eco = Ecosystem(directory)
    columns = snapshot.read(directory)[1]["models"]
    assert columns.column("parameters").null_count
    for name in ("parameters", "downloads", "created_at", "own_family"):
        column = eco.column(name)
        assert eco.numbers(name).tolist() == [-1 if v is None else v for v in column.to_pylist()]
        assert eco.numbers(name).ctypes.data == column.buffers()[1].address
    for name in ("author", "license", "library", "task", "status"):
        column = eco.column(name)
        labels = [None, *eco.labels(name)]
        assert [labels[code + 1] for code in eco.codes(name).tolist()] == column.to_pylist()
        assert eco.codes(name).ctypes.data == column.indices.buffers()[1].address


def test_numbers_of_a_snapshot_that_hides_something_else() -> None:
    hidden = pa.Array.from_buffers(
        pa.int64(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([7, 8, 9]))]
    )
    assert hidden.to_pylist() == [7, None, 9]
    assert _numbers(hidden).tolist() == [7, -1, 9]
    assert _numbers(hidden.slice(1)).tolist() == [-1, 9]


def test_tables_without_rows(directory: Path, tmp_path: Path) -> None:
    manifest, _ = snapshot.read(directory)
    tables = {name: schema.empty_table() for name, schema in snapshot.TABLES.items()}
    snapshot.write(tmp_path / "empty", manifest, tables)
    _, batches = snapshot.read(tmp_path / "empty")
    assert {name: batch.num_rows for name, batch in batches.items()} == dict.fromkeys(tables, 0)


def test_a_newer_format_is_refused_with_the_mend(directory: Path) -> None:
    change_manifest(directory, format=snapshot.FORMAT + 1)
    with pytest.raises(SnapshotFormatError, match="upgrade modelkin") as caught:
        Ecosystem(directory)
    assert f"format {snapshot.FORMAT + 1}" in str(caught.value)
    assert str(directory) in str(caught.value)


def test_what_a_newer_writer_adds_is_passed_over(directory: Path) -> None:
    change_manifest(directory, remark="of a later minor version")
    assert len(Ecosystem(directory)) == 5


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '{"format": "new"}', '{"format": 1}'])
def test_a_damaged_manifest_is_refused(directory: Path, text: str) -> None:
    (directory / "manifest.json").write_text(text)
    with pytest.raises(SnapshotFormatError, match="measure again"):
        snapshot.read(directory)


@pytest.mark.parametrize("field", ["id", "quality", "coverage"])
def test_a_manifest_without_a_field_is_refused(directory: Path, field: str) -> None:
    change_manifest(directory, **{field: ...})
    with pytest.raises(SnapshotFormatError, match=field):
        snapshot.read(directory)


@pytest.mark.parametrize(
    "name", ["manifest.json", *(f"{table}.arrow" for table in snapshot.TABLES)]
)
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(SnapshotFormatError, match=name.replace(".", r"\.")):
        snapshot.read(directory)


def test_an_older_format_is_refused_with_the_mend(directory: Path) -> None:
    change_manifest(directory, format=snapshot.FORMAT - 1, previous=...)
    with pytest.raises(
        SnapshotFormatError, match=rf"has format {snapshot.FORMAT - 1}, .* measure again"
    ):
        Ecosystem(directory)
    assert snapshot.read_lasting(directory).manifest.previous is None


def test_no_directory_at_all(tmp_path: Path) -> None:
    with pytest.raises(SnapshotFormatError):
        snapshot.read(tmp_path / "nowhere")


def test_a_truncated_file_is_refused(directory: Path) -> None:
    path = directory / "models.arrow"
    whole = path.read_bytes()
    for size in {0, 1, 7, 8, 64, len(whole) // 2, len(whole) - 12, len(whole) - 1}:
        path.write_bytes(whole[:size])
        with pytest.raises(SnapshotFormatError):
            snapshot.read(directory)


@pytest.mark.parametrize("value", [0x00, 0xFF])
def test_a_damaged_file_is_refused_or_read(directory: Path, value: int) -> None:
    path = directory / "models.arrow"
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole) - 4000, len(whole)):  # the footer says where and what all is
        path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
        try:
            snapshot.read(directory)
        except SnapshotFormatError:
            refused += 1
    assert refused > 100


def test_a_file_of_something_else_is_refused(directory: Path) -> None:
    (directory / "models.arrow").write_bytes((directory / "licenses.arrow").read_bytes())
    with pytest.raises(SnapshotFormatError, match=r"models\.arrow has other columns"):
        snapshot.read(directory)
    (directory / "models.arrow").write_bytes(b"PK\x03\x04" * 500)
    with pytest.raises(SnapshotFormatError):
        snapshot.read(directory)


def test_pyarrow_alone_reads_it(directory: Path) -> None:
    program = f"""
import json, sys
import pyarrow as pa
table = pa.ipc.open_file(pa.memory_map({str(directory / "models.arrow")!r})).read_all()
assert not {{"graph", "polars", "pandas", "networkx"}} & set(sys.modules)
print(json.dumps(table.select(["id", "bases", "roots", "descendants", "license"]).to_pylist()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)
    assert [row["id"] for row in rows] == ["alone/a", "blue/8b", "red/7b", "red/chat", "user/merge"]
    # Rows are named by their number; a base comes once for each relation.
    assert [row["bases"] for row in rows] == [[], [], [], [2], [1, 3, 3]]
    assert [row["roots"] for row in rows] == [[], [], [], [2], [1, 2]]
    assert [row["descendants"] for row in rows] == [0, 1, 2, 1, 0]
    assert [row["license"] for row in rows] == [None, None, "mit", None, None]


def test_opening_needs_neither_polars_nor_pandas(directory: Path) -> None:
    program = f"""
import sys
for name in ("polars", "pandas", "duckdb"):
    sys.modules[name] = None  # an import of it fails
from pathlib import Path
from graph.ecosystem import Ecosystem, _numbers
eco = Ecosystem(Path({str(directory)!r}))
print(len(eco), eco.row("red/chat"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["5", "3"]


def test_opening_maps_the_files_instead_of_reading_them(tmp_path: Path) -> None:
    count = 20_000
    text = "".join(json.dumps(item(f"big/model-{n:06}", downloads=n)) + "\n" for n in range(count))
    (tmp_path / "big.jsonl").write_text(text)
    with open_store(str(tmp_path / "store")) as store:
        Crawl(store, JsonlSource(tmp_path / "big.jsonl")).run()
        found = store.fetch(measure(store, REGISTRY).id, tmp_path)
    size = sum(path.stat().st_size for path in found.iterdir())
    before = pa.total_allocated_bytes()
    eco = Ecosystem(found)
    assert pa.total_allocated_bytes() - before < size / 20
    assert len(eco) == count
    for array in (eco.bases.targets, eco.bases.offsets, eco.roots.offsets, eco.family_shares):
        assert not array.flags.owndata
        assert not array.flags.writeable
    assert not eco.numbers("descendants").flags.owndata
    assert eco.names.find("big/model-012345") == 12345
    assert pa.total_allocated_bytes() - before < size / 20
    assert np.array_equal(eco.numbers("downloads"), np.arange(count))
