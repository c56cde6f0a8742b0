"""What all connections share: bounds of a page, and where it stands."""

from typing import Self

import strawberry

from graph.errors import UsageError
from graph.listing import Listing, Page

FIRST = 20
"""Nodes of a page that does not say how many."""

MAX_FIRST = 1000
"""Nodes of the largest page."""


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether there are nodes after this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there are nodes before this page."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first node.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last node: `after` of the next page."
    )

    @classmethod
    def of(cls, page: Page, listing: Listing) -> Self:
        """Describe a page of a listing."""
        start, end = (
            (listing.cursor(int(page.rows[0])), listing.cursor(int(page.rows[-1])))
            if len(page.rows)
            else (None, None)
        )
        return cls(
            has_next_page=page.more,
            has_previous_page=page.before,
            start_cursor=start,
            end_cursor=end,
        )


def bounded(first: int) -> int:
    """Check the size of a page.

    Raises
    ------
    UsageError
        When it is not from 1 to `MAX_FIRST`.
    """
    if not 1 <= first <= MAX_FIRST:
        raise UsageError(f"first is {first}; it must be from 1 to {MAX_FIRST}")
    return first
