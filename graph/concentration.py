"""Concentration: how much of an ecosystem a few families, organisations or countries have."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.ecosystem import Ecosystem
from graph.shares import By, Definition, totals


@dataclass(frozen=True, slots=True)
class Concentration:
    """How unequally the groups of a share are.

    All numbers are of what the known groups have together: what belongs to no known group is
    left out, and told by ``unknown``. A group that has nothing is no group.

    Attributes
    ----------
    hhi
        The Herfindahl-Hirschman index, from 1 / ``groups`` (all equal) to 1 (one has it all).
    gini
        From 0 (all equal) towards 1 (one of very many has it all).
    top_share, top5_share
        The fractions of the largest group, and of the five largest together.
    groups
        How many there are.
    unknown
        The fraction of the whole that was left out.
    """

    hhi: float
    gini: float
    top_share: float
    top5_share: float
    groups: int
    unknown: float


def concentration(eco: Ecosystem, by: By, definition: Definition) -> Concentration:
    """Measure the concentration of `graph.shares.share`, by the same definition.

    Under `Credit.FULL` a model counts for each of its groups, and the whole is the sum of these.
    """

    def make() -> Concentration:
        counted = totals(eco, by, definition)
        values = np.sort(counted.values[counted.values > 0])[::-1]
        fractions = values / values.sum() if len(values) else values
        return Concentration(
            hhi=float(np.square(fractions).sum()),
            gini=gini(fractions),
            top_share=float(fractions[:1].sum()),
            top5_share=float(fractions[:5].sum()),
            groups=len(values),
            unknown=counted.unknown,
        )

    return eco.answers.once((concentration, by, definition), make, size=lambda _: 500)


def gini(values: NDArray[np.float64]) -> float:
    r"""Return the Gini coefficient of some positive values; 0 where there are none.

    Half the mean absolute difference of two of the values over their mean, in sorted order

    .. math:: G = \frac{2 \sum_i i\,x_{(i)}}{n \sum_i x_i} - \frac{n + 1}{n}
    """
    size = len(values)
    if not size:
        return 0.0
    ranks = np.arange(1, size + 1)
    return float(2 * (ranks * np.sort(values)).sum() / (size * values.sum()) - (size + 1) / size)
