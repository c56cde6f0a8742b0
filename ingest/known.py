"""What a store holds already, as hashes: which records are new or changed, which were seen.

A collision of two 64-bit hashes could only make a changed model count as unchanged, or a
vanished one as seen: at ten million models, one chance in 370,000.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from graph.records import ID_KEY_PREFIX, Model, Status

Hashes = NDArray[np.uint64]
Digests = NDArray[np.int64]
Flags = NDArray[np.bool_]
Slots = NDArray[np.int64]

_FREE = np.uint64(0)
"""The hash of a slot that holds none; no key hashes to it."""

_FIRST_SLOTS = 2**16
_FULLNESS = 0.7
"""Fraction of the slots in use beyond which a table doubles: look-ups slow down from there."""


def key_hashes(keys: Sequence[str]) -> Hashes:
    """Hash keys, the same in every process, to numbers from 1 on."""
    digests = map(xxhash.xxh3_64_intdigest, map(str.encode, keys))
    hashes = np.fromiter(digests, np.uint64, len(keys))
    return np.maximum(hashes, 1)


class Known:
    """The digests of the models that a store holds, and which of them a run has seen.

    A hash table with open addressing in three arrays, in which a whole batch is looked up at
    once: 17 bytes a slot, at most 50 a model, so that ten million models fit in 290 MB.
    """

    def __init__(self, stored: Iterable[pa.RecordBatch] = ()) -> None:
        """Take ``key`` and ``digest`` as `graph.store.port.Store.columns` reads them."""
        self._count = 0
        self._allocate(_FIRST_SLOTS)
        for batch in stored:
            hashes = key_hashes(batch.column("key").to_pylist())
            self._insert(hashes, batch.column("digest").to_numpy(), np.zeros(len(hashes), np.bool_))

    def __len__(self) -> int:
        return self._count

    def look_up(self, hashes: Hashes) -> tuple[Digests, Flags]:
        """Return each one's digest (0 when it is not known) and whether the run has seen it."""
        slots = self._slots(hashes)
        return self._digests[slots], self._seen[slots]  # a free slot holds 0 and False

    def mark_seen(self, hashes: Hashes, digests: Digests | None = None) -> None:
        """Mark distinct hashes as seen, with their new digests where they are given."""
        slots = self._slots(hashes)
        known = self._hashes[slots] != _FREE
        self._seen[slots[known]] = True
        if digests is not None:
            self._digests[slots[known]] = digests[known]
        new = ~known
        fresh = np.zeros(int(new.sum()), np.int64) if digests is None else digests[new]
        self._insert(hashes[new], fresh, new[new])

    def sight(self) -> str:
        """Return a short text that says which models were seen: the same for the same ones."""
        seen = self._hashes[self._seen]
        return f"{len(seen)} {np.bitwise_xor.reduce(seen, initial=np.uint64(0)):016x}"

    def _allocate(self, slots: int) -> None:
        self._hashes = np.full(slots, _FREE, np.uint64)
        self._digests = np.zeros(slots, np.int64)
        self._seen = np.zeros(slots, np.bool_)

    def _slots(self, hashes: Hashes) -> Slots:
        """Return the slot of each hash, or the free one where the search for it ends."""
        mask = np.uint64(len(self._hashes) - 1)
        slots = hashes & mask
        # An odd step visits every slot, and hashes that share a slot part at once.
        steps = (hashes >> np.uint64(32)) | np.uint64(1)
        waiting = np.arange(len(hashes))
        while len(waiting):
            found = self._hashes[slots[waiting]]
            waiting = waiting[(found != hashes[waiting]) & (found != _FREE)]
            slots[waiting] = (slots[waiting] + steps[waiting]) & mask
        return slots.astype(np.int64)

    def _insert(self, hashes: Hashes, digests: Digests, seen: Flags) -> None:
        """Add distinct hashes that are not there yet."""
        self._make_room(len(hashes))
        self._count += len(hashes)
        while len(hashes):
            slots = self._slots(hashes)
            self._hashes[slots] = hashes  # of several that want one slot, one gets it
            placed = self._hashes[slots] == hashes
            self._digests[slots[placed]] = digests[placed]
            self._seen[slots[placed]] = seen[placed]
            hashes, digests, seen = hashes[~placed], digests[~placed], seen[~placed]

    def _make_room(self, more: int) -> None:
        slots = len(self._hashes)
        while self._count + more > _FULLNESS * slots:
            slots *= 2
        if slots > len(self._hashes):
            used = self._hashes != _FREE
            hashes, digests, seen = self._hashes[used], self._digests[used], self._seen[used]
            self._count = 0
            self._allocate(slots)
            self._insert(hashes, digests, seen)


class KeyOfId:
    """The Hub's keys of models that a source names by their ids alone."""

    def __init__(self, stored: Iterable[pa.RecordBatch]) -> None:
        """Take ``key``, ``id`` and ``status`` as a store reads them, in the order of keys."""
        hashes, keys, live = [np.empty(0, np.uint64)], [np.empty(0, "S24")], [np.empty(0, np.bool_)]
        for rows in stored:
            batch = rows.filter(pc.invert(pc.starts_with(rows.column("key"), ID_KEY_PREFIX)))
            hashes.append(key_hashes(batch.column("id").to_pylist()))
            keys.append(np.array(batch.column("key").to_pylist(), "S24"))
            live.append(np.array(batch.column("status").to_pylist()) == Status.LIVE.value)
        hash_of, key_of = np.concatenate(hashes), np.concatenate(keys)
        # Of several repositories that bore an id the one that lives counts, then the newest.
        order = np.lexsort((np.concatenate(live), hash_of))
        hash_of, key_of = hash_of[order], key_of[order]
        last = np.append(hash_of[1:] != hash_of[:-1], [True])[: len(order)]
        # One more of each, for a search that ends behind all.
        self._hashes, self._keys = np.append(hash_of[last], _FREE), np.append(key_of[last], b"")
        self._added: dict[str, str] = {}

    def add(self, models: Iterable[Model]) -> None:
        """Learn the keys that a source gives."""
        self._added.update(
            (model.id, model.key) for model in models if not model.key.startswith(ID_KEY_PREFIX)
        )

    def look_up(self, ids: Sequence[str]) -> list[str | None]:
        """Return the key of each id, or None when it is not known."""
        hashes = key_hashes(ids)
        places = np.searchsorted(self._hashes[:-1], hashes)
        found = self._hashes[places] == hashes
        keys = self._keys[places].tolist()
        return [
            self._added.get(id) or (key.decode() if known else None)
            for id, key, known in zip(ids, keys, found.tolist(), strict=True)
        ]
