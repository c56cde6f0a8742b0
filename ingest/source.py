"""What a source of models is: pages of list items, each with the place to go on from."""

from collections.abc import Iterator, Sequence
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

    def pages(self, cursor: str | None, since: int | None = None) -> Iterator[Page]:
        """Read pages, from the start or from a cursor that an earlier page gave.

        Parameters
        ----------
        cursor
            Where to start; None for the start.
        since
            Only what changed since then is wanted, in milliseconds since 1970; None wants all.
            A source that cannot tell gives all.

        Raises
        ------
        InputError
            When the source is a file that is missing or is not what it should be.
        HubError
            When the Hub does not answer, or the quota is spent.
        """
        ...

    def look_up(self, ids: Sequence[str]) -> Iterator[tuple[str, Any | None]]:
        """Look single models up that reading to the end did not show.

        Yields
        ------
        tuple of str and list item or None
            The id and the model's item, or None when it is gone. What is not yielded could not
            be looked up. A file is certain: it does not hold what reading did not show.
        """
        for id in ids:
            yield id, None

    @property
    def counts(self) -> dict[str, float]:
        """What the reading took so far, such as requests, bytes and seconds of waiting."""
        return {}
