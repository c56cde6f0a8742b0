"""An array that grows at its end."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

N = TypeVar("N", bound=np.generic)


class Numbers(Generic[N]):
    """Numbers of one type, in one piece of memory: chunks are not kept beside their sum."""

    def __init__(self, dtype: type[N]) -> None:
        self._dtype = dtype
        self._bytes = bytearray()

    def extend(self, values: NDArray[N]) -> None:
        """Add numbers at the end."""
        self._bytes += values.astype(self._dtype, copy=False).tobytes()

    def array(self) -> NDArray[N]:
        """Return all, without a copy; from then on none can be added."""
        return np.frombuffer(self._bytes, self._dtype)
