"""A lineage as nodes and edges, what is declared on the way to a root, and what a removal means."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from api.scalars import Long
from graph.copies import INFERRED
from graph.ecosystem import RELATIONS, Ecosystem
from graph.lineage import Lineage as Found
from graph.records import Relation
from graph.registry import LicenseClass
from graph.removal import impact_of_removal

if TYPE_CHECKING:
    from api.model import Model


@strawberry.type(description="A derivation between two models of a lineage.")
class LineageEdge:
    """A derivation between two models of a lineage."""

    child: str = strawberry.field(description="The derivative's id.")
    base: str = strawberry.field(description="The base's id.")
    relation: Relation = strawberry.field(
        description="How it was made; UNKNOWN for an inferred copy."
    )
    inferred: bool = strawberry.field(
        description="Whether nobody declares it: the child is taken for a copy of the base."
    )


@strawberry.type(description="A model with its ancestors and descendants, as a graph to draw.")
class Lineage:
    """A model with its ancestors and descendants."""

    eco: strawberry.Private[Ecosystem]
    found: strawberry.Private[Found]
    nodes: list[Annotated["Model", strawberry.lazy("api.model")]] = strawberry.field(
        description="The model itself, then the nearest; at one distance ancestors before"
        " descendants, then those of more descendants, then by id. A way leads from each to the"
        " model within these."
    )
    total_count: int = strawberry.field(
        description="How many models the whole lineage has, the model itself included."
    )
    truncated: bool = strawberry.field(
        description="Whether models were left out, or edges beyond 10,000."
    )

    @strawberry.field(
        description="The derivations among the nodes, from child to base, one for each relation."
    )
    def edges(self) -> list[LineageEdge]:
        """Return the derivations among the nodes."""
        names = {row: self.eco.names[row] for row in self.found.rows.tolist()}
        ends = (self.found.children, self.found.bases, self.found.codes)
        return [
            LineageEdge(
                child=names[child],
                base=names[base],
                relation=Relation.UNKNOWN if code == INFERRED else RELATIONS[code],
                inferred=code == INFERRED,
            )
            for child, base, code in zip(*(part.tolist() for part in ends), strict=True)
        ]


@strawberry.type(description="One model on the way from a model to its root.")
class LicenseStep:
    """One model on the way from a model to its root."""

    model: Annotated["Model", strawberry.lazy("api.model")] = strawberry.field(
        description="The model."
    )
    license: str | None = strawberry.field(description="What it declares, by the Hub's id.")
    license_class: LicenseClass = strawberry.field(description="The class of that.")
    relation: Relation | None = strawberry.field(
        description="How it was made from the model of the next step; null for the root."
    )
    changed: bool | None = strawberry.field(
        description="Whether it declares another licence than the model of the next step. Null for"
        " the root, and where one of the two declares none. No claim that it must not."
    )


@strawberry.type(description="What the removal of a model would mean for what descends from it.")
class Removal:
    """What the removal of a model would mean."""

    descendants: int = strawberry.field(description="Models that descend from it.")
    orphaned: int = strawberry.field(
        description="Those of them that would lose every root they have: each declared way to each"
        " root leads through the model, or begins at it."
    )
    downloads: Long = strawberry.field(
        description="Downloads of its live descendants in 30 days, each once."
    )
    orphaned_downloads: Long = strawberry.field(description="The same of the orphaned ones.")
    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base at all: what else derives from"
        " the model, nobody knows."
    )
    definition: str = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(cls, eco: Ecosystem, row: int) -> Self:
        """Count what a removal would mean."""
        found = impact_of_removal(eco, row)
        return cls(
            descendants=found.descendants,
            orphaned=found.orphaned,
            downloads=Long(found.downloads),
            orphaned_downloads=Long(found.orphaned_downloads),
            coverage=eco.manifest.coverage,
            definition="Declared lineage alone, kept deleted models included. An orphaned model"
            " still has its weights: what it loses is where they are from.",
        )
