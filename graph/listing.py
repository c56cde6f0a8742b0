"""Ordered lists, read one page at a time by keyset: stable cursors, no offsets."""

import base64
import binascii
import operator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.errors import CursorError

Keys = NDArray[Any]
"""One number a row that ascends in a list's order."""


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
class Page:
    """One page of rows, with what is needed to go on from it.

    Attributes
    ----------
    rows
        int32.
    total
        How many rows the whole list has.
    more
        Whether rows follow.
    before
        Whether rows came before.
    """

    rows: Rows
    total: int
    more: bool
    before: bool


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
    rows
        The rows, ascending.
    keys
        One number a row; the list ascends by it, and by row where it is equal.
    scope
        What the list is, as plain values: a cursor of another list is refused.
    """

    def __init__(self, snapshot: str, names: Named, rows: Rows, keys: Keys, scope: Any) -> None:
        self._snapshot = snapshot
        self._names = names
        self._rows = rows
        self._keys = keys
        self._scope = xxhash.xxh3_64_hexdigest(orjson.dumps(scope))[:8]

    def page(self, first: int, after: str | None) -> Page:
        """Return the first rows after a cursor.

        Raises
        ------
        CursorError
            When the cursor is malformed, of another list, or of another snapshot.
        """
        rows, keys = self._rows, self._keys
        if after is not None:
            key, row = self._decode(after)
            later = (keys > key) | ((keys == key) & (rows > row))
            rows, keys = rows[later], keys[later]
        found = len(rows)
        if found > 4 * first:
            bound = np.partition(keys, first)[first]
            near = keys <= bound
            rows, keys = rows[near], keys[near]
        order = np.lexsort((rows, keys))[:first]
        return Page(rows[order], len(self._rows), found > first, found < len(self._rows))

    def cursor(self, row: int) -> str:
        """Return the cursor that stands behind a row of this list."""
        place = int(np.searchsorted(self._rows, row))
        key = float(self._keys[place])
        name = self._names[row]
        # Repositories that succeeded each other share an id: which of them it is, counts too.
        nth = row - (self._names.find(name) or 0)
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
        if scope != self._scope or first is None:
            raise CursorError("the cursor is of another list; begin again without a cursor")
        return value, first + place


def model_listing(
    eco: Ecosystem,
    rows: Rows,
    order: Order,
    scope: Any,
    distances: NDArray[np.int32] | None = None,
) -> Listing:
    """List models.

    Parameters
    ----------
    rows
        The models, ascending.
    distances
        For the order by distance: one for each of ``rows``.
    """
    keys = _model_keys(eco, rows, order, distances)
    return Listing(eco.id, eco.names, rows, keys, [scope, asdict(order)])


def _model_keys(
    eco: Ecosystem, rows: Rows, order: Order, distances: NDArray[np.int32] | None
) -> Keys:
    if order.field == OrderField.ID:
        return -rows if order.descending else rows
    if order.field == OrderField.DISTANCE:
        values: Keys = np.zeros(len(rows)) if distances is None else distances
    else:
        values = eco.numbers(order.field.value)[rows]
    return ascending(values, descending=order.descending)


def ascending(values: Keys, *, descending: bool) -> Keys:
    """Return keys for values; unknown ones (-1) come last in both directions."""
    values = values.astype(np.float64)
    return np.where(values < 0, np.inf, -values if descending else values)
