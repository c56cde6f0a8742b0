"""Katz centrality: all ways that lead to a model, longer ones counting less."""

import networkx as nx
import numba
import numpy as np

from graph.csr import Rows
from graph.measures.arrangement import Arrangement
from graph.measures.substitution import Values, substitute

RADIUS_STEPS = 100_000
"""Steps of the power iteration after which an alpha counts as at the bound."""


class KatzDivergenceError(nx.PowerIterationFailedConvergence):
    """An alpha at or beyond the bound, where the ways round a cycle sum to no number."""

    def __init__(self, alpha: float, bound: float, size: int) -> None:
        nx.NetworkXException.__init__(
            self,
            f"alpha is {alpha}; it must be less than {bound:.6g}, 1 / the spectral radius of a"
            f" cyclic component of {size} {'node' if size == 1 else 'nodes'}",
        )


def katz(
    lineage: Arrangement,
    *,
    alpha: float = 0.1,
    beta: float | Values = 1.0,
    normalized: bool = True,
    weights: Values | None = None,
) -> Values:
    r"""Return the Katz centrality of each row, float64.

    The fixed point that ``networkx.katz_centrality`` approaches, on edges derivative -> base:

    .. math:: x = \alpha A^T x + \beta

    so a model has beta of its own, and alpha of what each of its derivatives has.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base), each once.
    alpha
        How much less each further step counts: a finite number, at least 0.
    beta
        What a row has of its own, at least 0: one number, or one a row.
    normalized
        Whether to divide by the length of the vector.
    weights
        One an edge, at least 0; all 1 by default.

    Raises
    ------
    KatzDivergenceError
        When alpha is not less than 1 / the spectral radius of each cyclic component. A lineage
        without cycles has no bound.

    Notes
    -----
    Nothing is iterated on a graph without cycles: see `graph.measures.substitution`; a cyclic
    component is. Unlike PageRank a derivative does not divide its vote among its bases: a merge
    of 65 models gives the full alpha to each.

    References
    ----------
    Katz: A new status index derived from sociometric index. Psychometrika 18 (1953), 39-43.
    """
    bases = lineage.bases
    carried = np.ones(len(bases.targets)) if weights is None else weights[lineage.edges]
    _check(lineage, carried, alpha)
    if isinstance(beta, np.ndarray):
        own = lineage.by_place(beta)
    else:
        own = np.full(len(lineage.rows), beta, np.float64)
    values: Values = substitute(*bases, alpha * carried, lineage.starts, own)
    length = float(np.linalg.norm(values)) if normalized else 1.0
    return lineage.by_row(values / length if length else values)


def _check(lineage: Arrangement, weights: Values, alpha: float) -> None:
    """Refuse an alpha at which the values within a cycle would grow for ever."""
    bases, starts = lineage.bases, lineage.starts
    cyclic = np.diff(starts) > 1
    loops = bases.targets[bases.targets == bases.sources()]
    cyclic[np.searchsorted(starts, loops, side="right") - 1] = True
    for i in np.flatnonzero(cyclic):
        first, last = starts[i], starts[i + 1]
        radius = _radius(*bases, weights, first, last, alpha)
        if not alpha * radius < 1:
            raise KatzDivergenceError(alpha, 1 / radius, int(last - first))


@numba.njit(cache=True, nogil=True)
def _radius(
    offsets: Rows, targets: Rows, weights: Values, first: int, last: int, alpha: float
) -> float:
    """Return the spectral radius of a component's places, or something greater that allows alpha.

    By Collatz and Wielandt: of any positive vector x, the least and the greatest (A x)_i / x_i
    enclose it. The power iteration of A + I draws them together also where A is periodic.
    """
    vector = np.ones(last - first)
    image = np.empty(last - first)
    low, high = 0.0, np.inf
    for _ in range(RADIUS_STEPS):
        least, greatest, top = np.inf, 0.0, 0.0
        for at in range(last - first):
            total = 0.0
            for edge in range(offsets[first + at], offsets[first + at + 1]):
                if first <= targets[edge] < last:
                    total += weights[edge] * vector[targets[edge] - first]
            image[at] = total + vector[at]
            top = max(top, image[at])
            if vector[at] > 0:  # far from the heart of a component it may fall below any float
                least = min(least, total / vector[at])
                greatest = max(greatest, total / vector[at])
        low, high = max(low, least), min(high, greatest)
        if alpha * high < 1 or high - low <= 1e-13 * high:
            break
        vector = image / top
    return high
