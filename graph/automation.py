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
    derived = np.flatnonzero(eco.derived).astype(np.int32)
    found[derived] = _named_by_uuid(eco, derived)
    found[_many_a_day(eco)] = True
    return found


def _named_by_uuid(eco: Ecosystem, rows: Rows) -> NDArray[np.bool_]:
    ids = eco.column("id").take(pa.array(rows))
    long = pc.greater_equal(pc.binary_length(ids), _UUID_CHARACTERS).to_numpy(zero_copy_only=False)
    named = np.zeros(len(rows), np.bool_)
    matched = pc.match_substring_regex(ids.filter(pa.array(long)), UUID)
    named[long] = matched.to_numpy(zero_copy_only=False)
    return named


def _many_a_day(eco: Ecosystem) -> Rows:
    bases, authors, created = simple(eco.bases), eco.codes("author"), eco.numbers("created_at")
    rows, targets = bases.sources(), bases.targets
    counted = (eco.derived & (created >= FLOOR) & (authors >= 0))[rows]
    rows, targets = rows[counted], targets[counted].astype(np.int64)
    if not len(rows):
        return rows
    days = created[rows] // DAY
    days -= days.min()
    # One number for each namespace, base and day; sorted, equal ones lie side by side.
    keys = (authors[rows] * (int(days.max()) + 1) + days) * len(eco) + targets
    order = np.argsort(keys)
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    counts = np.diff(starts, append=len(keys))
    return rows[order[np.repeat(counts > MOST_A_DAY, counts)]]
