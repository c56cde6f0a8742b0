"""What all connections share: bounds of a page, and where it stands."""

from typing import Annotated, Self

import strawberry

from graph.errors import UsageError
from graph.listing import Page, Window

FIRST = 20
"""Nodes of a page that does not say how many."""

MAX_FIRST = 1000
"""Nodes of the largest page."""

Size = Annotated[int, strawberry.argument(description="How many, from 1 to 1000.")]
First = Annotated[
    int | None,
    strawberry.argument(
        description="How many from the start, 1 to 1000; 20 when neither `first` nor `last` is"
        " given."
    ),
]
After = Annotated[
    str | None, strawberry.argument(description="The `endCursor` of the page before.")
]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 1000.")]
Before = Annotated[
    str | None, strawberry.argument(description="The `startCursor` of the page after.")
]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether there are nodes after this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there are nodes before this page."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the page's first node: `before` of the previous page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last node: `after` of the next page."
    )

    @classmethod
    def of(cls, page: Page) -> Self:
        """Describe a page of a listing."""
        return cls(
            has_next_page=page.more,
            has_previous_page=page.before,
            start_cursor=page.cursor(0) if len(page.rows) else None,
            end_cursor=page.cursor(-1) if len(page.rows) else None,
        )


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """Return which part of a list a connection's arguments name.

    Raises
    ------
    UsageError
        When ``first`` or ``last`` is not from 1 to `MAX_FIRST`.
    """
    for name, value in (("first", first), ("last", last)):
        if value is not None:
            bounded(value, name)
    if first is None and last is None:
        first = FIRST
    return Window(first, after, last, before)


def bounded(first: int, name: str = "first") -> int:
    """Check the size of a page.

    Raises
    ------
    UsageError
        When it is not from 1 to `MAX_FIRST`.
    """
    if not 1 <= first <= MAX_FIRST:
        raise UsageError(f"{name} is {first}; it must be from 1 to {MAX_FIRST}")
    return first
