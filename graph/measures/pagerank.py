"""PageRank: the share of attention that flows from every model to what it builds on."""

import numba
import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows, csr
from graph.measures.order import TopologicalOrder

Values = NDArray[np.float64]

CYCLE_RESIDUAL = 1e-15
"""Relative change at which the ranks within a cycle count as settled."""


def pagerank(
    bases: Csr,
    order: TopologicalOrder,
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
    bases
        Each row's bases, each once.
    order
        Of the same rows.
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
    one pass of substitution. Within a cycle the pass is repeated until no rank changes by more
    than `CYCLE_RESIDUAL`, relatively. Hence every single rank is exact to rounding, where an
    iteration stops at a sum of errors (networkx: ``tol`` times the number of nodes).

    References
    ----------
    Page, Brin, Motwani, Winograd: The PageRank citation ranking. Stanford, 1999.
    """
    size = bases.size
    uniform = np.full(size, 1.0 / max(size, 1))
    teleport = uniform if personalization is None else personalization
    sums = (
        bases.degrees().astype(np.float64)
        if weights is None
        else np.bincount(bases.sources(), weights=weights, minlength=size)
    )
    factors = np.divide(alpha, sums, out=np.zeros(size), where=sums != 0)
    derivatives, turned = csr(bases.targets, bases.sources(), size)
    flows = factors[derivatives.targets]
    if weights is not None:
        flows *= weights[turned]
    arrays = (derivatives.offsets, derivatives.targets, flows, order.rows, order.starts)
    ranks: Values = _substitute(*arrays, teleport)
    if dangling is None:
        return ranks / ranks.sum()
    dealt: Values = _substitute(*arrays, dangling)
    loose = sums == 0
    mass = (1 - alpha) * ranks[loose].sum() / (1 - alpha * dealt[loose].sum())
    return (1 - alpha) * ranks + alpha * mass * dealt


@numba.njit(cache=True)
def _substitute(
    offsets: Rows, targets: Rows, flows: Values, rows: Rows, starts: Rows, source: Values
) -> Values:
    """Solve x = source + (what flows to each row from its derivatives), derivatives first."""
    ranks = source.copy()
    for i in range(len(starts) - 2, -1, -1):
        change = np.inf
        while change > CYCLE_RESIDUAL:
            change = 0.0
            for at in range(starts[i], starts[i + 1]):
                row = rows[at]
                rank = source[row]
                kept = 0.0  # what a loop gives back: only graphs of others have any
                for edge in range(offsets[row], offsets[row + 1]):
                    if targets[edge] == row:
                        kept += flows[edge]
                    else:
                        rank += flows[edge] * ranks[targets[edge]]
                rank /= 1 - kept
                if rank > 0:
                    change = max(change, abs(rank - ranks[row]) / rank)
                ranks[row] = rank
            if starts[i + 1] - starts[i] == 1:
                break
    return ranks
