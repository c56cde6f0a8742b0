"""Concentration, with the definition that was used."""

from typing import Self

import strawberry

from api.definition import Definition
from graph.concentration import concentration
from graph.ecosystem import Ecosystem
from graph.shares import By


@strawberry.type(
    description="How much of the ecosystem a few groups have. All of it is of what the known groups"
    " have together: the unknown part is left out, and groups that have nothing are none."
)
class Concentration:
    """How much of the ecosystem a few groups have."""

    hhi: float = strawberry.field(
        description="The Herfindahl-Hirschman index: the sum of the squared fractions, from"
        " 1 / groupCount (all equal) to 1 (one has it all)."
    )
    gini: float = strawberry.field(
        description="The Gini coefficient: 0 when all groups are equal, near 1 when one of many has"
        " nearly all."
    )
    top_share: float = strawberry.field(description="The fraction of the largest group.")
    top5_share: float = strawberry.field(
        description="The fraction of the five largest groups together."
    )
    group_count: int = strawberry.field(description="How many groups have anything.")
    unknown: float = strawberry.field(
        description="The fraction of the whole that belongs to no known group, and was left out."
    )
    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base at all."
    )
    definition: Definition = strawberry.field(description="What was divided, and how.")

    @classmethod
    def of(cls, eco: Ecosystem, by: By, definition: Definition) -> Self:
        """Measure an ecosystem."""
        found = concentration(eco, by, definition.plain)
        return cls(
            hhi=found.hhi,
            gini=found.gini,
            top_share=found.top_share,
            top5_share=found.top5_share,
            group_count=found.groups,
            unknown=found.unknown,
            coverage=eco.manifest.coverage,
            definition=definition,
        )
