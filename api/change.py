"""What changed from one snapshot to another, in pages."""

from collections.abc import Sequence
from typing import Self

import strawberry

from api.connection import PageInfo
from graph.changes import Kind
from graph.history import Changes
from graph.listing import Listing, Page, Window
from graph.ranking import Ranking


@strawberry.type(description="Something that happened to a model.")
class Change:
    """Something that happened to a model."""

    kind: Kind = strawberry.field(description="What happened.")
    id: str = strawberry.field(description="The model's id; its last one.")
    before: str | None = strawberry.field(
        description='What was. Of CAME, WENT and RETURNED "live", "deleted", or null without a'
        " record of the model; of the others the id, the declared bases, or the licence."
    )
    after: str | None = strawberry.field(description="What is, in the same terms.")


@strawberry.type(description="How many changes there are of each kind.")
class ChangeCounts:
    """How many changes there are of each kind."""

    came: int = strawberry.field(description="Models that live, and were never seen before.")
    went: int = strawberry.field(description="Models that are deleted, or no longer there.")
    returned: int = strawberry.field(description="Models that live again.")
    renamed: int = strawberry.field(description="Models with another id.")
    parents: int = strawberry.field(description="Models whose author declares other bases.")
    license: int = strawberry.field(description="Models with another licence.")


@strawberry.type(description="A change in a list.")
class ChangeEdge:
    """A change in a list."""

    page: strawberry.Private[Page]
    place: strawberry.Private[int]
    node: Change = strawberry.field(description="The change.")

    @strawberry.field(description="Where it stands in the list.")
    def cursor(self) -> str:
        """Return where it stands."""
        return self.page.cursor(self.place)


class Numbered:
    """Rows whose names are their numbers."""

    def __getitem__(self, row: int) -> str:
        return str(row)

    def find(self, name: object) -> int | None:
        """Return the row of a name, or None."""
        return int(name) if isinstance(name, str) and name.isdecimal() else None


@strawberry.type(description="A page of changes, by kind, of one kind by id.")
class ChangeConnection:
    """A page of changes."""

    changes: strawberry.Private[Changes]
    page: strawberry.Private[Page]

    @classmethod
    def of(cls, changes: Changes, kinds: Sequence[Kind] | None, part: Window) -> Self:
        """List changes, of some kinds alone where they are named."""
        rows = changes.rows(kinds)
        wanted = None if kinds is None else sorted(kinds)
        span = f"{changes.before}..{changes.after}"
        listing = Listing(span, Numbered(), Ranking(lambda: (rows, rows)), ["changes", wanted])
        return cls(changes=changes, page=listing.page(part))

    @strawberry.field(description="How many changes there are of each kind, asked for or not.")
    def counts(self) -> ChangeCounts:
        """Return how many there are of each kind."""
        return ChangeCounts(**{kind.value: count for kind, count in self.changes.counts.items()})

    @strawberry.field(description="How many changes the whole list has.")
    def total_count(self) -> int:
        """Return how many there are."""
        return self.page.total

    @strawberry.field(description="The changes of this page.")
    def nodes(self) -> list[Change]:
        """Return the changes."""
        return [self._node(row) for row in self.page.rows.tolist()]

    @strawberry.field(description="The changes of this page with their cursors.")
    def edges(self) -> list[ChangeEdge]:
        """Return the changes with their cursors."""
        return [
            ChangeEdge(page=self.page, place=place, node=self._node(row))
            for place, row in enumerate(self.page.rows.tolist())
        ]

    @strawberry.field(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        """Return where this page stands."""
        return PageInfo.of(self.page)

    def _node(self, row: int) -> Change:
        kind, _, id, before, after = self.changes[row]
        return Change(kind=kind, id=id, before=before, after=after)
