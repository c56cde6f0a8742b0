"""One family's size under each definition."""

import plotly.graph_objects as go

from graph import shares
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.shares import Definition, Weight
from modelkin.figures.note import in_words, note
from modelkin.figures.style import SERIES, figure
from modelkin.figures.words import ATTRIBUTIONS, CREDITS, WEIGHTS, number


def sizes(eco: Ecosystem, family: str, weight: Weight = Weight.DERIVATIVES) -> go.Figure:
    """Draw how large a family is by each attribution, its models counting fully or in shares.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    found = shares.sizes(eco, eco.family_number(family), weight)
    traces = [
        go.Bar(
            name=CREDITS[credit],
            x=[ATTRIBUTIONS[attribution] for attribution in Attribution],
            y=[found[attribution, credit] for attribution in Attribution],
            text=[number(found[attribution, credit]) for attribution in Attribution],
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                f"{ATTRIBUTIONS[attribution]}, {CREDITS[credit]}:"
                f" {number(found[attribution, credit])}"
                for attribution in Attribution
            ],
            hoverinfo="text",
            marker={"color": SERIES[place], "pattern": {"shape": "/" if place else ""}},
        )
        for place, credit in enumerate(Credit)
    ]
    counted = in_words(Definition(weight, Attribution.LINEAGE, Credit.FULL)).partition(",")[0]
    meaning = (
        "Lineage: to the roots of their weights. Publisher: who released them. Direct base: who"
        " released what they name as their base."
    )
    return figure(
        f"Size of {family} under each definition: {WEIGHTS[weight]}",
        note(eco.manifest, f"{counted}.", meaning),
        traces,
        height=340,
        showlegend=True,
        barmode="group",
    )
