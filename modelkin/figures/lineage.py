"""A model's lineage: what it goes back to on the left, what was made of it on the right."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from graph.ecosystem import RELATIONS, Ecosystem
from graph.lineage import lineage as walk
from graph.records import Relation
from modelkin.figures import words
from modelkin.figures.note import note
from modelkin.figures.style import INK, NONE, clipped, figure, plain
from modelkin.figures.style import RELATIONS as COLOURS
from modelkin.figures.tree import Node, tree

_ROW, _COLUMN = 26, 260
"""Pixels from one model to the next."""
_MARGIN = 1.1
"""Columns to the left and to the right, where names stand."""
_SYMBOLS = {
    Relation.FINETUNE: "circle",
    Relation.ADAPTER: "diamond",
    Relation.QUANTIZED: "square",
    Relation.MERGE: "triangle-up",
    Relation.UNKNOWN: "circle-open",
}


def lineage(eco: Ecosystem, id: str, first: int = 50) -> go.Figure:
    """Draw the nearest of what a model goes back to and of what was made of it, by relation.

    Parameters
    ----------
    id
        The model's id, or a former one.
    first
        Models at most, as `graph.lineage.lineage` chooses them.

    Raises
    ------
    NotFoundError
        When no model bears the id or ever bore it.
    """
    focus = eco.row(id)
    found = walk(eco, focus, first)
    nodes = tree(found)
    traces = [_joins(nodes)]
    for code, relation in enumerate(RELATIONS):
        chosen = [node for node in nodes if node.code == code]
        if chosen:
            traces.append(_marks(eco, chosen, relation))
    columns, rows = _axes(nodes)
    left, right = min(columns) - _MARGIN, max(columns) + _MARGIN
    top, bottom = min(rows) - 1.5, max(rows) + 1
    how_many = (
        f"Models of the lineage: {words.number(len(found.rows))} of {words.number(found.total)}"
        f"{', the nearest' if found.truncated else ''}."
    )
    about = (
        "On the left what it goes back to, on the right what was made of it; each model once, at"
        " its nearest way."
    )
    return figure(
        f"Lineage of {eco.names[focus]}",
        note(eco.manifest, how_many, about),
        [*traces, _focus(eco, nodes[0])],
        height=int(_ROW * (bottom - top + 2)),
        width=int(_COLUMN * (right - left)),
        showlegend=True,
        legend={"orientation": "h", "y": 0, "yanchor": "top"},
        xaxis={"visible": False, "range": [left, right]},
        yaxis={"visible": False, "range": [bottom, top]},
    )


def _axes(nodes: Sequence[Node]) -> tuple[list[float], list[float]]:
    return [node.x for node in nodes], [node.y for node in nodes]


def _joins(nodes: Sequence[Node]) -> go.Scatter:
    """Return lines with corners from each node to the one that it hangs on."""
    x: list[float | None] = []
    y: list[float | None] = []
    for node in nodes:
        near = nodes[node.near]
        middle = (near.x + node.x) / 2
        x += [near.x, middle, middle, node.x, None]
        y += [near.y, near.y, node.y, node.y, None]
    line = {"color": NONE, "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _marks(eco: Ecosystem, chosen: Sequence[Node], relation: Relation) -> go.Scatter:
    x, y = _axes(chosen)
    return go.Scatter(
        name=words.RELATIONS[relation],
        x=x,
        y=y,
        mode="markers+text",
        marker={"color": COLOURS[relation], "symbol": _SYMBOLS[relation], "size": 9},
        text=[clipped(eco.names[node.row].rpartition("/")[2]) for node in chosen],
        textposition=[_beside(node) for node in chosen],
        textfont={"size": 12},
        hovertext=_described(eco, chosen, words.RELATIONS[relation]),
        hoverinfo="text",
    )


def _focus(eco: Ecosystem, node: Node) -> go.Scatter:
    return go.Scatter(
        x=[node.x],
        y=[node.y],
        mode="markers+text",
        marker={"color": INK, "size": 13},
        text=[f"<b>{clipped(eco.names[node.row].rpartition('/')[2])}</b>"],
        textposition="top center",
        hovertext=_described(eco, [node]),
        hoverinfo="text",
        showlegend=False,
    )


def _beside(node: Node) -> str:
    """Say where a name stands: of a leaf away from the focus, else above its lines."""
    if not node.leaf:
        return "top center"
    return "middle right" if node.x > 0 else "middle left"


def _described(eco: Ecosystem, nodes: Sequence[Node], how: str = "") -> list[str]:
    """Say of each model what it is, how it was made, its licence and what descends from it."""
    rows = np.array([node.row for node in nodes], np.int32)
    told = zip(
        [eco.names[row] for row in rows.tolist()],
        eco.texts("status", rows),
        eco.texts("license", rows),
        eco.numbers("descendants")[rows].tolist(),
        strict=True,
    )
    described = []
    for name, status, license, descendants in told:
        declared = f"licence {license or 'not declared'}"
        below = f"{words.number(descendants)} descendants"
        parts = (name, "" if status == "live" else status, how, declared, below)
        described.append(plain(", ".join(part for part in parts if part)))
    return described
