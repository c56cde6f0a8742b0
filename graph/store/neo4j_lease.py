"""The lease in Neo4j: one holder at a time, and a token that fences off those before it.

Each statement writes before it reads: the first SET waits for the node's lock, so what is read
after it holds until the transaction ends. Times are the server's, which all claimants share. A
lease that ends later than one can was taken before that clock was set back, and is free: the token
fences off an owner who is still at work.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from graph.errors import LeaseHeldError, LeaseLostError
from graph.store.lease import is_gone
from graph.store.neo4j_client import Client, Transaction
from graph.store.port import LEASE_S, RENEW_S

_CLAIM = """
MERGE (l:Lease {name: 'store'})
ON CREATE SET l.token = 0, l.expires = 0
SET l.touched = timestamp()
WITH l WHERE l.owner IS NULL OR l.owner IN [$owner, $gone]
  OR NOT timestamp() <= l.expires <= timestamp() + 2 * $ttl
SET l.owner = $owner, l.token = l.token + 1, l.expires = timestamp() + $ttl
RETURN l.token AS token
"""

_HOLDER = """
MATCH (l:Lease {name: 'store'}) RETURN l.owner AS owner, l.expires - timestamp() AS left
"""

_HOLD = """
MATCH (l:Lease {name: 'store'})
SET l.touched = timestamp()
WITH l WHERE l.owner = $owner AND l.token = $token
SET l.expires = timestamp() + $ttl
RETURN l.token
"""

_RELEASE = """
MATCH (l:Lease {name: 'store'})
SET l.touched = timestamp()
WITH l WHERE l.token = $token
  AND (l.owner = $owner OR EXISTS { MATCH (:Run {id: $run, ended_at: $ended_at}) })
SET l.expires = 0
REMOVE l.owner
RETURN l.token
"""

_TTL_MS = LEASE_S * 1000

T = TypeVar("T")


def claim(transaction: Transaction, owner: str, url: str) -> int:
    """Take the lease, and return the token.

    Raises
    ------
    LeaseHeldError
        When another run holds it.
    """
    claimed = transaction.run(_CLAIM, owner=owner, gone=owner, ttl=_TTL_MS).single()
    if claimed is None:
        holder, left = transaction.run(_HOLDER).single(strict=True).values()
        if is_gone(holder):
            claimed = transaction.run(_CLAIM, owner=owner, gone=holder, ttl=_TTL_MS).single()
        if claimed is None:
            raise LeaseHeldError(
                f"another run holds the store {url} ({holder.rpartition('/')[0]}, for"
                f" {left // 1000} s yet); try again when it is done"
            )
    token: int = claimed["token"]
    return token


class Held:
    """Transactions under a run's lease: each renews it, or changes nothing when it is lost."""

    def __init__(self, client: Client, owner: str, token: int) -> None:
        self._client, self._owner, self._token = client, owner, token
        self._renewed = time.monotonic()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run an idempotent function in a transaction.

        Raises
        ------
        LeaseLostError
            When another run took the lease over.
        """

        def held(transaction: Transaction) -> T:
            found = transaction.run(_HOLD, owner=self._owner, token=self._token, ttl=_TTL_MS)
            self._check(found.single() is not None)
            return work(transaction)

        result = self._client.write(held)
        self._renewed = time.monotonic()
        return result

    def release(self, run_id: str, ended_at: int, work: Callable[[Transaction], T]) -> T:
        """Run the last function, which ends the run at that time, and let the lease go."""

        def released(transaction: Transaction) -> T:
            # A release that is sent again finds the run ended at just this time.
            found = transaction.run(
                _RELEASE, owner=self._owner, token=self._token, run=run_id, ended_at=ended_at
            )
            self._check(found.single() is not None)
            return work(transaction)

        return self._client.write(released)

    def renew(self) -> None:
        """Renew the lease."""
        self.write(_nothing)

    def renew_when_due(self) -> None:
        """Renew the lease unless that was done just now."""
        if time.monotonic() - self._renewed > RENEW_S:
            self.renew()

    def _check(self, held: bool) -> None:
        if not held:
            raise LeaseLostError(
                f"another run took over the store {self._client.url}; what this one stored is kept"
            )


def _nothing(_: Transaction) -> None:
    """Change nothing: the lease was renewed before."""
