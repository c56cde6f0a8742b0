"""Which models are listed or counted: filters on what is known of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.automation import automated
from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.registry.definitions import UNKNOWN_COUNTRY

Mask = NDArray[np.bool_]
Test = Callable[[Any], Mask]
"""Tells which of some rows pass, given as an array of them, or as a slice of all."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a model must be; None asks for nothing. Dates are milliseconds since 1970.

    A model passes ``relations`` when it was made in one of these ways from any base, and
    ``statuses`` when it has one of them. ``exclude_automated`` leaves out what
    `graph.automation.automated` tells of.
    """

    family: str | None = None
    organization: str | None = None
    country: str | None = None
    license: str | None = None
    license_class: LicenseClass | None = None
    relations: tuple[Relation, ...] | None = None
    library: str | None = None
    task: str | None = None
    statuses: tuple[Status, ...] | None = None
    created_after: int | None = None
    created_before: int | None = None
    min_downloads: int | None = None
    min_parameters: int | None = None
    max_parameters: int | None = None
    exclude_automated: bool = False

    def rows(self, eco: Ecosystem) -> Rows:
        """Return the rows of the models that pass, ascending.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        tests = self._tests(eco)
        rows: NDArray[Any]
        if self.family is not None:
            rows = eco.family(self.family).rows
        elif (first := next(tests, None)) is not None:
            rows = np.flatnonzero(first(slice(None)))
        else:
            rows = np.arange(len(eco))
        return rows[_passing(rows, tests)].astype(np.int32)

    def of(self, eco: Ecosystem, rows: Rows) -> Mask:
        """Return which of some rows pass.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        tests = self._tests(eco)
        if self.family is not None:
            members = eco.family(self.family).rows
            tests = chain([lambda at: np.isin(at, members)], tests)
        mask = np.zeros(len(rows), np.bool_)
        mask[_passing(rows, tests)] = True
        return mask

    def mask(self, eco: Ecosystem) -> Mask:
        """Return which rows pass, one flag a row; remembered, so it is read-only.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """

        def make() -> Mask:
            mask = np.zeros(len(eco), np.bool_)
            mask[self.rows(eco)] = True
            mask.flags.writeable = False
            return mask

        return eco.arrays.once(self, make, size=lambda mask: mask.nbytes)

    def _tests(self, eco: Ecosystem) -> Iterator[Test]:
        """Give what a row must pass, the family apart; what leaves few rows comes first."""
        for name, value in (
            ("author", self.organization),
            ("license", self.license),
            ("library", self.library),
            ("task", self.task),
        ):
            if value is not None:
                yield _equal(eco.codes(name), eco.code(name, value))
        for name, lowest, highest in (
            ("created_at", self.created_after, self.created_before),
            ("downloads", self.min_downloads, None),
            ("parameters", self.min_parameters, self.max_parameters),
        ):
            if lowest is not None or highest is not None:
                yield _between(eco.numbers(name), lowest, highest)
        if self.country is not None:
            known = eco.table("organizations")
            place = pc.index_in(eco.column("author").dictionary, value_set=known.column("name"))
            countries = known.column("country").take(place).fill_null(UNKNOWN_COUNTRY)
            chosen = pc.equal(countries, self.country).to_numpy(zero_copy_only=False)
            unknown = self.country == UNKNOWN_COUNTRY
            yield _among(eco.codes("author"), chosen, unknown=unknown)
        if self.license_class is not None:
            classes = [c == self.license_class for c in eco.license_classes]
            unknown = self.license_class == LicenseClass.UNKNOWN
            yield _among(eco.codes("license"), classes, unknown=unknown)
        if self.relations is not None:
            wanted = np.array([relation in self.relations for relation in RELATIONS], np.bool_)
            made = np.zeros(len(eco), np.bool_)
            made[eco.bases.sources()[wanted[eco.base_relations]]] = True
            yield made.__getitem__
        if self.statuses is not None:
            statuses = [label in self.statuses for label in eco.labels("status")]
            yield _among(eco.codes("status"), statuses)
        if self.exclude_automated:
            yield lambda at: ~automated(eco)[at]


ANY = Filter()
"""Every model, placeholders and deleted ones too."""

LIVE = Filter(statuses=(Status.LIVE,))
"""Every live model."""


def _passing(rows: NDArray[Any], tests: Iterable[Test]) -> NDArray[np.intp]:
    """Return the places of the rows that pass all tests, each asked of those that are left."""
    places = np.arange(len(rows))
    for test in tests:
        places = places[test(rows[places])]
    return places


def _equal(codes: NDArray[np.int32], code: int) -> Test:
    return lambda at: codes[at] == code


def _between(numbers: NDArray[Any], lowest: int | None, highest: int | None) -> Test:
    """Test numbers between bounds, which are included; -1 is unknown, and is not."""

    def test(at: slice | Rows) -> Mask:
        values = numbers[at]
        passed: Mask = values >= max(lowest or 0, 0)
        return passed if highest is None else passed & (values <= highest)

    return test


def _among(
    codes: NDArray[np.int32], chosen: Sequence[bool] | Mask, *, unknown: bool = False
) -> Test:
    """Test which codes are chosen; code -1 is unknown."""
    flags = np.append(np.array(chosen, np.bool_), unknown)
    return lambda at: flags[codes[at]]
