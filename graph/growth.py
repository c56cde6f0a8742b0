"""Growth: a family's derivatives by the quarter of their creation, and of late."""

from dataclasses import dataclass

import numpy as np

from graph.ecosystem import Ecosystem, FamilyView

RECENT_DAYS = 90
"""Days of the latest period, and of the one before it."""
DAY = 86_400_000
"""In milliseconds."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How many live derivatives a family got, and when.

    Attributes
    ----------
    quarters, derivatives
        ``YYYY-Qn`` from the first quarter to the last without gaps, and how many were created
        in each.
    recent, previous
        How many in the `RECENT_DAYS` up to the snapshot's ``as_of``, and in as many days before.
    rate
        ``recent / previous - 1``; None where nothing was created before.
    undated
        How many have no date: they are in none of these counts.
    """

    quarters: list[str]
    derivatives: list[int]
    recent: int
    previous: int
    rate: float | None
    undated: int


def growth(eco: Ecosystem, family: int) -> Growth:
    """Count a family's live derivatives by lineage, each fully, by when they were created.

    What was deleted since is not counted, so that of two equal periods the later one looks
    larger; the Hub dates all that is older than March 2022 to that month.

    Parameters
    ----------
    family
        A family's number.
    """
    rows = FamilyView(eco, family).rows
    created = eco.numbers("created_at")[rows[eco.derived[rows]]]
    dated = created[created >= 0]
    months = dated.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    quarters = months // 3  # since 1970
    first, last = (int(quarters.min()), int(quarters.max())) if len(quarters) else (0, -1)
    age = eco.manifest.as_of - dated
    recent = int(((age >= 0) & (age < RECENT_DAYS * DAY)).sum())
    previous = int(((age >= RECENT_DAYS * DAY) & (age < 2 * RECENT_DAYS * DAY)).sum())
    return Growth(
        quarters=[
            f"{1970 + quarter // 4}-Q{quarter % 4 + 1}" for quarter in range(first, last + 1)
        ],
        derivatives=np.bincount(quarters - first, minlength=last - first + 1).tolist(),
        recent=recent,
        previous=previous,
        rate=recent / previous - 1 if previous else None,
        undated=len(created) - len(dated),
    )
