"""Closeness: how few derivations lie between a model and what descends from it."""

import numpy as np
from numpy.typing import NDArray

from graph.measures.arrangement import Arrangement
from graph.measures.distances import distances


def closeness(lineage: Arrangement, *, wf_improved: bool = True) -> NDArray[np.float64]:
    r"""Return the closeness centrality of each row, float64.

    ``networkx.closeness_centrality`` on edges derivative -> base, by incoming distance as
    there: with :math:`k` descendants of a model, at distances :math:`d`, among :math:`n` models,

    .. math:: C = \frac{k}{n - 1} \frac{k}{\sum d}

    and 0 for a model without descendants. All of one Hub's values are small, for the first
    factor is the part of the whole Hub that descends from the model.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base).
    wf_improved
        Whether to have the first factor, which makes models of unlike reach comparable. Without
        it a model with one direct derivative and no more has 1, the greatest value there is.

    Notes
    -----
    Exact, in the time of `graph.measures.distances`. It says how near descendants are rather
    than how many: of two models with equally many, the one whose are direct has more.

    References
    ----------
    Wasserman, Faust: Social Network Analysis. Cambridge University Press, 1994, p. 201.
    """
    counts, totals, _ = distances(lineage.bases)
    near = np.divide(counts, totals, out=np.zeros(len(counts)), where=totals > 0)
    if wf_improved and len(lineage.rows) > 1:
        near *= counts / (len(lineage.rows) - 1)
    return lineage.by_row(near)
