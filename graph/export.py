"""A snapshot as plain tables: models, edges, scores and families, in CSV or Parquet."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.score_columns import SCORES
from graph.traversal import distinct

MODEL_COLUMNS = (
    "id", "key", "status", "author", "created_at", "modified_at", "downloads",
    "downloads_all_time", "likes", "license", "library", "task", "parameters", "gated",
)  # fmt: skip
FAMILY_COLUMNS = (
    "key", "name", "organization", "registered", "models", "derivatives", "downloads",
    "descendants", "pagerank",
)  # fmt: skip


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

    ``models`` (times in milliseconds since 1970), ``edges`` (child, base, relation; by child,
    then base), ``scores`` (id, then the measures) and ``families`` (by key).

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
    families = eco.table("families").select(list(FAMILY_COLUMNS))
    if rows is not None:
        families = families.take(pa.array(np.unique(eco.families_of.targets[_of(eco, among)])))
    wanted = pa.array(chosen)
    return {
        "models": pa.table({n: _plain(eco.column(n)).take(wanted) for n in MODEL_COLUMNS}),
        "edges": pa.table(edges),
        "scores": pa.table({n: eco.column(n).take(wanted) for n in ("id", *SCORES)}),
        "families": pa.Table.from_batches([families]).sort_by("key"),
    }


def write_tables(
    eco: Ecosystem, directory: Path, form: str, rows: Rows | None = None
) -> list[Path]:
    """Write `tables` into a directory, and return the files.

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
    for name, table in tables(eco, rows).items():
        path = directory / f"{name}.{form}"
        if form == "csv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pyarrow.parquet.write_table(table, path, compression="zstd")
        written.append(path)
    return written


def _of(eco: Ecosystem, among: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the places of these models' families in ``eco.families_of.targets``."""
    return np.flatnonzero(among[eco.families_of.sources()])


def _plain(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        return pc.cast(column, pa.string())
    return column
