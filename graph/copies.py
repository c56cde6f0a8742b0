"""Inferred copies: re-uploads that declare no base, told by equal names and equal weights.

Inferred from metadata alone, so always marked as such, counted apart, and part of a lineage only
where a caller asks for them. The rule misses many copies rather than make one up.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Csr, Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.traversal import Codes, distinct, edges_of

INFERRED = len(RELATIONS)
"""The code of an inferred derivation, beside those of the declared relations."""


class Copies(NamedTuple):
    """Copies and the models that they are taken for.

    Attributes
    ----------
    rows
        int32, ascending: the copies.
    originals
        int32: the original of each.
    """

    rows: Rows
    originals: Rows

    def original(self, row: int) -> int | None:
        """Return what a model is a copy of, or None."""
        place = int(np.searchsorted(self.rows, row))
        found = place < len(self.rows) and self.rows[place] == row
        return int(self.originals[place]) if found else None

    def of(self, original: int) -> Rows:
        """Return the copies of a model, ascending."""
        return self.rows[self.originals == original]


class Adjacency(NamedTuple):
    """The lineage both ways, with the relation's code of each edge."""

    bases: Csr
    base_relations: Codes
    derivatives: Csr
    derivative_relations: Codes


def copies(eco: Ecosystem) -> Copies:
    """Return the inferred copies.

    Models whose names are equal but for namespace and case, and that have the same number of
    weights, are a group; its original is the one that was created before all others. Another
    live model of the group is a copy of it where

    * it declares no base, and is published under another namespace;
    * some model declares the original as its base;
    * and nobody in the group but the original declares a base outside of the group: then the
      name is that of a recipe (a tutorial, a format), which many follow on their own.

    A model without a date or without safetensors metadata is in no group.
    """
    return eco.once(copies, lambda: _find(eco))


def with_copies(eco: Ecosystem) -> Adjacency:
    """Return the lineage with an edge of code `INFERRED` from each copy to its original."""
    return eco.once(with_copies, lambda: _joined(eco, copies(eco)))


def _find(eco: Ecosystem) -> Copies:
    declares, built_on = eco.bases.degrees() > 0, eco.derivatives.degrees() > 0
    parameters, created = eco.numbers("parameters"), eco.numbers("created_at")
    known = (parameters > 0) & (created >= 0)
    totals = np.intersect1d(
        distinct(parameters[known & eco.live & ~declares]),
        distinct(parameters[known & built_on]),
        assume_unique=True,
    )
    rows = np.flatnonzero(known).astype(np.int32)
    if not len(totals):
        return Copies(rows[:0], rows[:0])
    total = np.searchsorted(totals, parameters[rows]).clip(max=len(totals) - 1)
    possible = totals[total] == parameters[rows]
    rows, total = rows[possible], total[possible]
    _, group = np.unique(_names(eco, rows) * len(totals) + total, return_inverse=True)

    # In each group the oldest comes first.
    order = np.lexsort((created[rows], group))
    rows, group = rows[order], group[order]
    start = np.searchsorted(group, np.arange(group[-1] + 1))
    oldest = rows[start]
    alone = np.ones(len(start), np.bool_)  # nothing else is as old as the oldest
    several = np.flatnonzero(np.diff(start, append=len(rows)) > 1)
    alone[several] = created[oldest[several]] < created[rows[start[several] + 1]]

    is_oldest = np.zeros(len(rows), np.bool_)
    is_oldest[start] = True
    recipe = np.zeros(len(start), np.bool_)
    recipe[group[_outside(eco, rows, group) & ~is_oldest]] = True
    authors = eco.codes("author")
    copied = (
        ~is_oldest
        & (alone & ~recipe & built_on[oldest])[group]
        & (eco.live & ~declares)[rows]
        & (authors[rows] != authors[oldest[group]])
    )
    found, originals = rows[copied], oldest[group[copied]]
    ascending = np.argsort(found)
    return Copies(found[ascending], originals[ascending])


def _names(eco: Ecosystem, rows: Rows) -> NDArray[np.int64]:
    """Return a number for the name of each row, the same for names that differ in case alone."""
    parts = pc.split_pattern(eco.column("id").take(pa.array(rows)), "/")
    last = parts.values.take(pa.array(parts.offsets.to_numpy()[1:] - 1))
    return pc.utf8_lower(last).dictionary_encode().indices.to_numpy().astype(np.int64)


def _outside(eco: Ecosystem, rows: Rows, group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which rows declare a base outside of their group."""
    group_of = np.full(len(eco), -1, np.int64)
    group_of[rows] = group
    edges = edges_of(eco.bases, rows)
    owners = np.repeat(np.arange(len(rows)), eco.bases.degrees()[rows])
    away = group_of[eco.bases.targets[edges]] != group[owners]
    outside = np.zeros(len(rows), np.bool_)
    outside[owners[away]] = True
    return outside


def _joined(eco: Ecosystem, found: Copies) -> Adjacency:
    by_original = np.argsort(found.originals, kind="stable")
    up = _inserted(eco.bases, eco.base_relations, found.rows, found.originals)
    down = _inserted(
        eco.derivatives,
        eco.derivative_relations,
        found.originals[by_original],
        found.rows[by_original],
    )
    return Adjacency(*up, *down)


def _inserted(adjacency: Csr, codes: Codes, sources: Rows, targets: Rows) -> tuple[Csr, Codes]:
    """Add inferred edges from ascending sources, behind the declared ones of each."""
    places = adjacency.offsets[sources + 1]
    added = np.bincount(sources, minlength=adjacency.size)
    offsets = adjacency.offsets.copy()
    offsets[1:] += np.cumsum(added, dtype=np.int32)
    return (
        Csr(offsets, np.insert(adjacency.targets, places, targets)),
        np.insert(codes, places, np.int8(INFERRED)),
    )


def copies_by_family(eco: Ecosystem) -> NDArray[np.int64]:
    """Count, for each family, the copies of its members that are no members themselves."""

    def make() -> NDArray[np.int64]:
        found = copies(eco)
        offsets, families = eco.families_of
        times = offsets[found.originals + 1] - offsets[found.originals]
        belongs = families[edges_of(eco.families_of, found.originals)]
        # A copy declares no base, so that it is a member as a root or not at all.
        own = np.repeat(eco.numbers("root_family")[found.rows], times)
        return np.bincount(belongs[belongs != own], minlength=len(eco.families))

    return eco.once(copies_by_family, make)
