"""Many texts by their number, in little memory."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.int64]

BLOCK_TEXTS = 50_000
"""Texts that lie together, and are compressed together: what one look costs (3 ms)."""

_ZSTD = pa.ipc.IpcWriteOptions(compression="zstd")


class Texts:
    """A column of texts that grows at its end, in blocks.

    Compressed, ids take about 8 bytes instead of 40. Whoever asks for many numbers at once,
    or for all texts in their order, has each block unpacked but once.
    """

    def __init__(self, *, compressed: bool) -> None:
        self._compressed = compressed
        self._blocks: list[pa.Array | pa.Buffer] = []
        self._starts: list[int] = []
        self._open: list[pa.Array] = []  # chunks that do not fill a block yet
        self._started = self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, texts: pa.Array) -> None:
        """Add texts at the end."""
        self._open.append(texts)
        self._count += len(texts)
        if self._count - self._started >= BLOCK_TEXTS:
            self._close()

    def take(self, numbers: Rows) -> pa.Array:
        """Return the texts of these numbers, in the order in which they are asked for."""
        if self._open:
            self._close()
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        bounds = np.append(np.searchsorted(ordered, self._starts), len(ordered)).tolist()
        found = [pa.array([], pa.string())]
        for block, (first, last) in enumerate(pairwise(bounds)):
            if first < last:
                places = pa.array(ordered[first:last] - self._starts[block])
                found.append(self._unpacked(block).take(places))
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        return pa.concat_arrays(found).take(pa.array(places))

    def list(self, numbers: Rows) -> list[str]:
        """Return the texts of these numbers as Python's."""
        texts: list[str] = self.take(numbers).to_pylist()
        return texts

    def blocks(self) -> Iterator[tuple[int, pa.Array]]:
        """Return all texts, block by block, each with the number of its first."""
        if self._open:
            self._close()
        for block, start in enumerate(self._starts):
            yield start, self._unpacked(block)

    def _close(self) -> None:
        """Make a block of the chunks at the end."""
        block = pa.concat_arrays(self._open)
        if self._compressed:
            sink = pa.BufferOutputStream()
            batch = pa.record_batch([block], ["text"])
            with pa.ipc.new_stream(sink, batch.schema, options=_ZSTD) as writer:
                writer.write_batch(batch)
            block = sink.getvalue()
        self._blocks.append(block)
        self._starts.append(self._started)
        self._open, self._started = [], self._count

    def _unpacked(self, block: int) -> pa.Array:
        packed = self._blocks[block]
        if self._compressed:
            return pa.ipc.open_stream(packed).read_next_batch().column(0)
        return packed
