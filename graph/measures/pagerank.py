"""PageRank: the share of attention that flows from every model to what it builds on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.measures.arrangement import Arrangement
from graph.measures.substitution import Values, substitute


def pagerank(
    lineage: Arrangement,
    *,
    alpha: float = 0.85,
    weights: Values | None = None,
    personalization: Values | None = None,
    dangling: Values | None = None,
) -> Values:
    r"""Return the PageRank of each row, float64, summing to 1.

    The fixed point that ``networkx.pagerank`` approaches, on edges derivative -> base:

    .. math:: x = \alpha (P^T x + d\,w) + (1 - \alpha) p

    with :math:`P` the weights of each row's edges divided by their sum, :math:`d` the rank of
    the rows without edges, :math:`w` how that is dealt out, and :math:`p` the personalization.

    Parameters
    ----------
    lineage
        Each row's bases (derivative -> base), each once.
    alpha
        The damping, at least 0 and less than 1.
    weights
        One an edge; all 1 by default.
    personalization, dangling
        One a row, summing to 1; equal shares, and the personalization, by default.

    Notes
    -----
    Nothing is iterated on a graph without cycles: :math:`x` is a combination of
    :math:`(I - \alpha P^T)^{-1} p` and the same of :math:`w`, and in topological order each is
    one pass of substitution; a cycle hands round what it has until no rank changes by more than
    1e-15, relatively. Hence every single rank is exact to rounding, where an iteration stops at
    a sum of errors (networkx: ``tol`` times the number of nodes).

    References
    ----------
    Page, Brin, Motwani, Winograd: The PageRank citation ranking. Stanford, 1999.
    """
    bases = lineage.bases
    if personalization is None:
        teleport = np.full(len(lineage.rows), 1.0 / max(len(lineage.rows), 1))
    else:
        teleport = lineage.by_place(personalization)
    degrees = bases.degrees()
    sums: NDArray[Any] = degrees.astype(np.float64)
    if weights is not None:
        weights = weights[lineage.edges]
        sums = np.bincount(bases.sources(), weights=weights, minlength=bases.size)
    factors = np.divide(alpha, sums, out=np.zeros(bases.size), where=sums != 0)
    flows = np.repeat(factors, degrees)
    if weights is not None:
        flows *= weights
    arrays = (*bases, flows, lineage.starts)
    ranks: Values = substitute(*arrays, teleport)
    if dangling is None:
        return lineage.by_row(ranks / ranks.sum())
    dealt: Values = substitute(*arrays, lineage.by_place(dangling))
    loose = np.ones(len(lineage.rows), np.bool_)
    loose[: bases.size] = sums == 0
    mass = (1 - alpha) * ranks[loose].sum() / (1 - alpha * dealt[loose].sum())
    return lineage.by_row((1 - alpha) * ranks + alpha * mass * dealt)


def residual(lineage: Arrangement, ranks: Values, *, alpha: float = 0.85) -> float:
    """Return how much one more step would change the ranks, summed over all rows.

    Of equal weights, without personalization: what `pagerank` returns by default has a
    residual of rounding alone.
    """
    bases, size = lineage.bases, max(len(lineage.rows), 1)
    values = lineage.by_place(ranks)
    degrees = np.append(bases.degrees(), np.zeros(len(values) - bases.size, np.int32))
    shares = np.divide(values, degrees, out=np.zeros(len(values)), where=degrees > 0)
    flow = np.bincount(bases.targets, np.repeat(shares, degrees), minlength=len(values))
    step = alpha * (flow + values[degrees == 0].sum() / size) + (1 - alpha) / size
    return float(np.abs(step - values).sum())
