"""Which models are listed or counted: filters on what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass

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
        return np.flatnonzero(self.mask(eco)).astype(np.int32)

    def of(self, eco: Ecosystem, rows: Rows) -> Mask:
        """Return which of some rows pass.

        Raises
        ------
        NotFoundError
            When the family does not exist.
        """
        return np.ones(len(rows), np.bool_) if self == ANY else self.mask(eco)[rows]

    def mask(self, eco: Ecosystem) -> Mask:
        """Return which rows pass, one flag a row.

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
        ):
            if value is not None:
                mask &= eco.codes(name) == eco.code(name, value)
        if self.statuses is not None:
            mask &= _among(
                eco.codes("status"), [label in self.statuses for label in eco.labels("status")]
            )
        if self.country is not None:
            known = eco.table("organizations")
            place = pc.index_in(eco.column("author").dictionary, value_set=known.column("name"))
            countries = known.column("country").take(place).fill_null(UNKNOWN_COUNTRY)
            chosen = pc.equal(countries, self.country).to_numpy(zero_copy_only=False)
            unknown = self.country == UNKNOWN_COUNTRY
            mask &= _among(eco.codes("author"), chosen, unknown=unknown)
        if self.license_class is not None:
            classes = [c == self.license_class for c in eco.license_classes]
            unknown = self.license_class == LicenseClass.UNKNOWN
            mask &= _among(eco.codes("license"), classes, unknown=unknown)
        if self.relations is not None:
            wanted = np.array([relation in self.relations for relation in RELATIONS], np.bool_)
            chosen = np.zeros(len(eco), np.bool_)
            chosen[eco.bases.sources()[wanted[eco.base_relations]]] = True
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
        if self.exclude_automated:
            mask &= ~automated(eco)
        return mask


ANY = Filter()
"""Every model, placeholders and deleted ones too."""

LIVE = Filter(statuses=(Status.LIVE,))
"""Every live model."""


def _among(
    codes: NDArray[np.int32], chosen: Sequence[bool] | Mask, *, unknown: bool = False
) -> Mask:
    """Return which codes are chosen; code -1 is unknown."""
    return np.append(np.array(chosen, np.bool_), unknown)[codes]
