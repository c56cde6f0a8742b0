"""How long work tells how far it is."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how many are done, and of how many (None when unknown)."""


def unheard(_phase: str, _done: int, _total: int | None) -> None:
    """Take progress to which nobody listens."""
