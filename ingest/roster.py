"""The stored models as arrays: who lives, who vanished, who was replaced by whom."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.errors import ShrinkError
from graph.records import ID_KEY_PREFIX, Status
from ingest.index import Index, shared_rows
from ingest.known import Hashes, key_hashes
from ingest.numbers import Numbers
from ingest.references import References, relation_codes
from ingest.texts import Archive, Keys, Rows

COLUMNS = ["key", "id", "status", "aliases", "declared"]
"""What a roster needs of the stored models."""

Mask = NDArray[np.bool_]

_STATUSES = pa.array([status.value for status in Status])
_LIVE, _MISSING, _DELETED = range(len(Status))


class Edges(NamedTuple):
    """Derivations: the rows of both ends, and the code of the relation."""

    child: NDArray[np.int32]
    base: NDArray[np.int32]
    relation: NDArray[np.int8]


class Roster:
    """The stored models, and what a run has seen of them.

    Read once as a stream, of which about 80 bytes a model are kept. Ids are compared by their
    64-bit hashes, but where two models seem to share one, by their texts.

    Parameters
    ----------
    chunks
        `COLUMNS` of all stored models, in the order of their keys.
    seen_of
        Which of the models with these hashes of keys a complete run has seen; None when the run
        was not complete, so that nothing vanishes.

    Attributes
    ----------
    keys, ids
        The columns.
    id_hashes
        The hashes of the ids.
    references
        What the models declare.
    live, missing
        Who lives after the run, and who is a placeholder.
    shown
        Who is deleted, as the source says that holds its record, or may still.
    vanished
        Who lived until the run did not see it, or saw its id on a newer repository.
    reused
        Who lived until a newer repository bore its id.
    superseded
        Who is the same model as another row, since its key was learned.
    bearing
        Who bears its id today, rather than another row.
    """

    def __init__(
        self, chunks: Iterable[pa.RecordBatch], seen_of: Callable[[Hashes], Mask] | None
    ) -> None:
        self.keys = Keys()
        self.ids = Archive()
        self.references = References()
        by_key, by_id = Numbers(np.uint64), Numbers(np.uint64)
        statuses, sights = Numbers(np.int8), Numbers(np.bool_)
        former: list[tuple[int, str]] = []
        for chunk in chunks:
            key, id, status, aliases, declared = chunk.columns
            first = len(self.keys)
            self.references.extend(first, declared)
            rows = np.flatnonzero(mask(aliases.is_valid()))
            former += zip((first + rows).tolist(), texts(aliases, rows), strict=True)
            hashes = key_hashes(key.to_pylist())
            sights.extend(seen_of(hashes) if seen_of else np.ones(len(key), np.bool_))
            statuses.extend(positions(status, _STATUSES).astype(np.int8))
            by_key.extend(hashes)
            by_id.extend(key_hashes(id.to_pylist()))
            self.keys.extend(key)
            self.ids.extend(id)
        self.id_hashes = by_id.array()
        self._by_key = Index(by_key.array())
        del by_key
        self._was_live: Mask = statuses.array() == _LIVE
        self.missing: Mask = statuses.array() == _MISSING
        self.reused: Mask = np.zeros(len(self.keys), np.bool_)
        self.bearing: Mask = np.ones(len(self.keys), np.bool_)
        heirs = self._heirs = self._settle_shared_ids(self._was_live & sights.array())
        self.superseded: Mask = heirs >= 0
        self._gone: Mask = self._was_live & ~sights.array() & ~self.superseded
        self.vanished: Mask = self._gone | self.reused
        self.live: Mask = self._was_live & ~self.vanished & ~self.superseded
        self.shown: Mask = (statuses.array() == _DELETED) & sights.array() & ~self.superseded
        owners = [int(heirs[row]) if heirs[row] >= 0 else row for row, _ in former]
        self._aliases = [
            (owner, row, ids) for owner, (row, ids) in zip(owners, former, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.live)

    def _settle_shared_ids(self, live: Mask) -> NDArray[np.int32]:
        """Find, for each id that several rows bear, the one row that bears it today.

        A live row comes before one that is not, one with the Hub's key before one without, and
        of two Hub keys the larger, for they grow with time. A row without a Hub key is then the
        same model under its heir's key; one with a Hub key is an older repository.

        Returns
        -------
        heirs
            As which row a row is superseded; -1 for most.
        """
        heirs = np.full(len(live), -1, np.int32)
        shared = shared_rows(self.id_hashes)
        codes = self.ids.take(shared).dictionary_encode().indices.to_numpy()
        truly = np.bincount(codes)[codes] > 1
        shared, codes = shared[truly], codes[truly]
        by_id = mask(pc.starts_with(self.keys.take(shared), ID_KEY_PREFIX))
        order = np.lexsort((shared, ~by_id, live[shared], codes))
        shared, codes, by_id = shared[order], codes[order], by_id[order]
        last = np.append(np.diff(codes) != 0, [True])[: len(shared)]
        nameless, older = shared[~last & by_id], shared[~last & ~by_id]
        heirs[nameless] = shared[last][np.cumsum(last) - last][~last & by_id]
        self.reused[older] = self._was_live[older]
        self.bearing[shared[~last]] = False
        return heirs

    def rows_of_keys(self, hashes: Hashes) -> NDArray[np.int32]:
        """Return the rows whose keys have these hashes; -1 for none."""
        return self._by_key.rows(hashes)

    def rows_of_ids(self, hashes: Hashes) -> NDArray[np.int32]:
        """Return the rows that bear the ids with these hashes today; -1 for none."""
        index = Index(self.id_hashes)  # not kept: it is as large as all the ids
        index.drop(~self.bearing)
        return index.rows(hashes)

    def edges(self, derivations: Iterable[pa.RecordBatch]) -> Edges:
        """Return ``child``, ``base`` and ``relation`` of derivations as numbers."""
        child, base, relation = Numbers(np.int32), Numbers(np.int32), Numbers(np.int8)
        for chunk in derivations:
            child.extend(self.rows_of_keys(key_hashes(chunk.column("child").to_pylist())))
            base.extend(self.rows_of_keys(key_hashes(chunk.column("base").to_pylist())))
            relation.extend(relation_codes(chunk.column("relation")))
        return Edges(child.array(), base.array(), relation.array())

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

    def doubtful(self, derivations: Edges) -> list[tuple[str, str]]:
        """Return who was not seen though a live model derives from it.

        Parameters
        ----------
        derivations
            Those that the store holds.

        Returns
        -------
        list of (key, id)
            The one with the most live derivatives first; of equals, the first key.
        """
        child, base, _ = derivations
        # A derivation that was stored under a key since replaced is its heir's.
        child = np.where(self.superseded[child], self._heirs[child], child)
        told = self.live[child] & self._gone[base]
        # Relations beside each other count as one derivative.
        pairs = np.unique(base[told].astype(np.int64) * len(self) + child[told])
        rows, derivatives = np.unique(pairs // max(1, len(self)), return_counts=True)
        rows = rows[np.argsort(-derivatives, kind="stable")]
        return list(zip(self.keys.list(rows), self.ids.list(rows), strict=True))

    def aliases(self) -> dict[str, int]:
        """Return former ids and the row that bore each; of several the one with the last key."""
        return {alias: owner for owner, _, ids in sorted(self._aliases) for alias in ids.split(" ")}

    def inherited_aliases(self) -> list[tuple[str, str]]:
        """Return the aliases that a superseded row leaves to its heir."""
        left = [(owner, ids) for owner, row, ids in self._aliases if owner != row]
        keys = self.keys.list(np.array([owner for owner, _ in left], np.int64))
        return [
            (key, alias)
            for key, (_, ids) in zip(keys, left, strict=True)
            for alias in ids.split(" ")
        ]

    def alike(self, ids: list[str]) -> dict[str, dict[str, int]]:
        """Return, by the lower case of these ids, the models' ids alike and the row of each."""
        wanted = pc.unique(pc.ascii_lower(pa.array(ids, pa.string())))
        found: dict[str, dict[str, int]] = {}
        for first, block in self.ids.blocks():
            lower = pc.ascii_lower(block)
            among = mask(pc.is_in(lower, value_set=wanted))
            among &= (self.bearing & ~self.missing)[first : first + len(block)]
            places = np.flatnonzero(among)
            for place, id in zip(places.tolist(), texts(block, places), strict=True):
                found.setdefault(id.lower(), {})[id] = first + place
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
