"""Models, their lineage, and pages of them. A model is a row, read field by field."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import strawberry

from api.connection import PageInfo, bounded
from api.growth import RelativeAdoption
from api.lineage import LicenseStep, Lineage, Removal
from api.organization import Organization
from api.scalars import Long, date, long
from graph.adoption import adoption
from graph.copies import copies
from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.license_path import license_path
from graph.lineage import lineage
from graph.listing import Listing, Order, OrderField, Page, model_listing
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.score_columns import SCORES
from graph.traversal import Reached

if TYPE_CHECKING:
    from api.family import Family

MAX_DEPTH = 1000
"""Steps of the longest walk that can be asked for."""

_FIRST = "How many, from 1 to 1000."
_AFTER = "The `endCursor` of the page before."
_RELATIONS = "Follow only these relations; all when it is left out."
_DEPTH = "Steps at most; any number when it is left out."

First = Annotated[int, strawberry.argument(description=_FIRST)]
After = Annotated[str | None, strawberry.argument(description=_AFTER)]
OrderBy = Annotated[OrderField, strawberry.argument(description="Largest first; ID ascends.")]
Relations = Annotated[list[Relation] | None, strawberry.argument(description=_RELATIONS)]
MaxDepth = Annotated[int | None, strawberry.argument(description=_DEPTH)]


@strawberry.type(description="How central a model is; edges run derivative -> base.")
class ModelScores:
    """How central a model is."""

    direct_derivatives: int = strawberry.field(description="Models that name it as their base.")
    descendants: int = strawberry.field(
        description="Models that derive from it at any distance, each once."
    )
    depth: int = strawberry.field(
        description="Steps to its farthest root; 0 for a root. A cycle counts as one model."
    )
    pagerank: float = strawberry.field(
        description="PageRank (alpha 0.85) among all models of the snapshot, summing to 1."
    )
    katz: float = strawberry.field(
        description="Katz centrality (alpha 0.1, beta 1), of Euclidean norm 1 over all models."
    )
    betweenness: float = strawberry.field(
        description="The fraction of shortest ways from model to base that lead through it."
    )
    closeness: float = strawberry.field(
        description="How near its descendants are, weighted by their part of all models."
    )
    harmonic: float = strawberry.field(description="The sum of 1 / distance over its descendants.")
    downstream_downloads: Long = strawberry.field(
        description="Downloads of all its descendants in 30 days, each once, its own left out."
    )
    downstream_downloads_all_time: Long = strawberry.field(
        description="The same since their creation; 0 where the source does not tell."
    )
    distinct_authors: int = strawberry.field(
        description="Distinct namespaces among its descendants."
    )
    recent_derivatives: int = strawberry.field(
        description="Descendants created in the 90 days before the snapshot's `asOf`."
    )


@strawberry.type(description="A declared base of a model.")
class Parent:
    """A declared base of a model."""

    relation: Relation = strawberry.field(description="How the model was made from it.")
    model: "Model" = strawberry.field(description="The base.")


@strawberry.type(description="A family that a model belongs to by its lineage.")
class FamilyShare:
    """A family that a model belongs to by its lineage."""

    share: float = strawberry.field(
        description="Its part: the fraction of the model's roots that are of this family."
    )
    family: Annotated["Family", strawberry.lazy("api.family")] = strawberry.field(
        description="The family."
    )


@strawberry.type(description="A model: a repository of the Hub, or a placeholder for one.")
class Model:
    """A row of the snapshot."""

    eco: strawberry.Private[Ecosystem]
    row: strawberry.Private[int]

    def _number(self, name: str) -> Any:
        return self.eco.numbers(name)[self.row]

    def _text(self, name: str) -> str | None:
        code = self.eco.codes(name)[self.row]
        return self.eco.labels(name)[code] if code >= 0 else None

    @strawberry.field(description="author/name, or one part for the oldest models.")
    def id(self) -> str:
        """Return the id."""
        return self.eco.names[self.row]

    @strawberry.field(description="The namespace of the id.")
    def author(self) -> str | None:
        """Return the namespace."""
        return self._text("author")

    @strawberry.field(description="Who the namespace is.")
    def organization(self) -> Organization | None:
        """Return who the namespace is."""
        return Organization.of(self.eco, self._text("author"))

    @strawberry.field(description="LIVE, MISSING (a placeholder) or DELETED.")
    def status(self) -> Status:
        """Return whether the source holds the model."""
        return Status(self.eco.labels("status")[self.eco.codes("status")[self.row]])

    @strawberry.field(description="Former ids.")
    def aliases(self) -> list[str]:
        """Return former ids."""
        return self.eco.column("aliases")[self.row].as_py() or []

    @strawberry.field(description="When it was created; the Hub dates all before March 2022 there.")
    def created_at(self) -> datetime | None:
        """Return when it was created."""
        return date(self._number("created_at"))

    @strawberry.field(description="When it was last changed.")
    def modified_at(self) -> datetime | None:
        """Return when it was last changed."""
        return date(self._number("modified_at"))

    @strawberry.field(description="The declared licence, by the Hub's id.")
    def license(self) -> str | None:
        """Return the declared licence."""
        return self._text("license")

    @strawberry.field(description="The class of the declared licence.")
    def license_class(self) -> LicenseClass:
        """Return the class of the declared licence."""
        code = self.eco.codes("license")[self.row]
        return self.eco.license_classes[code] if code >= 0 else LicenseClass.UNKNOWN

    @strawberry.field(description="Downloads in the 30 days before the crawl.")
    def downloads(self) -> Long | None:
        """Return the downloads of 30 days."""
        return long(self._number("downloads"))

    @strawberry.field(description="Downloads since its creation.")
    def downloads_all_time(self) -> Long | None:
        """Return the downloads since its creation."""
        return long(self._number("downloads_all_time"))

    @strawberry.field(description="Likes.")
    def likes(self) -> Long | None:
        """Return the likes."""
        return long(self._number("likes"))

    @strawberry.field(description="The library, by the Hub's name.")
    def library(self) -> str | None:
        """Return the library."""
        return self._text("library")

    @strawberry.field(description="The task: the Hub's pipeline tag.")
    def task(self) -> str | None:
        """Return the task."""
        return self._text("task")

    @strawberry.field(description="Weights in its safetensors files.")
    def parameters(self) -> Long | None:
        """Return the number of weights."""
        return long(self._number("parameters"))

    @strawberry.field(description="Whether access must be asked for: no, auto or manual.")
    def gated(self) -> str | None:
        """Return whether access must be asked for."""
        return self._text("gated")

    @strawberry.field(description="Its declared bases.")
    def parents(self) -> list[Parent]:
        """Return the declared bases."""
        start = self.eco.bases.offsets[self.row]
        return [
            Parent(
                relation=RELATIONS[self.eco.base_relations[start + place]],
                model=Model(eco=self.eco, row=int(base)),
            )
            for place, base in enumerate(self.eco.bases.of(self.row))
        ]

    @strawberry.field(
        description="What it goes back to and what goes back to nothing; empty for a root."
    )
    def roots(self) -> list["Model"]:
        """Return the roots."""
        return [Model(eco=self.eco, row=int(root)) for root in self.eco.roots.of(self.row)]

    @strawberry.field(description="What it derives from, at any distance, the nearest first.")
    def ancestors(
        self,
        first: First = 20,
        after: After = None,
        order_by: OrderBy = OrderField.DISTANCE,
        relations: Relations = None,
        max_depth: MaxDepth = None,
    ) -> "ModelConnection":
        """Return what it derives from."""
        reached = self.eco.ancestors(self.row, _chosen(relations), _steps(max_depth))
        scope = ["ancestors", self.row, relations, max_depth]
        return ModelConnection.of_walk(self.eco, reached, order_by, scope, first, after)

    @strawberry.field(description="What derives from it, at any distance.")
    def descendants(
        self,
        first: First = 20,
        after: After = None,
        order_by: OrderBy = OrderField.DISTANCE,
        relations: Relations = None,
        max_depth: MaxDepth = None,
    ) -> "ModelConnection":
        """Return what derives from it."""
        reached = self.eco.descendants(self.row, _chosen(relations), _steps(max_depth))
        scope = ["descendants", self.row, relations, max_depth]
        return ModelConnection.of_walk(self.eco, reached, order_by, scope, first, after)

    @strawberry.field(
        description="It with its nearest ancestors and descendants, as nodes and edges; the other"
        " bases of its descendants are not among them."
    )
    def lineage(
        self,
        first: First = 200,
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
            nodes=[Model(eco=self.eco, row=row) for row in found.rows.tolist()],
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
        models = [Model(eco=self.eco, row=step.row) for step in steps]
        return [
            LicenseStep(
                model=model,
                license=model.license(),
                license_class=model.license_class(),
                relation=step.relation,
                changed=step.changed,
            )
            for step, model in zip(steps, models, strict=True)
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
        self, first: First = 20, after: After = None, order_by: OrderBy = OrderField.DOWNLOADS
    ) -> "ModelConnection":
        """Return what is taken for copies of it."""
        rows = copies(self.eco).of(self.row)
        order = Order(order_by, order_by != OrderField.ID)
        scope = ["copies", self.row]
        return ModelConnection.of_rows(self.eco, rows, order, scope, first, after)

    @strawberry.field(description="How central it is.")
    def scores(self) -> ModelScores:
        """Return how central it is."""
        return ModelScores(**{name: self._number(name).item() for name in SCORES})

    @strawberry.field(description="The families that it belongs to by its lineage.")
    def families(self) -> list[FamilyShare]:
        """Return its families."""
        offsets = self.eco.families_of.offsets
        shares = self.eco.family_shares[offsets[self.row] : offsets[self.row + 1]]
        return [
            FamilyShare(share=float(share), family=_family(self.eco, int(number)))
            for number, share in zip(self.eco.families_of.of(self.row), shares, strict=True)
        ]

    @strawberry.field(description="The family of its own id, whatever it descends from.")
    def publisher_family(self) -> Annotated["Family", strawberry.lazy("api.family")] | None:
        """Return the family whose patterns match its id."""
        number = int(self._number("own_family"))
        return _family(self.eco, number) if number >= 0 else None

    @strawberry.field(
        description="Whether its family rests on an origin of the registry, not on metadata."
    )
    def family_inferred(self) -> bool:
        """Return whether its family is inferred."""
        return bool(self.eco.numbers("family_inferred")[self.row])


@strawberry.type(description="A model in a list.")
class ModelEdge:
    """A model in a list."""

    listing: strawberry.Private[Listing]
    node: Model = strawberry.field(description="The model.")
    distance: int | None = strawberry.field(
        description="Steps from the model at which the walk began; null in other lists."
    )

    @strawberry.field(description="Where it stands in the list.")
    def cursor(self) -> str:
        """Return where it stands."""
        return self.listing.cursor(self.node.row)


@strawberry.type(description="A page of models.")
class ModelConnection:
    """A page of models."""

    eco: strawberry.Private[Ecosystem]
    listing: strawberry.Private[Listing]
    page: strawberry.Private[Page]
    reached: strawberry.Private[Reached | None]

    @classmethod
    def of_rows(
        cls, eco: Ecosystem, rows: Rows, order: Order, scope: Any, first: int, after: str | None
    ) -> Self:
        """List some ascending rows."""
        listing = model_listing(eco, rows, order, scope)
        page = listing.page(bounded(first), after)
        return cls(eco=eco, listing=listing, page=page, reached=None)

    @classmethod
    def of_walk(
        cls,
        eco: Ecosystem,
        reached: Reached,
        order_by: OrderField,
        scope: Any,
        first: int,
        after: str | None,
    ) -> Self:
        """List what a walk reached."""
        ascending = np.argsort(reached.rows)
        reached = Reached(reached.rows[ascending], reached.distances[ascending])
        descending = order_by not in (OrderField.ID, OrderField.DISTANCE)
        order = Order(order_by, descending)
        listing = model_listing(eco, reached.rows, order, scope, reached.distances)
        page = listing.page(bounded(first), after)
        return cls(eco=eco, listing=listing, page=page, reached=reached)

    @strawberry.field(description="How many models the whole list has.")
    def total_count(self) -> int:
        """Return how many there are."""
        return self.page.total

    @strawberry.field(description="The models of this page.")
    def nodes(self) -> list[Model]:
        """Return the models."""
        return [Model(eco=self.eco, row=row) for row in self.page.rows.tolist()]

    @strawberry.field(description="The models of this page with their cursors.")
    def edges(self) -> list[ModelEdge]:
        """Return the models with their cursors."""
        return [
            ModelEdge(
                listing=self.listing,
                node=Model(eco=self.eco, row=row),
                distance=self._distance(row),
            )
            for row in self.page.rows.tolist()
        ]

    def _distance(self, row: int) -> int | None:
        if self.reached is None:
            return None
        return int(self.reached.distances[np.searchsorted(self.reached.rows, row)])

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        """Return where this page stands."""
        return PageInfo.of(self.page, self.listing)


def _family(eco: Ecosystem, number: int) -> "Family":
    from api.family import Family  # noqa: PLC0415  (families list models, and models families)

    return Family(eco=eco, number=number)


def _chosen(relations: list[Relation] | None) -> frozenset[Relation] | None:
    return None if relations is None else frozenset(relations)


def _steps(max_depth: int | None) -> int | None:
    return None if max_depth is None else max(0, min(max_depth, MAX_DEPTH))
