"""Which family builds on which, and how much."""

from typing import Self

import strawberry

from api.connection import bounded
from graph.ecosystem import Ecosystem
from graph.influence import family_centrality, influence
from graph.records import Relation

DEFINITION = (
    "Declared derivations of live models that bear a registered family's name, from a base that"
    " belongs to another family by lineage; a base of several families counts for each, and one"
    " that is declared in two ways is two derivations. What others derive stays out."
)


@strawberry.type(description="How much one family builds on another.")
class Influence:
    """How much one family builds on another."""

    source: str = strawberry.field(
        name="from", description="The key of the family whose models were made."
    )
    target: str = strawberry.field(
        name="to", description="The key of the family that they were made from."
    )
    weight: int = strawberry.field(description="How many derivations.")

    @classmethod
    def of(cls, eco: Ecosystem, relation: Relation | None, first: int) -> list[Self]:
        """Return the strongest influences."""
        found = influence(eco, relation)
        size = bounded(first)
        return [
            cls(source=eco.family_keys[source], target=eco.family_keys[target], weight=weight)
            for source, target, weight in zip(
                *(part[:size].tolist() for part in found), strict=True
            )
        ]


@strawberry.type(description="How central a family is among those that build on each other.")
class FamilyInfluence:
    """How central a family is among those that build on each other."""

    in_strength: int = strawberry.field(
        description="Derivations by which other families build on it."
    )
    out_strength: int = strawberry.field(
        description="Derivations by which it builds on other families."
    )
    pagerank: float = strawberry.field(
        description="PageRank (alpha 0.85, weighted) among the families that have an influence,"
        " summing to 1; 0 for those that have none."
    )
    definition: str = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(cls, eco: Ecosystem, family: int) -> Self:
        """Describe a family."""
        found = family_centrality(eco)
        return cls(
            in_strength=int(found.in_strength[family]),
            out_strength=int(found.out_strength[family]),
            pagerank=float(found.pagerank[family]),
            definition=DEFINITION,
        )
