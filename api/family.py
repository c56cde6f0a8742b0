"""Families: what descends from the models of one name, and how families compare."""

from enum import StrEnum
from typing import Any, Self

import numpy as np
import strawberry

from api.connection import After, Before, First, Last, PageInfo, window
from api.definition import Definition, WeightArgument
from api.enums import described
from api.filter import (
    CountedRelations,
    CountFilter,
    Direction,
    DirectionArgument,
    ExcludeAutomated,
    ListFilter,
    MinDownloads,
    counted,
    listed,
    ordered,
)
from api.growth import Growth, RelativeAdoption
from api.influence import FamilyInfluence
from api.model import Model, ModelConnection, OrderBy
from api.organization import Organization
from api.scalars import Long
from graph import profile, shares
from graph.adoption import adoption, most_adopted
from graph.copies import copies_by_family
from graph.csr import Rows
from graph.ecosystem import Ecosystem, FamilyView
from graph.families import Attribution, Credit
from graph.family_counts import FamilySelection, family_authors, family_counts
from graph.listing import OrderField, Page, Window, ascending, listing
from graph.ranking import Keys
from graph.records import Relation
from graph.registry import LicenseClass
from graph.selection import ANY, Filter
from graph.shares import Weight, sizes


@described(
    "By what families are ordered.",
    KEY="`key`, ascending unless told otherwise; all others descend.",
    MODELS="`models`.",
    DERIVATIVES="`derivatives`.",
    AUTHORS="`authors`.",
    DESCENDANTS="`scores.descendants`.",
    DOWNLOADS="`downloads`, of 30 days.",
    PAGERANK="`scores.pagerank`.",
)
class FamilyOrder(StrEnum):
    """By what families are ordered."""

    KEY = "key"
    MODELS = "models"
    DERIVATIVES = "derivatives"
    AUTHORS = "authors"
    DESCENDANTS = "descendants"
    DOWNLOADS = "downloads"
    PAGERANK = "pagerank"


@strawberry.type(description="A family's size under one definition.")
class FamilySize:
    """A family's size under one definition."""

    definition: Definition = strawberry.field(description="What is counted, and how.")
    models: float = strawberry.field(description="How many.")


@strawberry.type(description="How many models of a family declare a licence.")
class LicenseCount:
    """How many models of a family declare a licence."""

    license: str | None = strawberry.field(description="By the Hub's id; null: none declared.")
    license_class: LicenseClass = strawberry.field(description="Its class.")
    models: int = strawberry.field(description="Live models.")


@strawberry.type(description="How many models of a family have a number of weights.")
class ParameterCount:
    """How many models of a family have a number of weights."""

    bucket: str = strawberry.field(
        description='A range of the number of weights, or "unknown" without safetensors metadata.'
    )
    models: int = strawberry.field(description="Live models.")


@strawberry.type(description="How many models of a family were made in one way.")
class RelationCount:
    """How many models of a family were made in one way."""

    relation: Relation = strawberry.field(description="The relation.")
    models: int = strawberry.field(description="Live models.")


@strawberry.type(description="The scores of a family's models, summed up.")
class FamilyScores:
    """The scores of a family's models, summed up."""

    descendants: int = strawberry.field(
        description="Models that descend from its roots, kept deleted ones included."
    )
    pagerank: float = strawberry.field(description="The sum of its models' PageRank.")


@strawberry.type(
    description="What descends from the models of one name; or, unregistered, from one root."
)
class Family:
    """A family of the snapshot."""

    eco: strawberry.Private[Ecosystem]
    number: strawberry.Private[int]
    attribution: strawberry.Private[Attribution] = Attribution.LINEAGE
    counted: strawberry.Private[Filter] = ANY

    @property
    def _view(self) -> FamilyView:
        return FamilyView(self.eco, self.number)

    def _sum(self, name: str) -> Any:
        return self.eco.table("families").column(name)[self.number].as_py()

    @strawberry.field(description="Its key in queries; the root's id when it is not registered.")
    def key(self) -> str:
        """Return its key."""
        return self._view.family.key

    @strawberry.field(description="What people call it.")
    def name(self) -> str:
        """Return its name."""
        return self._view.family.name

    @strawberry.field(description="Who releases it.")
    def organization(self) -> Organization | None:
        """Return who releases it."""
        return Organization.of(self.eco, self._view.family.organization)

    @strawberry.field(description="Whether the registry names it.")
    def registered(self) -> bool:
        """Return whether the registry names it."""
        return self._view.family.registered

    def _count(self, weight: Weight) -> int:
        definition = _fully(weight, self.attribution, self.counted)
        return int(family_counts(self.eco, definition)[self.number])

    @strawberry.field(
        description="What `models`, `derivatives`, `authors` and `downloads` mean here: as the"
        " arguments of `family` or `families` say, and in full credit. All else is by lineage, of"
        " all models."
    )
    def definition(self) -> Definition:
        """Return what its counts mean."""
        return Definition(
            weight=Weight.MODELS,
            attribution=self.attribution,
            credit=Credit.FULL,
            models=self.counted,
        )

    @strawberry.field(description="Live models, each counting fully, roots included.")
    def models(self) -> int:
        """Return how many live models it has."""
        return self._count(Weight.MODELS)

    @strawberry.field(description="Live models that declare a base, each fully.")
    def derivatives(self) -> int:
        """Return how many derivatives it has."""
        return self._count(Weight.DERIVATIVES)

    @strawberry.field(
        description="Distinct namespaces that published its `derivatives`. Who builds on several"
        " families counts in each, so these do not add up."
    )
    def authors(self) -> int:
        """Return how many namespaces built on it."""
        return int(family_authors(self.eco, self.attribution, self.counted)[self.number])

    @strawberry.field(description="Downloads of its live models in 30 days, each fully.")
    def downloads(self) -> Long:
        """Return the downloads of its models."""
        return Long(self._count(Weight.DOWNLOADS))

    @strawberry.field(description="Its size under each definition, side by side.")
    def sizes(
        self,
        weight: WeightArgument = Weight.MODELS,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
    ) -> list[FamilySize]:
        """Return its size under each definition."""
        models = counted(filter, exclude_automated, relations, min_downloads)
        return [
            FamilySize(
                definition=Definition(
                    weight=weight, attribution=attribution, credit=credit, models=models
                ),
                models=value,
            )
            for (attribution, credit), value in sizes(self.eco, self.number, weight, models).items()
        ]

    @strawberry.field(description="Its live models by declared licence, the most frequent first.")
    def licenses(self) -> list[LicenseCount]:
        """Return its licences."""
        classes = dict(zip(self.eco.labels("license"), self.eco.license_classes, strict=True))
        return [
            LicenseCount(
                license=name,
                license_class=classes[name] if name else LicenseClass.UNKNOWN,
                models=count,
            )
            for name, count in profile.licenses(self.eco, self._view.rows)
        ]

    @strawberry.field(description="Its live models by number of weights, small to large.")
    def parameters(self) -> list[ParameterCount]:
        """Return its sizes of weights."""
        counts = profile.parameters(self.eco, self._view.rows)
        return [ParameterCount(bucket=bucket, models=count) for bucket, count in counts]

    @strawberry.field(description="Its live models by how they were made; one may be in several.")
    def relations(self) -> list[RelationCount]:
        """Return how its models were made."""
        counts = profile.relations(self.eco, self._view.rows)
        return [RelationCount(relation=relation, models=count) for relation, count in counts]

    @strawberry.field(description="Its models' scores, summed up.")
    def scores(self) -> FamilyScores:
        """Return its scores."""
        return FamilyScores(
            descendants=int(self._sum("descendants")),
            pagerank=float(self._sum("pagerank")),
        )

    @strawberry.field(description="How many live derivatives it got, and when.")
    def growth(self) -> Growth:
        """Return how it grows."""
        return Growth.of(self.eco, self.number)

    @strawberry.field(
        description="Of the models that bear its name the one that is built on most for its size"
        " and age; null where that is known of none."
    )
    def most_adopted(self) -> RelativeAdoption | None:
        """Return its model of the highest relative adoption."""
        row = most_adopted(self.eco, self.number)
        if row is None:
            return None
        found = adoption(self.eco, np.array([row], np.int32))
        return RelativeAdoption.of(Model(eco=self.eco, row=row), found, 0)

    @strawberry.field(description="How central it is among the families that build on each other.")
    def influence(self) -> FamilyInfluence:
        """Return how central it is among families."""
        return FamilyInfluence.of(self.eco, self.number)

    @strawberry.field(
        description="Models that declare nothing and are taken for copies of its models, by equal"
        " names and numbers of weights. Inferred, and not among its models."
    )
    def inferred_copies(self) -> int:
        """Return how many models are taken for copies of its models."""
        return int(copies_by_family(self.eco)[self.number])

    @strawberry.field(description="Its models by lineage.")
    def members(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = OrderField.PAGERANK,
        filter: ListFilter = None,
        direction: DirectionArgument = None,
    ) -> ModelConnection:
        """Return its models."""
        return ModelConnection.of_rows(
            self.eco,
            lambda: self._view.rows,
            listed(filter),
            ordered(order_by, direction),
            ["members", self.number],
            window(first, after, last, before),
        )


@strawberry.type(description="A family in a list.")
class FamilyEdge:
    """A family in a list."""

    page: strawberry.Private[Page]
    place: strawberry.Private[int]
    node: Family = strawberry.field(description="The family.")

    @strawberry.field(description="Where it stands in the list.")
    def cursor(self) -> str:
        """Return where it stands."""
        return self.page.cursor(self.place)


@strawberry.type(description="A page of families.")
class FamilyConnection:
    """A page of families."""

    eco: strawberry.Private[Ecosystem]
    page: strawberry.Private[Page]

    attribution: strawberry.Private[Attribution]
    counted: strawberry.Private[Filter]

    @classmethod
    def of(
        cls,
        eco: Ecosystem,
        which: FamilySelection,
        order: FamilyOrder,
        direction: Direction | None,
        attribution: Attribution,
        counted: Filter,
        part: Window,
    ) -> Self:
        """List families, counted by an attribution of some models."""
        descending = order != FamilyOrder.KEY if direction is None else direction == Direction.DESC

        def make() -> tuple[Rows, Keys]:
            table = eco.table("families")
            if order == FamilyOrder.KEY:
                keys = table.column("key").to_numpy(zero_copy_only=False)
                values: Keys = np.argsort(np.argsort(keys))
            elif order in (FamilyOrder.DESCENDANTS, FamilyOrder.PAGERANK):
                values = table.column(order.value).to_numpy()
            elif order == FamilyOrder.AUTHORS:
                values = family_authors(eco, attribution, counted)
            else:
                definition = _fully(Weight(order.value), attribution, counted)
                values = family_counts(eco, definition)
            numbers = which.numbers(eco)
            return numbers, ascending(values, descending=descending)[numbers]

        scope = ["families", which, order, descending, attribution, counted]
        page = listing(eco, eco.family_keys, scope, make).page(part)
        return cls(eco=eco, page=page, attribution=attribution, counted=counted)

    @strawberry.field(description="How many families the whole list has.")
    def total_count(self) -> int:
        """Return how many there are."""
        return self.page.total

    @strawberry.field(description="The families of this page.")
    def nodes(self) -> list[Family]:
        """Return the families."""
        return [
            Family(eco=self.eco, number=number, attribution=self.attribution, counted=self.counted)
            for number in self.page.rows.tolist()
        ]

    @strawberry.field(description="The families of this page with their cursors.")
    def edges(self) -> list[FamilyEdge]:
        """Return the families with their cursors."""
        return [FamilyEdge(page=self.page, place=p, node=f) for p, f in enumerate(self.nodes())]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        """Return where this page stands."""
        return PageInfo.of(self.page)


def _fully(weight: Weight, attribution: Attribution, models: Filter) -> shares.Definition:
    return shares.Definition(weight, attribution, Credit.FULL, models)
