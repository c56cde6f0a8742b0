"""Shares, series and sizes: how models are divided among families, countries, licences."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Csr, Rows, simple, sums
from graph.ecosystem import RELATIONS, Ecosystem
from graph.families import Attribution, Credit
from graph.names import place_of
from graph.registry import LicenseClass
from graph.registry.definitions import UNKNOWN_COUNTRY
from graph.selection import ANY, Filter
from graph.traversal import edges_of

_FEW = 3
"""One in how many models may pass for their groups to be looked up, rather than all read."""

Values = NDArray[np.float64]
Some = Rows | slice
"""Some rows: an array of them, or all."""

MANY_GROUPS, MOST_GROUPS = 100, 1000
"""Groups of a share that are remembered, the largest: so many, or where more are wanted."""


class By(StrEnum):
    """By what models are divided."""

    FAMILY = "family"
    ORGANIZATION = "organization"
    COUNTRY = "country"
    LICENSE_CLASS = "license_class"
    RELATION = "relation"


class Weight(StrEnum):
    """What is counted of each model.

    ``MODELS`` counts live models, ``DERIVATIVES`` those of them that declare a base,
    ``DOWNLOADS`` their downloads of 30 days, ``DOWNLOADS_ALL_TIME`` those since creation.
    """

    MODELS = "models"
    DERIVATIVES = "derivatives"
    DOWNLOADS = "downloads"
    DOWNLOADS_ALL_TIME = "downloads_all_time"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a count means: of which live models, too."""

    weight: Weight
    attribution: Attribution
    credit: Credit
    models: Filter = ANY


@dataclass(frozen=True, slots=True)
class Share:
    """How a whole is divided.

    Attributes
    ----------
    keys, values
        The groups, largest first; of one size by their names.
    groups
        How many groups have anything.
    total
        What was divided, the unknown part included.
    unknown
        The fraction of it that belongs to no known group.
    """

    keys: list[str]
    values: list[float]
    groups: int
    total: float
    unknown: float


class Totals(NamedTuple):
    """What is counted of each group, also of those that have nothing.

    Attributes
    ----------
    labels
        The groups' names.
    values
        float64, one for each.
    total, unknown
        As of `Share`.
    """

    labels: pa.ChunkedArray
    values: Values
    total: float
    unknown: float


class _Division(NamedTuple):
    """Which models each group has, and what part of those that have several groups.

    Attributes
    ----------
    labels
        The groups' names.
    members
        Each group's models, ascending.
    partly, parts
        Places in ``members.targets``, ascending, where a model counts for less than 1, and for
        how much: few models have several sources.
    """

    labels: pa.ChunkedArray
    members: Csr
    partly: NDArray[np.intp]
    parts: Values

    @property
    def size(self) -> int:
        """How many bytes it takes, the labels apart: they are mostly the snapshot's own."""
        return sum(array.nbytes for array in (*self.members, self.partly, self.parts))

    def counted(self, eco: Ecosystem, definition: Definition, group: int) -> Values:
        """Return what each of a group's members counts."""
        start, stop = self.members.offsets[group : group + 2].tolist()
        rows = self.members.targets[start:stop]
        counted = _weights(eco, definition.weight, rows)
        if definition.models != ANY:
            counted *= definition.models.of(eco, rows)
        if definition.credit == Credit.FRACTIONAL:
            few = slice(*np.searchsorted(self.partly, [start, stop]).tolist())
            counted[self.partly[few] - start] *= self.parts[few]
        return counted


class _Grouping(NamedTuple):
    """The same the other way: which groups each model has.

    Attributes
    ----------
    groups
        Each model's groups, ascending.
    partly, parts
        As of `_Division`, in ``groups.targets``.
    """

    groups: Csr
    partly: NDArray[np.intp]
    parts: Values


def share(eco: Ecosystem, by: By, definition: Definition, first: int | None = None) -> Share:
    """Divide the ecosystem's models.

    With `Credit.FRACTIONAL` the values and the unknown part add up to the total; with
    `Credit.FULL` a model of several roots counts for each, so they may exceed it. By licence
    class under `Attribution.LINEAGE` the class is that of the roots. By relation the
    attribution has no meaning: a model counts for the ways in which it was made.

    Parameters
    ----------
    first
        How many groups are named, all of them without; `MANY_GROUPS` or `MOST_GROUPS` of them
        are remembered.
    """
    if first is None or first > MOST_GROUPS:
        return _share(totals(eco, by, definition), first)
    most = MOST_GROUPS if first > MANY_GROUPS else MANY_GROUPS
    found = eco.answers.once(
        (share, by, definition, most),
        lambda: _share(totals(eco, by, definition), most),
        size=lambda found: 100 * len(found.keys),
    )
    return replace(found, keys=found.keys[:first], values=found.values[:first])


def totals(eco: Ecosystem, by: By, definition: Definition) -> Totals:
    """Return all groups and what is counted of each, as `share` counts.

    In the time of the models that count: few of them, where the definition has a filter.
    """
    division = _divided(eco, by, definition.attribution)
    rows = _counting(eco, definition)
    weights = _weights(eco, definition.weight, rows)
    if not isinstance(rows, slice) and _FEW * len(rows) > len(eco):
        every = np.zeros(len(eco))
        every[rows] = weights
        rows, weights = slice(None), every
    groups, counted, few, parts = _entries(eco, by, definition.attribution, rows, weights)
    if definition.credit == Credit.FRACTIONAL:
        counted[few] *= parts
        known = float(counted.sum())
    else:
        known = float(counted.sum() - (counted[few] * (1 - parts)).sum())
    values = sums(groups, counted, division.members.size)
    total = float(weights.sum())
    unknown = max(0.0, 1 - known / total) if total else 0.0
    return Totals(division.labels, values, total, unknown)


class _Entries(NamedTuple):
    """Models in their groups, an entry each.

    Attributes
    ----------
    groups, counted
        Each entry's group, and what the model counts.
    few, parts
        The entries that count for less than 1, and for how much.
    """

    groups: Rows
    counted: Values
    few: NDArray[np.intp]
    parts: Values


def _entries(
    eco: Ecosystem, by: By, attribution: Attribution, rows: Some, weights: Values
) -> _Entries:
    """Return the entries of some models, in the time of those."""
    if isinstance(rows, slice):
        division = _divided(eco, by, attribution)
        groups, partly, parts = division.members, division.partly, division.parts
        return _Entries(groups.sources(), weights[groups.targets], partly, parts)
    groups, partly, parts = _by_model(eco, by, attribution)
    places = edges_of(groups, rows)
    counted = np.repeat(weights, groups.offsets[rows + 1] - groups.offsets[rows])
    at = np.searchsorted(partly, places)
    few = np.flatnonzero(np.append(partly, -1)[at] == places)
    return _Entries(groups.targets[places], counted, few, parts[at[few]])


def members(eco: Ecosystem, by: By, attribution: Attribution) -> Csr:
    """Return the models that count for each group, in the order of `totals`, ascending."""
    return _divided(eco, by, attribution).members


def groups_by_model(eco: Ecosystem, by: By, attribution: Attribution) -> Csr:
    """Return the groups for which each model counts, in the order of `totals`, ascending."""
    return _by_model(eco, by, attribution).groups


def series(
    eco: Ecosystem, by: By, keys: list[str], definition: Definition
) -> tuple[list[str], dict[str, list[float]]]:
    """Count models by the month of their creation, from the first month to the last.

    Returns
    -------
    months, values
        ``YYYY-MM``, and for each key one value a month. Models without a date are left out;
        the Hub dates everything older than March 2022 to that month.
    """
    return _span(eco, definition).months, {key: _line(eco, by, key, definition) for key in keys}


def _line(eco: Ecosystem, by: By, key: str, definition: Definition) -> list[float]:
    def make() -> list[float]:
        span = _span(eco, definition)
        division = _divided(eco, by, definition.attribution)
        group = place_of(key, division.labels)
        if group is None:
            return [0.0] * len(span.months)
        counted = division.counted(eco, definition, group)
        months = _months(eco)[division.members.of(group)]
        dated = (months >= 0) & (counted > 0)
        values: list[float] = np.bincount(
            months[dated] - span.first, weights=counted[dated], minlength=len(span.months)
        ).tolist()
        return values

    return eco.answers.once(
        (_line, by, key, definition), make, size=lambda values: 32 * len(values)
    )


def size(eco: Ecosystem, family: int, definition: Definition) -> float:
    """Return one family's size."""

    def make() -> float:
        division = _divided(eco, By.FAMILY, definition.attribution)
        return float(division.counted(eco, definition, family).sum())

    return eco.answers.once((size, family, definition), make, size=lambda _: 200)


def sizes(
    eco: Ecosystem, family: int, weight: Weight, models: Filter = ANY
) -> dict[tuple[Attribution, Credit], float]:
    """Return one family's size under each definition side by side."""
    return {
        (attribution, credit): size(eco, family, Definition(weight, attribution, credit, models))
        for attribution, credit in product(Attribution, Credit)
    }


def _share(counted: Totals, first: int | None) -> Share:
    kept = np.flatnonzero(counted.values > 0).astype(np.int32)
    groups = len(kept)
    if first is not None and first < groups:
        kept = _largest(counted, kept, first)
    found = pa.table({"key": counted.labels.take(pa.array(kept)), "value": counted.values[kept]})
    found = found.sort_by([("value", "descending"), ("key", "ascending")])
    return Share(
        keys=found.column("key").to_pylist(),
        values=found.column("value").to_pylist(),
        groups=groups,
        total=counted.total,
        unknown=counted.unknown,
    )


def _largest(counted: Totals, groups: Rows, first: int) -> Rows:
    """Return some of more groups: the largest, and of those that tie with the last by name."""
    if not first:
        return groups[:0]
    values = counted.values[groups]
    bound = np.partition(values, -first)[-first]
    above, tied = groups[values > bound], groups[values == bound]
    names = counted.labels.take(pa.array(tied)).combine_chunks()
    by_name = pc.bottom_k_unstable(names, first - len(above)).to_numpy()
    return np.concatenate([above, tied[by_name]])


class _Span(NamedTuple):
    """From which month to which there is anything of what is divided."""

    first: int
    months: list[str]


def _span(eco: Ecosystem, definition: Definition) -> _Span:
    def make() -> _Span:
        rows = _counting(eco, definition)
        weights, months = _weights(eco, definition.weight, rows), _months(eco)[rows]
        dated = months[(months >= 0) & (weights > 0)]
        first, last = (int(dated.min()), int(dated.max())) if len(dated) else (0, -1)
        dates = np.arange(first, last + 1).astype("datetime64[M]").astype(str).tolist()
        return _Span(first, dates)

    key = (_span, definition.weight, definition.models)
    return eco.answers.once(key, make, size=lambda span: 64 * len(span.months))


def _months(eco: Ecosystem) -> NDArray[np.int16]:
    """Return the months since 1970 in which rows were created; -1 where unknown."""

    def make() -> NDArray[np.int16]:
        created = eco.numbers("created_at")
        months = created.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int16)
        months[created < 0] = -1
        return months

    return eco.once(_months, make)


def _counting(eco: Ecosystem, definition: Definition) -> Some:
    """Return the rows of the models that may count."""
    return slice(None) if definition.models == ANY else definition.models.rows(eco)


def _weights(eco: Ecosystem, weight: Weight, rows: Some) -> Values:
    """Return what each of some rows counts, if nothing but its life is asked for."""
    if weight == Weight.MODELS:
        counted = eco.live[rows]
    elif weight == Weight.DERIVATIVES:
        counted = eco.derived[rows]
    else:
        counted = np.where(eco.live[rows], np.maximum(eco.numbers(weight.value)[rows], 0), 0)
    return counted.astype(np.float64)


def _key(kind: type, by: By, attribution: Attribution) -> tuple[type, By, Attribution]:
    """Return under what a division is kept; by relation it is one, whatever the attribution."""
    return kind, by, Attribution.PUBLISHER if by == By.RELATION else attribution


def _divided(eco: Ecosystem, by: By, attribution: Attribution) -> _Division:
    return eco.arrays.once(
        _key(_Division, by, attribution),
        lambda: _division(eco, by, attribution),
        size=lambda division: division.size,
    )


def _by_model(eco: Ecosystem, by: By, attribution: Attribution) -> _Grouping:
    def make() -> _Grouping:
        division = _divided(eco, by, attribution)
        members, partly = division.members, division.partly
        entries = (members.targets.astype(np.int64) << 32) | members.sources()
        some = entries[partly]
        entries.sort()
        offsets = np.zeros(len(eco) + 1, np.int32)
        np.cumsum(np.bincount(members.targets, minlength=len(eco)), out=offsets[1:])
        places = np.searchsorted(entries, some)
        order = np.argsort(places)
        found = Csr(offsets, (entries & 0xFFFFFFFF).astype(np.int32))
        return _Grouping(found, places[order], division.parts[order])

    return eco.arrays.once(
        _key(_Grouping, by, attribution),
        make,
        size=lambda made: sum(a.nbytes for a in made.groups),
    )


def _division(eco: Ecosystem, by: By, attribution: Attribution) -> _Division:
    if by == By.RELATION:
        names = [pa.array([relation.value for relation in RELATIONS])]
        rows, groups = eco.bases.sources(), eco.base_relations.astype(np.int32)
        degrees = eco.bases.degrees()
    else:
        of_source, names = _groups(eco, by, attribution)
        rows, sources, degrees = _sources(eco, attribution)
        groups = of_source[sources]
    # One number an entry, since numpy sorts those by vector instructions.
    entries = (groups.astype(np.int64) << 32) | rows
    entries = np.sort(entries[groups >= 0])
    starts = np.flatnonzero(np.diff(entries, prepend=-1))
    times = np.diff(starts, append=len(entries))  # several sources may be of one group
    entries = entries[starts]
    rows, groups = (entries & 0xFFFFFFFF).astype(np.int32), (entries >> 32).astype(np.int32)
    labels = pa.chunked_array(names, pa.string())
    offsets = np.zeros(len(labels) + 1, np.int32)
    np.cumsum(np.bincount(groups, minlength=len(labels)), out=offsets[1:])
    partly = np.flatnonzero(times < degrees[rows])
    parts = times[partly] / degrees[rows[partly]]
    return _Division(labels, Csr(offsets, rows), partly, parts)


def _sources(eco: Ecosystem, attribution: Attribution) -> tuple[Rows, Rows, Rows]:
    """Return (model, what stands for it: its roots, itself or its bases), and how many stand."""
    every = np.arange(len(eco), dtype=np.int32)
    if attribution == Attribution.PUBLISHER:
        return every, every, np.ones(len(eco), np.int32)
    # A base that is declared in two ways is one base.
    above = eco.roots if attribution == Attribution.LINEAGE else simple(eco.bases)
    degrees = above.degrees()
    rows, sources = above.sources(), above.targets
    if attribution == Attribution.LINEAGE:  # a root stands for itself
        itself = every[degrees == 0]
        rows, sources = np.concatenate([rows, itself]), np.concatenate([sources, itself])
        degrees = np.maximum(degrees, 1)
    return rows, sources, degrees


def _groups(eco: Ecosystem, by: By, attribution: Attribution) -> tuple[Rows, list[pa.Array]]:
    """Return each row's group as a source, -1 for none, and the groups' names."""
    families = eco.table("families")
    if by == By.FAMILY:
        column = "root_family" if attribution == Attribution.LINEAGE else "own_family"
        return eco.numbers(column), [families.column("key")]
    if by == By.LICENSE_CLASS:
        classes = pa.array([known.value for known in eco.license_classes], pa.string())
        return _merged(eco.codes("license"), classes, unknown=LicenseClass.UNKNOWN.value)
    authors = [eco.column("author").dictionary]
    codes = eco.codes("author")
    if attribution == Attribution.LINEAGE:
        # A registered family stands for its roots, so that a copy counts for the original.
        registered = families.filter(families.column("registered")).column("organization")
        place, more = _added(authors[0], registered.fill_null(""))
        roots = eco.numbers("root_family")
        named = (roots >= 0) & (roots < len(place))
        codes = np.where(named, np.append(place, np.int32(-1))[np.where(named, roots, -1)], codes)
        authors.append(more)
    if by == By.ORGANIZATION:
        return codes, authors
    known = eco.table("organizations")
    place = pc.index_in(pa.chunked_array(authors), value_set=known.column("name"))
    countries = known.column("country").take(place.combine_chunks())
    return _merged(codes, countries, unknown=UNKNOWN_COUNTRY)


def _added(names: pa.Array, more: pa.Array) -> tuple[Rows, pa.Array]:
    """Return the places of more names behind distinct ones, and those that are new there."""
    place = pc.index_in(more, value_set=names)
    new = more.filter(place.is_null()).unique()
    behind = pc.add(pc.index_in(more, value_set=new), pa.scalar(len(names), pa.int32()))
    return pc.coalesce(place, behind).to_numpy(), new


def _merged(codes: Rows, names: pa.Array, unknown: str) -> tuple[Rows, list[pa.Array]]:
    """Make one group of the codes of one name; the unknown one is in no group."""
    groups = pc.if_else(pc.equal(names, unknown), None, names).dictionary_encode()
    of_code = groups.indices.fill_null(-1).to_numpy()
    return np.append(of_code, np.int32(-1))[codes], [groups.dictionary]
