"""All families' counts side by side, and which families are listed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.selection import ANY, Filter
from graph.shares import By, Definition, Weight, members, totals

_MEASURED = tuple(
    Definition(weight, Attribution.LINEAGE, Credit.FULL, ANY)
    for weight in (Weight.MODELS, Weight.DERIVATIVES, Weight.DOWNLOADS)
)
"""What the snapshot has of each family."""


def family_counts(eco: Ecosystem, definition: Definition) -> NDArray[np.float64]:
    """Return what is counted of each family, in the order of their numbers."""
    if definition in _MEASURED:
        column = eco.table("families").column(definition.weight.value)
        return column.to_numpy(zero_copy_only=False)
    return eco.arrays.once(
        (family_counts, definition),
        lambda: totals(eco, By.FAMILY, definition).values,
        size=lambda counts: counts.nbytes,
    )


def family_authors(
    eco: Ecosystem, attribution: Attribution, models: Filter = ANY
) -> NDArray[np.int64]:
    """Count the namespaces that published derivatives of each family, in the order of numbers.

    A namespace counts once in each family that it builds on, so these do not add up. What has no
    namespace, as the Hub's oldest models, counts nothing.
    """

    def make() -> NDArray[np.int64]:
        belongs = members(eco, By.FAMILY, attribution)
        rows = slice(None) if models == ANY else models.rows(eco)
        author = np.full(len(eco), -1, np.int32)
        author[rows] = np.where(eco.derived[rows], eco.codes("author")[rows], -1)
        authors = author[belongs.targets]
        # One number a pair, since numpy sorts those by vector instructions.
        pairs = (belongs.sources().astype(np.int64) << 32 | authors)[authors >= 0]
        return np.bincount(np.unique(pairs) >> 32, minlength=belongs.size)

    return eco.arrays.once(
        (family_authors, attribution, models), make, size=lambda counts: counts.nbytes
    )


@dataclass(frozen=True, slots=True)
class FamilySelection:
    """What a family must be; None asks for nothing."""

    registered: bool | None = None
    organization: str | None = None
    country: str | None = None

    def numbers(self, eco: Ecosystem) -> Rows:
        """Return the numbers of the families that pass, ascending."""
        table = eco.table("families")
        mask = np.ones(len(table), np.bool_)
        if self.registered is not None:
            mask &= table.column("registered").to_numpy(zero_copy_only=False) == self.registered
        if self.organization is not None or self.country is not None:
            names = table.column("organization").to_pylist()
            if self.organization is not None:
                mask &= np.array([name == self.organization for name in names], np.bool_)
            if self.country is not None:
                mask &= np.array([eco.country(name) == self.country for name in names], np.bool_)
        return np.flatnonzero(mask).astype(np.int32)
