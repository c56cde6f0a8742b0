"""Rows in the order of a key, of which the first ones are remembered."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows

HEAD = 10_000
"""Rows of a list that are kept in order: almost all pages that are ever asked for."""

Keys = NDArray[Any]
"""One number a row that ascends in a list's order."""


class Ranked(NamedTuple):
    """Rows with their keys, ascending by key, and by row where it is equal."""

    rows: Rows
    keys: Keys


class Ranking:
    """A list in the order of a key, and of the row where keys are equal.

    Only its first rows are kept, in order. What lies behind them is worked out anew when it is
    asked for.

    Parameters
    ----------
    make
        Returns all rows, ascending, with their keys.
    head
        How many rows are kept.
    """

    def __init__(self, make: Callable[[], tuple[Rows, Keys]], head: int = HEAD) -> None:
        self._make = make
        rows, keys = make()
        self.total = len(rows)
        self._head = _between(rows, keys, 0, min(head, self.total))

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return self._head.rows.nbytes + self._head.keys.nbytes

    def place(self, key: float, row: int, *, behind: bool) -> int:
        """Return how many rows come before a place, before a row of a key or behind it."""
        head = self._head
        first, last = np.searchsorted(head.keys, key), np.searchsorted(head.keys, key, "right")
        if last < len(head.keys) or len(head.keys) == self.total:
            equal = head.rows[first:last]
            return int(first + np.searchsorted(equal, row, "right" if behind else "left"))
        rows, keys = self._make()
        same = rows <= row if behind else rows < row
        return int(np.count_nonzero(keys < key) + np.count_nonzero((keys == key) & same))

    def between(self, start: int, stop: int) -> Ranked:
        """Return the rows from one place to another."""
        head = self._head
        if stop <= len(head.rows):
            return Ranked(head.rows[start:stop], head.keys[start:stop])
        return _between(*self._make(), start, stop)


def _between(rows: Rows, keys: Keys, start: int, stop: int) -> Ranked:
    """Return the rows from one place to another, of all rows, ascending, with their keys."""
    if start >= stop:
        return Ranked(rows[:0], keys[:0])
    before = 0
    if stop - start < len(rows):
        ends = np.partition(keys, (start, stop - 1))
        lowest, highest = ends[start], ends[stop - 1]
        near = (keys >= lowest) & (keys <= highest)
        before = int(np.count_nonzero(keys < lowest))
        rows, keys = rows[near], keys[near]
    # Stable: of equal keys the rows stay as they are, ascending.
    order = np.argsort(keys, kind="stable")[start - before : stop - before]
    return Ranked(rows[order], keys[order])
