"""Models, their lineage, and pages of them. A model is a row, read field by field."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import orjson
import strawberry

from api.column import Batch, Batches, R, column, moment, number, text, texts
from api.connection import After, Before, First, Last, PageInfo, Size, bounded, window
from api.filter import (
    DirectionArgument,
    ListFilter,
    WalkFilter,
    listed,
    ordered,
)
from api.growth import RelativeAdoption
from api.lineage import LicenseStep, Lineage, Removal
from api.model_scores import MembershipScores, ModelScores
from api.organization import Organization
from api.scalars import Long
from graph.adoption import adoption
from graph.copies import copies
from graph.csr import Csr, Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.license_path import license_path
from graph.lineage import lineage
from graph.listing import Order, OrderField, Page, Window, model_listing, reached_listing
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.selection import ANY, Filter
from graph.traversal import Reached

if TYPE_CHECKING:
    from api.family import Family

_WALK_BYTES = 1000
"""What a remembered walk takes beside its arrays."""

MAX_DEPTH = 1000
"""Steps of the longest walk that can be asked for."""

_RELATIONS = "Follow only these relations; all when it is left out."
_DEPTH = "Steps at most; any number when it is left out."

OrderBy = Annotated[OrderField, strawberry.argument(description="By what models are ordered.")]
Relations = Annotated[list[Relation] | None, strawberry.argument(description=_RELATIONS)]
MaxDepth = Annotated[int | None, strawberry.argument(description=_DEPTH)]


@strawberry.type(description="A declared base of a model.")
class Parent:
    """A derivation, a place in `Ecosystem.bases`."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    relation: Relation = column(
        lambda parents: [RELATIONS[c] for c in parents.eco.base_relations[parents.rows].tolist()],
        description="How the model was made from it.",
    )
    model: "Model" = column(
        lambda parents: _models(parents.eco, parents.eco.bases.targets[parents.rows]),
        description="The base.",
    )


@strawberry.type(description="A family that a model belongs to by its lineage.")
class FamilyShare:
    """A membership, a place in `Ecosystem.families_of`."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    share: float = column(
        lambda shares: shares.eco.family_shares[shares.rows].tolist(),
        description="Its part: the fraction of the model's roots that are of this family.",
    )
    scores: MembershipScores = column(
        lambda shares: Batch(MembershipScores, shares.eco, shares.rows),
        description="How central the model is within the family.",
    )
    family: Annotated["Family", strawberry.lazy("api.family")] = column(
        lambda shares: _families(shares.eco, shares.eco.families_of.targets[shares.rows]),
        description="The family.",
    )


@strawberry.type(description="A model: a repository of the Hub, or a placeholder for one.")
class Model:
    """A row of the snapshot."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    id: str = column(
        lambda models: models.eco.names.of(models.rows),
        description="author/name, or one part for the oldest models.",
    )
    author: str | None = text("author", description="The namespace of the id.")
    organization: Organization | None = column(
        lambda models: _organizations(models.eco, texts(models, "author")),
        description="Who the namespace is.",
    )
    status: Status = column(
        lambda models: [Status(str(label)) for label in texts(models, "status")],
        description="LIVE, MISSING (a placeholder) or DELETED.",
    )
    aliases: list[str] = column(
        lambda models: [
            models.eco.column("aliases")[row].as_py() or [] for row in models.rows.tolist()
        ],
        description="Former ids.",
    )
    created_at: datetime | None = moment(
        "created_at", description="When it was created; the Hub dates all before March 2022 there."
    )
    modified_at: datetime | None = moment("modified_at", description="When it was last changed.")
    license: str | None = text("license", description="The declared licence, by the Hub's id.")
    license_class: LicenseClass = column(
        lambda models: _license_classes(models),  # noqa: PLW0108  (it is defined below)
        description="The class of the declared licence.",
    )
    downloads: Long | None = number(
        "downloads", description="Downloads in the 30 days before the crawl."
    )
    downloads_all_time: Long | None = number(
        "downloads_all_time", description="Downloads since its creation."
    )
    likes: Long | None = number("likes", description="Likes.")
    library: str | None = text("library", description="The library, by the Hub's name.")
    task: str | None = text("task", description="The task: the Hub's pipeline tag.")
    parameters: Long | None = number("parameters", description="Weights in its safetensors files.")
    gated: str | None = text(
        "gated", description="Whether access must be asked for: no, auto or manual."
    )
    parents: list[Parent] = column(
        lambda models: _places(Parent, models, models.eco.bases), description="Its declared bases."
    )
    roots: list["Model"] = column(
        lambda models: _targets(models, models.eco.roots),
        description="What it goes back to and what goes back to nothing; empty for a root.",
    )
    scores: ModelScores = column(
        lambda models: Batch(ModelScores, models.eco, models.rows),
        description="How central it is.",
    )
    families: list[FamilyShare] = column(
        lambda models: _places(FamilyShare, models, models.eco.families_of),
        description="The families that it belongs to by its lineage.",
    )
    publisher_family: Annotated["Family", strawberry.lazy("api.family")] | None = column(
        lambda models: _families(models.eco, models.eco.numbers("own_family")[models.rows]),
        description="The family of its own id, whatever it descends from.",
    )
    family_inferred: bool = column(
        lambda models: models.eco.numbers("family_inferred")[models.rows].tolist(),
        description="Whether its family rests on an origin of the registry, not on metadata.",
    )

    @strawberry.field(description="What it derives from, at any distance, the nearest first.")
    def ancestors(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = OrderField.DISTANCE,
        relations: Relations = None,
        max_depth: MaxDepth = None,
        filter: WalkFilter = None,
        direction: DirectionArgument = None,
    ) -> "ModelConnection":
        """Return what it derives from."""
        walk = partial(self.eco.ancestors, self.row, _chosen(relations), _steps(max_depth))
        wanted = filter.plain() if filter else ANY
        scope = ["ancestors", self.row, relations, max_depth]
        part = window(first, after, last, before)
        order = ordered(order_by, direction)
        return ModelConnection.of_walk(self.eco, walk, wanted, order, scope, part)

    @strawberry.field(
        description="What derives from it, at any distance; with `maxDepth: 1` directly."
    )
    def descendants(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = OrderField.DISTANCE,
        relations: Relations = None,
        max_depth: MaxDepth = None,
        filter: WalkFilter = None,
        direction: DirectionArgument = None,
    ) -> "ModelConnection":
        """Return what derives from it."""
        walk = partial(self.eco.descendants, self.row, _chosen(relations), _steps(max_depth))
        wanted = filter.plain() if filter else ANY
        scope = ["descendants", self.row, relations, max_depth]
        part = window(first, after, last, before)
        order = ordered(order_by, direction)
        return ModelConnection.of_walk(self.eco, walk, wanted, order, scope, part)

    @strawberry.field(
        description="It with its nearest ancestors and descendants, as nodes and edges; the other"
        " bases of its descendants are not among them."
    )
    def lineage(
        self,
        first: Size = 200,
        relations: Relations = None,
        max_depth: MaxDepth = None,
        inferred: Annotated[
            bool,
            strawberry.argument(
                description="Whether inferred copies count as derived from their originals."
            ),
        ] = False,
    ) -> Lineage:
        """Return its lineage as a graph."""
        found = lineage(
            self.eco,
            self.row,
            bounded(first),
            relations=_chosen(relations),
            max_depth=_steps(max_depth),
            inferred=inferred,
        )
        return Lineage(
            eco=self.eco,
            found=found,
            nodes=[*_models(self.eco, found.rows)],
            total_count=found.total,
            truncated=found.truncated,
        )

    @strawberry.field(
        description="What is declared on a shortest way from it to its root, both included: to the"
        " root of the family that has its largest share, of several roots the first by id. Other"
        " ways and roots may tell other licences."
    )
    def license_path(
        self,
        first: Annotated[
            int, strawberry.argument(description="Steps at most, from 1 to 1000, the nearest.")
        ] = 40,
    ) -> list[LicenseStep]:
        """Return what is declared on the way to its root."""
        steps = license_path(self.eco, self.row)[: bounded(first)]
        models = _models(self.eco, np.array([step.row for step in steps], np.int32))
        declared = zip(models, texts(models, "license"), _license_classes(models), strict=True)
        return [
            LicenseStep(
                model=model,
                license=license,
                license_class=license_class,
                relation=step.relation,
                changed=step.changed,
            )
            for step, (model, license, license_class) in zip(steps, declared, strict=True)
        ]

    @strawberry.field(description="What its removal would mean for what descends from it.")
    def impact_of_removal(self) -> Removal:
        """Return what its removal would mean."""
        return Removal.of(self.eco, self.row)

    @strawberry.field(
        description="How much it is built on for its size and age; null where one of these is"
        " unknown, while it is younger than 30 days, for placeholders and deleted models, and where"
        " fewer than ten models of its size and age are built on."
    )
    def relative_adoption(self) -> RelativeAdoption | None:
        """Return how much it is built on for its size and age."""
        found = adoption(self.eco, np.array([self.row], np.int32))
        return None if np.isnan(found.value[0]) else RelativeAdoption.of(self, found, 0)

    @strawberry.field(
        description="What it is taken for a copy of, though it declares nothing: an older model of"
        " another namespace with the same name and number of weights. Inferred, and in no count."
    )
    def inferred_original(self) -> "Model | None":
        """Return what it is taken for a copy of."""
        row = copies(self.eco).original(self.row)
        return None if row is None else Model(eco=self.eco, row=row)

    @strawberry.field(
        description="Models that declare nothing and are taken for copies of it. Inferred, and in"
        " no count."
    )
    def inferred_copies(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        order_by: OrderBy = OrderField.DOWNLOADS,
        filter: ListFilter = None,
        direction: DirectionArgument = None,
    ) -> "ModelConnection":
        """Return what is taken for copies of it."""
        return ModelConnection.of_rows(
            self.eco,
            partial(copies(self.eco).of, self.row),
            listed(filter),
            ordered(order_by, direction),
            ["copies", self.row],
            window(first, after, last, before),
        )


@strawberry.type(description="A model in a list.")
class ModelEdge:
    """A model in a list."""

    connection: strawberry.Private["ModelConnection"]
    place: strawberry.Private[int]
    node: Model = strawberry.field(description="The model.")

    @strawberry.field(
        description="Steps from the model at which the walk began; null in other lists."
    )
    def distance(self) -> int | None:
        """Return how far it is."""
        distances = self.connection.distances
        return None if distances is None else distances[self.place]

    @strawberry.field(description="Where it stands in the list.")
    def cursor(self) -> str:
        """Return where it stands."""
        return self.connection.page.cursor(self.place)


@strawberry.type(description="A page of models.")
class ModelConnection:
    """A page of models."""

    eco: strawberry.Private[Ecosystem]
    page: strawberry.Private[Page]
    reached: strawberry.Private[Callable[[], Reached] | None]

    @classmethod
    def of_all(cls, eco: Ecosystem, wanted: Filter, order: Order, part: Window) -> Self:
        """List those of all models that are wanted."""
        page = model_listing(eco, order, wanted).page(part)
        return cls(eco=eco, page=page, reached=None)

    @classmethod
    def of_rows(
        cls,
        eco: Ecosystem,
        rows: Callable[[], Rows],
        wanted: Filter,
        order: Order,
        scope: Any,
        part: Window,
    ) -> Self:
        """List those of some ascending rows that are wanted; ``scope`` is all they depend on."""

        def make() -> tuple[Rows, None]:
            every = rows()
            return every[wanted.of(eco, every)], None

        listed = reached_listing(eco, order, [scope, wanted], make)
        return cls(eco=eco, page=listed.page(part), reached=None)

    @classmethod
    def of_walk(
        cls,
        eco: Ecosystem,
        walk: Callable[[], Reached],
        wanted: Filter,
        order: Order,
        scope: Any,
        part: Window,
    ) -> Self:
        """List what is wanted of what a walk reaches; ``scope`` is all that it depends on."""
        reached = partial(_by_row, eco, walk, scope)

        def make() -> tuple[Rows, Rows]:
            rows, distances = reached()
            passed = wanted.of(eco, rows)
            return rows[passed], distances[passed]

        listed = reached_listing(eco, order, [scope, wanted], make)
        return cls(eco=eco, page=listed.page(part), reached=reached)

    @cached_property
    def distances(self) -> list[int] | None:
        """Steps to each model of the page; None where no walk led to them."""
        if self.reached is None:
            return None
        rows, distances = self.reached()
        steps: list[int] = distances[np.searchsorted(rows, self.page.rows)].tolist()
        return steps

    @strawberry.field(description="How many models the whole list has.")
    def total_count(self) -> int:
        """Return how many there are."""
        return self.page.total

    @strawberry.field(description="The models of this page.")
    def nodes(self) -> Sequence[Model]:
        """Return the models."""
        return _models(self.eco, self.page.rows)

    @strawberry.field(description="The models of this page with their cursors.")
    def edges(self) -> list[ModelEdge]:
        """Return the models with their cursors."""
        models = _models(self.eco, self.page.rows)
        return [ModelEdge(connection=self, place=p, node=node) for p, node in enumerate(models)]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        """Return where this page stands."""
        return PageInfo.of(self.page)


def _by_row(eco: Ecosystem, walk: Callable[[], Reached], scope: Any) -> Reached:
    """Return what a walk reaches, ascending by row; remembered: it is asked with many filters."""

    def make() -> Reached:
        reached = walk()
        order = np.argsort(reached.rows)
        return Reached(reached.rows[order], reached.distances[order])

    return eco.arrays.once(
        (_by_row, orjson.dumps(scope)),
        make,
        size=lambda found: found.rows.nbytes + found.distances.nbytes + _WALK_BYTES,
    )


def _models(eco: Ecosystem, rows: Rows) -> Batch[Model]:
    return Batch(Model, eco, rows)


def _places(kind: type[R], models: Batch[Model], adjacency: Csr) -> Batches[R]:
    """Return for each model the places of what it points at."""
    starts = adjacency.offsets[models.rows].astype(np.int64)
    lengths = adjacency.offsets[models.rows + 1] - starts
    before = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    return Batches(Batch(kind, models.eco, places), lengths)


def _targets(models: Batch[Model], adjacency: Csr) -> Batches[Model]:
    """Return for each model what it points at."""
    found = _places(Model, models, adjacency)
    return Batches(_models(models.eco, adjacency.targets[found.flat.rows]), found.lengths)


def _organizations(eco: Ecosystem, names: Sequence[str | None]) -> list[Organization | None]:
    known = {name: Organization.of(eco, name) for name in {*names}}
    return [known[name] for name in names]


def _license_classes(models: Batch[Model]) -> list[LicenseClass]:
    classes = [*models.eco.license_classes, LicenseClass.UNKNOWN]  # code -1 finds the last
    return [classes[code] for code in models.eco.codes("license")[models.rows].tolist()]


def _families(eco: Ecosystem, numbers: Rows) -> list["Family | None"]:
    from api.family import Family  # noqa: PLC0415  (families list models, and models families)

    return [Family(eco=eco, number=n) if n >= 0 else None for n in numbers.tolist()]


def _chosen(relations: list[Relation] | None) -> frozenset[Relation] | None:
    return None if relations is None else frozenset(relations)


def _steps(max_depth: int | None) -> int | None:
    return None if max_depth is None else max(0, min(max_depth, MAX_DEPTH))
