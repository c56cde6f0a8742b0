"""Which row has which hash, and which rows share one."""

import numpy as np
from numpy.typing import NDArray

from ingest.known import Hashes
from ingest.texts import Rows


class Index:
    """Rows by the hashes of one of their columns, sorted: 12 bytes a row."""

    def __init__(self, hashes: Hashes) -> None:
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._rows = order.astype(np.int32)

    def rows(self, wanted: Hashes) -> NDArray[np.int32]:
        """Return the row of each hash, the last of several; -1 for none."""
        found = np.full(len(wanted), -1, np.int32)
        if len(self._rows):
            # In ascending order, so that neighbours in the search are neighbours in memory.
            order = np.argsort(wanted)
            places = np.searchsorted(self._hashes, wanted[order], side="right") - 1
            there = self._hashes[places] == wanted[order]
            found[order[there]] = self._rows[places[there]]
        return found

    def drop(self, rows: NDArray[np.bool_]) -> None:
        """Forget rows."""
        if rows.any():
            kept = ~rows[self._rows]
            self._hashes, self._rows = self._hashes[kept], self._rows[kept]


def shared_rows(hashes: Hashes) -> Rows:
    """Return the rows whose hash another row has too, in ascending order."""
    ordered = np.sort(hashes)
    same = ordered[1:] == ordered[:-1]
    twice = np.unique(ordered[1:][same])
    del ordered  # before the next array of that size
    if not len(twice):
        return np.empty(0, np.int64)
    places = np.searchsorted(twice, hashes)
    return np.flatnonzero(np.append(twice, twice[0])[places] == hashes)
