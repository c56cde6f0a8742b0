"""The small series that a snapshot leaves for ever: how large each group was."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.shares import By, Definition, Weight, totals
from graph.snapshot import SERIES

WEIGHTS = (Weight.MODELS, Weight.DERIVATIVES, Weight.DOWNLOADS)
"""What is counted, each as a column of the series."""

ATTRIBUTION, CREDIT = Attribution.LINEAGE, Credit.FRACTIONAL
"""How, so that the numbers are those of `graph.shares.share` by its definition in the API."""

OF_MANY = frozenset([By.FAMILY, By.ORGANIZATION])
"""Groups of which there are hundreds of thousands."""

SMALLEST_MODELS = 100
"""Models of the smallest one of those that is kept, unless the registry names it; a whole Hub has
some thousands of these."""


def series(eco: Ecosystem) -> pa.Table:
    """Return the groups of an ecosystem with their sizes.

    Returns
    -------
    table
        `graph.snapshot.SERIES`, in the order of `graph.shares.By`, the largest group first.
    """
    return pa.concat_tables([_groups(eco, by) for by in By]).combine_chunks()


def _groups(eco: Ecosystem, by: By) -> pa.Table:
    counted = [totals(eco, by, Definition(weight, ATTRIBUTION, CREDIT)) for weight in WEIGHTS]
    labels, models = counted[0].labels, counted[WEIGHTS.index(Weight.MODELS)].values
    kept = models >= (SMALLEST_MODELS if by in OF_MANY else 0)
    kept |= pc.is_in(labels, value_set=_listed(eco, by)).to_numpy()
    chosen = np.flatnonzero(kept)
    chosen = chosen[np.argsort(-models[chosen], kind="stable")]
    names = pa.DictionaryArray.from_arrays(np.zeros(len(chosen), np.int8), pa.array([by.value]))
    keys = labels.take(pa.array(chosen))
    return pa.table([names, keys, *(found.values[chosen] for found in counted)], schema=SERIES)


def _listed(eco: Ecosystem, by: By) -> pa.StringArray:
    """Return the groups that are kept whatever their size, since the registry names them."""
    if by == By.FAMILY:
        families = eco.table("families")
        return families.column("key").filter(families.column("registered"))
    if by == By.ORGANIZATION:
        return eco.table("organizations").column("name")
    return pa.array([], pa.string())
