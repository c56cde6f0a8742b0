"""Many texts by their number, in little memory."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Rows = NDArray[np.int64]

BLOCK_TEXTS = 50_000
"""Texts that lie together, and are compressed together: what one look costs (3 ms)."""

_ZSTD = pa.ipc.IpcWriteOptions(compression="zstd")

_KEY_LENGTH = 24
"""Hexadecimal digits of the Hub's keys."""


class Texts(ABC):
    """A column of texts that grows at its end, in blocks.

    Whoever asks for many numbers at once has each block unpacked but once.
    """

    def __init__(self) -> None:
        self._blocks: list[Any] = []
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
                found.append(self._taken(self._blocks[block], places))
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        return pa.concat_arrays(found).take(pa.array(places))

    def list(self, numbers: Rows) -> list[str]:
        """Return the texts of these numbers as Python's."""
        texts: list[str] = self.take(numbers).to_pylist()
        return texts

    def _close(self) -> None:
        """Make a block of the chunks at the end."""
        self._blocks.append(self._packed(pa.concat_arrays(self._open)))
        self._starts.append(self._started)
        self._open, self._started = [], self._count

    @abstractmethod
    def _packed(self, texts: pa.Array) -> Any:
        """Return a block as it is kept."""

    @abstractmethod
    def _taken(self, block: Any, places: pa.Array) -> pa.Array:
        """Return some texts of a block."""


class Archive(Texts):
    """Texts that are rarely looked at, compressed: ids take about 10 bytes instead of 40."""

    def blocks(self) -> Iterator[tuple[int, pa.Array]]:
        """Return all texts, block by block, each with the number of its first."""
        if self._open:
            self._close()
        for start, block in zip(self._starts, self._blocks, strict=True):
            yield start, self._unpacked(block)

    def _packed(self, texts: pa.Array) -> pa.Buffer:
        sink = pa.BufferOutputStream()
        batch = pa.record_batch([texts], ["text"])
        with pa.ipc.new_stream(sink, batch.schema, options=_ZSTD) as writer:
            writer.write_batch(batch)
        return sink.getvalue()

    def _unpacked(self, block: pa.Buffer) -> pa.Array:
        return pa.ipc.open_stream(block).read_next_batch().column(0)

    def _taken(self, block: pa.Buffer, places: pa.Array) -> pa.Array:
        return self._unpacked(block).take(places)


class Keys(Texts):
    """Keys of models: where they are the Hub's, 12 bytes each."""

    def _packed(self, texts: pa.Array) -> pa.Array:
        if pc.all(pc.equal(pc.binary_length(texts), _KEY_LENGTH)).as_py():
            digits = "".join(texts.to_pylist())
            with contextlib.suppress(ValueError):  # of another alphabet
                packed = bytes.fromhex(digits)
                if packed.hex() == digits:
                    kind = pa.binary(_KEY_LENGTH // 2)
                    buffers = [None, pa.py_buffer(packed)]
                    return pa.FixedSizeBinaryArray.from_buffers(kind, len(texts), buffers)
        return texts

    def _taken(self, block: pa.Array, places: pa.Array) -> pa.Array:
        taken = block.take(places)
        if pa.types.is_string(taken.type):
            return taken
        return pa.array([key.hex() for key in taken.to_pylist()], pa.string())
