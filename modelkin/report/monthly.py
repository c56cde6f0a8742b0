"""The largest families by the month in which their derivatives were created."""

import math

from graph.ecosystem import Ecosystem
from graph.shares import By, series, share
from modelkin.figures.note import DEFINITION, in_words
from modelkin.figures.words import number
from modelkin.report.section import Cell, Chart, Line, Mark, Row, Section, Table

_LARGEST = 6
"""Families that are drawn."""

_SIDE = 1000
"""Width and height of the chart, in its own unit."""

_NEAR = 0.1
"""The part of the width next to either end, which has the end's own date."""


def monthly(eco: Ecosystem) -> Section:
    """Return the families' derivatives by month, drawn and as numbers."""
    keys = share(eco, By.FAMILY, DEFINITION, _LARGEST).keys
    months, found = series(eco, By.FAMILY, keys, DEFINITION)
    begun = [at for at in range(len(months)) if any(line[at] for line in found.values())]
    months = months[begun[0] :] if begun else []
    lines = {key: line[len(line) - len(months) :] for key, line in found.items()}
    text = [
        in_words(DEFINITION),
        "By the month in which the derivative was created, not summed up. The last month is not"
        " over; models without a date are left out.",
    ]
    rows = [
        Row(month, [Cell(number(line[at])) for line in lines.values()])
        for at, month in enumerate(months)
    ]
    table = Table("Derivatives by month", ["month", *lines], rows, folded=True)
    return Section("Month by month", text, [table], _chart(months, lines))


def _chart(months: list[str], lines: dict[str, list[float]]) -> Chart:
    top = _above(max((value for line in lines.values() for value in line), default=0.0))
    last = max(len(months) - 1, 1)
    drawn = [
        Line(
            key,
            " ".join(
                f"{_SIDE * at / last:.0f},{_SIDE - _SIDE * value / top:.0f}"
                for at, value in enumerate(line)
            ),
        )
        for key, line in lines.items()
    ]
    dates = [
        Mark(at / last, month.removesuffix("-01"))
        for at, month in enumerate(months)
        if at in (0, last) or (month.endswith("-01") and _NEAR < at / last < 1 - _NEAR)
    ]
    values = [Mark(part, number(part * top)) for part in (0, 0.5, 1)]
    return Chart(f"Derivatives by month of {', '.join(lines)}", drawn, dates, values)


def _above(value: float) -> float:
    """Return a round number that is no less, and has a round half."""
    power = 10.0 ** math.floor(math.log10(value)) if value else 1.0
    return next(
        power * step for step in (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10) if power * step >= value
    )
