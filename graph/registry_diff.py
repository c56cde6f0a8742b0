"""What another registry would change in a snapshot's numbers, worked out as measuring does it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.attribution import attribute
from graph.csr import Csr, Rows
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.registry import Registry
from graph.shares import By, Definition, Totals, Weight, groups_by_model, totals
from graph.snapshot import MODELS, TABLES, as_batch
from graph.stored import Stored
from graph.traversal import distinct

DIVIDED = (By.FAMILY, By.ORGANIZATION, By.COUNTRY, By.LICENSE_CLASS)
"""What the registry divides models by."""

WEIGHTS = (Weight.MODELS, Weight.DERIVATIVES, Weight.DOWNLOADS)
"""What is counted of each group."""


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """The groups of one kind that count otherwise.

    Attributes
    ----------
    groups
        Columns ``key`` and, for each of `WEIGHTS`, ``<weight>_before`` and ``<weight>_after``:
        null where there is no such group. Those that change by most models come first.
    unknown
        For each of `WEIGHTS`, the fraction that belongs to no known group, before and after.
    """

    groups: pa.Table
    unknown: dict[Weight, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Moves:
    """The live models whose families are others.

    Attributes
    ----------
    rows
        Those with most descendants first.
    before, after
        Each model's families, as numbers of the ecosystem before and of that after.
    """

    rows: Rows
    before: Csr
    after: Csr


def reattributed(eco: Ecosystem, registry: Registry) -> Ecosystem:
    """Return what measuring the same models by another registry would publish."""
    models = eco.table("models")
    columns = dict(zip(MODELS.names, models.columns, strict=True))
    stored = Stored(
        columns, eco.bases, eco.base_relations, eco.derivatives, eco.derivative_relations
    )
    found = attribute(stored, eco.roots, eco.numbers("pagerank"), registry)
    schema = pa.schema([MODELS.field(name) for name in found.columns])
    replaced = as_batch(pa.table(found.columns), schema)
    columns |= dict(zip(schema.names, replaced.columns, strict=True))
    batch = pa.RecordBatch.from_arrays(list(columns.values()), schema=MODELS)
    tables = {name: as_batch(table, TABLES[name]) for name, table in found.tables.items()}
    return Ecosystem(eco.directory, (eco.manifest, {"models": batch, **tables}))


def group_changes(
    before: Ecosystem, after: Ecosystem, by: By, attribution: Attribution, credit: Credit
) -> GroupChanges:
    """Compare the groups of two attributions of one snapshot."""
    old, new = (_counted(eco, by, attribution, credit) for eco in (before, after))
    joined = _table(old, "before").join(
        _table(new, "after"),
        "key",
        join_type="full outer",
        use_threads=False,  # so that none is left when the process ends
    )
    equal = np.ones(len(joined), np.bool_)
    for weight in WEIGHTS:
        one, other = (joined.column(f"{weight}_{side}").to_numpy() for side in ("before", "after"))
        # Sums of parts differ in their last digits when they are added in another order; where
        # there is no such group, NaN is close to nothing.
        equal &= np.isclose(one, other, rtol=1e-9, atol=1e-9)
    # Rounded, or what sums add in their last digits would decide between two of one size.
    step = pc.round(
        pc.abs(
            pc.subtract(
                *(joined.column(f"models_{side}").fill_null(0) for side in ("before", "after"))
            )
        ),
        9,
    )
    joined = joined.append_column("step", step).filter(pa.array(~equal))
    order = pc.sort_indices(joined, sort_keys=[("step", "descending"), ("key", "ascending")])
    groups = joined.take(order).drop_columns("step")
    unknown = {weight: (old[weight].unknown, new[weight].unknown) for weight in WEIGHTS}
    return GroupChanges(groups, unknown)


def _counted(
    eco: Ecosystem, by: By, attribution: Attribution, credit: Credit
) -> dict[Weight, Totals]:
    return {weight: totals(eco, by, Definition(weight, attribution, credit)) for weight in WEIGHTS}


def _table(counted: dict[Weight, Totals], side: str) -> pa.Table:
    values = {f"{weight}_{side}": found.values for weight, found in counted.items()}
    return pa.table({"key": counted[Weight.MODELS].labels, **values})


def moves(before: Ecosystem, after: Ecosystem, attribution: Attribution) -> Moves:
    """Find the live models that another attribution of the same snapshot puts elsewhere."""
    old, new = (groups_by_model(eco, By.FAMILY, attribution) for eco in (before, after))
    old_keys, new_keys = (eco.table("families").column("key") for eco in (before, after))
    place = pc.index_in(old_keys, value_set=new_keys)
    # A family that is no more has a number behind those that are.
    gone = pa.array(np.arange(len(new_keys), len(new_keys) + len(old_keys), dtype=np.int32))
    renumbered = pc.coalesce(place, gone).to_numpy()
    pairs = _pairs(old, renumbered[old.targets]), _pairs(new, new.targets)
    differ = np.setxor1d(*pairs, assume_unique=True)
    rows = distinct((differ >> 32).astype(np.int32))
    rows = rows[before.live[rows]]
    by_use = np.argsort(-before.numbers("descendants")[rows], kind="stable")
    return Moves(rows[by_use], old, new)


def _pairs(families: Csr, numbers: Rows) -> NDArray[np.int64]:
    """Return one number for each model and family."""
    return (families.sources().astype(np.int64) << 32) | numbers
