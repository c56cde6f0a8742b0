"""Relative adoption: a model's derivatives beside those of models of its size at its age."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows
from graph.ecosystem import Ecosystem, FamilyView
from graph.growth import DAY
from graph.profile import PARAMETER_BUCKETS
from graph.traversal import edges_of

WINDOWS = (30, 90, 180, 365)
"""Days after a model's creation within which its derivatives are counted."""
LEADERS = 10
"""Models of a size whose median is what others are compared with."""
FLOOR = 1_646_352_000_000
"""2022-03-03 in milliseconds since 1970: the Hub dates all that is older to the day before."""


class Adoption(NamedTuple):
    """Relative adoption of some models.

    Attributes
    ----------
    derivatives
        int64: live models that name it as their base, created within ``days`` of its creation.
    typical
        float64: the median of ``derivatives`` of the `LEADERS` models of its size that have
        most, within as many days; NaN where fewer than that are built on at all.
    value
        float64: ``derivatives / typical``; NaN where that is nothing or unknown.
    days
        int64: the longest of `WINDOWS` that the model has lived through; 0 for none.
    sizes
        int64: places in `graph.profile.PARAMETER_BUCKETS`; -1 where its weights are unknown.
    """

    derivatives: NDArray[np.int64]
    typical: NDArray[np.float64]
    value: NDArray[np.float64]
    days: NDArray[np.int64]
    sizes: NDArray[np.int64]


def adoption(eco: Ecosystem, rows: Rows) -> Adoption:
    """Return how much some live models are built on, relatively to their size and age.

    An old model had more time to be built on, and a small one is built on by more people; so a
    model is compared at the same age with models of the same size. The idea is that of the
    relative adoption metric of the ATOM report, which compares downloads; the Hub tells when a
    derivative was created, but not when a model was downloaded.

    References
    ----------
    The ATOM Report: Measuring the Open Language Model Ecosystem. arXiv:2604.07190, 2026.
    """
    typical = eco.once(adoption, lambda: _typical(eco))
    owners, lags = _lags(eco, rows)
    window = _windows(eco, rows)
    days = np.array([0, *WINDOWS])[window]
    inside = (lags >= 0) & (lags < days[owners] * DAY)
    counts = np.bincount(owners[inside], minlength=len(rows))
    sizes = _sizes(eco, rows)
    compared = np.where(window > 0, typical[window - 1, sizes], np.nan)
    value = np.divide(counts, compared, out=np.full(len(rows), np.nan), where=compared > 0)
    return Adoption(counts, compared, value, days, sizes)


def _typical(eco: Ecosystem) -> NDArray[np.float64]:
    """Return the median of the leaders by window and size; the last column is of no size."""
    rows = np.flatnonzero(eco.derivatives.degrees()).astype(np.int32)
    owners, lags = _lags(eco, rows)
    window, sizes = _windows(eco, rows), _sizes(eco, rows)
    found = np.full((len(WINDOWS), len(PARAMETER_BUCKETS) + 1), np.nan)
    for place, days in enumerate(WINDOWS):
        counts = np.bincount(owners[(lags >= 0) & (lags < days * DAY)], minlength=len(rows))
        for size in range(len(PARAMETER_BUCKETS)):
            among = counts[(window > place) & (sizes == size)]
            if len(among) >= LEADERS:
                found[place, size] = np.median(np.partition(among, -LEADERS)[-LEADERS:])
    return found


def _lags(eco: Ecosystem, bases: Rows) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the place of each derivative's base, and how old the base was at its creation.

    In milliseconds; -1 for a derivative that does not count.
    """
    offsets = eco.derivatives.offsets
    owners = np.repeat(np.arange(len(bases)), offsets[bases + 1] - offsets[bases])
    children = eco.derivatives.targets[edges_of(eco.derivatives, bases)]
    created = eco.numbers("created_at")
    since, born = created[bases][owners], created[children]
    known = eco.live[children] & (born >= 0) & (since >= FLOOR)
    # A base that is declared in two ways is one base.
    known[1:] &= (children[1:] != children[:-1]) | (owners[1:] != owners[:-1])
    return owners, np.where(known, born - since, -1)


def _windows(eco: Ecosystem, rows: Rows) -> NDArray[np.intp]:
    """Return how many of `WINDOWS` each live model has lived through."""
    created = eco.numbers("created_at")[rows]
    age = np.where(eco.live[rows] & (created >= FLOOR), (eco.manifest.as_of - created) // DAY, -1)
    return np.searchsorted(WINDOWS, age, side="right")


def _sizes(eco: Ecosystem, rows: Rows) -> NDArray[np.intp]:
    parameters = eco.numbers("parameters")[rows]
    bounds = [bound for _, bound in PARAMETER_BUCKETS[:-1]]
    return np.where(parameters > 0, np.digitize(parameters, bounds), -1)


def most_adopted(eco: Ecosystem, family: int) -> int | None:
    """Return the row of a family's own model of the highest relative adoption, or None.

    Its own are the models that bear its name (`Attribution.PUBLISHER`); of an unregistered
    family the root alone. Of equal ones the first by id.
    """
    if eco.families[family].registered:
        rows = eco.once(most_adopted, lambda: _own(eco)).of(family)
    else:
        members = FamilyView(eco, family).rows
        rows = members[eco.numbers("root_family")[members] == family]
    values = adoption(eco, rows).value
    return None if np.isnan(values).all() else int(rows[np.nanargmax(values)])


def _own(eco: Ecosystem) -> Csr:
    """Return the rows that bear each family's name, ascending."""
    own = eco.numbers("own_family")
    rows = np.flatnonzero(own >= 0).astype(np.int32)
    rows = rows[np.argsort(own[rows], kind="stable")]
    offsets = np.searchsorted(own[rows], np.arange(len(eco.families) + 1))
    return Csr(offsets.astype(np.int32), rows)
