"""Descendants by relation: how many of what derives from a model are quantized, merged, ..."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows
from graph.measures.arrangement import Arrangement

Codes = NDArray[np.int8]
Counts = NDArray[np.int32]


def descendants_by_relation(lineage: Arrangement, relations: Codes, count: int) -> Counts:
    """Return how many descendants each row has by each relation, int32, (count, n).

    A descendant counts for the relation with which its way to the model begins: a quantization
    of a finetune of a model is one of the model's quantized descendants, not of its finetuned.
    It counts once for each relation that begins such a way, however many ways there are; a way
    passes through no model twice, and no model is its own descendant.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base), perhaps several times with unlike relations.
    relations
        Each edge's relation, from 0 to ``count - 1``.
    count
        How many relations there are.

    Notes
    -----
    Exact, in the time of the (model, ancestor) pairs, one walk for each relation that a row
    declares, nearly always one. The counts of a model sum to its `descendants` where each
    descendant has one relation, to more where some have several.
    """
    counts: Counts = _by_relation(*lineage.bases, relations[lineage.edges], count)
    found = np.zeros((count, len(lineage.rows)), np.int32)
    for code in range(count):
        found[code, lineage.rows[: lineage.bases.size]] = counts[code]
    return found


@numba.njit(cache=True, nogil=True)
def _by_relation(offsets: Rows, targets: Rows, relations: Codes, count: int) -> Counts:
    size = len(offsets) - 1
    counts = np.zeros((count, size), np.int32)
    visited = np.zeros(size, np.bool_)
    queue = np.empty(size, np.int32)
    for source in range(size):
        for first in range(offsets[source], offsets[source + 1]):
            code = relations[first]
            before = offsets[source]
            while relations[before] != code:
                before += 1
            if before < first:
                continue  # it was walked with the first edge of its relation
            visited[source] = True
            queue[0] = source
            head, found = 0, 1
            while head < found:
                row = queue[head]
                for edge in range(offsets[row], offsets[row + 1]):
                    base = targets[edge]
                    if not visited[base] and (head > 0 or relations[edge] == code):
                        visited[base] = True
                        queue[found] = base
                        found += 1
                head += 1
            visited[source] = False
            for at in range(1, found):
                visited[queue[at]] = False
                counts[code, queue[at]] += 1
    return counts
