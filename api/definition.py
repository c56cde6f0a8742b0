"""What a count means, given beside it."""

import strawberry

from graph import shares
from graph.families import Attribution, Credit
from graph.shares import Weight

_WEIGHTS = {
    Weight.MODELS: "live models",
    Weight.DERIVATIVES: "live models that declare a base",
    Weight.DOWNLOADS: "downloads of live models in the 30 days before the crawl",
    Weight.DOWNLOADS_ALL_TIME: "downloads of live models since their creation",
}
_ATTRIBUTIONS = {
    Attribution.LINEAGE: "attributed to the roots of their weights, through copies",
    Attribution.PUBLISHER: "attributed to who released them",
    Attribution.DIRECT: "attributed to who released the models that they name as their bases",
}
_CREDITS = {
    Credit.FULL: "a model of several roots counts fully for each",
    Credit.FRACTIONAL: "a model of several roots counts in equal shares that sum to 1",
}


@strawberry.type(description="What a number means.")
class Definition:
    """What a number means."""

    weight: Weight = strawberry.field(description="What is counted.")
    attribution: Attribution = strawberry.field(description="To whom it is attributed.")
    credit: Credit = strawberry.field(description="How a model of several roots counts.")

    @strawberry.field(description="The same in words.")
    def text(self) -> str:
        """Return the definition in words."""
        return (
            f"{_WEIGHTS[self.weight]}, {_ATTRIBUTIONS[self.attribution]}; {_CREDITS[self.credit]}"
        ).capitalize()

    @property
    def plain(self) -> shares.Definition:
        """The same for the read model."""
        return shares.Definition(self.weight, self.attribution, self.credit)
