"""Lines over dates or names: a colour and a dash for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from modelkin.figures.style import SERIES, clipped, figure, plain
from modelkin.figures.words import number

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def lines(
    title: str,
    note: str,
    steps: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    **axes: Any,
) -> go.Figure:
    """Draw series by their names; a value that is None leaves a gap.

    Parameters
    ----------
    axes
        ``xaxis`` and ``yaxis`` of plotly.
    """
    traces = [
        go.Scatter(
            name=clipped(name),
            x=[plain(step) for step in steps],
            y=list(values),
            mode="lines+markers",
            line={
                "color": SERIES[place % len(SERIES)],
                "width": 2,
                "dash": _DASHES[place % len(_DASHES)],
            },
            marker={"size": 5},
            connectgaps=False,
            hovertext=[
                plain(f"{name}, {step}: {number(value)}")
                for step, value in zip(steps, values, strict=True)
            ],
            hoverinfo="text",
        )
        for place, (name, values) in enumerate(series.items())
    ]
    return figure(title, note, traces, height=380, showlegend=True, **axes)
