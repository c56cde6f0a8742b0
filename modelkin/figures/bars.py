"""Ranked bars, each with its number beside it."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from modelkin.figures.style import SERIES, clipped, figure, plain


class Bar(NamedTuple):
    """A bar: whose, how long, what stands beside it, and its colour. None is unknown."""

    name: str
    value: float | None
    told: str
    colour: str = SERIES[0]


def bars(title: str, note: str, rows: Sequence[Bar]) -> go.Figure:
    """Draw bars, the first on top."""
    places = list(range(len(rows)))
    largest = max((row.value or 0 for row in rows), default=0)
    # Few of what is counted one by one: no ticks between.
    whole = largest < 4 and all(isinstance(row.value, int) for row in rows)
    trace = go.Bar(
        orientation="h",
        y=places,
        x=[row.value for row in rows],
        text=[plain(row.told) for row in rows],
        textposition="outside",
        cliponaxis=False,
        hovertext=[plain(f"{row.name}: {row.told}") for row in rows],
        hoverinfo="text",
        marker={"color": [row.colour for row in rows]},
    )
    return figure(
        title,
        note,
        [trace],
        height=52 + 27 * len(rows),
        bargap=0.28,
        xaxis={"range": [0, 1.25 * largest or 1], "dtick": 1 if whole else None},
        yaxis={
            "tickvals": places,
            "ticktext": [clipped(row.name) for row in rows],
            "autorange": "reversed",
            "showgrid": False,
        },
    )
