"""What changed from one snapshot to another: a row a change, and a chain of them netted.

============ ======================================= ====================== ==================
kind         what happened                           before                 after
============ ======================================= ====================== ==================
``came``     it lives, and was never seen before     none                   ``live``
``went``     it lived, and does no longer            ``live``               ``deleted``, or none
                                                                            without a record
``returned`` it lives again                          ``deleted``, or none   ``live``
``renamed``  the repository has another id           the former id          the id
``parents``  its author declares other bases         ``declared`` as it was as it is
``license``  it has another licence                  the former one         the licence
============ ======================================= ====================== ==================

A model is known by its key. What was known by its id alone, and whose key a source gave later, is
the same model. A base that was renamed, or whose key was learned, is the same base: nobody edited
the declaration.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.records import ID_KEY_PREFIX, decode_references
from graph.snapshot import CHANGES

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Kind(StrEnum):
    """What happened to a model."""

    CAME = "came"
    WENT = "went"
    RETURNED = "returned"
    RENAMED = "renamed"
    PARENTS = "parents"
    LICENSE = "license"


KINDS = pa.array([kind.value for kind in Kind])
"""The dictionary of a column of kinds."""

_WENT, _PARENTS = (list(Kind).index(kind) for kind in (Kind.WENT, Kind.PARENTS))

_ASPECT_OF = np.array([0, 0, 0, 1, 2, 3])
"""Of what each kind is a change: whether the model lives (0), its id, its bases, its licence."""

NAMES = ["key", "id"]
"""The columns that name a model."""


def net(changes: Sequence[pa.Table]) -> pa.Table:
    """Return what is left of changes that followed each other.

    What cancels out is nothing: a model that came and went, a licence that was changed back.
    ``before`` is the first of a model's values and ``after`` the last. What else changed of a
    model of which there was no record at the start, or is none at the end, is part of its
    coming or going.

    Parameters
    ----------
    changes
        Tables of `graph.snapshot.CHANGES`, in the order of time, each following the one before.
    """
    table = pa.concat_tables([CHANGES.empty_table(), *changes]).combine_chunks()
    if not len(table):
        return table
    kind = kinds(table)
    model = _models(table)
    newest = np.zeros(model.max() + 1, np.int64)
    newest[model] = np.arange(len(model))  # of several the last stays
    # The changes of one aspect of one model lie together, in the order of time.
    group = model.astype(np.int64) * len(KINDS) + _ASPECT_OF[kind]
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    first, last = order[begins], order[np.append(begins[1:], len(order)) - 1]

    old = table.column("before").take(pa.array(first))
    new = table.column("after").take(pa.array(last))
    live = _ASPECT_OF[kind[first]] == 0
    unrecorded = live & mask(pc.or_(old.is_null(), new.is_null()))
    left = np.where(live, (kind[first] == _WENT) == (kind[last] == _WENT), differ(old, new))
    left &= live | ~np.isin(model[first], model[first[unrecorded]])
    parents = np.flatnonzero(left & (kind[first] == _PARENTS))
    left[parents] = redeclared(*(column.take(pa.array(parents)) for column in (old, new)))

    told = pa.array(first[left])
    named = table.select(NAMES).take(pa.array(newest[model[first[left]]]))
    values = (column.filter(pa.array(left)) for column in (old, new))
    columns = [table.column("kind").take(told), *named.columns, *values]
    return ordered(pa.table(columns, schema=CHANGES))


def _models(changes: pa.Table) -> Rows:
    """Return a number for each model, the same before and after its key was learned."""
    keys = changes.column("key").combine_chunks()
    by_id = pc.starts_with(keys, ID_KEY_PREFIX)
    keyed = changes.filter(pc.invert(by_id))
    renamed = keyed.filter(pc.equal(keyed.column("kind"), Kind.RENAMED.value))
    names = pa.chunked_array(
        [*keyed.column("id").chunks, *renamed.column("before").chunks], pa.string()
    )
    owners = pa.chunked_array(
        [*keyed.column("key").chunks, *renamed.column("key").chunks], pa.string()
    )
    id = pc.utf8_slice_codeunits(keys, len(ID_KEY_PREFIX))
    learned = pc.if_else(by_id, owners.take(pc.index_in(id, value_set=names)), None)
    known = pc.coalesce(learned, keys).combine_chunks()
    found: Rows = known.dictionary_encode().indices.to_numpy()
    return found


def kinds(changes: pa.Table) -> Rows:
    """Return the kind of each change, as its place in `Kind`."""
    column = changes.column("kind").combine_chunks()
    return positions(column.dictionary, KINDS)[column.indices.to_numpy()]


def same_bases(one: str | None, other: str | None) -> bool:
    """Tell whether two declarations name the same bases, in whatever order, by whatever relation.

    A base is the same by its id or by its key: it may have been renamed, or made anew.
    """
    left, right = ({r.id: r.key for r in decode_references(text)} for text in (one, other))

    def covers(these: dict[str, str | None], those: dict[str, str | None]) -> bool:
        keys = {key for key in these.values() if key}
        return all(id in these or key in keys for id, key in those.items())

    return covers(left, right) and covers(right, left)


def positions(values: pa.Array, among: pa.Array) -> Rows:
    """Return the place of each value among others; -1 for those that are not there."""
    found: Rows = pc.index_in(values, value_set=among).fill_null(-1).to_numpy()
    return found.astype(np.int64)


def differ(one: pa.Array, other: pa.Array) -> Mask:
    """Tell which texts differ, no text from any text too."""
    unlike = mask(pc.not_equal(one, other).fill_null(False))
    return unlike | (mask(one.is_valid()) != mask(other.is_valid()))


def redeclared(one: pa.Array, other: pa.Array) -> Mask:
    """Tell which declarations name other bases, not just the same ones by other names."""
    texts = zip(one.to_pylist(), other.to_pylist(), strict=True)
    return np.array([not same_bases(*both) for both in texts], np.bool_)


def mask(array: pa.Array) -> Mask:
    """Return booleans without nulls as numpy has them."""
    found: Mask = array.to_numpy(zero_copy_only=False)
    return found


def ordered(changes: pa.Table) -> pa.Table:
    """Return changes by kind, of one kind by id."""
    keys = pa.table([pa.array(kinds(changes)), changes.column("id")], ["kind", "id"])
    order = pc.sort_indices(keys, [("kind", "ascending"), ("id", "ascending")])
    return changes.take(order).combine_chunks()
