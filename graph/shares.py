"""Shares, series and sizes: how models are divided among families, countries, licences."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Rows, simple, sums
from graph.ecosystem import RELATIONS, Ecosystem
from graph.families import Attribution, Credit
from graph.registry import LicenseClass
from graph.registry.definitions import UNKNOWN_COUNTRY
from graph.selection import ANY, Filter

Values = NDArray[np.float64]


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
        The groups, largest first.
    total
        What was divided, the unknown part included.
    unknown
        The fraction of it that belongs to no known group.
    """

    keys: list[str]
    values: list[float]
    total: float
    unknown: float


class _Divided:
    """Entries (model, group, share): each model's part in each group that it counts for."""

    def __init__(self, eco: Ecosystem, by: By, attribution: Attribution) -> None:
        if by == By.RELATION:
            rows, groups, shares = _relations(eco)
            self.labels = [relation.value for relation in RELATIONS]
        else:
            rows, sources, shares = _sources(eco, attribution)
            of_source, self.labels = _groups(eco, by, attribution)
            groups = of_source[sources]
        known = groups >= 0
        rows, groups, shares = rows[known], groups[known], shares[known]
        # Only what has several sources can belong to one group twice, and few models do.
        several = shares < 1
        size = max(len(self.labels), 1)
        pairs = rows[several].astype(np.int64) * size + groups[several]
        unique, place = np.unique(pairs, return_inverse=True)
        self.rows = np.concatenate([rows[~several], unique // size])
        self.groups = np.concatenate([groups[~several], unique % size])
        self.shares: Values = np.concatenate(
            [shares[~several], sums(place, shares[several], len(unique))]
        )

    @cached_property
    def rank(self) -> NDArray[np.int64]:
        """Each group's place in the order of the labels."""
        rank = np.empty(len(self.labels), np.int64)
        rank[pc.sort_indices(pa.array(self.labels, pa.string())).to_numpy()] = np.arange(len(rank))
        return rank

    def values(self, weights: Values, credit: Credit) -> Values:
        """Return what each entry counts."""
        counted = weights[self.rows]
        return counted if credit == Credit.FULL else counted * self.shares

    def totals(self, weights: Values, credit: Credit) -> Values:
        """Return each group's sum."""
        return sums(self.groups, self.values(weights, credit), len(self.labels))


def _divided(eco: Ecosystem, by: By, attribution: Attribution) -> _Divided:
    return eco.once((_Divided, by, attribution), lambda: _Divided(eco, by, attribution))


def share(eco: Ecosystem, by: By, definition: Definition) -> Share:
    """Divide the ecosystem's models.

    With `Credit.FRACTIONAL` the values and the unknown part add up to the total; with
    `Credit.FULL` a model of several roots counts for each, so they may exceed it. By licence
    class under `Attribution.LINEAGE` the class is that of the roots. By relation the
    attribution has no meaning: a model counts for the ways in which it was made.
    """
    weights = _weights(eco, definition.weight, definition.models)
    divided = _divided(eco, by, definition.attribution)
    totals = divided.totals(weights, definition.credit)
    total = float(weights.sum())
    known = float(divided.values(weights, Credit.FRACTIONAL).sum())
    kept = np.flatnonzero(totals > 0)
    kept = kept[np.lexsort((divided.rank[kept], -totals[kept]))]
    return Share(
        keys=[divided.labels[group] for group in kept.tolist()],
        values=totals[kept].tolist(),
        total=total,
        unknown=max(0.0, 1 - known / total) if total else 0.0,
    )


def totals(eco: Ecosystem, by: By, definition: Definition) -> tuple[list[str], Values]:
    """Return all groups, also empty ones, and what is counted of each, as `share` counts."""
    divided = _divided(eco, by, definition.attribution)
    return divided.labels, divided.totals(
        _weights(eco, definition.weight, definition.models), definition.credit
    )


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
    weights = _weights(eco, definition.weight, definition.models)
    divided = _divided(eco, by, definition.attribution)
    counted = divided.values(weights, definition.credit)
    created = eco.numbers("created_at")
    months = created.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    dated = (created >= 0) & (weights > 0)
    if not dated.any():
        return [], {key: [] for key in keys}
    first, last = int(months[dated].min()), int(months[dated].max())
    places = {label: place for place, label in enumerate(divided.labels)}
    values = {}
    for key in keys:
        chosen = (divided.groups == places.get(key, -1)) & dated[divided.rows]
        values[key] = np.bincount(
            months[divided.rows[chosen]] - first,
            weights=counted[chosen],
            minlength=last - first + 1,
        ).tolist()
    dates = np.arange(first, last + 1).astype("datetime64[M]").astype(str).tolist()
    return dates, values


def sizes(
    eco: Ecosystem, family: int, weight: Weight, models: Filter = ANY
) -> dict[tuple[Attribution, Credit], float]:
    """Return one family's size under each definition side by side."""
    weights = _weights(eco, weight, models)
    found = {}
    for attribution in Attribution:
        divided = _divided(eco, By.FAMILY, attribution)
        members = divided.groups == family
        for credit in Credit:
            found[attribution, credit] = float(divided.values(weights, credit)[members].sum())
    return found


def _weights(eco: Ecosystem, weight: Weight, models: Filter) -> Values:
    """Return what each row counts."""
    if models != ANY:
        return np.where(models.mask(eco), _weights(eco, weight, ANY), 0)
    if weight == Weight.MODELS:
        return eco.live.astype(np.float64)
    if weight == Weight.DERIVATIVES:
        return eco.derived.astype(np.float64)
    return np.where(eco.live, np.maximum(eco.numbers(weight.value), 0), 0).astype(np.float64)


def _sources(eco: Ecosystem, attribution: Attribution) -> tuple[Rows, Rows, Values]:
    """Return (model, the model that stands for it, share): its roots, itself or its bases."""
    every = np.arange(len(eco), dtype=np.int32)
    if attribution == Attribution.PUBLISHER:
        return every, every, np.ones(len(eco))
    # A base that is declared in two ways is one base.
    above = eco.roots if attribution == Attribution.LINEAGE else simple(eco.bases)
    degrees = above.degrees()
    rows, sources = above.sources(), above.targets
    shares = 1.0 / degrees[rows]
    if attribution == Attribution.LINEAGE:  # a root stands for itself
        itself = every[degrees == 0]
        rows, sources = np.concatenate([rows, itself]), np.concatenate([sources, itself])
        shares = np.concatenate([shares, np.ones(len(itself))])
    return rows, sources, shares


def _groups(eco: Ecosystem, by: By, attribution: Attribution) -> tuple[Rows, list[str]]:
    """Return each row's group as a source, -1 for none, and the groups' names."""
    families = eco.table("families")
    if by == By.FAMILY:
        column = "root_family" if attribution == Attribution.LINEAGE else "own_family"
        return eco.numbers(column), families.column("key").to_pylist()
    if by == By.LICENSE_CLASS:
        classes = pa.array([license_class.value for license_class in eco.license_classes])
        return _merged(eco.codes("license"), classes, unknown=LicenseClass.UNKNOWN.value)
    authors = eco.column("author").dictionary
    codes = eco.codes("author")
    if attribution == Attribution.LINEAGE:
        # A registered family stands for its roots, so that a copy counts for the original.
        registered = families.filter(families.column("registered")).column("organization")
        roots = eco.numbers("root_family")
        named = (roots >= 0) & (roots < len(registered))
        codes = np.where(named, roots + len(authors), codes)
        authors = pa.concat_arrays([authors, registered.fill_null("")])
    if by == By.ORGANIZATION:
        return _merged(codes, authors)
    known = eco.table("organizations")
    place = pc.index_in(authors, value_set=known.column("name"))
    return _merged(codes, known.column("country").take(place), unknown=UNKNOWN_COUNTRY)


def _merged(codes: Rows, names: pa.Array, unknown: str | None = None) -> tuple[Rows, list[str]]:
    """Make one group of the codes of one name; the unknown one is in no group."""
    if unknown is not None:
        names = pc.if_else(pc.equal(names, unknown), None, names)
    groups = names.dictionary_encode()
    of_code = groups.indices.fill_null(-1).to_numpy()
    return np.append(of_code, np.int32(-1))[codes], groups.dictionary.to_pylist()


def _relations(eco: Ecosystem) -> tuple[Rows, Rows, Values]:
    """Return (model, relation, share) of every derivation."""
    rows = eco.bases.sources()
    return rows, eco.base_relations.astype(np.int32), 1.0 / eco.bases.degrees()[rows]
