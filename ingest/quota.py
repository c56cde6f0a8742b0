"""Pacing: a quota of requests per fixed window, spent evenly and never to the end."""

import math
from collections.abc import Callable


class Quota:
    """How long to wait before the next request, so that a quota lasts its window.

    The requests that are left, less the reserve, are spread over what is left of the window.
    Each answer states both anew, so what others spend of the same quota slows this one down.

    Parameters
    ----------
    reserve
        Fraction of the quota, from 0 to below 1, that is left to others.
    clock
        Seconds from any origin, never going back.
    """

    def __init__(self, reserve: float, clock: Callable[[], float]) -> None:
        self._reserve = reserve
        self._clock = clock
        self._limit = 0
        self._due = clock()

    def update(self, *, sent_at: float, remaining: int, reset_s: int, limit: int | None) -> None:
        """Learn what an answer said of the quota.

        Parameters
        ----------
        sent_at
            When its request was sent, by the clock.
        remaining
            Requests left in the window, this one already counted.
        reset_s
            Whole seconds until the window ends.
        limit
            Requests per window; None when not stated, which takes the most that was ever left.
        """
        self._limit = max(self._limit, remaining) if limit is None else limit
        # Whole seconds may have been rounded down: with one more, none asks before the reset.
        left_s = reset_s + 1
        spendable = remaining - math.ceil(self._reserve * self._limit)
        self._due = sent_at + left_s / spendable if spendable > 0 else self._clock() + left_s

    def wait_s(self) -> float:
        """Seconds to wait before the next request; 0 when it may go at once."""
        return max(0.0, self._due - self._clock())
