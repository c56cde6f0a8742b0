"""What ``modelkin export`` writes: which models, by which writer."""

from pathlib import Path

from graph.ecosystem import Ecosystem
from graph.export import linked_rows, model_rows, write_csv, write_parquet


def write(
    eco: Ecosystem,
    form: str,
    path: Path,
    *,
    family: str | None,
    model: str | None,
    partitioned: bool = False,
) -> list[Path]:
    """Write a snapshot, or a part of it, and return the files.

    Parameters
    ----------
    form
        ``csv``, ``parquet``, ``graphml``, ``cyclonedx``, or ``report``, which is of all.
    path
        The directory of the tables, or the file.
    family, model
        A family's key or a model's id, for its members or its lineage alone.
    partitioned
        Part the Parquet tables, as `graph.export.write_parquet` does.

    Raises
    ------
    NotFoundError
        When there is no such family or model.
    UsageError
        When a bill of materials would be too large, or parts would mix with earlier ones.
    OSError
        When nothing can be written there.
    """
    rows = None
    if family is not None:
        rows = eco.family(family).rows
    elif model is not None:
        rows = model_rows(eco, model, descendants=form != "cyclonedx")
    if form == "csv":
        return write_csv(eco, path, rows)
    if form == "report":
        from modelkin.report import write_report

        write_report(eco, path)
        return [path]
    if form == "parquet":
        return write_parquet(eco, path, rows, partitioned=partitioned)
    rows = linked_rows(eco) if rows is None else rows
    if form == "graphml":
        from graph.graphml import write_graphml

        write_graphml(eco, rows, path)
    else:
        from graph.bom import write_bom

        write_bom(eco, rows, path)
    return [path]
