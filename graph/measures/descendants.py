"""Descendants: how many models derive from a model, at any distance."""

import numpy as np

from graph.csr import Rows
from graph.measures.arrangement import Arrangement
from graph.measures.descendant_sums import descendant_sums


def descendants(lineage: Arrangement) -> Rows:
    """Return the number of distinct descendants of each row, int32.

    ``len(networkx.ancestors(G, model))`` on edges derivative -> base: each descendant counts
    once, however many ways lead to it, and a model in a cycle is not its own.
    """
    ones = np.ones((lineage.bases.size, 1), np.int64)
    return lineage.by_row(descendant_sums(lineage, ones)[:, 0].astype(np.int32))
