"""What a count means, given beside it."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from api.filter import ModelFilter, counted
from api.scalars import Long
from graph import shares
from graph.families import Attribution, Credit
from graph.records import Relation
from graph.selection import ANY, Filter
from graph.shares import Weight

_WEIGHTS = {
    Weight.MODELS: "live models",
    Weight.DERIVATIVES: "live models that declare a base",
    Weight.DOWNLOADS: "downloads of live models in the 30 days before the crawl",
    Weight.DOWNLOADS_ALL_TIME: "downloads of live models since their creation",
}
_ATTRIBUTIONS = {
    Attribution.LINEAGE: "attributed to the roots of their weights, through copies",
    Attribution.PUBLISHER: "attributed to who released them",
    Attribution.DIRECT: "attributed to who released the models that they name as their bases",
}
_CREDITS = {
    Credit.FULL: "a model of several roots counts fully for each",
    Credit.FRACTIONAL: "a model of several roots counts in equal shares that sum to 1",
}


AttributionArgument = Annotated[
    Attribution, strawberry.argument(description="To whom models are attributed.")
]
CreditArgument = Annotated[
    Credit, strawberry.argument(description="How a model of several roots counts.")
]
WeightArgument = Annotated[Weight, strawberry.argument(description="What is counted.")]


@strawberry.type(description="One thing that the models which are counted must be.")
class FilterTerm:
    """One thing that the models which are counted must be."""

    field: str = strawberry.field(description="The field of `ModelFilter`.")
    value: str = strawberry.field(description="Its value; several are separated by commas.")


@strawberry.type(description="What a number means.")
class Definition:
    """What a number means."""

    weight: Weight = strawberry.field(description="What is counted.")
    attribution: Attribution = strawberry.field(description="To whom it is attributed.")
    credit: Credit = strawberry.field(description="How a model of several roots counts.")
    models: strawberry.Private[Filter] = ANY

    @strawberry.field(description="Whether automated derivatives are left out.")
    def exclude_automated(self) -> bool:
        """Return whether automated derivatives are left out."""
        return self.models.exclude_automated

    @strawberry.field(description="Made in which ways; null for any, and for models of no base.")
    def relations(self) -> list[Relation] | None:
        """Return the ways in which models were made."""
        return None if self.models.relations is None else [*self.models.relations]

    @strawberry.field(description="Downloads of 30 days, at least; null without such a bound.")
    def min_downloads(self) -> Long | None:
        """Return the least number of downloads."""
        return None if self.models.min_downloads is None else Long(self.models.min_downloads)

    @strawberry.field(
        description="All that the models which are counted must be, but that they live, which"
        " holds for each count."
    )
    def filter(self) -> list[FilterTerm]:
        """Return what models must be."""
        return [FilterTerm(field=name, value=value) for name, value in _terms(self.models)]

    @strawberry.field(description="The same in words.")
    def text(self) -> str:
        """Return the definition in words."""
        parts = (
            f"{_WEIGHTS[self.weight]}, {_ATTRIBUTIONS[self.attribution]}",
            _CREDITS[self.credit],
            *(_words(name, value) for name, value in _terms(self.models)),
        )
        text = "; ".join(parts)
        return text[:1].upper() + text[1:]

    @property
    def plain(self) -> shares.Definition:
        """The same for the read model."""
        return shares.Definition(self.weight, self.attribution, self.credit, self.models)


@strawberry.input(description="A definition to compare under; the fields mean what arguments do.")
class DefinitionInput:
    """A definition to compare under."""

    attribution: Attribution = strawberry.field(
        default=Attribution.LINEAGE, description="To whom models are attributed."
    )
    credit: Credit = strawberry.field(
        default=Credit.FRACTIONAL, description="How a model of several roots counts."
    )
    exclude_automated: bool | None = strawberry.field(
        default=None, description="As in `filter`, over which it prevails."
    )
    relations: list[Relation] | None = strawberry.field(
        default=None, description="As `filter.relation`, over which it prevails."
    )
    min_downloads: Long | None = strawberry.field(
        default=None, description="As in `filter`, over which it prevails."
    )
    filter: ModelFilter | None = strawberry.field(
        default=None, description="Of which models. All live models when left out."
    )

    def of(self, weight: Weight) -> Definition:
        """Return what a count by this definition means."""
        models = counted(self.filter, self.exclude_automated, self.relations, self.min_downloads)
        return Definition(
            weight=weight, attribution=self.attribution, credit=self.credit, models=models
        )


_FIELDS = {"relations": "relation", "statuses": "status"}
"""Where `ModelFilter` has other names than the read model's filter."""


def _terms(models: Filter) -> Iterator[tuple[str, str]]:
    """Give the fields of `ModelFilter` that are asked for, and their values as text."""
    for field in fields(models):
        value = getattr(models, field.name)
        if value != field.default:
            first, *rest = _FIELDS.get(field.name, field.name).split("_")
            yield first + "".join(map(str.capitalize, rest)), _text(field.name, value)


def _words(name: str, value: str) -> str:
    if name == "excludeAutomated":
        return "automated derivatives left out"
    return f"only with {name} {value}"


def _text(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(name, part) for part in value)
    if isinstance(value, Enum):
        return value.name
    if name.startswith("created"):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else str(value)
