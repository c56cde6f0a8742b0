"""Reading tables of SQLite as columns: it joins rows to lines of text, and Arrow parses them.

Both work without Python's lock, so chunks are read side by side. With a Python object for each
value it takes twice the processor's time, and one core.
"""

import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pyarrow as pa
from pyarrow import csv

from graph.errors import StoreError

CHUNK_ROWS = 20_000
"""Rows of a chunk that is read."""

READERS = min(4, os.cpu_count() or 1)
"""Chunks that are read side by side."""

_BETWEEN = "\x1f"
"""Stands between the fields of a line; like the end of a line it is in no stored text."""

Connect = Callable[[], sqlite3.Connection]


def read_columns(
    connect: Connect, table: str, key: str, schema: pa.Schema
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
    # The rows of an ordered subquery are joined in its order.
    statement = (
        f"SELECT CAST(group_concat(line, char(10)) AS BLOB) FROM (SELECT {line} AS line"
        f" FROM {table} WHERE {key} > ? AND {key} <= ? ORDER BY {key})"
    )

    def read(after: str, last: str) -> pa.RecordBatch:
        with contextlib.closing(connect()) as database:
            (text,) = database.execute(statement, (after, last)).fetchone()
        return _parsed(text, schema)

    with ThreadPoolExecutor(READERS) as pool:
        waiting: deque[Future[pa.RecordBatch]] = deque()
        for window in _windows(connect, table, key):
            waiting.append(pool.submit(read, *window))
            if len(waiting) > READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _windows(connect: Connect, table: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield after which key each chunk begins, and its last one."""
    some = f"SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {CHUNK_ROWS}"
    after = ""
    with contextlib.closing(connect()) as database:
        while True:
            (last,) = database.execute(f"SELECT max({key}) FROM ({some})", (after,)).fetchone()
            if last is None:
                return
            yield after, last
            after = last


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
    (batch,) = found.combine_chunks().to_batches()
    return batch
