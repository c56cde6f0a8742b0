"""Rows in the order of a key, of which the first ones are remembered."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows

HEAD = 10_000
"""Rows of a list that are kept in order: almost all pages that are ever asked for."""

SIFTED_FIRST = 1024
"""Rows of a longer list that are sifted at first; then four times as many, and so on."""

Keys = NDArray[Any]
"""One number a row that ascends in a list's order."""

Mask = NDArray[np.bool_]


class Ranked(NamedTuple):
    """Rows with their keys, ascending by key, and by row where it is equal."""

    rows: Rows
    keys: Keys


class Sieve(NamedTuple):
    """A longer list in the same order, of which a list has what passes.

    Attributes
    ----------
    first
        Its first rows.
    whole
        Whether these are all.
    passes
        Tells which of some rows pass.
    counted
        Returns how many of all rows pass.
    """

    first: Ranked
    whole: bool
    passes: Callable[[Rows], Mask]
    counted: Callable[[], int]


class _Head(NamedTuple):
    """The first rows of a list, in order.

    Attributes
    ----------
    rows, keys
        As of `Ranked`.
    sifted
        How many rows of the longer list they were found among.
    whole
        Whether they are all.
    """

    rows: Rows
    keys: Keys
    sifted: int
    whole: bool


class Ranking:
    """A list in the order of a key, and of the row where keys are equal.

    Only its first rows are kept, in order: as many as were asked for, where they can be sifted
    from a longer list, or as many as may be kept. What lies behind them is worked out anew when
    it is asked for. Several threads may ask: each finds first rows that are right, be they few.

    Parameters
    ----------
    make
        Returns all rows, ascending, with their keys.
    head
        How many rows are kept.
    sieve
        A longer list, if there is one.
    """

    def __init__(
        self,
        make: Callable[[], tuple[Rows, Keys]],
        head: int = HEAD,
        sieve: Sieve | None = None,
    ) -> None:
        self._make = make
        self._room = head
        self._sieve = sieve
        self._total: int | None = None
        if sieve:
            self._head = _Head(sieve.first.rows[:0], sieve.first.keys[:0], 0, whole=False)
        else:
            self._work_out()

    @property
    def size(self) -> int:
        """Bytes that it takes at most."""
        if self._sieve:
            return self._room * (self._head.rows.itemsize + self._head.keys.itemsize)
        return self._head.rows.nbytes + self._head.keys.nbytes

    @property
    def total(self) -> int:
        """How many rows it has."""
        if self._total is None:
            assert self._sieve  # a list without one was counted when it was worked out
            head = self._head
            self._total = len(head.rows) if head.whole else self._sieve.counted()
        return self._total

    def has(self, place: int) -> bool:
        """Tell whether there is a row at a place."""
        return len(self._sifted(place + 1).rows) > place or place < self.total

    def place(self, key: float, row: int, *, behind: bool) -> int:
        """Return how many rows come before a place, before a row of a key or behind it."""
        head = self._head
        while len(head.keys) == 0 or head.keys[-1] <= key:
            longer = self._sifted(len(head.keys) + 1)
            if len(longer.keys) == len(head.keys):
                break
            head = longer
        first, last = np.searchsorted(head.keys, key), np.searchsorted(head.keys, key, "right")
        if last < len(head.keys) or head.whole:
            equal = head.rows[first:last]
            return int(first + np.searchsorted(equal, row, "right" if behind else "left"))
        rows, keys = self._make()
        same = rows <= row if behind else rows < row
        return int(np.count_nonzero(keys < key) + np.count_nonzero((keys == key) & same))

    def between(self, start: int, stop: int) -> Ranked:
        """Return the rows from one place to another, as far as there are any."""
        head = self._sifted(stop)
        if stop > len(head.rows) and not head.whole:
            head = self._work_out()
        if stop <= len(head.rows) or head.whole:
            return Ranked(head.rows[start:stop], head.keys[start:stop])
        return ranked(*self._make(), start, min(stop, self.total))

    def _sifted(self, wanted: int) -> _Head:
        """Return the first rows, so many if the sieve gives them."""
        head, sieve = self._head, self._sieve
        if sieve is None or wanted > self._room:
            return head
        while len(head.rows) < wanted and not head.whole and head.sifted < len(sieve.first.rows):
            if len(head.rows) * len(sieve.first.rows) < wanted * head.sifted:
                break  # at this rate all of it would not give so many
            stop = max(SIFTED_FIRST, 4 * head.sifted)
            some = Ranked(*(part[head.sifted : stop] for part in sieve.first))
            passed = sieve.passes(some.rows)
            whole = sieve.whole and stop >= len(sieve.first.rows)
            rows, keys = (
                np.concatenate([old, new[passed]]) for old, new in zip(head[:2], some, strict=True)
            )
            head = _Head(rows, keys, min(stop, len(sieve.first.rows)), whole)
        self._head = head
        return head

    def _work_out(self) -> _Head:
        """Find all rows, and return and keep the first ones."""
        rows, keys = self._make()
        self._total = len(rows)
        first = ranked(rows, keys, 0, min(self._room, len(rows)))
        head = self._head = _Head(*first, sifted=0, whole=len(rows) <= self._room)
        return head


def ranked(rows: Rows, keys: Keys, start: int, stop: int) -> Ranked:
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
