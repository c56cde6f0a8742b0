"""Which model of one snapshot is which of another."""

import numba
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.changes import Rows, mask, positions
from graph.names import Content, content
from graph.records import ID_KEY_PREFIX


def counterparts(before: pa.RecordBatch, after: pa.RecordBatch) -> tuple[Rows, Rows]:
    """Return where each later model was before, and the other way round; -1 for nowhere.

    A model is known by its key. What was known by its id alone, and whose key a source gave
    later, is the same model.

    Parameters
    ----------
    before, after
        ``models.arrow`` of each: ascending by id.

    Notes
    -----
    Nearly all models have the id and the key that they had, which one walk through both finds,
    for they are in one order. What is left is looked up.
    """
    names = [content(batch.column(name)) for batch in (after, before) for name in ("id", "key")]
    place = _same_names(*names)
    there = _inverse(place, before.num_rows)

    new, old = np.flatnonzero(place < 0), np.flatnonzero(there < 0)
    keys, old_keys = (of.column("key").take(pa.array(r)) for of, r in ((after, new), (before, old)))
    found = positions(keys, old_keys)
    place[new[found >= 0]] = old[found[found >= 0]]
    there = _inverse(place, before.num_rows)

    new = new[found < 0]
    nameless = old[mask(pc.starts_with(old_keys, ID_KEY_PREFIX)) & (there[old] < 0)]
    # Of several models of one id the first one lives: it has the key that was learned.
    found = positions(
        before.column("id").take(pa.array(nameless)), after.column("id").take(pa.array(new))
    )
    place[new[found[found >= 0]]] = nameless[found >= 0]
    return place, _inverse(place, before.num_rows)


def _inverse(place: Rows, size: int) -> Rows:
    there = np.full(size, -1)
    there[place[place >= 0]] = np.flatnonzero(place >= 0)
    return there


@numba.njit(cache=True, nogil=True)
def _same_names(ids: Content, keys: Content, old_ids: Content, old_keys: Content) -> Rows:
    """Return where each row was that had the same id and the same key; ids ascend."""
    place = np.full(len(ids.offsets) - 1, -1, np.int64)
    first, size = 0, len(old_ids.offsets) - 1
    for row in range(len(place)):
        while first < size and _order(old_ids, first, ids, row) < 0:
            first += 1
        at = first
        while at < size and _order(old_ids, at, ids, row) == 0:
            if _order(old_keys, at, keys, row) == 0:
                place[row] = at
                break
            at += 1
    return place


@numba.njit(cache=True, nogil=True)
def _order(one: Content, row: int, other: Content, other_row: int) -> int:
    """Return a number below, at or above 0 as a text comes before, is or comes after another."""
    start, stop = one.offsets[row], one.offsets[row + 1]
    other_start, other_stop = other.offsets[other_row], other.offsets[other_row + 1]
    size, other_size = stop - start, other_stop - other_start
    for at in range(min(size, other_size)):
        byte, other_byte = one.bytes[start + at], other.bytes[other_start + at]
        if byte != other_byte:
            return -1 if byte < other_byte else 1
    return int(size) - int(other_size)
