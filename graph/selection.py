"""Which models are listed or counted: filters on what is known of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.automation import automated
from graph.csr import Csr, Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.names import place_of
from graph.records import Relation, Status
from graph.registry import LicenseClass
from graph.registry.definitions import UNKNOWN_COUNTRY
from graph.traversal import edges_of

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
        """Return the rows of the models that pass, ascending; read-only, for few are remembered.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        key = (Filter.rows, self)
        found: Rows | None = eco.arrays.get(key)
        if found is None:
            found = self._rows(eco)
            # Many would drive out what takes longer to make.
            if found.nbytes <= len(eco):
                eco.arrays.put(key, found, found.nbytes)
        return found

    def _rows(self, eco: Ecosystem) -> Rows:
        tests = self._tests(eco)
        rows: NDArray[Any]
        if self.family is not None:
            rows = eco.family(self.family).rows
        elif (first := next(tests, None)) is not None:
            rows = np.flatnonzero(first(slice(None)))
        else:
            rows = np.arange(len(eco))
        for test in tests:
            rows = rows[test(rows)]
        found = rows.astype(np.int32)
        found.flags.writeable = False
        return found

    def of(self, eco: Ecosystem, rows: Rows) -> Mask:
        """Return which of some rows pass, in the time of those.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        tests = self._tests(eco)
        if self.family is not None:
            number, families = eco.family_number(self.family), eco.families_of
            of_family = _any_entry(families, lambda at: families.targets[at] == number)
            tests = chain([of_family], tests)
        places = np.arange(len(rows))
        for test in tests:
            places = places[test(rows[places])]
        mask = np.zeros(len(rows), np.bool_)
        mask[places] = True
        return mask

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
            countries = _countries(eco)
            code = place_of(self.country, countries.dictionary)
            chosen = countries.indices.to_numpy() == (-1 if code is None else code)
            unknown = self.country == UNKNOWN_COUNTRY
            yield _among(eco.codes("author"), chosen, unknown=unknown)
        if self.license_class is not None:
            classes = [c == self.license_class for c in eco.license_classes]
            unknown = self.license_class == LicenseClass.UNKNOWN
            yield _among(eco.codes("license"), classes, unknown=unknown)
        if self.relations is not None:
            wanted = np.array([relation in self.relations for relation in RELATIONS], np.bool_)
            yield _any_entry(eco.bases, lambda edges: wanted[eco.base_relations[edges]])
        if self.statuses is not None:
            statuses = [label in self.statuses for label in eco.labels("status")]
            yield _among(eco.codes("status"), statuses)
        if self.exclude_automated:
            yield lambda at: ~automated(eco)[at]


ANY = Filter()
"""Every model, placeholders and deleted ones too."""

LIVE = Filter(statuses=(Status.LIVE,))
"""Every live model."""


def _countries(eco: Ecosystem) -> pa.DictionaryArray:
    """Return the country of each of the authors' `Ecosystem.labels`."""

    def make() -> pa.DictionaryArray:
        known = eco.table("organizations")
        place = pc.index_in(eco.column("author").dictionary, value_set=known.column("name"))
        named = known.column("country").take(place).fill_null(UNKNOWN_COUNTRY)
        return named.dictionary_encode()

    return eco.once(_countries, make)


def _any_entry(adjacency: Csr, chosen: Callable[[Any], Mask]) -> Test:
    """Test whether any of a row's entries, given by their places, is chosen."""

    def test(at: slice | Rows) -> Mask:
        mask: Mask
        if isinstance(at, slice):
            mask = np.zeros(adjacency.size, np.bool_)
            mask[adjacency.sources()[chosen(slice(None))]] = True
            return mask[at]
        starts, stops = adjacency.offsets[at], adjacency.offsets[at + 1]
        mask = np.zeros(len(at), np.bool_)
        mask[np.repeat(np.arange(len(at)), stops - starts)[chosen(edges_of(adjacency, at))]] = True
        return mask

    return test


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
