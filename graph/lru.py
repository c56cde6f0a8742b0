"""What was worked out before, kept while there is room: the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Making:
    """Which values are being made: who wants one of them waits, rather than make it too."""

    def __init__(self) -> None:
        self._locks: dict[object, Lock] = {}

    @contextmanager
    def of(self, key: object) -> Iterator[None]:
        """Make a key's value, alone; look for it again first."""
        with self._locks.setdefault(key, Lock()):
            try:
                yield
            finally:
                self._locks.pop(key, None)


class Lru(Generic[V]):
    """Values by key, of a bounded total size. It may be used by several threads.

    Parameters
    ----------
    room
        The largest sum of the values' sizes, in whatever unit they are given.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[object, tuple[V, int]] = OrderedDict()
        self._lock = Lock()
        self._making = Making()
        self.size = self.hits = self.misses = 0

    def get(self, key: object) -> V | None:
        """Return a key's value, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(key)
            return found[0]

    def once(self, key: object, make: Callable[[], V], *, size: Callable[[V], int]) -> V:
        """Return a key's value, made and kept when it is not there; by one thread alone."""
        found = self.get(key)
        if found is None:
            with self._making.of(key):
                found = self.get(key)
                if found is None:
                    found = make()
                    self.put(key, found, size(found))
        return found

    def put(self, key: object, value: V, size: int) -> None:
        """Keep a value; one that is larger than the room is not kept."""
        with self._lock:
            if size > self._room or key in self._kept:
                return
            self._kept[key] = value, size
            self.size += size
            while self.size > self._room:
                self.size -= self._kept.popitem(last=False)[1][1]
