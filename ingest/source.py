"""What a source of models is: pages of list items, each with the place to go on from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """Some list items of ``GET /api/models``, as decoded JSON.

    Attributes
    ----------
    items
        The items, unchecked: an item may be of any JSON type.
    cursor
        Where to go on after this page; None after the last one. Opaque to all but its source.
    rejected
        ``(reason code, example)`` of what could not even be decoded, such as a damaged line.
    """

    items: list[Any]
    cursor: str | None
    rejected: list[tuple[str, str]] = field(default_factory=list)


class Source(Protocol):
    """Where models come from."""

    @property
    def name(self) -> str:
        """How a run names this source: ``hub``, or the file's name."""
        ...

    @property
    def total(self) -> int | None:
        """About how many items there are, for the progress bar; None when unknown."""
        ...

    @property
    def complete(self) -> bool:
        """Whether reading to the end shows all that the source holds; not so under a limit."""
        ...

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """Read pages, from the start or from a cursor that an earlier page gave.

        Raises
        ------
        InputError
            When the source is a file that is missing or is not what it should be.
        HubError
            When the Hub does not answer, or the quota is spent.
        """
        ...
