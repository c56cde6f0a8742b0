"""Reading tables of SQLite as columns: it joins rows to lines of text, and Arrow parses them.

Both work without Python's lock, one ahead of the other; a Python object for each value takes more
than twice as long. Two readers in two threads were no faster than one.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from pyarrow import csv

from graph.errors import StoreError

CHUNK_ROWS = 20_000
"""Rows of a chunk that is read."""

_BETWEEN = "\x1f"
"""Stands between the fields of a line; like the end of a line it is in no stored text."""


def read_columns(
    connect: Callable[[], sqlite3.Connection], table: str, key: str, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Read columns in chunks, in the order of a key.

    Parameters
    ----------
    connect
        Gives a connection of one's own.
    key
        A text column with an index that begins with it. Rows that share one come together.
    schema
        The columns; an empty text reads as null.
    """
    line = f"printf('{_BETWEEN.join(['%s'] * len(schema))}', {', '.join(schema.names)})"
    some = f"SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {CHUNK_ROWS}"
    # The rows of an ordered subquery are joined in its order.
    joined = (
        f"SELECT CAST(group_concat(line, char(10)) AS BLOB) FROM (SELECT {line} AS line"
        f" FROM {table} WHERE {key} > ? AND {key} <= ? ORDER BY {key})"
    )

    def read(after: str) -> tuple[str, bytes] | None:
        """Return the last key of the next chunk, and its lines."""
        (last,) = database.execute(f"SELECT max({key}) FROM ({some})", (after,)).fetchone()
        if last is None:
            return None
        return last, database.execute(joined, (after, last)).fetchone()[0]

    with contextlib.closing(connect()) as database, ThreadPoolExecutor(1) as reader:
        chunk = reader.submit(read, "")
        while found := chunk.result():
            last, text = found
            chunk = reader.submit(read, last)
            yield _parsed(text, schema)


def _parsed(text: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """Return lines of text as columns."""
    try:
        found = csv.read_csv(
            pa.py_buffer(text),
            csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=schema.names),
            csv.ParseOptions(delimiter=_BETWEEN, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True),
        )
    except pa.ArrowInvalid as error:
        raise StoreError(f"the store holds what no crawl writes: {error}; crawl anew") from error
    (batch,) = found.to_batches()  # one, since all the text is one block
    return batch
