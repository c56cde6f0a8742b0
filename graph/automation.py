"""Automation: derivatives that programs publish by the dozen, which may be left out of counts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.adoption import FLOOR
from graph.csr import Rows, simple
from graph.ecosystem import Ecosystem
from graph.growth import DAY

MOST_A_DAY = 20
"""Derivatives of one base that a namespace may publish on one day (UTC) without being automated."""

UUID = r"(?i)(^|[^0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}($|[^0-9a-f])"
"""A UUID in a namespace or a name: nobody types one."""

_UUID_CHARACTERS = 36


def automated(eco: Ecosystem) -> NDArray[np.bool_]:
    """Return which rows are automated derivatives; worked out at its first use.

    A live model that declares a base is automated when its id holds a UUID, or when its namespace
    published more than `MOST_A_DAY` derivatives of one of its bases on the day of its creation.
    Roots, undated models, and those that the Hub dates to the day before `graph.adoption.FLOOR`
    are never automated by number. It is a rule about how they were published, not about what they
    are worth.

    Returns
    -------
    rows
        One flag a row.
    """
    return eco.once(automated, lambda: _automated(eco))


def _automated(eco: Ecosystem) -> NDArray[np.bool_]:
    found = np.zeros(len(eco), np.bool_)
    found[_named_by_uuid(eco)] = True
    found[_many_a_day(eco)] = True
    return found


def _named_by_uuid(eco: Ecosystem) -> Rows:
    ids = eco.column("id")
    long = pc.greater_equal(pc.binary_length(ids), _UUID_CHARACTERS)
    rows = np.flatnonzero(eco.derived & long.to_numpy(zero_copy_only=False)).astype(np.int32)
    matched = pc.match_substring_regex(ids.take(pa.array(rows)), UUID)
    return rows[matched.to_numpy(zero_copy_only=False)]


def _many_a_day(eco: Ecosystem) -> Rows:
    bases, authors, created = simple(eco.bases), eco.codes("author"), eco.numbers("created_at")
    rows, targets = bases.sources(), bases.targets
    counted = (eco.derived & (created >= FLOOR) & (authors >= 0))[rows]
    rows, targets = rows[counted], targets[counted]
    if not len(rows):
        return rows
    days = created[rows] // DAY
    days -= days.min()
    # One number for each namespace, base and day; sorted, equal ones lie side by side.
    keys = authors[rows].astype(np.int64) * (int(days.max()) + 1) + days
    keys = keys * len(eco) + targets
    ascending = np.sort(keys)
    starts = np.flatnonzero(np.diff(ascending, prepend=-1))
    many = ascending[starts[np.diff(starts, append=len(keys)) > MOST_A_DAY]]
    places = np.searchsorted(many, keys)
    return rows[np.append(many, -1)[places] == keys]
