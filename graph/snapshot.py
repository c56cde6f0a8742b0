"""The snapshot's format: Arrow files in a directory, immutable and complete in itself.

==================== ===========================================================================
``models.arrow``      one row a model, ascending by ``id``: `MODELS`
``families.arrow``    one row a family, the registered ones first, the others by id: `FAMILIES`
``organizations.arrow``, ``licenses.arrow``
                      the registry as it was
``search.arrow``      one row a model, in the order of use: `graph.search_index.SEARCH`
``series.arrow``      one row a group: `SERIES`
``changes.arrow``     one row a change since the snapshot before: `CHANGES`
``manifest.json``     id, format, dates, counts, coverage, source, quality
==================== ===========================================================================

The tables are uncompressed Arrow IPC files, so they are memory-mapped as they are, and polars,
DuckDB and pandas read them too. The list columns are the lineage: the offsets and values of a
list column *are* compressed sparse rows. A row is named by its number.

The last three files are the lasting ones: small, compressed, and kept when a store drops the
tables of an old snapshot, which is then no longer whole.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from graph.errors import NotFoundError, SnapshotFormatError
from graph.score_columns import FAMILY_SCORES, SCORES
from graph.search_index import SEARCH

FORMAT = 3
"""Of the files; a reader refuses another one. Lasting files are read in older ones too."""

SAMPLE = "the built-in sample"
"""How a crawl of the sample names its source; its snapshots say that they are a sample."""

_ROWS = pa.list_(pa.int32())
_NUMBERS = pa.list_(pa.float64())
_TEXT = pa.dictionary(pa.int32(), pa.string())

MODELS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        ("author", _TEXT),
        ("created_at", pa.int64()),
        ("modified_at", pa.int64()),
        ("downloads", pa.int64()),
        ("downloads_all_time", pa.int64()),
        ("likes", pa.int64()),
        ("license", _TEXT),
        ("library", _TEXT),
        ("task", _TEXT),
        ("parameters", pa.int64()),
        ("gated", _TEXT),
        pa.field("status", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        ("aliases", pa.list_(pa.string())),
        ("declared", pa.string()),  # as `graph.records.encode_references` writes it
        # bases, derivatives: rows, ascending, once for each relation; the codes are of `Relation`
        ("bases", _ROWS),
        ("base_relations", pa.list_(pa.int8())),
        ("derivatives", _ROWS),
        ("derivative_relations", pa.list_(pa.int8())),
        ("roots", _ROWS),
        # families: by lineage, with shares that sum to 1, and scores within each of them;
        # own_family: by the model's own id
        ("families", _ROWS),
        ("family_shares", _NUMBERS),
        *((f"family_{name}", _NUMBERS) for name in FAMILY_SCORES),
        ("own_family", pa.int32()),
        ("root_family", pa.int32()),
        ("family_inferred", pa.bool_()),
        *SCORES.items(),
    ]
)

FAMILIES = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        ("name", pa.string()),
        ("organization", pa.string()),
        ("registered", pa.bool_()),
        ("members", _ROWS),
        ("models", pa.int64()),
        ("derivatives", pa.int64()),
        ("downloads", pa.int64()),
        ("descendants", pa.int64()),
        ("pagerank", pa.float64()),
    ]
)

ORGANIZATIONS = pa.schema(
    [(name, pa.string()) for name in ("name", "title", "country", "kind", "source")]
)

LICENSES = pa.schema([(name, pa.string()) for name in ("id", "name", "class", "source")])

TABLES = {
    "models": MODELS,
    "families": FAMILIES,
    "organizations": ORGANIZATIONS,
    "licenses": LICENSES,
}

INDEXES = {"search": SEARCH}
"""Tables that are made of the others, for readers to share; one who misses them makes its own."""

SERIES = pa.schema(
    [
        # by: a value of `graph.shares.By`; key: the group, as `graph.shares.share` names it
        ("by", pa.dictionary(pa.int8(), pa.string())),
        ("key", pa.string()),
        ("models", pa.float64()),
        ("derivatives", pa.float64()),
        ("downloads", pa.float64()),
    ]
)

CHANGES = pa.schema(
    [
        # kind: a value of `graph.changes.Kind`, which says what before and after are
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("key", pa.string()),
        ("id", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
    ]
)

LASTING = {"series": SERIES, "changes": CHANGES}
"""The tables that a snapshot leaves for ever."""

LASTING_FILES = ("manifest.json", *(f"{name}.arrow" for name in LASTING))
"""What is left of a snapshot that is no longer whole."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot says of itself.

    Attributes
    ----------
    id
        Sorts by time of measuring.
    format
        `FORMAT` of its files.
    measured_at
        Milliseconds since 1970.
    as_of
        When its data held: the end of its crawl, or for a file the newest date in it.
    source
        What was crawled.
    sample
        Whether it is the built-in sample rather than the Hub.
    models, missing, deleted, derivations
        How many of each; ``models`` are live.
    coverage
        The fraction of live models that declare a base.
    quality
        `graph.quality.Quality.as_dict` of the crawl and the measuring.
    previous
        The id of the snapshot that ``changes.arrow`` compares with; None without one.
    pagerank_residual
        How much one more step would change the ranks, summed over all models; None in older ones.
    """

    id: str
    format: int
    measured_at: int
    as_of: int
    source: str
    sample: bool
    models: int
    missing: int
    deleted: int
    derivations: int
    coverage: float
    quality: dict[str, Any]
    previous: str | None = None
    pagerank_residual: float | None = None


@dataclass(frozen=True, slots=True)
class Lasting:
    """What a snapshot leaves for ever.

    Attributes
    ----------
    manifest
        What it says of itself.
    series
        `SERIES`.
    changes
        `CHANGES`.
    """

    manifest: Manifest
    series: pa.Table
    changes: pa.Table


def write(directory: Path, manifest: Manifest, tables: dict[str, pa.Table]) -> None:
    """Write a snapshot's files into a directory, the manifest last."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, schema in (TABLES | INDEXES).items():
        if name in INDEXES and name not in tables:
            continue
        with (
            pa.OSFile(str(directory / f"{name}.arrow"), "wb") as file,
            pa.ipc.new_file(file, schema) as writer,
        ):
            writer.write_batch(as_batch(tables[name], schema))
    write_manifest(directory, manifest)


def as_batch(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """Return a table as its readers expect it: each column in one piece of memory."""
    columns = [_minus_one(_in_one_piece(column)) for column in table.cast(schema).columns]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece of memory, the one that it has where it can be."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _minus_one(column: pa.Array) -> pa.Array:
    """Return a column whose nulls hide a -1, so that readers need not copy it to fill them."""
    if not column.null_count:
        return column
    if pa.types.is_dictionary(column.type):
        codes = _minus_one(column.indices)
        return pa.DictionaryArray.from_arrays(codes, column.dictionary, safe=False)
    if pa.types.is_integer(column.type):
        unknown = column.is_null().to_numpy(zero_copy_only=False)
        return pa.array(column.fill_null(-1).to_numpy(), mask=unknown)
    return column


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write what a snapshot says of itself."""
    (directory / "manifest.json").write_bytes(orjson.dumps(asdict(manifest)))


def write_lasting(directory: Path, name: str, table: pa.Table) -> None:
    """Write one of the `LASTING` tables beside a snapshot's files."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(directory / f"{name}.arrow"), "wb") as file,
        pa.ipc.new_file(file, LASTING[name], options=options) as writer,
    ):
        writer.write_table(table.combine_chunks())


def read(directory: Path) -> tuple[Manifest, dict[str, pa.RecordBatch]]:
    """Open a snapshot, memory-mapped.

    Raises
    ------
    NotFoundError
        When only its lasting files are left.
    SnapshotFormatError
        When its format is another one than this version reads, or a file is missing or damaged.
    """
    with _format_errors(directory):
        manifest = _manifest(directory)
        if manifest.format < FORMAT:
            raise SnapshotFormatError(
                f"the snapshot in {directory} has format {manifest.format}, this modelkin reads"
                f" {FORMAT}; measure again"
            )
        if not any((directory / f"{name}.arrow").exists() for name in TABLES):
            raise NotFoundError(
                f"of the snapshot {manifest.id} only its series and changes are kept; the setting"
                " MODELKIN_KEEP_SNAPSHOTS says how many stay whole"
            )
        found = TABLES | {n: s for n, s in INDEXES.items() if (directory / f"{n}.arrow").exists()}
        return manifest, {name: _map(directory / f"{name}.arrow", found[name]) for name in found}


def read_lasting(directory: Path) -> Lasting:
    """Read what a snapshot leaves for ever; a table that is not there is empty.

    Raises
    ------
    SnapshotFormatError
        When its format is newer than this version reads, or a file is damaged.
    """
    with _format_errors(directory):
        series, changes = (_table(directory / f"{name}.arrow", LASTING[name]) for name in LASTING)
        return Lasting(_manifest(directory), series, changes)


@contextlib.contextmanager
def _format_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise SnapshotFormatError(
            f"the snapshot in {directory} cannot be read ({error}); measure again"
        ) from error


def _manifest(directory: Path) -> Manifest:
    told = orjson.loads((directory / "manifest.json").read_bytes())
    if told["format"] > FORMAT:
        raise SnapshotFormatError(
            f"the snapshot in {directory} has format {told['format']}, this modelkin reads"
            f" up to {FORMAT}; upgrade modelkin"
        )
    return Manifest(**{f.name: told[f.name] for f in fields(Manifest) if f.name in told})


def _table(path: Path, schema: pa.Schema) -> pa.Table:
    if not path.exists():
        return schema.empty_table()
    with pa.OSFile(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
    return table.select(schema.names).cast(schema)


def _map(path: Path, schema: pa.Schema) -> pa.RecordBatch:
    with pa.memory_map(str(path)) as file:
        batch = pa.ipc.open_file(file).get_batch(0)
    if batch.schema != schema:
        raise ValueError(f"{path.name} has other columns")
    return batch
