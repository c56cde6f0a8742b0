"""Components: models that some chain of derivations connects, whichever way it runs."""

import numba
import numpy as np

from graph.csr import Csr, Rows
from graph.measures.grouping import grouped


def weak_components(bases: Csr) -> Csr:
    """Return the rows of each weakly connected component, ascending.

    ``networkx.weakly_connected_components``, in the same order: by the first row of each.

    Parameters
    ----------
    bases
        Each row's bases (derivative -> base).

    Notes
    -----
    Union-find with path halving, nearly O(n + m), and ordered. One merge of two families joins
    them: on the Hub one component holds most of all derivatives, which says nothing of them.
    """
    labels, count = _labels(*bases)
    return grouped(labels, count)


@numba.njit(cache=True, nogil=True)
def _labels(offsets: Rows, targets: Rows) -> tuple[Rows, int]:
    """Return the component of each row, numbered by their first rows, and how many there are."""
    size = len(offsets) - 1
    parent = np.arange(size).astype(np.int32)
    for row in range(size):
        for edge in range(offsets[row], offsets[row + 1]):
            a, b = row, targets[edge]
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    count = 0
    for row in range(size):  # whose parent comes before it, and is numbered already
        if parent[row] == row:
            parent[row] = count
            count += 1
        else:
            parent[row] = parent[parent[row]]
    return parent, count
