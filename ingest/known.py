"""What a store holds already, as hashes: which records are new or changed, which were seen.

Three numbers a model (17 bytes), so that ten million models fit in 170 MB. A collision of two
64-bit hashes could only make a vanished model count as seen.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Digests = NDArray[np.int64]
Flags = NDArray[np.bool_]


def key_hashes(keys: Sequence[str]) -> Hashes:
    """Hash keys, the same in every process."""
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter((digest(key.encode()) for key in keys), np.uint64, len(keys))


class _Segment:
    """Sorted hashes with their digest, and whether this run has seen them."""

    def __init__(self, hashes: Hashes, digests: Digests, seen: Flags) -> None:
        order = np.argsort(hashes)
        self.hashes, self.digests, self.seen = hashes[order], digests[order], seen[order]

    def find(self, hashes: Hashes) -> tuple[NDArray[np.intp], Flags]:
        places = np.searchsorted(self.hashes, hashes)
        places[places == len(self.hashes)] = 0
        return places, self.hashes[places] == hashes


class Known:
    """The digests of the models that a store holds, and which of them a run has seen.

    Kept as a few sorted arrays of growing size, merged as they grow, so that adding stays cheap
    and a look-up is a handful of binary searches for a whole batch.
    """

    def __init__(self, stored: Iterable[pa.RecordBatch] = ()) -> None:
        """Take ``key`` and ``digest`` as `graph.store.port.Store.columns` reads them."""
        self._segments: list[_Segment] = []
        for batch in stored:
            keys = key_hashes(batch.column("key").to_pylist())
            digests = batch.column("digest").to_numpy().astype(np.int64)
            self._add(keys, digests, np.zeros(len(keys), np.bool_))

    def __len__(self) -> int:
        return sum(len(segment.hashes) for segment in self._segments)

    def look_up(self, hashes: Hashes) -> tuple[Digests, Flags]:
        """Return each one's digest (0 when it is not known) and whether the run has seen it."""
        digests = np.zeros(len(hashes), np.int64)
        seen = np.zeros(len(hashes), np.bool_)
        for segment, places, found in self._places(hashes):
            digests[found] = segment.digests[places[found]]
            seen[found] = segment.seen[places[found]]
        return digests, seen

    def mark_seen(self, hashes: Hashes, digests: Digests | None = None) -> None:
        """Mark distinct hashes as seen, with their new digests where they are given."""
        rest = np.ones(len(hashes), np.bool_)
        for segment, places, found in self._places(hashes):
            segment.seen[places[found]] = True
            if digests is not None:
                segment.digests[places[found]] = digests[found]
            rest &= ~found
        if rest.any():
            new = np.zeros(rest.sum(), np.int64) if digests is None else digests[rest]
            self._add(hashes[rest], new, np.ones(len(new), np.bool_))

    def _places(self, hashes: Hashes) -> Iterator[tuple[_Segment, NDArray[np.intp], Flags]]:
        for segment in self._segments:
            yield segment, *segment.find(hashes)

    def _add(self, hashes: Hashes, digests: Digests, seen: Flags) -> None:
        """Add a segment, merged with those before it that are not larger."""
        while self._segments and len(self._segments[-1].hashes) <= len(hashes):
            last = self._segments.pop()
            hashes = np.concatenate([last.hashes, hashes])
            digests = np.concatenate([last.digests, digests])
            seen = np.concatenate([last.seen, seen])
        self._segments.append(_Segment(hashes, digests, seen))


class KeyOfId:
    """The Hub's key of a model that a source names by its id alone."""

    def __init__(self, stored: Iterable[pa.RecordBatch]) -> None:
        """Take ``key`` and ``id`` as a store reads them."""
        hashes: list[Hashes] = []
        keys: list[NDArray[np.bytes_]] = []
        for batch in stored:
            names = np.array(batch.column("key").to_pylist(), dtype=object)
            known = np.array([not key.startswith("id:") for key in names], np.bool_)
            ids = np.array(batch.column("id").to_pylist(), dtype=object)[known]
            hashes.append(key_hashes(ids.tolist()))
            keys.append(names[known].astype("S24"))
        order = np.argsort(np.concatenate(hashes)) if hashes else np.empty(0, np.intp)
        self._hashes = np.concatenate(hashes)[order] if hashes else np.empty(0, np.uint64)
        self._keys = np.concatenate(keys)[order] if keys else np.empty(0, "S24")

    def __call__(self, id: str) -> str | None:
        """Return the key, or None when the id is not known by one."""
        if not len(self._hashes):
            return None
        wanted = np.uint64(xxhash.xxh3_64_intdigest(id.encode()))
        place = int(np.searchsorted(self._hashes, wanted))
        if place == len(self._hashes) or self._hashes[place] != wanted:
            return None
        return self._keys[place].decode()
