"""What a report is made of: sections of text and tables, whose cells have bars."""

from collections.abc import Sequence
from typing import NamedTuple

from modelkin.figures.words import number

_MANY = 10_000
"""From where on counts are whole."""


class Cell(NamedTuple):
    """A cell: what it tells, the part of its column's largest that its bar has, and a remark."""

    told: str
    part: float = 0.0
    remark: str = ""


class Row(NamedTuple):
    """A row of a table; what is unknown is drawn as such."""

    name: str
    cells: Sequence[Cell]
    unknown: bool = False


class Table(NamedTuple):
    """A table: the first column has the names of the rows."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Row]
    folded: bool = False


class Mark(NamedTuple):
    """A text beside an axis, at a fraction of it."""

    at: float
    told: str


class Line(NamedTuple):
    """A line of a chart: its name, and its points in thousandths of width and height."""

    name: str
    points: str


class Chart(NamedTuple):
    """Lines over dates, from the lower left corner."""

    label: str
    lines: Sequence[Line]
    dates: Sequence[Mark]
    values: Sequence[Mark]


class Section(NamedTuple):
    """A part of a report under a title."""

    title: str
    text: Sequence[str]
    tables: Sequence[Table]
    chart: Chart | None = None


def count(value: float) -> str:
    """Return a count: parts of models are told, those of millions of downloads are not."""
    return number(round(value) if value >= _MANY else value)
