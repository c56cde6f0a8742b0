"""What a search reads: every model's id without case and signs, in the order of use."""

import string
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Rows

SEARCH = pa.schema(
    [pa.field("row", pa.int32(), nullable=False), pa.field("text", pa.string(), nullable=False)]
)
"""A model's row, and its id in lower case without all but ASCII letters, digits and ``/``."""

_BLOCK = 1 << 17
"""Ids that are folded at once: some megabytes."""

_END = 0xFF  # is in no UTF-8
_KEPT = (string.ascii_letters + string.digits + "/").encode() + bytes([_END])
_DROPPED = bytes(sign for sign in range(256) if sign not in _KEPT)
_LOWER = bytes(range(256)).lower().replace(bytes([_END]), b"\n")


def fold(text: str) -> str:
    """Return a text as the index has it."""
    return text.encode("utf-8", "replace").translate(_LOWER, _DROPPED).decode()


def search_index(
    ids: pa.StringArray, downloads: NDArray[np.integer], descendants: NDArray[np.integer]
) -> pa.RecordBatch:
    """Fold ids, those of the models that are downloaded most first, then by descendants and row.

    Parameters
    ----------
    downloads
        Of 30 days; -1 where unknown.
    """
    rows = np.lexsort((-descendants, -downloads)).astype(np.int32)
    return pa.record_batch([rows, pa.concat_arrays([*_folded(ids, rows)])], schema=SEARCH)


def _folded(ids: pa.StringArray, rows: Rows) -> Iterator[pa.StringArray]:
    yield pa.array([], pa.string())
    for start in range(0, len(rows), _BLOCK):
        some = ids.take(pa.array(rows[start : start + _BLOCK])).cast(pa.binary())
        every = pa.ListArray.from_arrays(pa.array([0, len(some)], pa.int32()), some)
        lines = pc.binary_join(every, bytes([_END]))[0].as_py().translate(_LOWER, _DROPPED)
        ends = np.append(np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n")), len(lines))
        offsets = np.zeros(len(some) + 1, np.int32)
        offsets[1:] = ends - np.arange(len(some))
        text = pa.py_buffer(lines.replace(b"\n", b""))
        yield pa.StringArray.from_buffers(len(some), pa.py_buffer(offsets), text)
