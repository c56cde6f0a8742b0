"""The stored models as arrays: who lives, who vanished, who was replaced by whom."""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.errors import ShrinkError
from graph.records import ID_KEY_PREFIX, Status
from graph.store.schema import MODEL_SCHEMA

COLUMNS = ["key", "id", "status", "aliases", "declared"]
"""What a roster needs of the stored models."""

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Roster:
    """The stored models, and what a run has seen of them.

    Parameters
    ----------
    chunks
        `COLUMNS` of all stored models, in the order of their keys.
    seen_of
        Which of the models with these keys a complete run has seen; None when the run was not
        complete, so that nothing vanishes.

    Attributes
    ----------
    keys, ids
        The columns.
    live, missing
        Who lives after the run, and who is a placeholder.
    vanished
        Who lived until the run did not see it, or saw its id on a newer repository.
    reused
        Who lived until a newer repository bore its id.
    superseded, heir
        Who is the same model as another row, since its key was learned, and as which; else -1.
    """

    def __init__(
        self, chunks: Iterable[pa.RecordBatch], seen_of: Callable[[pa.Array], Mask] | None
    ) -> None:
        schema = pa.schema([MODEL_SCHEMA.field(name) for name in COLUMNS])
        models = pa.Table.from_batches(chunks, schema)
        self.declared: pa.Array = models.column("declared").combine_chunks()
        self.keys: pa.Array = models.column("key").combine_chunks()
        self.ids: pa.Array = models.column("id").combine_chunks()
        self._aliases: pa.Array = models.column("aliases").combine_chunks()
        status = models.column("status").combine_chunks()
        self._was_live = mask(pc.equal(status, Status.LIVE.value))
        self.missing = mask(pc.equal(status, Status.MISSING.value))
        self.heir = np.full(len(status), -1)
        self.reused: Mask = np.zeros(len(status), np.bool_)
        unseen = np.zeros(len(status), np.bool_)
        if seen_of is not None:
            unseen = ~np.concatenate([unseen[:0], *map(seen_of, models.column("key").chunks)])
        self._settle_shared_ids(self._was_live & ~unseen)
        self.superseded: Mask = self.heir >= 0
        self._gone: Mask = self._was_live & unseen & ~self.superseded
        self.vanished: Mask = self._gone | self.reused
        self.live: Mask = self._was_live & ~self.vanished & ~self.superseded

    def __len__(self) -> int:
        return len(self.live)

    def _settle_shared_ids(self, live: Mask) -> None:
        """Find, for each id that several rows bear, the one row that bears it today.

        A live row comes before one that is not, one with the Hub's key before one without, and
        of two Hub keys the larger, for they grow with time. A row without a Hub key is then the
        same model under its heir's key; one with a Hub key is an older repository.
        """
        codes = self.ids.dictionary_encode().indices.to_numpy()
        shared = np.flatnonzero(np.bincount(codes)[codes] > 1)
        by_id = mask(pc.starts_with(self.keys, ID_KEY_PREFIX))
        order = np.lexsort((shared, ~by_id[shared], live[shared], codes[shared]))
        shared = shared[order]
        last = np.append(np.diff(codes[shared]) != 0, [True])[: len(shared)]
        heirs = shared[last][np.cumsum(last) - last]
        nameless = ~last & by_id[shared]
        self.heir[shared[nameless]] = heirs[nameless]
        older = shared[~last & ~by_id[shared]]
        self.reused[older] = self._was_live[older]

    def check_shrink(self, max_shrink: float) -> None:
        """Refuse when the source lost more than this fraction of the live models.

        Raises
        ------
        ShrinkError
            With the fraction that would do.
        """
        gone, were = int(self._gone.sum()), int((self._was_live & ~self.superseded).sum())
        if gone and gone / were > max_shrink:
            raise ShrinkError(
                f"the source no longer holds {gone} of {were} models ({gone / were:.1%}, more"
                f" than --max-shrink {max_shrink}); nothing was removed. If that is right, run"
                f" again with --max-shrink {math.ceil(gone / were * 100) / 100:.2f}"
            )

    def doubtful(self, derivations: pa.Table) -> list[tuple[str, str]]:
        """Return who was not seen though a live model derives from it, by the stored derivations.

        Parameters
        ----------
        derivations
            ``child`` and ``base`` of all stored derivations.

        Returns
        -------
        list of (key, id)
            The one with the most live derivatives first; of equals, the first key.
        """
        child, base = (
            positions(derivations.column(name).combine_chunks(), self.keys)
            for name in ("child", "base")
        )
        known = (child >= 0) & (base >= 0)
        child, base = child[known], base[known]
        child = np.where(self.superseded, self.heir, np.arange(len(self)))[child]
        told = self.live[child] & self._gone[base]
        # Relations beside each other count as one derivative.
        pairs = np.unique(base[told] * len(self) + child[told])
        rows, derivatives = np.unique(pairs // max(1, len(self)), return_counts=True)
        rows = rows[np.argsort(-derivatives, kind="stable")]
        return list(zip(texts(self.keys, rows), texts(self.ids, rows), strict=True))

    def by_rank(self) -> Rows:
        """Return the rows that may bear an id, the likeliest last: live, then with a late key."""
        rows = np.flatnonzero(~self.superseded)
        return rows[np.argsort(self.live[rows], kind="stable")]

    def aliases(self) -> dict[str, int]:
        """Return former ids and the row that bore each; of several the one with the last key."""
        owners = np.where(self.superseded, self.heir, np.arange(len(self)))
        found = [
            (int(owners[row]), alias)
            for row, aliases in self._with_aliases(np.ones(len(self), np.bool_))
            for alias in aliases
        ]
        return {alias: owner for owner, alias in sorted(found)}

    def inherited_aliases(self) -> list[tuple[str, str]]:
        """Return the aliases that a superseded row leaves to its heir."""
        return [
            (self.keys[self.heir[row]].as_py(), alias)
            for row, aliases in self._with_aliases(self.superseded)
            for alias in aliases
        ]

    def _with_aliases(self, among: Mask) -> Iterator[tuple[int, list[str]]]:
        for row in np.flatnonzero(among & mask(self._aliases.is_valid())).tolist():
            yield row, self._aliases[row].as_py().split(" ")


def rows_of(wanted: pa.Array, names: pa.Array, rows: Rows) -> Rows:
    """Return the row of each wanted name, of several the last one of ``rows``; -1 for none."""
    place = positions(names, wanted)
    rows = rows[place[rows] >= 0]
    found = np.full(len(wanted), -1)
    found[place[rows]] = rows
    return found


def positions(values: pa.Array, among: pa.Array) -> Rows:
    """Return where each value is among others; -1 for nowhere."""
    found: Rows = pc.index_in(values, value_set=among).fill_null(-1).to_numpy()
    return found.astype(np.int64)


def texts(array: pa.Array, places: Rows) -> list[str]:
    """Return some of the texts of a column."""
    found: list[str] = array.take(pa.array(places)).to_pylist()
    return found


def mask(array: pa.Array) -> Mask:
    """Return a column of truth values as an array."""
    found: Mask = array.to_numpy(zero_copy_only=False)
    return found
