"""How the ecosystem is divided: families, organisations, countries, licences or relations."""

import plotly.graph_objects as go

from graph import shares
from graph.ecosystem import Ecosystem
from graph.shares import By, Definition
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import DEFINITION, in_words, note
from modelkin.figures.style import NONE, SERIES
from modelkin.figures.words import GROUPS, UNKNOWN, WEIGHTS, group_name, number, percent


def share(
    eco: Ecosystem, by: By = By.FAMILY, definition: Definition = DEFINITION, first: int = 15
) -> go.Figure:
    """Draw the largest groups with what is counted of each, and what belongs to no known group.

    Parameters
    ----------
    definition
        What is counted, as `graph.shares.share` does.
    first
        Groups at most.
    """
    found = shares.share(eco, by, definition, first)
    rows = [
        (group_name(by, key), value) for key, value in zip(found.keys, found.values, strict=True)
    ]
    drawn = [Bar(name, value, _told(value, found.total), SERIES[0]) for name, value in rows]
    if found.unknown:
        left = found.unknown * found.total
        drawn.append(Bar(UNKNOWN, left, _told(left, found.total), NONE))
    shown = f"Known groups: {number(len(rows))} of {number(found.groups)}."
    return bars(
        f"Share by {GROUPS[by]}: {WEIGHTS[definition.weight]}",
        note(eco.manifest, in_words(definition), shown, unknown=found.unknown),
        drawn,
    )


def _told(value: float, total: float) -> str:
    return f"{number(value)} ({percent(value / total)})"
