"""Families side by side: what they have of derivatives, models, downloads and authors."""

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go

from graph import shares
from graph.ecosystem import Ecosystem
from graph.family_counts import family_authors
from graph.shares import Definition, Weight
from modelkin.figures.note import DEFINITION, in_words, note
from modelkin.figures.style import SERIES, clipped, figure, plain
from modelkin.figures.words import WEIGHTS, number

_WEIGHTS = (Weight.DERIVATIVES, Weight.MODELS, Weight.DOWNLOADS)
_AUTHORS = "authors of derivatives"


def compare(
    eco: Ecosystem, families: Sequence[str], definition: Definition = DEFINITION
) -> go.Figure:
    """Draw families by three weights and by who builds on them, each with a scale of its own.

    Authors are namespaces among a family's derivatives; one that builds on several families
    counts fully in each.

    Parameters
    ----------
    families
        Keys, in the order in which they are drawn.
    definition
        All of it counts but its weight.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    numbers = [eco.family_number(key) for key in families]
    names = [eco.families[number].name for number in numbers]
    places = list(range(len(families)))
    colours = [SERIES[place % len(SERIES)] for place in places]
    authors = family_authors(eco, definition.attribution, definition.models)
    panels = {
        WEIGHTS[weight]: [shares.size(eco, n, replace(definition, weight=weight)) for n in numbers]
        for weight in _WEIGHTS
    } | {_AUTHORS: authors[numbers].tolist()}
    traces, axes = [], {}
    for place, (title, values) in enumerate(panels.items(), 1):
        trace = go.Bar(
            orientation="h",
            xaxis=f"x{place}",
            y=places,
            x=values,
            text=[number(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                plain(f"{name}: {number(value)} {title}")
                for name, value in zip(names, values, strict=True)
            ],
            hoverinfo="text",
            marker={"color": colours},
        )
        traces.append(trace)
        axes[f"xaxis{place}"] = {
            "domain": [(place - 1) / len(panels), (place - 0.1) / len(panels)],
            "range": [0, 1.6 * max(values, default=0) or 1],
            "tickformat": "~s",
            "nticks": 4,
            "title": {"text": title},
        }
    return figure(
        "Families side by side",
        note(eco.manifest, "For derivatives:", in_words(replace(definition, weight=_WEIGHTS[0]))),
        traces,
        height=80 + 40 * len(families),
        yaxis={
            "tickvals": places,
            "ticktext": [clipped(name) for name in names],
            "autorange": "reversed",
            "showgrid": False,
        },
        **axes,
    )
