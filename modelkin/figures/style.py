"""How figures look: the explorer's colours on white, and room for the words above."""

import textwrap
from html import escape
from typing import Any

import plotly.graph_objects as go

from graph.records import Relation
from graph.registry import LicenseClass

INK, SOFT, LINE = "#1b1f27", "#565d6b", "#dfe2e8"
SERIES = (
    "#2f6fc4", "#d0661a", "#2b8a57", "#a8397f", "#7a5bc0", "#9a7400", "#1c8a9a", "#6b7280",
)  # fmt: skip
NONE = "#9aa1ad"
"""Of what is unknown."""

RELATIONS = {
    Relation.FINETUNE: SERIES[0],
    Relation.ADAPTER: SERIES[2],
    Relation.QUANTIZED: SERIES[1],
    Relation.MERGE: SERIES[4],
    Relation.UNKNOWN: NONE,
}
LICENSE_CLASSES = {
    LicenseClass.PERMISSIVE: SERIES[2],
    LicenseClass.COPYLEFT: SERIES[0],
    LicenseClass.COMMUNITY_TERMS: SERIES[5],
    LicenseClass.NON_COMMERCIAL: SERIES[3],
    LicenseClass.UNKNOWN: NONE,
}

_AXIS = {
    "gridcolor": LINE,
    "zerolinecolor": LINE,
    "automargin": True,
    "tickformat": ",~r",
    "title": {"font": {"size": 13}},
}
TEMPLATE = {
    "layout": {
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "colorway": SERIES,
        "hovermode": "closest",
        "xaxis": _AXIS,
        "yaxis": {**_AXIS, "ticklabelstandoff": 6},
    }
}
_LONGEST = 38
"""Characters of a name beside a bar or a line; the whole of it is shown when pointed at."""
_WIDTH = 120
"""Characters of a line under the title."""
_LINE_HEIGHT = 17
"""Its height in pixels."""


def plain(text: str) -> str:
    """Return a text from data for plotly, which reads a little markup, and formulas by their $."""
    return escape(text, quote=False).replace("$", "&#36;")


def clipped(name: str) -> str:
    """Return a name as it stands in a figure, as plotly takes it."""
    return plain(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…")


def figure(title: str, note: str, traces: list[Any], height: int, **layout: Any) -> go.Figure:
    """Return a figure under its title and its note.

    Parameters
    ----------
    title, note
        As they are, no markup.
    height
        In pixels, of what lies under the note.
    layout
        Of plotly.
    """
    lines = [plain(line) for line in textwrap.wrap(note, _WIDTH)]
    top = 56 + _LINE_HEIGHT * len(lines)
    head = {
        "text": plain(title),
        "subtitle": {"text": "<br>".join(lines), "font": {"size": 12, "color": SOFT}},
        "font": {"size": 18},
        "x": 0,
        "xref": "container",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"t": 12, "l": 12},
    }
    return go.Figure(
        traces,
        {
            "template": TEMPLATE,
            "title": head,
            "height": height + top,
            "margin": {"l": 12, "r": 16, "t": top, "b": 36},
            "showlegend": False,
            **layout,
        },
    )
