"""What changed from one snapshot's models to those of another."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graph.changes import KINDS, NAMES, Kind, Rows, differ, ordered, positions, redeclared
from graph.counterparts import counterparts
from graph.records import Status
from graph.snapshot import CHANGES

_STATUSES = pa.array([status.value for status in Status])
_LIVE, _MISSING, _DELETED = range(len(Status))
_ABSENT = -1
"""Where others have the place of their status."""


def difference(
    before: pa.RecordBatch, after: pa.RecordBatch, went: Callable[[list[str]], set[str]]
) -> pa.Table:
    """Compare the models of two snapshots.

    Parameters
    ----------
    before, after
        ``models.arrow`` of each.
    went
        Which of these keys went at some time before: of what nothing derives from there may be
        no record left.

    Returns
    -------
    table
        `graph.snapshot.CHANGES`, by kind, of one kind by id.
    """
    place, there = counterparts(before, after)
    was, now = _statuses(before), _statuses(after)
    former, latter = np.append(was, _ABSENT)[place], np.append(now, _ABSENT)[there]

    began = np.flatnonzero((now == _LIVE) & (former != _LIVE))
    keys = after.column("key").take(pa.array(began)).to_pylist()
    gone = went([key for key, code in zip(keys, former[began], strict=True) if code == _ABSENT])
    again = np.fromiter((key in gone for key in keys), np.bool_, len(keys))
    again |= former[began] == _DELETED
    ended = np.flatnonzero((was == _LIVE) & (latter != _LIVE))

    def lives(kind: Kind, named: pa.Table, rows: Rows, *codes: Rows) -> pa.Table:
        return _table(kind, named, *(_status_texts(of[rows]) for of in codes))

    both = ~np.isin(former, [_ABSENT, _MISSING]) & (now != _MISSING)
    recorded = pa.array(place, mask=~both)

    def edits(kind: Kind, name: str) -> pa.Table:
        columns = before.column(name).take(recorded), after.column(name)
        values = [column.cast(pa.string()) for column in columns]
        at = np.flatnonzero(both & differ(*values))
        values = [column.take(pa.array(at)) for column in values]
        if kind == Kind.PARENTS:
            edited = redeclared(*values)
            at, values = at[edited], [column.filter(pa.array(edited)) for column in values]
        return _table(kind, _named(after, at), *values)

    came, returned = began[~again], began[again]
    left = [  # by its last name, if there is a record of it
        pc.coalesce(*columns)
        for columns in zip(
            _named(after, there[ended]).columns, _named(before, ended).columns, strict=True
        )
    ]
    return ordered(
        pa.concat_tables(
            [
                lives(Kind.CAME, _named(after, came), came, former, now),
                lives(Kind.WENT, pa.table(left, NAMES), ended, was, latter),
                lives(Kind.RETURNED, _named(after, returned), returned, former, now),
                edits(Kind.RENAMED, "id"),
                edits(Kind.PARENTS, "declared"),
                edits(Kind.LICENSE, "license"),
            ]
        )
    )


def _statuses(models: pa.RecordBatch) -> Rows:
    column = models.column("status")
    return positions(column.dictionary, _STATUSES)[column.indices.to_numpy()]


def _status_texts(codes: Rows) -> pa.Array:
    """Return the statuses of models; null where there is no record."""
    return _STATUSES.take(pa.array(codes, mask=(codes == _ABSENT) | (codes == _MISSING)))


def _named(models: pa.RecordBatch, rows: Rows) -> pa.Table:
    """Return the key and the id of models; null for row -1."""
    chosen = models.select(NAMES).take(pa.array(rows, mask=rows < 0))
    return pa.Table.from_batches([chosen])


def _table(kind: Kind, named: pa.Table, before: pa.Array, after: pa.Array) -> pa.Table:
    """Return changes of one kind of models that are named by key and id."""
    codes = np.full(len(named), list(Kind).index(kind), np.int8)
    told = pa.DictionaryArray.from_arrays(pa.array(codes), KINDS)
    return pa.table([told, *named.columns, before, after], schema=CHANGES)
