"""Components: models that some chain of derivations connects, whichever way it runs."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from graph.csr import Csr
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
    By ``scipy.sparse.csgraph``, O(n + m), and ordered. One merge of two families joins
    them: on the Hub one component holds most of all derivatives, which says nothing of them.
    """
    if not bases.size:
        return Csr(np.zeros(1, np.int32), np.empty(0, np.int32))
    ones = np.ones(len(bases.targets), np.int8)
    matrix = csr_array((ones, bases.targets, bases.offsets), shape=(bases.size, bases.size))
    count, labels = connected_components(matrix, connection="weak")
    # The first row of each, because of several assignments to one place the last one holds.
    firsts = np.empty(count, np.int32)
    firsts[labels[::-1]] = np.arange(bases.size - 1, -1, -1, dtype=np.int32)
    rank = np.empty(count, np.int32)
    rank[np.argsort(firsts, kind="stable")] = np.arange(count, dtype=np.int32)
    return grouped(rank[labels], count)
