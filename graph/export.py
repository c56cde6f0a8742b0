"""A snapshot as plain tables: models, edges, scores and families, in CSV or Parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from graph.ecosystem import RELATIONS, Ecosystem
from graph.score_columns import SCORES

MODEL_COLUMNS = (
    "id", "key", "status", "author", "created_at", "modified_at", "downloads",
    "downloads_all_time", "likes", "license", "library", "task", "parameters", "gated",
)  # fmt: skip
FAMILY_COLUMNS = (
    "key", "name", "organization", "registered", "models", "derivatives", "downloads",
    "descendants", "pagerank",
)  # fmt: skip


def tables(eco: Ecosystem) -> dict[str, pa.Table]:
    """Return the tables by the name of their file.

    ``models`` (times in milliseconds since 1970), ``edges`` (child, base, relation; by child,
    then base), ``scores`` (id, then the measures) and ``families`` (by key).
    """
    ids = eco.column("id")
    edges = {
        "child": ids.take(pa.array(eco.bases.sources())),
        "base": ids.take(pa.array(eco.bases.targets)),
        "relation": pa.array([r.value for r in RELATIONS]).take(pa.array(eco.base_relations)),
    }
    families = eco.table("families").select(list(FAMILY_COLUMNS))
    return {
        "models": pa.table({name: _plain(eco.column(name)) for name in MODEL_COLUMNS}),
        "edges": pa.table(edges),
        "scores": pa.table({"id": ids, **{name: eco.column(name) for name in SCORES}}),
        "families": pa.Table.from_batches([families]).sort_by("key"),
    }


def write_tables(eco: Ecosystem, directory: Path, form: str) -> list[Path]:
    """Write the tables into a directory, and return the files.

    Parameters
    ----------
    form
        ``csv`` or ``parquet``.

    Raises
    ------
    OSError
        When the directory cannot be written to.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables(eco).items():
        path = directory / f"{name}.{form}"
        if form == "csv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pyarrow.parquet.write_table(table, path, compression="zstd")
        written.append(path)
    return written


def _plain(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        return pc.cast(column, pa.string())
    return column
