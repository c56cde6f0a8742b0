"""Which models: filters, orders, and one page of them by keyset."""

import base64
import binascii
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.errors import CursorError
from graph.records import Relation, Status
from graph.registry import LicenseClass

Mask = NDArray[np.bool_]


class OrderField(StrEnum):
    """By what models are ordered; unknown values come last in both directions."""

    ID = "id"
    PAGERANK = "pagerank"
    DESCENDANTS = "descendants"
    DIRECT_DERIVATIVES = "direct_derivatives"
    DEPTH = "depth"
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
class Filter:
    """What a model must be; None asks for nothing. Dates are milliseconds since 1970."""

    family: str | None = None
    organization: str | None = None
    country: str | None = None
    license: str | None = None
    license_class: LicenseClass | None = None
    relation: Relation | None = None
    library: str | None = None
    task: str | None = None
    status: Status | None = None
    created_after: int | None = None
    created_before: int | None = None
    min_downloads: int | None = None
    min_parameters: int | None = None
    max_parameters: int | None = None

    def rows(self, eco: Ecosystem) -> Rows:
        """Return the rows of the models that pass, ascending.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        if self.family is None:
            mask = np.ones(len(eco), np.bool_)
        else:
            mask = np.zeros(len(eco), np.bool_)
            mask[eco.family(self.family).rows] = True
        for name, value in (
            ("author", self.organization),
            ("license", self.license),
            ("library", self.library),
            ("task", self.task),
            ("status", self.status),
        ):
            if value is not None:
                mask &= eco.codes(name) == _code(eco.labels(name), value)
        if self.country is not None:
            countries = [eco.country(author) for author in eco.labels("author")]
            mask &= _among(eco.codes("author"), [c == self.country for c in countries])
        if self.license_class is not None:
            classes = [c == self.license_class for c in eco.license_classes]
            unknown = self.license_class == LicenseClass.UNKNOWN
            mask &= _among(eco.codes("license"), classes, unknown=unknown)
        if self.relation is not None:
            made = eco.base_relations == RELATIONS.index(self.relation)
            chosen = np.zeros(len(eco), np.bool_)
            chosen[eco.bases.sources()[made]] = True
            mask &= chosen
        for name, lowest, highest in (
            ("created_at", self.created_after, self.created_before),
            ("downloads", self.min_downloads, None),
            ("parameters", self.min_parameters, self.max_parameters),
        ):
            if lowest is not None:
                mask &= eco.numbers(name) >= max(lowest, 0)
            if highest is not None:
                mask &= (eco.numbers(name) >= 0) & (eco.numbers(name) <= highest)
        return np.flatnonzero(mask).astype(np.int32)


def _code(labels: list[str], value: str) -> int:
    return labels.index(value) if value in labels else -2


def _among(codes: NDArray[np.int32], chosen: list[bool], *, unknown: bool = False) -> Mask:
    """Return which codes are chosen; code -1 is unknown."""
    return np.array([*chosen, unknown], np.bool_)[codes]


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


class Listing:
    """An ordered list of models, read by keyset pages.

    Parameters
    ----------
    rows
        The models, ascending.
    order
        Their order.
    scope
        What the list is, as plain values: a cursor of another list is refused.
    distances
        For the order by distance: one for each of ``rows``.
    """

    def __init__(
        self,
        eco: Ecosystem,
        rows: Rows,
        order: Order,
        scope: Any,
        distances: NDArray[np.int32] | None = None,
    ) -> None:
        self._eco = eco
        self._rows = rows
        self._scope = xxhash.xxh3_64_hexdigest(orjson.dumps([scope, asdict(order)]))[:8]
        self._keys = self._sort_keys(order, distances)

    def _sort_keys(self, order: Order, distances: NDArray[np.int32] | None) -> NDArray[Any]:
        """Return one number a row that ascends in the list's order."""
        if order.field == OrderField.ID:
            return -self._rows if order.descending else self._rows
        if order.field == OrderField.DISTANCE:
            values: NDArray[Any] = np.zeros(len(self._rows)) if distances is None else distances
        else:
            values = self._eco.numbers(order.field.value)[self._rows]
        values = values.astype(np.float64)
        return np.where(values < 0, np.inf, -values if order.descending else values)

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
        told = [self._eco.id, self._scope, None if key == np.inf else key, self._eco.names[row]]
        return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")

    def _decode(self, cursor: str) -> tuple[float, int]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            snapshot, scope, key, id = orjson.loads(base64.urlsafe_b64decode(padded))
            value = np.inf if key is None else float(key)
            row = self._eco.names.find(id) if snapshot == self._eco.id else -1
        except (binascii.Error, ValueError, TypeError) as error:
            raise CursorError(
                "the cursor is malformed; take it from pageInfo or an edge"
            ) from error
        if snapshot != self._eco.id:
            raise CursorError(
                f"the cursor is of snapshot {snapshot!r}, answers are now read from"
                f" {self._eco.id}; begin again without a cursor"
            )
        if scope != self._scope or row is None:
            raise CursorError("the cursor is of another list; begin again without a cursor")
        return value, row
