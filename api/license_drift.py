"""Where declared licences change along derivations."""

from typing import Self

import strawberry

from graph.ecosystem import Ecosystem
from graph.license_drift import license_drift
from graph.records import Relation
from graph.registry import LicenseClass


@strawberry.type(
    description="How many derivations lead from a base of one licence class to a derivative of a"
    " class. It says what is declared, and claims no violation."
)
class LicenseDrift:
    """How many derivations lead from one licence class to another."""

    from_class: LicenseClass = strawberry.field(
        description="The class of what the base declares; UNKNOWN too when nobody saw the base."
    )
    to_class: LicenseClass = strawberry.field(
        description="The class of what the derivative declares."
    )
    edges: int = strawberry.field(
        description="How many; one base that is declared in two ways is two."
    )

    @classmethod
    def of(cls, eco: Ecosystem, family: str | None, relation: Relation | None) -> list[Self]:
        """Return the counts, the largest first."""
        number = None if family is None else eco.family_number(family)
        return [
            cls(from_class=drift.from_class, to_class=drift.to_class, edges=drift.edges)
            for drift in license_drift(eco, number, relation)
        ]
