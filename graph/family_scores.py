"""How central each model is within each of its families: their graphs, side by side, are one."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Offsets, Rows
from graph.measures.arrangement import arrange
from graph.measures.betweenness import betweenness
from graph.measures.closeness import closeness
from graph.measures.katz import katz
from graph.measures.pagerank import pagerank
from graph.score_columns import FAMILY_SCORES

Values = NDArray[np.float64]


def family_scores(bases: Csr, by_lineage: Csr, families: int) -> dict[str, Values]:
    """Return `graph.score_columns.FAMILY_SCORES`, each one value an entry of ``by_lineage``.

    Each is what networkx gives on the family's own graph (``eco.family(key).graph``): its
    members, and the derivations between them, derivative -> base.

    Parameters
    ----------
    bases
        Each row's bases, each once, ascending.
    by_lineage
        Each row's families, ascending.
    families
        How many there are.

    Notes
    -----
    Nothing passes between families that stand side by side, so one pass over all of them has
    each one's scores up to a factor: PageRank sums to 1 in each, the squares of Katz too, and
    closeness and betweenness are divided by the size of the family rather than of all. Harmonic
    centrality and all that counts descendants is the same as in the whole lineage, for what
    descends from a member is one.
    """
    lineage = arrange(Csr(*_side_by_side(*bases, *by_lineage)))
    of = by_lineage.targets
    members = np.bincount(of, minlength=families).astype(np.float64)
    others, all_others = members - 1, max(len(of) - 1, 1)
    ranks, attention = pagerank(lineage), katz(lineage, normalized=False)
    between = betweenness(lineage, normalized=False)
    pairs = others * (members - 2)
    found = (
        ranks / np.bincount(of, ranks, families)[of],
        attention / np.sqrt(np.bincount(of, attention**2, families))[of],
        np.divide(between, pairs[of], out=np.zeros(len(of)), where=pairs[of] > 0),
        closeness(lineage) * all_others / np.maximum(others, 1)[of],
    )
    return dict(zip(FAMILY_SCORES, found, strict=True))


@numba.njit(cache=True, nogil=True)
def _side_by_side(
    offsets: Offsets, bases: Rows, family_offsets: Offsets, families: Rows
) -> tuple[Offsets, Rows]:
    """Return each membership's bases: the memberships of its model's bases in the same family."""
    found = np.zeros(len(families) + 1, np.int32)
    targets = np.empty(len(bases), np.int32)
    count = 0
    for row in range(len(offsets) - 1):
        for entry in range(family_offsets[row], family_offsets[row + 1]):
            for edge in range(offsets[row], offsets[row + 1]):
                base = bases[edge]
                for other in range(family_offsets[base], family_offsets[base + 1]):
                    if families[other] == families[entry]:
                        if count == len(targets):
                            targets = np.append(targets, np.empty_like(targets))
                        targets[count] = other
                        count += 1
            found[entry + 1] = count
    return found, targets[:count].copy()
