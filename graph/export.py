"""A snapshot as plain tables: models, edges, scores and families, in CSV or Parquet."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet
from numpy.typing import NDArray

from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.errors import UsageError
from graph.export_schema import SCHEMAS
from graph.traversal import distinct

PARTITIONS = {"models": "created_year", "edges": "relation"}
"""By which column a table is parted into files, where that is asked for."""

ROWS_IN_GROUP = 100_000
"""Rows of a Parquet file whose least and greatest values it tells, so that readers skip them."""


def model_rows(eco: Ecosystem, id: str, *, descendants: bool) -> Rows:
    """Return the rows of a model, of its ancestors and perhaps of its descendants, ascending.

    Raises
    ------
    NotFoundError
        When no model bears the id or ever bore it.
    """
    row = eco.row(id)
    parts = [np.array([row], np.int32), eco.ancestors(row).rows]
    if descendants:
        parts.append(eco.descendants(row).rows)
    return distinct(np.concatenate(parts))  # in a cycle they overlap


def linked_rows(eco: Ecosystem) -> Rows:
    """Return the rows of all models that derive, or from which any derives, ascending."""
    linked = (eco.bases.degrees() > 0) | (eco.derivatives.degrees() > 0)
    return np.flatnonzero(linked).astype(np.int32)


def tables(eco: Ecosystem, rows: Rows | None = None) -> dict[str, pa.Table]:
    """Return the tables by the name of their file.

    Their columns are those of `graph.export_schema.SCHEMAS`; ``models`` and ``scores`` ascend by
    id, ``edges`` by child, then base, ``families`` by key.

    Parameters
    ----------
    rows
        Only these models, ascending, the derivations among them and the families they are of;
        None for all. Scores and the families' sums stay those of the whole ecosystem.
    """
    chosen = np.arange(len(eco), dtype=np.int32) if rows is None else rows
    ids = eco.column("id")
    among = np.zeros(len(eco), np.bool_)
    among[chosen] = True
    children, bases = eco.bases.sources(), eco.bases.targets
    places = np.flatnonzero(among[children] & among[bases])
    edges = {
        "child": ids.take(pa.array(children[places])),
        "base": ids.take(pa.array(bases[places])),
        "relation": pa.array([r.value for r in RELATIONS]).take(
            pa.array(eco.base_relations[places])
        ),
    }
    families = eco.table("families").select(SCHEMAS["families"].names)
    if rows is not None:
        families = families.take(pa.array(np.unique(eco.families_of.targets[_of(eco, among)])))
    wanted = pa.array(chosen)
    found = {
        "models": pa.table({n: eco.column(n).take(wanted) for n in SCHEMAS["models"].names}),
        "edges": pa.table(edges),
        "scores": pa.table({n: eco.column(n).take(wanted) for n in SCHEMAS["scores"].names}),
        "families": pa.Table.from_batches([families]).sort_by("key"),
    }
    return {name: table.cast(SCHEMAS[name]) for name, table in found.items()}


def write_csv(eco: Ecosystem, directory: Path, rows: Rows | None = None) -> list[Path]:
    """Write `tables` into a directory, and return the files.

    Raises
    ------
    OSError
        When the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables(eco, rows).items():
        written.append(directory / f"{name}.csv")
        options = pyarrow.csv.WriteOptions(quoting_style="needed")
        pyarrow.csv.write_csv(table, written[-1], options)
    return written


def write_parquet(
    eco: Ecosystem, directory: Path, rows: Rows | None = None, *, partitioned: bool = False
) -> list[Path]:
    """Write `tables` into a directory, and return the files.

    Each carries what its columns mean, and as its metadata ``modelkin.snapshot``, ``.as_of``
    (milliseconds since 1970), ``.source`` and ``.coverage``.

    Parameters
    ----------
    partitioned
        Part the tables of `PARTITIONS` into a file for each value, in directories of the form
        ``models/created_year=2024`` that readers of Parquet know. The column is in that name
        alone; a model without a date is under ``__HIVE_DEFAULT_PARTITION__``.

    Raises
    ------
    UsageError
        When there are parts of an earlier export.
    OSError
        When the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables(eco, rows).items():
        told = table.replace_schema_metadata(_told(eco))
        if partitioned and name in PARTITIONS:
            written += _write_parts(told, directory / name, PARTITIONS[name])
        else:
            written.append(directory / f"{name}.parquet")
            pyarrow.parquet.write_table(
                told, written[-1], compression="zstd", row_group_size=ROWS_IN_GROUP
            )
    return written


def _told(eco: Ecosystem) -> dict[str, str]:
    """Return what a table says of its snapshot."""
    names = ("as_of", "source", "coverage")
    about = {f"modelkin.{name}": str(getattr(eco.manifest, name)) for name in names}
    return {"modelkin.snapshot": eco.id, **about}


def _write_parts(table: pa.Table, directory: Path, column: str) -> list[Path]:
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} holds an earlier export; remove it, or give another path")
    if column == "created_year":
        date = table.column("created_at").cast(pa.timestamp("ms"))
        table = table.append_column(column, pc.year(date).cast(pa.int32()))
    kind = table.schema.field(column).remove_metadata()
    written: list[Path] = []
    pyarrow.dataset.write_dataset(
        table,
        directory,
        format="parquet",
        partitioning=pyarrow.dataset.partitioning(pa.schema([kind]), flavor="hive"),
        file_options=pyarrow.dataset.ParquetFileFormat().make_write_options(compression="zstd"),
        max_rows_per_group=ROWS_IN_GROUP,
        use_threads=False,  # in order
        file_visitor=lambda file: written.append(Path(file.path)),
    )
    return sorted(written)


def _of(eco: Ecosystem, among: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the places of these models' families in ``eco.families_of.targets``."""
    return np.flatnonzero(among[eco.families_of.sources()])
