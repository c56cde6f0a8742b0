"""Ordered lists, read one page at a time by keyset: stable cursors, no offsets."""

import base64
import binascii
import operator
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import orjson
import xxhash

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.errors import CursorError
from graph.lru import Lru
from graph.ranking import Keys, Ranked, Ranking, Sieve, ranked
from graph.selection import Filter

_REMEMBERED = 32 * 1024 * 1024
"""Bytes that the lists take which are remembered, at most."""


_LARGEST_ROW = 2**31
"""No row has a number as large."""

_NO_PLACE = 2**63
"""No list has as many rows."""

_SIFTED = 65_536
"""Models that are kept in each order that was asked for: filtered pages are sifted from them."""


class OrderField(StrEnum):
    """By what models are ordered; unknown values come last in both directions."""

    ID = "id"
    PAGERANK = "pagerank"
    DESCENDANTS = "descendants"
    DIRECT_DERIVATIVES = "direct_derivatives"
    DEPTH = "depth"
    KATZ = "katz"
    BETWEENNESS = "betweenness"
    CLOSENESS = "closeness"
    HARMONIC = "harmonic"
    DOWNSTREAM_DOWNLOADS = "downstream_downloads"
    DISTINCT_AUTHORS = "distinct_authors"
    RECENT_DERIVATIVES = "recent_derivatives"
    DOWNLOADS = "downloads"
    DOWNLOADS_ALL_TIME = "downloads_all_time"
    LIKES = "likes"
    PARAMETERS = "parameters"
    CREATED_AT = "created_at"
    DISTANCE = "distance"


@dataclass(frozen=True, slots=True)
class Order:
    """A field and a direction; of equal values the id decides, ascending."""

    field: OrderField
    descending: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list, by the arguments of a Relay connection.

    Attributes
    ----------
    first, last
        How many rows from the start, and then from the end of these.
    after, before
        Cursors between which they lie.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, with what is needed to go on from it.

    Attributes
    ----------
    listing
        Of which it is.
    rows
        int32.
    keys
        By which they are ordered.
    start
        How many rows come before.
    """

    listing: "Listing"
    rows: Rows
    keys: Keys
    start: int

    @property
    def total(self) -> int:
        """How many rows the whole list has."""
        return self.listing.total

    @property
    def more(self) -> bool:
        """Whether rows follow."""
        return self.listing.has(self.start + len(self.rows))

    @property
    def before(self) -> bool:
        """Whether rows came before."""
        return self.start > 0

    def cursor(self, place: int) -> str:
        """Return the cursor of the row at a place of the page."""
        return self.listing.cursor(float(self.keys[place]), int(self.rows[place]))


class Named(Protocol):
    """Rows that have a name: models by their id, families by their key."""

    def __getitem__(self, row: int, /) -> str:
        """Return a row's name."""
        ...

    def find(self, name: object) -> int | None:
        """Return the row of a name, or None."""
        ...


class Listing:
    """An ordered list of rows, read by keyset pages.

    Parameters
    ----------
    snapshot
        Its id: a cursor of another snapshot is refused.
    names
        The rows' names, which stand in cursors.
    ranking
        The rows in their order.
    scope
        What the list is, as plain values: a cursor of another list is refused.
    """

    def __init__(self, snapshot: str, names: Named, ranking: Ranking, scope: Any) -> None:
        self._snapshot = snapshot
        self._names = names
        self._ranking = ranking
        self._scope = xxhash.xxh3_64_hexdigest(orjson.dumps(scope))[:8]

    @property
    def total(self) -> int:
        """How many rows it has."""
        return self._ranking.total

    def page(self, window: Window) -> Page:
        """Return a part of the list.

        Raises
        ------
        CursorError
            When a cursor is malformed, of another list, or of another snapshot.
        """
        start, stop = 0, _NO_PLACE
        if window.after is not None:
            start = self._ranking.place(*self._decode(window.after), behind=True)
        if window.before is not None:
            stop = max(start, self._ranking.place(*self._decode(window.before), behind=False))
        if window.first is not None:
            stop = min(stop, start + window.first)
        if window.first is None or window.last is not None:
            stop = min(stop, self.total)
        if window.last is not None:
            start = max(start, stop - window.last)
        return Page(self, *self._ranking.between(start, stop), start)

    def has(self, place: int) -> bool:
        """Tell whether there is a row at a place, without counting them all if that can be."""
        return self._ranking.has(place)

    def cursor(self, key: float, row: int) -> str:
        """Return the cursor of a row of this list."""
        name = self._names[row]
        # Repositories that succeeded each other share an id: which of them it is, counts too.
        nth = 0
        while row > nth and self._names[row - nth - 1] == name:
            nth += 1
        told = [self._snapshot, self._scope, None if key == np.inf else key, name, nth]
        return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")

    def _decode(self, cursor: str) -> tuple[float, int]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            snapshot, scope, key, name, nth = orjson.loads(base64.urlsafe_b64decode(padded))
            value = np.inf if key is None else key + 0.0
            place = operator.index(nth)
            first = self._names.find(name) if snapshot == self._snapshot else -1
        except (binascii.Error, ValueError, TypeError) as error:
            raise CursorError(
                "the cursor is malformed; take it from pageInfo or an edge"
            ) from error
        if snapshot != self._snapshot:
            raise CursorError(
                f"the cursor is of snapshot {snapshot!r}, answers are now read from"
                f" {self._snapshot}; begin again without a cursor"
            )
        if scope != self._scope or first is None or not 0 <= place < _LARGEST_ROW:
            raise CursorError("the cursor is of another list; begin again without a cursor")
        return value, first + place


def listing(
    eco: Ecosystem,
    names: Named,
    scope: Any,
    make: Callable[[], tuple[Rows, Keys]],
    sieve: Callable[[], Sieve] | None = None,
) -> Listing:
    """List rows of an ecosystem; the lists that were asked for last are remembered.

    Parameters
    ----------
    names
        The rows' names.
    scope
        What the list is, as plain values: all that ``make`` depends on.
    make
        Returns all rows, ascending, with their keys.
    sieve
        Returns a longer list of which it has what passes.
    """
    rankings: Lru[Ranking] = eco.once("rankings", lambda: Lru(_REMEMBERED))
    key = orjson.dumps(scope)
    ranking = rankings.get(key)
    if ranking is None:
        ranking = Ranking(make, sieve=sieve() if sieve else None)
        rankings.put(key, ranking, ranking.size)
    return Listing(eco.id, names, ranking, scope)


def model_listing(eco: Ecosystem, order: Order, wanted: Filter) -> Listing:
    """List the models that are wanted, of all."""

    def make() -> tuple[Rows, Keys]:
        rows = wanted.rows(eco)
        return rows, _model_keys(eco, rows, order, None)

    def sieve() -> Sieve:
        first = eco.arrays.once(
            (model_listing, order),
            lambda: _first_models(eco, order),
            size=lambda found: found.rows.nbytes + found.keys.nbytes,
        )
        return Sieve(
            first,
            whole=len(first.rows) == len(eco),
            passes=lambda rows: wanted.of(eco, rows),
            counted=lambda: len(wanted.rows(eco)),
        )

    # A family that is smaller than what would be sifted is read itself.
    few = wanted.family is not None and len(eco.family(wanted.family).rows) < _SIFTED
    scope = ["models", wanted, asdict(order)]
    return listing(eco, eco.names, scope, make, None if few else sieve)


def reached_listing(
    eco: Ecosystem, order: Order, scope: Any, reached: Callable[[], tuple[Rows, Rows | None]]
) -> Listing:
    """List models that something leads to.

    Parameters
    ----------
    scope
        What the list is, as plain values: all that ``reached`` depends on.
    reached
        Returns the models, ascending, and for a walk the distance of each.
    """

    def make() -> tuple[Rows, Keys]:
        rows, distances = reached()
        return rows, _model_keys(eco, rows, order, distances)

    return listing(eco, eco.names, [scope, asdict(order)], make)


def _first_models(eco: Ecosystem, order: Order) -> Ranked:
    """Return the first of all rows in an order."""
    every = np.arange(len(eco), dtype=np.int32)
    return ranked(every, _model_keys(eco, every, order, None), 0, min(_SIFTED, len(eco)))


def _model_keys(eco: Ecosystem, rows: Rows, order: Order, distances: Rows | None) -> Keys:
    if order.field == OrderField.ID:
        return -rows if order.descending else rows
    if order.field == OrderField.DISTANCE:
        values: Keys = np.zeros(len(rows)) if distances is None else distances
    else:
        values = eco.numbers(order.field.value)
        if len(rows) < len(values):
            values = values[rows]
    return ascending(values, descending=order.descending)


def ascending(values: Keys, *, descending: bool) -> Keys:
    """Return keys for values; unknown ones (-1) come last in both directions."""
    values = values.astype(np.float64)
    return np.where(values < 0, np.inf, -values if descending else values)
