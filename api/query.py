"""The root of the schema: what can be asked."""

from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated

import strawberry
from strawberry.types import Info

from api import enums
from api.change import ChangeConnection
from api.concentration import Concentration
from api.connection import After, Before, First, Last, Size, bounded, window
from api.definition import (
    AttributionArgument,
    CreditArgument,
    Definition,
    DefinitionInput,
    WeightArgument,
)
from api.family import Family, FamilyConnection, FamilyOrder
from api.filter import (
    CountedRelations,
    CountFilter,
    Direction,
    DirectionArgument,
    ExcludeAutomated,
    ListFilter,
    MinDownloads,
    counted,
    known_country,
    listed,
)
from api.influence import DEFINITION, Influence
from api.inputs import of_leaves
from api.license_drift import LicenseDrift
from api.model import Model, ModelConnection
from api.share import Between, ComparedFamily, Share, TimeSeries
from api.snapshot import DataQuality, Snapshot
from graph.changes import Kind
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.family_counts import FamilySelection
from graph.history import History, reader
from graph.listing import Order, OrderField
from graph.records import Relation
from graph.search import search
from graph.shares import By, Weight


class Context:
    """What a request answers from: one snapshot, whatever is published meanwhile, and the past."""

    def __init__(self, eco: Ecosystem, history: History | None = None) -> None:
        self.eco = eco
        self.history = history or History((), reader(Path))


@enums.described(
    "The steps of a series.",
    MONTH="Months: models by the month of their creation.",
    SNAPSHOT="Published snapshots: how large a group was in each.",
)
class Interval(StrEnum):
    """The steps of a series."""

    MONTH = "month"
    SNAPSHOT = "snapshot"


@of_leaves
@strawberry.input(description="By what models are ordered, and in which direction.")
class ModelOrder:
    """By what models are ordered, and in which direction."""

    field: OrderField = strawberry.field(
        default=OrderField.PAGERANK, description="By what models are ordered."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="The direction.")


ByArgument = Annotated[By, strawberry.argument(description="By what models are divided.")]


@strawberry.type(description="Who builds on whom among open models.")
class Query:
    """Who builds on whom among open models."""

    @strawberry.field(
        description="The snapshot that all of this answer is read from; or, by its id, what a"
        " former one said of itself."
    )
    def snapshot(
        self,
        info: Info[Context, None],
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The newest when left out.")
        ] = None,
    ) -> Snapshot | None:
        """Return a snapshot."""
        if id is None:
            return Snapshot.of(info.context.eco.manifest)
        return Snapshot.of(*info.context.history[id])

    @strawberry.field(description="The published snapshots, the newest first.")
    def snapshots(self, info: Info[Context, None], first: Size = 10) -> list[Snapshot]:
        """Return the published snapshots."""
        return [Snapshot.of(*past) for past in islice(info.context.history, bounded(first))]

    @strawberry.field(
        description="What changed from a snapshot to a later one, near or far. What cancelled out"
        " on the way is left out: a model that came and went, a licence that was changed back."
    )
    def changes(
        self,
        info: Info[Context, None],
        older: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="The older snapshot.")
        ],
        later: Annotated[
            strawberry.ID, strawberry.argument(name="to", description="The later snapshot.")
        ],
        kinds: Annotated[
            list[Kind] | None, strawberry.argument(description="All when it is left out.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> ChangeConnection | None:
        """Return what changed between two snapshots."""
        found = info.context.history.changes(older, later)
        return ChangeConnection.of(found, kinds, window(first, after, last, before))

    @strawberry.field(description="A model by its id, or by one that it once had.")
    def model(
        self,
        info: Info[Context, None],
        id: Annotated[str, strawberry.argument(description="author/name.")],
    ) -> Model | None:
        """Return a model."""
        eco = info.context.eco
        return Model(eco=eco, row=eco.row(id))

    @strawberry.field(description="Models, filtered and ordered, in pages.")
    def models(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[
            ModelOrder | None,
            strawberry.argument(
                description="Such as `{field: DOWNLOADS}`; by PAGERANK when left out."
            ),
        ] = None,
        filter: ListFilter = None,
    ) -> ModelConnection:
        """Return models."""
        eco = info.context.eco
        chosen = order_by or ModelOrder()
        order = Order(chosen.field, chosen.direction == Direction.DESC)
        part = window(first, after, last, before)
        return ModelConnection.of_all(eco, listed(filter), order, part)

    @strawberry.field(
        description="Models whose id holds every word, whatever the case and punctuation; the"
        " exact one first, then the most downloaded."
    )
    def search(
        self,
        info: Info[Context, None],
        text: Annotated[str, strawberry.argument(description="Words of an id.")],
        first: Size = 10,
    ) -> list[Model]:
        """Return models by the parts of their id."""
        eco = info.context.eco
        rows = search(eco, text, bounded(first))
        return [Model(eco=eco, row=row) for row in rows.tolist()]

    @strawberry.field(description="A family by its key, such as qwen, or by its root's id.")
    def family(
        self,
        info: Info[Context, None],
        key: Annotated[str, strawberry.argument(description="The family's key.")],
        attribution: AttributionArgument = Attribution.LINEAGE,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
    ) -> Family | None:
        """Return a family."""
        eco = info.context.eco
        models = counted(filter, exclude_automated, relations, min_downloads)
        number = eco.family_number(key)
        return Family(eco=eco, number=number, attribution=attribution, counted=models)

    @strawberry.field(
        description="Families, ordered, in pages. Each is counted, and ordered by its counts, as"
        " the arguments say, and in full credit; `share` has them in fractions."
    )
    def families(
        self,
        info: Info[Context, None],
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: Annotated[
            FamilyOrder, strawberry.argument(description="By what families are ordered.")
        ] = FamilyOrder.DESCENDANTS,
        registered: Annotated[
            bool | None,
            strawberry.argument(
                description="Only those that the registry names, or only those that it does not."
            ),
        ] = None,
        organization: Annotated[
            str | None, strawberry.argument(description="Only those that this namespace releases.")
        ] = None,
        country: Annotated[
            str | None,
            strawberry.argument(
                description="Only those whose organisation is of this country, ISO 3166-1 alpha-2,"
                ' or "unknown".'
            ),
        ] = None,
        direction: DirectionArgument = None,
        attribution: AttributionArgument = Attribution.LINEAGE,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
    ) -> FamilyConnection:
        """Return families."""
        return FamilyConnection.of(
            info.context.eco,
            FamilySelection(registered, organization, known_country(country)),
            order_by,
            direction,
            attribution,
            counted(filter, exclude_automated, relations, min_downloads),
            window(first, after, last, before),
        )

    @strawberry.field(
        description="Families side by side, under one definition or several: one entry for each"
        " family and definition, those of one family together."
    )
    def compare(
        self,
        info: Info[Context, None],
        families: Annotated[list[str], strawberry.argument(description="Keys, 100 at most.")],
        attribution: AttributionArgument = Attribution.LINEAGE,
        credit: CreditArgument = Credit.FRACTIONAL,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
        definitions: Annotated[
            list[DefinitionInput] | None,
            strawberry.argument(
                description="Several definitions, 10 at most, in place of the arguments before."
            ),
        ] = None,
    ) -> list[ComparedFamily]:
        """Return families side by side."""
        chosen = [
            DefinitionInput(
                attribution=attribution,
                credit=credit,
                exclude_automated=exclude_automated,
                relations=relations,
                min_downloads=min_downloads,
                filter=filter,
            )
        ]
        return ComparedFamily.each(
            info.context.eco, families, chosen if definitions is None else definitions
        )

    @strawberry.field(
        description="How models are divided. By RELATION and with PUBLISHER a model is its own; by"
        " LICENSE_CLASS with LINEAGE the class is that of the roots."
    )
    def share(
        self,
        info: Info[Context, None],
        by: ByArgument,
        weight: WeightArgument = Weight.DERIVATIVES,
        attribution: AttributionArgument = Attribution.LINEAGE,
        credit: CreditArgument = Credit.FRACTIONAL,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
        first: Size = 20,
    ) -> Share:
        """Return how models are divided."""
        models = counted(filter, exclude_automated, relations, min_downloads)
        definition = Definition(
            weight=weight, attribution=attribution, credit=credit, models=models
        )
        return Share.of(info.context.eco, by, definition, first)

    @strawberry.field(
        description="How much of the ecosystem a few groups have, by the same definitions as"
        " `share`."
    )
    def concentration(
        self,
        info: Info[Context, None],
        by: ByArgument,
        weight: WeightArgument = Weight.DERIVATIVES,
        attribution: AttributionArgument = Attribution.LINEAGE,
        credit: CreditArgument = Credit.FRACTIONAL,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
    ) -> Concentration:
        """Return how much a few groups have."""
        models = counted(filter, exclude_automated, relations, min_downloads)
        definition = Definition(
            weight=weight, attribution=attribution, credit=credit, models=models
        )
        return Concentration.of(info.context.eco, by, definition)

    @strawberry.field(
        description=f"Which family builds on which, the strongest first. {DEFINITION}"
    )
    def influence(
        self,
        info: Info[Context, None],
        first: Size = 20,
        relation: Annotated[
            Relation | None, strawberry.argument(description="Of all relations when left out.")
        ] = None,
    ) -> list[Influence]:
        """Return which family builds on which."""
        return Influence.of(info.context.eco, relation, first)

    @strawberry.field(
        description="Declared derivations of live models by the licence classes of both ends, most"
        " first. They add up to all such derivations: what is unknown is a class of its own."
    )
    def license_drift(
        self,
        info: Info[Context, None],
        family: Annotated[
            str | None,
            strawberry.argument(
                description="A family's key: of the models that belong to it by lineage."
            ),
        ] = None,
        relation: Annotated[
            Relation | None, strawberry.argument(description="Of all relations when left out.")
        ] = None,
    ) -> list[LicenseDrift]:
        """Return where declared licences change."""
        return LicenseDrift.of(info.context.eco, family, relation)

    @strawberry.field(
        description="Models by the month of their creation, or by the snapshots that were"
        " published, as parallel lists. By SNAPSHOT the definition is LINEAGE and FRACTIONAL, of"
        " all live models: no other was kept."
    )
    def time_series(
        self,
        info: Info[Context, None],
        by: ByArgument,
        keys: Annotated[
            list[str],
            strawberry.argument(
                description="Groups, 100 at most, by the `key` that `share` gives them."
            ),
        ],
        weight: WeightArgument = Weight.DERIVATIVES,
        attribution: AttributionArgument = Attribution.LINEAGE,
        credit: CreditArgument = Credit.FRACTIONAL,
        exclude_automated: ExcludeAutomated = None,
        relations: CountedRelations = None,
        min_downloads: MinDownloads = None,
        filter: CountFilter = None,
        interval: Annotated[
            Interval, strawberry.argument(description="What the steps are.")
        ] = Interval.MONTH,
        begin: Annotated[
            datetime | None,
            strawberry.argument(
                name="from", description="No dates before it; a month counts as a whole."
            ),
        ] = None,
        end: Annotated[
            datetime | None,
            strawberry.argument(
                name="to", description="No dates after it; a month counts as a whole."
            ),
        ] = None,
    ) -> TimeSeries:
        """Return models by month or by snapshot."""
        eco, history = info.context.eco, info.context.history
        between = Between(begin, end)
        models = counted(filter, exclude_automated, relations, min_downloads)
        definition = Definition(
            weight=weight, attribution=attribution, credit=credit, models=models
        )
        if interval == Interval.SNAPSHOT:
            return TimeSeries.by_snapshot(eco, history, by, keys, definition, between)
        return TimeSeries.of(eco, by, keys, definition, between)

    @strawberry.field(description="What was doubtful in the data, counted with examples.")
    def data_quality(self, info: Info[Context, None]) -> DataQuality:
        """Return what was doubtful in the data."""
        return DataQuality.of(info.context.eco.manifest)
