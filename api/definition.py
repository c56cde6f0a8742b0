"""What a count means, given beside it."""

from typing import Annotated

import strawberry

from api.filter import ModelFilter, counted
from api.scalars import Long
from graph import shares
from graph.families import Attribution, Credit
from graph.records import Relation
from graph.selection import ANY, Filter
from graph.shares import Weight
from graph.wording import in_words, terms

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
        return [FilterTerm(field=name, value=value) for name, value in terms(self.models)]

    @strawberry.field(description="The same in words.")
    def text(self) -> str:
        """Return the definition in words."""
        return in_words(self.plain)

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
