"""Downstream: what the descendants of a model amount to, each counted once."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows
from graph.measures.arrangement import Arrangement
from graph.measures.descendant_sums import Sums, descendant_sums

Counts = NDArray[np.int32]

DAY = 86_400_000
"""Milliseconds."""

NOBODY = 2**31 - 1
"""No author's number."""


class Downstream(NamedTuple):
    """What lies downstream of each row.

    Attributes
    ----------
    downloads, downloads_all_time
        int64: the sums over all descendants.
    authors
        int32: how many distinct authors the descendants have.
    recent
        int32: how many descendants were created lately.
    """

    downloads: Sums
    downloads_all_time: Sums
    authors: Counts
    recent: Counts


def downstream(
    lineage: Arrangement,
    *,
    authors: Counts,
    downloads: Sums,
    downloads_all_time: Sums,
    created_at: Sums,
    as_of: int,
    days: int = 90,
) -> Downstream:
    """Sum up the descendants of each row, at any distance and by whichever ways, each once.

    The row itself is not among them, in a cycle neither.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base).
    authors
        A number for each author, int32; negative where there is none, which counts for none.
    downloads, downloads_all_time
        int64, 0 where unknown.
    created_at
        Milliseconds since 1970, int64, negative where unknown, which is not lately.
    as_of
        The time from which to count back, in milliseconds; what is later does not count.
    days
        How far back: after ``as_of - days``, up to ``as_of``.

    Notes
    -----
    Exact; sums as `graph.measures.descendant_sums` has them. Authors are counted without a set for
    each model: rows come author by author, so an ancestor has only to remember the last one, and
    a walk ends where that author's last led.

    The author of a model counts too, if something of theirs descends from it. Downloads of
    mirrors and of formats of one model add up: this is traffic, not users. A model with many
    descendants and few recent ones was central and is no longer.
    """
    rows = lineage.rows[: lineage.bases.size]
    created = created_at[rows]
    lately = (created > as_of - days * DAY) & (created <= as_of) & (created >= 0)
    own = np.column_stack([downloads[rows], downloads_all_time[rows], lately])
    totals = descendant_sums(lineage, own)
    sources = np.flatnonzero(lineage.bases.degrees())
    by = authors[rows[sources]]
    # One number for author and place sorts ten times as fast as a stable sort by author.
    in_order = np.sort((by.astype(np.int64) << 32 | sources)[by >= 0])
    named = ((in_order >> 32).astype(np.int32), (in_order & 0xFFFFFFFF).astype(np.int32))
    return Downstream(
        downloads=lineage.by_row(totals[:, 0]),
        downloads_all_time=lineage.by_row(totals[:, 1]),
        authors=lineage.by_row(_distinct_authors(*lineage.bases, *named)),
        recent=lineage.by_row(totals[:, 2].astype(np.int32)),
    )


@numba.njit(cache=True, nogil=True)
def _distinct_authors(offsets: Rows, targets: Rows, authors: Rows, sources: Rows) -> Counts:
    size = len(offsets) - 1
    # How many were counted, and the last of them, side by side. The last one's walk went on from
    # here to all that lies above, unless it is written as its complement.
    counted = np.zeros((size, 2), np.int32)
    counted[:, 1] = NOBODY
    queue = np.empty(size, np.int32)
    for number in range(len(sources)):
        source, author = sources[number], authors[number]
        queue[0] = source
        head, found = 0, 1
        returned = False
        while head < found:
            at = queue[head]
            head += 1
            for edge in range(offsets[at], offsets[at + 1]):
                base = targets[edge]
                last = counted[base, 1]
                if base == source:
                    returned = True
                elif last != author:
                    counted[base, 0] += last != ~author
                    counted[base, 1] = author
                    queue[found] = base
                    found += 1
        if returned:  # this walk left out its source, for which another of the author may count
            for at in range(1, found):
                counted[queue[at], 1] = ~author
    return counted[:, 0].copy()
