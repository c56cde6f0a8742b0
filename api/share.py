"""Shares, series and comparisons, each with the definition that was used."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

import strawberry

from api.connection import bounded
from api.definition import Definition, DefinitionInput
from api.family import Family
from graph import shares
from graph.ecosystem import Ecosystem
from graph.errors import UsageError
from graph.family_counts import family_authors
from graph.history import History
from graph.records import Relation
from graph.registry import LicenseClass
from graph.selection import ANY
from graph.series import ATTRIBUTION, CREDIT
from graph.shares import By, Weight

MAX_KEYS = 100
"""Families or groups that one comparison or series may name."""

MAX_DEFINITIONS = 10
"""Definitions under which one comparison may count."""

_CLASSES = "|".join(kind.value for kind in LicenseClass if kind != LicenseClass.UNKNOWN)
_RELATIONS = "|".join(relation.value for relation in Relation)
_GROUPS = {
    By.COUNTRY: ("[A-Z]{2}", "ISO 3166-1 alpha-2 in capitals"),
    By.LICENSE_CLASS: (_CLASSES, _CLASSES),
    By.RELATION: (_RELATIONS, _RELATIONS),
}
"""How the groups of some divisions are spelt, as a pattern and in words."""


class Between(NamedTuple):
    """From when to when a series runs, both included; without an end it is open there."""

    begin: datetime | None
    end: datetime | None

    def places(self, dates: list[str]) -> list[int]:
        """Return which of some dates lie between; months, too, of which a part does."""
        begin, end = ("" if bound is None else _text(bound) for bound in self)
        return [
            place
            for place, date in enumerate(dates)
            if date >= begin[: len(date)] and (not end or date <= end[: len(date)])
        ]


@strawberry.type(description="One part of a whole.")
class ShareGroup:
    """One part of a whole."""

    key: str = strawberry.field(
        description="The family's key, the namespace, the country's code, the class, the relation."
    )
    value: float = strawberry.field(description="What is counted.")
    fraction: float = strawberry.field(description="Of the total.")


@strawberry.type(description="How a whole is divided.")
class Share:
    """How a whole is divided."""

    groups: list[ShareGroup] = strawberry.field(description="The largest first.")
    group_count: int = strawberry.field(description="How many groups there are in all.")
    total: float = strawberry.field(description="What was divided, the unknown part included.")
    unknown: float = strawberry.field(
        description="The fraction of the total that belongs to no known group."
    )
    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base at all: what the rest builds"
        " on, nobody knows."
    )
    definition: Definition = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(cls, eco: Ecosystem, by: By, definition: Definition, first: int) -> Self:
        """Divide an ecosystem."""
        found = shares.share(eco, by, definition.plain, bounded(first))
        return cls(
            groups=[
                ShareGroup(key=key, value=value, fraction=value / found.total)
                for key, value in zip(found.keys, found.values, strict=True)
            ],
            group_count=found.groups,
            total=found.total,
            unknown=found.unknown,
            coverage=eco.manifest.coverage,
            definition=definition,
        )


@strawberry.type(description="One line of a time series.")
class Series:
    """One line of a time series."""

    key: str = strawberry.field(description="The group's key.")
    values: list[float | None] = strawberry.field(
        description="One for each of the dates; null where the group was too small to be kept,"
        " as families that nobody registered and organisations of fewer than 100 models are."
    )


@strawberry.type(description="Models counted by month of creation, or by snapshot.")
class TimeSeries:
    """Models counted by month of creation, or by snapshot."""

    dates: list[str] = strawberry.field(
        description="Months, YYYY-MM, without gaps; or when the data of each snapshot held."
    )
    snapshots: list[strawberry.ID] | None = strawberry.field(
        description="The snapshots' ids, 1000 at most; null for a series by month."
    )
    series: list[Series] = strawberry.field(description="In the order of the keys asked for.")
    definition: Definition = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(
        cls, eco: Ecosystem, by: By, keys: list[str], definition: Definition, between: Between
    ) -> Self:
        """Count an ecosystem's models by month."""
        if by == By.FAMILY:
            for key in few(keys):
                eco.family_number(key)
        dates, values = shares.series(eco, by, groups(by, keys), definition.plain)
        kept = between.places(dates)
        return cls(
            dates=[dates[place] for place in kept],
            snapshots=None,
            series=[Series(key=key, values=[values[key][p] for p in kept]) for key in keys],
            definition=definition,
        )

    @classmethod
    def by_snapshot(
        cls,
        eco: Ecosystem,
        history: History,
        by: By,
        keys: list[str],
        definition: Definition,
        between: Between,
    ) -> Self:
        """Read how large groups were in each snapshot."""
        if (definition.attribution, definition.credit) != (ATTRIBUTION, CREDIT):
            raise UsageError(
                f"a series by snapshot has attribution {ATTRIBUTION.name} and credit {CREDIT.name}:"
                " no other numbers were kept; leave both out, or ask for interval MONTH"
            )
        if definition.models != ANY:
            raise UsageError(
                "a series by snapshot is of all live models: no other numbers were kept; leave"
                " filters out, or ask for interval MONTH"
            )
        found = history.series(by, groups(by, keys), definition.weight)
        if by == By.FAMILY:
            for key, values in found.values.items():
                if not any(value is not None for value in values):
                    eco.family_number(key)
        dates = [_date(manifest.as_of) for manifest in found.snapshots]
        kept = between.places(dates)
        return cls(
            dates=[dates[place] for place in kept],
            snapshots=[strawberry.ID(found.snapshots[place].id) for place in kept],
            series=[Series(key=key, values=[found.values[key][p] for p in kept]) for key in keys],
            definition=definition,
        )


@strawberry.type(description="One family under one definition of a comparison.")
class ComparedFamily:
    """One family under one definition of a comparison."""

    family: Family = strawberry.field(description="The family.")
    models: float = strawberry.field(description="Its live models, roots included.")
    derivatives: float = strawberry.field(description="Those of them that declare a base.")
    downloads: float = strawberry.field(description="Their downloads of 30 days.")
    downloads_all_time: float = strawberry.field(
        description="Their downloads since creation; 0 where the source does not tell."
    )
    definition: Definition = strawberry.field(
        description="To whom models are attributed, and how those of several families count."
    )

    @strawberry.field(
        description="Distinct namespaces that published its `derivatives`, in full under any"
        " credit. Who builds on several families counts in each, so these do not add up."
    )
    def authors(self) -> int:
        """Return how many namespaces built on it."""
        plain = self.definition.plain
        counts = family_authors(self.family.eco, plain.attribution, plain.models)
        return int(counts[self.family.number])

    @classmethod
    def each(
        cls, eco: Ecosystem, keys: list[str], definitions: list[DefinitionInput]
    ) -> list[Self]:
        """Measure families under definitions.

        Raises
        ------
        UsageError
            When there are more than `MAX_KEYS` or `MAX_DEFINITIONS`.
        """
        if len(definitions) > MAX_DEFINITIONS:
            raise UsageError(
                f"{len(definitions)} definitions are asked for; name at most {MAX_DEFINITIONS}"
            )
        meant = [definition.of(Weight.MODELS) for definition in definitions]
        return [cls._of(eco, key, definition) for key in few(keys) for definition in meant]

    @classmethod
    def _of(cls, eco: Ecosystem, key: str, definition: Definition) -> Self:
        number = eco.family_number(key)
        models, derivatives, downloads, all_time = (
            shares.size(eco, number, replace(definition.plain, weight=weight)) for weight in Weight
        )
        return cls(
            family=Family(eco=eco, number=number),
            models=models,
            derivatives=derivatives,
            downloads=downloads,
            downloads_all_time=all_time,
            definition=definition,
        )


def _date(milliseconds: int) -> str:
    return _text(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _text(moment: datetime) -> str:
    """Write a moment in UTC; one without a time zone is in it."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return known.astimezone(UTC).isoformat(timespec="seconds")


def groups(by: By, keys: list[str]) -> list[str]:
    """Check the keys of groups, for one that no group can have would seem to have nothing.

    Raises
    ------
    UsageError
        When there are more than `MAX_KEYS`, or one is no country, class or relation.
    """
    pattern, spelling = _GROUPS.get(by, ("(?s).*", ""))
    for key in few(keys):
        if not re.fullmatch(pattern, key):
            raise UsageError(f"{key!r} is no group by {by.name}; they are spelt {spelling}")
    return keys


def few(keys: list[str]) -> list[str]:
    """Check how many keys a query names.

    Raises
    ------
    UsageError
        When there are more than `MAX_KEYS`.
    """
    if len(keys) > MAX_KEYS:
        raise UsageError(f"{len(keys)} keys are asked for; name at most {MAX_KEYS}")
    return keys
