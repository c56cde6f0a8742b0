"""Organisations: namespaces of the Hub, with country and kind where somebody could source them."""

from typing import Self

import strawberry

from graph.ecosystem import Ecosystem

_UNKNOWN = "unknown"


@strawberry.type(description="A namespace of the Hub.")
class Organization:
    """A namespace of the Hub."""

    name: str = strawberry.field(description="The namespace, as in ids.")
    title: str | None = strawberry.field(
        description="What people call it; null when the registry does not list it."
    )
    country: str = strawberry.field(
        description='Where its headquarters are, ISO 3166-1 alpha-2; "unknown" without a source.'
    )
    kind: str = strawberry.field(
        description='company, university, nonprofit, community, government, individual, "unknown".'
    )
    source: str | None = strawberry.field(description="Where country and kind are from.")

    @classmethod
    def of(cls, eco: Ecosystem, name: str | None) -> Self | None:
        """Describe a namespace; None for a model without one."""
        if name is None:
            return None
        row = eco.organizations.get(name)
        if row is None:
            return cls(name=name, title=None, country=_UNKNOWN, kind=_UNKNOWN, source=None)
        return cls(
            name=name,
            title=row["title"],
            country=row["country"],
            kind=row["kind"],
            source=row["source"],
        )
