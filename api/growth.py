"""How a family grows, and how much a model is built on for its size and age."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from graph.adoption import Adoption
from graph.ecosystem import Ecosystem
from graph.growth import growth
from graph.profile import PARAMETER_BUCKETS

if TYPE_CHECKING:
    from api.model import Model


@strawberry.type(description="How many live derivatives a family got, and when.")
class Growth:
    """How many live derivatives a family got, and when."""

    quarters: list[str] = strawberry.field(description="YYYY-Qn, without gaps.")
    derivatives: list[int] = strawberry.field(
        description="How many were created in each of the quarters; the last is not over."
    )
    recent: int = strawberry.field(
        description="Created in the 90 days up to the snapshot's `asOf`."
    )
    previous: int = strawberry.field(description="Created in the 90 days before these.")
    rate: float | None = strawberry.field(
        description="recent / previous - 1; null where nothing was created in the 90 days before."
    )
    undated: int = strawberry.field(description="Those without a date, which are left out.")
    coverage: float = strawberry.field(
        description="The fraction of live models that declare a base at all."
    )
    definition: str = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(cls, eco: Ecosystem, family: int) -> Self:
        """Measure a family's growth."""
        found = growth(eco, family)
        return cls(
            quarters=found.quarters,
            derivatives=found.derivatives,
            recent=found.recent,
            previous=found.previous,
            rate=found.rate,
            undated=found.undated,
            coverage=eco.manifest.coverage,
            definition="Live models that declare a base, attributed to the roots of their weights,"
            " each fully, by their creation. What was deleted since is not in it, so that of two"
            " equal periods the later one looks larger.",
        )


@strawberry.type(description="How much a model is built on, relatively to its size and age.")
class RelativeAdoption:
    """How much a model is built on, relatively to its size and age."""

    model: Annotated["Model", strawberry.lazy("api.model")] = strawberry.field(
        description="The model."
    )
    value: float = strawberry.field(description="derivatives / typical.")
    derivatives: int = strawberry.field(
        description="Live models that name it as their base, created within `days` of its creation."
    )
    typical: float = strawberry.field(
        description="The median of the same count over the ten models of its size that have most,"
        " among all that have lived through as many days."
    )
    days: int = strawberry.field(
        description="The longest of 30, 90, 180 and 365 days that the model has lived through."
    )
    size: str = strawberry.field(description="The range of its number of weights.")
    definition: str = strawberry.field(description="What the numbers mean.")

    @classmethod
    def of(cls, model: "Model", found: Adoption, place: int) -> Self:
        """Describe one of some measured models."""
        return cls(
            model=model,
            value=float(found.value[place]),
            derivatives=int(found.derivatives[place]),
            typical=float(found.typical[place]),
            days=int(found.days[place]),
            size=PARAMETER_BUCKETS[found.sizes[place]][0],
            definition="Direct derivatives within a number of days of the model's creation, over"
            " the median of the ten most built-on models of its size within as many days of theirs:"
            " 1 is typical of a leader. After the relative adoption metric of the ATOM report"
            " (arXiv:2604.07190), which compares downloads.",
        )
