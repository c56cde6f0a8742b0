"""Names of rows in ascending order, looked up without an index."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class Content(NamedTuple):
    """Texts as numpy sees them.

    Attributes
    ----------
    offsets
        int32, n + 1: text i is ``bytes[offsets[i]:offsets[i + 1]]``.
    bytes
        uint8: all texts in UTF-8.
    """

    offsets: NDArray[np.int32]
    bytes: NDArray[np.uint8]


def content(texts: pa.StringArray) -> Content:
    """Return a text column without nulls as numpy sees it, not copied."""
    _, offsets, data = texts.buffers()
    if not len(texts):
        return Content(np.zeros(1, np.int32), np.zeros(0, np.uint8))
    ends = np.frombuffer(offsets, np.int32)[texts.offset :][: len(texts) + 1]
    return Content(ends, np.frombuffer(data or b"", np.uint8))


class Names:
    """Node names in ascending order of their bytes, looked up by binary search.

    Takes no memory beside the (perhaps memory-mapped) column.
    """

    def __init__(self, column: pa.StringArray) -> None:
        self.column = column
        self._offsets, data = content(column)
        self._data = data.data

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, place: int) -> str:
        return str(self._data[self._offsets[place] : self._offsets[place + 1]], "utf-8")

    def of(self, places: NDArray[np.integer]) -> list[str]:
        """Return the names of some places."""
        if len(places) == 1:
            return [self[int(places[0])]]
        names: list[str] = self.column.take(pa.array(places)).to_pylist()
        return names

    def find(self, name: object) -> int | None:
        """Return the first place of a name, or None."""
        if not isinstance(name, str):
            return None
        place = self.insertion(name.encode("utf-8", "surrogatepass"))
        return place if place < len(self) and self[place] == name else None

    def insertion(self, name: bytes) -> int:
        """Return the first place whose name is not smaller."""
        low, high = 0, len(self)
        offsets, data = self._offsets, self._data
        while low < high:
            middle = (low + high) // 2
            if bytes(data[offsets[middle] : offsets[middle + 1]]) < name:
                low = middle + 1
            else:
                high = middle
        return low


def place_of(name: object, column: pa.StringArray | pa.ChunkedArray) -> int | None:
    """Return the first place of a name in a column of any order, or None; by reading all of it."""
    try:
        place: int = pc.index(column, pa.scalar(name, pa.string())).as_py()
    except (TypeError, UnicodeEncodeError):  # no text, or of half a character: in no column
        return None
    return place if place >= 0 else None
