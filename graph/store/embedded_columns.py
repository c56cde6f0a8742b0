"""Reading tables of SQLite as columns: it joins rows to lines of text, and Arrow parses them.

Both work without Python's lock, one ahead of the other; a Python object for each value takes more
than twice as long. Two readers in two threads were no faster than one.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
from pyarrow import csv

from graph.errors import StoreError

CHUNK_ROWS = 20_000
"""Rows of a chunk that is read."""

_BETWEEN = "\x1f"
"""Stands between the fields of a line; like the end of a line it is in no stored text."""


def read_columns(
    connect: Callable[[], sqlite3.Connection], table: str, key: Sequence[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Read columns in chunks, in the order of a key.

    Parameters
    ----------
    connect
        Gives a connection of one's own.
    key
        The table's key, of texts.
    schema
        The columns; an empty text reads as null.
    """
    names = list(dict.fromkeys([*key, *schema.names]))
    line = f"printf('{_BETWEEN.join(['%s'] * len(names))}', {', '.join(names)})"
    order = ", ".join(key)
    # The rows of an ordered subquery are joined in its order.
    joined = (
        f"SELECT CAST(group_concat(line, char(10)) AS BLOB) FROM (SELECT {line} AS line"
        f" FROM {table} WHERE ({order}) > ({', '.join('?' * len(key))})"
        f" ORDER BY {order} LIMIT {CHUNK_ROWS})"
    )

    def read(after: Sequence[str]) -> bytes | None:
        """Return the lines of the next chunk."""
        found: bytes | None = database.execute(joined, after).fetchone()[0]
        return found

    with contextlib.closing(connect()) as database, ThreadPoolExecutor(1) as reader:
        chunk = reader.submit(read, [""] * len(key))
        while text := chunk.result():
            last = text[text.rfind(b"\n") + 1 :].decode().split(_BETWEEN)
            chunk = reader.submit(read, last[: len(key)])
            yield _parsed(text, names, schema)


def _parsed(text: bytes, names: list[str], schema: pa.Schema) -> pa.RecordBatch:
    """Return some columns of lines of text."""
    try:
        found = csv.read_csv(
            pa.py_buffer(text),
            csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
            csv.ParseOptions(delimiter=_BETWEEN, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=schema,
                include_columns=schema.names,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise StoreError(f"the store holds what no crawl writes: {error}; crawl anew") from error
    (batch,) = found.to_batches()  # one, since all the text is one block
    return batch
