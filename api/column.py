"""Fields that are read for many rows at once.

Some types are rows of the snapshot: an ecosystem and a row's number. Their fields are declared by
functions that read a whole `Batch` of rows. The one declaration serves both ways of execution: a
page is read by one call, a single object as a batch of one.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Generic, Protocol, TypeVar, overload

import numpy as np
import strawberry
from numpy.typing import NDArray

from api.scalars import date
from graph.csr import Rows
from graph.ecosystem import Ecosystem

COLUMN = "column"
"""Under which a field's metadata has its `Column`."""


class Row(Protocol):
    """What a batch holds: an object that is a row of an ecosystem."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    eco: Ecosystem
    row: int


R = TypeVar("R", bound=Row)


class Batch(Sequence[R], Generic[R]):
    """Rows as a sequence of objects, each of which is made only when it is asked for.

    Parameters
    ----------
    kind
        The objects' type.
    eco
        What they are rows of.
    rows
        int32.
    """

    def __init__(self, kind: Callable[..., R], eco: Ecosystem, rows: Rows) -> None:
        self.kind, self.eco, self.rows = kind, eco, rows

    @classmethod
    def of(cls, objects: Sequence[R]) -> "Batch[R]":
        """Gather objects, at least one."""
        if isinstance(objects, Batch):
            return objects
        rows = np.fromiter((o.row for o in objects), np.int32, len(objects))
        return cls(type(objects[0]), objects[0].eco, rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return (self.kind(eco=self.eco, row=row) for row in self.rows.tolist())

    @overload
    def __getitem__(self, place: int) -> R: ...

    @overload
    def __getitem__(self, place: slice) -> "Batch[R]": ...

    def __getitem__(self, place: int | slice) -> "R | Batch[R]":
        if isinstance(place, slice):
            return Batch(self.kind, self.eco, self.rows[place])
        return self.kind(eco=self.eco, row=int(self.rows[place]))


class Batches(Sequence[Batch[R]], Generic[R]):
    """A list of rows for each of some rows, laid end to end.

    Parameters
    ----------
    flat
        All of them.
    lengths
        How many each has.
    """

    def __init__(self, flat: Batch[R], lengths: NDArray[np.integer]) -> None:
        self.flat, self.lengths = flat, lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[Batch[R]]:
        ends = [0, *np.cumsum(self.lengths).tolist()]
        return (self.flat[start:stop] for start, stop in pairwise(ends))

    @overload
    def __getitem__(self, place: int) -> Batch[R]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Batch[R]]: ...

    def __getitem__(self, place: int | slice) -> Batch[R] | Sequence[Batch[R]]:
        return [*self][place]


class Column:
    """How a field is read for a whole batch: ``read`` returns one value a row."""

    def __init__(self, read: Callable[[Batch[Any]], Sequence[Any]]) -> None:
        self._read = read

    def of(self, objects: Sequence[Any]) -> Sequence[Any]:
        """Return the field's values of some objects, at least one."""
        return self._read(Batch.of(objects))


def column(read: Callable[[Batch[Any]], Sequence[Any]], *, description: str) -> Any:
    """Declare a field by what reads it; the class says its type."""
    made = Column(read)

    def resolve(root: Any) -> Any:
        return made.of([root])[0]

    return strawberry.field(resolver=resolve, description=description, metadata={COLUMN: made})


def text(name: str, *, description: str) -> Any:
    """Declare a field that is a text column; null where it is unknown."""
    return column(lambda batch: texts(batch, name), description=description)


def number(name: str, *, description: str) -> Any:
    """Declare a field that is a column of numbers; null where it is unknown."""
    return column(lambda batch: numbers(batch, name), description=description)


def moment(name: str, *, description: str) -> Any:
    """Declare a field that is a column of milliseconds since 1970; null where it is unknown."""

    def read(batch: Batch[Any]) -> Sequence[Any]:
        return [date(value) for value in batch.eco.numbers(name)[batch.rows].tolist()]

    return column(read, description=description)


def texts(batch: Batch[Any], name: str) -> list[str | None]:
    """Return a text column of a batch."""
    return batch.eco.texts(name, batch.rows)


def numbers(batch: Batch[Any], name: str) -> list[Any]:
    """Return a column of numbers of a batch."""
    found: list[Any] = batch.eco.numbers(name)[batch.rows].tolist()
    return found if min(found) >= 0 else [v if v >= 0 else None for v in found]
