"""Rates: how much a client may ask in a minute, in requests and in cost.

Each quota is a bucket that holds it and fills evenly: what a client did not use for a minute it
may use at once. Headers follow the IETF's draft of RateLimit header fields.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock

from api.failure import RequestError
from graph.lru import Lru

CLIENTS = 100_000
"""Clients that are remembered, some 100 MB if all of them ask. One that is forgotten has its whole
quota again, as after a minute of silence."""

_WINDOW_S = 60

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rates:
    """What one client may ask in a minute; 0 for no limit.

    Attributes
    ----------
    requests
        Requests, whatever becomes of them.
    cost
        Values that its queries may return, as `api.cost` counts them before they are executed.
    """

    requests: int = 0
    cost: int = 0


class Bucket:
    """A quota that fills evenly; it may be used by several threads.

    Parameters
    ----------
    quota
        What it holds, and what comes back in a minute.
    clock
        Tells seconds.
    """

    __slots__ = ("_clock", "_left", "_lock", "_then", "quota")

    def __init__(self, quota: int, clock: Clock = time.monotonic) -> None:
        self.quota = quota
        self._clock = clock
        self._left, self._then = float(quota), clock()
        self._lock = Lock()

    def take(self, amount: int) -> float:
        """Take an amount if it is there; return the seconds until it will be, 0 if it was."""
        with self._lock:
            self._fill()
            if amount <= self._left:
                self._left -= amount
                return 0.0
            return (amount - self._left) * _WINDOW_S / self.quota

    @property
    def left(self) -> tuple[int, int]:
        """What can be taken now, and the seconds until it is full."""
        with self._lock:
            self._fill()
            missing = self.quota - self._left
            return int(self._left), math.ceil(missing * _WINDOW_S / self.quota)

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self.quota, self._left + (now - self._then) * self.quota / _WINDOW_S)
        self._then = now


class Allowance:
    """What one client may still ask."""

    __slots__ = ("_buckets",)

    def __init__(self, rates: Rates, clock: Clock = time.monotonic) -> None:
        quotas = asdict(rates)
        self._buckets = {name: Bucket(quota, clock) for name, quota in quotas.items() if quota}

    def take(self, name: str, amount: int) -> None:
        """Take from a quota, if there is one of that name.

        Raises
        ------
        RequestError
            With 429, when too little is left.
        """
        bucket = self._buckets.get(name)
        if bucket is None or not (wait_s := bucket.take(amount)):
            return
        told = f"the quota of {bucket.quota} {name} a minute is used up"
        seconds = math.ceil(wait_s)
        raise RequestError(
            "RATE_LIMITED",
            f"{told}; try again in {seconds} s",
            429,
            headers={"retry-after": str(seconds)},
        )

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Header fields that tell the quotas, and what is left of them."""
        if not self._buckets:
            return []
        policy, left = [], []
        for name, bucket in self._buckets.items():
            amount, full_s = bucket.left
            policy.append(f'"{name}";q={bucket.quota};w={_WINDOW_S}')
            left.append(f'"{name}";r={amount};t={full_s}')
        return [("ratelimit-policy", ", ".join(policy)), ("ratelimit", ", ".join(left))]


class Allowances:
    """The allowances of the clients seen last, in this process.

    Parameters
    ----------
    rates
        Of each client.
    clients
        That are remembered.
    clock
        Tells seconds.
    """

    def __init__(self, rates: Rates, clients: int = CLIENTS, clock: Clock = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._unbounded = Allowance(Rates()) if rates == Rates() else None
        self._kept: Lru[Allowance] = Lru(clients)

    def of(self, client: object) -> Allowance:
        """Return a client's allowance."""
        if self._unbounded:
            return self._unbounded
        found = self._kept.get(client)
        if found is None:
            found = Allowance(self._rates, self._clock)
            self._kept.put(client, found, 1)
        return found

    def __len__(self) -> int:
        return self._kept.size
