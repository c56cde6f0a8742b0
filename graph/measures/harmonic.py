"""Harmonic centrality: descendants, those further away counting less."""

import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows
from graph.measures.arrangement import Arrangement
from graph.measures.distances import distances


def harmonic(lineage: Arrangement, sources: Rows | None = None) -> NDArray[np.float64]:
    r"""Return the harmonic centrality of each row, float64.

    ``networkx.harmonic_centrality`` on edges derivative -> base: over the descendants of a
    model, at distances :math:`d`,

    .. math:: C = \sum \frac{1}{d}

    so a direct derivative counts 1, a derivative of one 1/2.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base).
    sources
        Which descendants count, each row once; all by default.

    Notes
    -----
    Exact, in the time of `graph.measures.distances`. Not normalised: it grows with the Hub, so
    compare models of one snapshot, or shares of two.

    References
    ----------
    Boldi, Vigna: Axioms for centrality. Internet Mathematics 10 (2014), 222-262.
    """
    start = None
    if sources is not None:
        start = lineage.places[sources]
        start = start[start < lineage.bases.size]
    return lineage.by_row(distances(lineage.bases, start).reciprocals)
