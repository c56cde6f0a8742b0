"""Which models are listed or counted, as clients say it."""

import re
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeVar

import strawberry

from api.enums import described
from api.inputs import of_leaves
from api.scalars import Long, milliseconds
from graph.errors import UsageError
from graph.listing import Order, OrderField
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.registry.definitions import UNKNOWN_COUNTRY
from graph.selection import ANY, LIVE, Filter

S = TypeVar("S", bound=StrEnum)

_COUNTRY = re.compile("[A-Z]{2}")


@described("A direction.", ASC="The least, or earliest, first.", DESC="The most, or latest, first.")
class Direction(StrEnum):
    """A direction."""

    ASC = "asc"
    DESC = "desc"


@of_leaves
@strawberry.input(
    description="What a model must be: all that is given. What is left out is not asked for, but"
    " that models live."
)
class ModelFilter:
    """What a model must be."""

    family: str | None = strawberry.field(
        default=None, description="A family's key: models that belong to it by lineage."
    )
    organization: str | None = strawberry.field(default=None, description="The namespace.")
    country: str | None = strawberry.field(
        default=None, description='The publisher\'s country, ISO 3166-1 alpha-2, or "unknown".'
    )
    license: str | None = strawberry.field(default=None, description="The Hub's licence id.")
    license_class: LicenseClass | None = strawberry.field(
        default=None, description="The class of the declared licence."
    )
    relation: list[Relation] | None = strawberry.field(
        default=None, description="Models that were made so, in one of these ways, from any base."
    )
    library: str | None = strawberry.field(default=None, description="The Hub's library name.")
    task: str | None = strawberry.field(default=None, description="The Hub's pipeline tag.")
    status: list[Status] | None = strawberry.field(
        default_factory=lambda: [Status.LIVE],
        description="One of these. Live models alone when it is left out; with null placeholders"
        " and deleted models too. What is counted is live in any case.",
    )
    created_after: datetime | None = strawberry.field(
        default=None, description="Created then or later."
    )
    created_before: datetime | None = strawberry.field(
        default=None, description="Created then or earlier."
    )
    min_downloads: Long | None = strawberry.field(
        default=None, description="Downloads of 30 days, at least."
    )
    min_parameters: Long | None = strawberry.field(default=None, description="Weights, at least.")
    max_parameters: Long | None = strawberry.field(default=None, description="Weights, at most.")
    exclude_automated: bool = strawberry.field(
        default=False,
        description="Leaves automated derivatives out: a UUID in the id, or more than 20"
        " derivatives of one base by one namespace on one day.",
    )

    def plain(self) -> Filter:
        """Return the filter for the read model."""
        return Filter(
            family=self.family,
            organization=self.organization,
            country=known_country(self.country),
            license=self.license,
            license_class=self.license_class,
            relations=_each(self.relation),
            library=self.library,
            task=self.task,
            statuses=_each(self.status),
            created_after=milliseconds(self.created_after),
            created_before=milliseconds(self.created_before),
            min_downloads=self.min_downloads,
            min_parameters=self.min_parameters,
            max_parameters=self.max_parameters,
            exclude_automated=self.exclude_automated,
        )


ListFilter = Annotated[
    ModelFilter | None, strawberry.argument(description="All live models when left out.")
]
WalkFilter = Annotated[
    ModelFilter | None,
    strawberry.argument(
        description="Which of those that are reached, live ones alone unless it says otherwise."
        " When left out all, with placeholders and deleted models. It does not cut the ways."
    ),
]
CountFilter = Annotated[
    ModelFilter | None,
    strawberry.argument(description="Of which models. All live models when left out."),
]
ExcludeAutomated = Annotated[
    bool | None, strawberry.argument(description="As in `filter`, over which it prevails.")
]
CountedRelations = Annotated[
    list[Relation] | None,
    strawberry.argument(description="As `filter.relation`, over which it prevails."),
]
MinDownloads = Annotated[
    Long | None,
    strawberry.argument(description="As in `filter`, over which it prevails."),
]


DirectionArgument = Annotated[
    Direction | None,
    strawberry.argument(
        description="When it is left out, ID, KEY and DISTANCE ascend and all else descends."
    ),
]


def known_country(code: str | None) -> str | None:
    """Check a country's code, for one of another form would match nothing and seem to say so.

    Raises
    ------
    UsageError
        When it is none.
    """
    if code is None or code == UNKNOWN_COUNTRY or _COUNTRY.fullmatch(code):
        return code
    raise UsageError(
        f"{code!r} is no country; give ISO 3166-1 alpha-2 in capitals, or {UNKNOWN_COUNTRY!r}"
    )


def ordered(field: OrderField, direction: Direction | None) -> Order:
    """Return an order of models."""
    if direction is None:
        return Order(field, field not in (OrderField.ID, OrderField.DISTANCE))
    return Order(field, direction == Direction.DESC)


def listed(filter: ModelFilter | None) -> Filter:
    """Return which models a list has."""
    return filter.plain() if filter else LIVE


def counted(
    filter: ModelFilter | None,
    exclude_automated: bool | None,
    relations: list[Relation] | None,
    min_downloads: int | None,
) -> Filter:
    """Return of which models a count is; they live in any case."""
    models = replace(filter.plain(), statuses=None) if filter else ANY
    if exclude_automated is not None:
        models = replace(models, exclude_automated=exclude_automated)
    if relations is not None:
        models = replace(models, relations=_each(relations))
    if min_downloads is not None:
        models = replace(models, min_downloads=min_downloads)
    return models


def _each(values: list[S] | None) -> tuple[S, ...] | None:
    """Return distinct values in one order, so that equal filters are equal."""
    return None if values is None else tuple(sorted({*values}))
