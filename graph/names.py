"""Names of rows in ascending order, looked up without an index."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


class Names:
    """Node names in ascending order of their bytes, looked up by binary search.

    Takes no memory beside the (perhaps memory-mapped) column.
    """

    def __init__(self, column: pa.StringArray) -> None:
        self.column = column
        _, offsets, data = column.buffers()
        self._offsets = np.frombuffer(offsets, np.int32)[column.offset :][: len(column) + 1]
        self._data = memoryview(data) if data is not None else memoryview(b"")

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
