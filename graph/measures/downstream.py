"""Downstream: what the descendants of a model amount to, each counted once."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows

Counts = NDArray[np.int32]
Sums = NDArray[np.int64]

DAY = 86_400_000
"""Milliseconds."""


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
    bases: Csr,
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
    bases
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
    Exact, in the time of the (model, ancestor) pairs: every row adds what it has to each of its
    ancestors. Authors are counted without a set for each model: rows come author by author, so
    an ancestor has only to remember the last one.

    The author of a model counts too, if something of theirs descends from it. Downloads of
    mirrors and of formats of one model add up: this is traffic, not users. A model with many
    descendants and few recent ones was central and is no longer.
    """
    created_lately = (created_at > as_of - days * DAY) & (created_at <= as_of) & (created_at >= 0)
    own = np.column_stack([downloads, downloads_all_time, created_lately]).astype(np.int64)
    derived = np.flatnonzero(bases.degrees()).astype(np.int32)
    by_author = derived[np.argsort(authors[derived], kind="stable")]
    totals, distinct = _downstream(bases.offsets, bases.targets, by_author, authors, own)
    return Downstream(totals[:, 0], totals[:, 1], distinct, totals[:, 2].astype(np.int32))


@numba.njit(cache=True)
def _downstream(
    offsets: Rows, targets: Rows, by_author: Rows, authors: Counts, own: Sums
) -> tuple[Sums, Counts]:
    size = len(offsets) - 1
    totals = np.zeros(own.shape, np.int64)
    distinct = np.zeros(size, np.int32)
    last = np.full(size, -1, np.int32)
    visited = np.zeros(size, np.bool_)
    queue = np.empty(size, np.int32)
    for source in by_author:
        author = authors[source]
        visited[source] = True
        queue[0] = source
        head, found = 0, 1
        while head < found:
            row = queue[head]
            head += 1
            for edge in range(offsets[row], offsets[row + 1]):
                base = targets[edge]
                if not visited[base]:
                    visited[base] = True
                    queue[found] = base
                    found += 1
        visited[source] = False
        for at in range(1, found):
            base = queue[at]
            visited[base] = False
            for column in range(own.shape[1]):
                totals[base, column] += own[source, column]
            if author >= 0 and last[base] != author:
                last[base] = author
                distinct[base] += 1
    return totals, distinct
