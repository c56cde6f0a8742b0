"""Models from a Parquet dump of the Hub: one model a row, in columns that drift over time."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from graph.errors import InputError
from ingest.files import readable, version_of
from ingest.parquet_values import is_text, items, projection
from ingest.source import Page, Source

_MAGIC, _ENCRYPTED_MAGIC = b"PAR1", b"PARE"

_READING = {"pre_buffer": False, "buffer_size": 2**20, "page_checksum_verification": True}
"""A megabyte of a column at a time; by default Arrow reads a row group's columns whole."""


class ParquetSource(Source):
    """A Parquet file as a `Source`.

    Parameters
    ----------
    path
        The file.
    name
        How a run names the source; by default the path, the size and the time of the last
        change, so that a crawl of a file that has changed does not go on in the middle.
    limit
        Read no more than this many rows; None for all.
    page_size
        Rows a page: as many as a store takes best in one transaction.

    Notes
    -----
    Only the columns that matter are read, as far as they are there, a page at a time: memory
    does not grow with the file or with its row groups. The cursor is the number of rows read. A
    value that cannot be decoded is left as a text that `ingest.transform` counts as unknown.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        limit: int | None = None,
        page_size: int = 10_000,
    ) -> None:
        self._path = path
        self._name = name
        self._limit = limit
        self._page_size = page_size

    @property
    def name(self) -> str:
        """How a run names the file.

        Raises
        ------
        InputError
            When there is no such file.
        """
        return self._name or version_of(self._path)

    @property
    def complete(self) -> bool:
        """Whether its end is the end of the file: a damaged one is not read to an end."""
        return self._limit is None

    @cached_property
    def total(self) -> int:
        """How many rows there are, or are wanted.

        Raises
        ------
        InputError
            When the file cannot be opened.
        """
        with _open(self._path) as file:
            return self._end(file)

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:  # noqa: ARG002
        """Read pages of rows.

        Raises
        ------
        InputError
            When the file cannot be opened, has no ids or no rows, or where it is damaged.
        """
        done = int(cursor) if cursor else 0
        with _open(self._path) as file:
            _check(self._path, file)
            end = self._end(file)
            for batch in self._batches(file, done, end):
                done += batch.num_rows
                yield Page(items(batch), str(done))

    def _end(self, file: pq.ParquetFile) -> int:
        rows: int = file.metadata.num_rows
        return rows if self._limit is None else min(rows, self._limit)

    def _batches(self, file: pq.ParquetFile, done: int, end: int) -> Iterator[pa.RecordBatch]:
        """Read the rows that are wanted, without reading the row groups before them."""
        groups = file.metadata.num_row_groups
        first = passed = 0
        while first < groups and passed + file.metadata.row_group(first).num_rows <= done:
            passed += file.metadata.row_group(first).num_rows
            first += 1
        if passed >= end:
            return
        batches = file.iter_batches(
            self._page_size,
            row_groups=range(first, groups),
            columns=projection(file.schema_arrow),
        )
        while passed < end:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise _damaged(self._path, error, f"after row {max(passed, done)}") from error
            if batch is None:
                raise _damaged(self._path, f"it tells of {end} rows", f"after row {passed}")
            skipped = max(0, done - passed)
            wanted = batch.slice(skipped, end - passed - skipped)
            passed += batch.num_rows
            if wanted.num_rows:
                yield wanted


def is_parquet(path: Path) -> bool:
    """Tell by its name or its first bytes whether a file is, or should be, Parquet."""
    if path.suffix.lower() == ".parquet":
        return True
    try:
        if not path.is_file():  # a pipe's first bytes would be lost to who reads it next
            return False
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) in (_MAGIC, _ENCRYPTED_MAGIC)
    except OSError:
        return False


def _open(path: Path) -> pq.ParquetFile:
    with readable(path), path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    if magic not in (_MAGIC, _ENCRYPTED_MAGIC):
        raise InputError(
            f"{path} is not Parquet: it does not begin with PAR1; give a Parquet dump of the Hub's"
            " models, or a JSONL file under another name"
        )
    try:
        return pq.ParquetFile(path, **_READING)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, error, "at its end") from error


def _damaged(path: Path, error: Exception | str, place: str) -> InputError:
    reason = " ".join(str(error).split())
    if "crypt" in reason:
        return InputError(f"{path} is encrypted ({reason}); give a copy that is not")
    return InputError(f"{path} is cut short or damaged {place} ({reason}); fetch it again")


def _check(path: Path, file: pq.ParquetFile) -> None:
    schema = file.schema_arrow
    if schema.get_field_index("id") < 0:  # also when there are several
        names = ", ".join(schema.names[:10])
        raise InputError(
            f"{path} has no column id, but {names}; give a dump of the Hub's models, one a row"
        )
    if not is_text(schema.field("id").type):
        raise InputError(
            f"{path} has ids of type {schema.field('id').type}; give a dump of the Hub's models,"
            " whose ids are text"
        )
    if not file.metadata.num_rows:
        raise InputError(f"{path} has no rows; give a file with one model a row")
