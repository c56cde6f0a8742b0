"""How families' ranks change when the same models are attributed otherwise."""

from dataclasses import replace

import plotly.graph_objects as go

from graph import shares
from graph.ecosystem import Ecosystem
from graph.families import Attribution
from graph.shares import By, Definition
from modelkin.figures.lines import lines
from modelkin.figures.note import DEFINITION, in_words, note
from modelkin.figures.words import ATTRIBUTIONS

RANKED = 100
"""Families of each ranking that are looked at."""


def ranks(eco: Ecosystem, definition: Definition = DEFINITION, first: int = 8) -> go.Figure:
    """Draw the ranks of the first families of a definition under each attribution.

    Parameters
    ----------
    definition
        Its attribution says whose first families are drawn.
    first
        Families at most.
    """
    orders = {
        attribution: shares.share(
            eco, By.FAMILY, replace(definition, attribution=attribution), RANKED
        ).keys
        for attribution in Attribution
    }
    series = {
        key: [keys.index(key) + 1 if key in keys else None for keys in orders.values()]
        for key in orders[definition.attribution][:first]
    }
    gap = f"A line that ends: no rank among the first {RANKED}."
    return lines(
        "Rank by definition",
        note(eco.manifest, "Families are chosen by:", in_words(definition), gap),
        [ATTRIBUTIONS[attribution] for attribution in orders],
        series,
        xaxis={"type": "category"},
        yaxis={"autorange": "reversed", "title": {"text": "rank"}, "tick0": 1},
    )
