"""Families that build on families."""

import plotly.graph_objects as go

from graph import influence as measure
from graph.ecosystem import Ecosystem
from graph.records import Relation
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.style import RELATIONS as COLOURS
from modelkin.figures.style import SERIES
from modelkin.figures.words import RELATIONS, number


def influence(eco: Ecosystem, relation: Relation | None = None, first: int = 20) -> go.Figure:
    """Draw the strongest edges of `graph.influence.influence`, from the family that builds.

    Parameters
    ----------
    relation
        Derivations of this relation alone.
    first
        Edges at most.
    """
    edges = measure.influence(eco, relation)
    keys = eco.family_keys
    drawn = [
        Bar(
            f"{keys[source]} → {keys[target]}",
            weight,
            number(weight),
            SERIES[0] if relation is None else COLOURS[relation],
        )
        for source, target, weight in zip(*(part[:first].tolist() for part in edges), strict=True)
    ]
    about = (
        "How many models that one family's publisher released were made from models of another"
        f" family. Pairs of families: {number(len(drawn))} of {number(len(edges.weights))}."
    )
    title = "Families that build on families"
    if relation is not None:
        title = f"{title}: {RELATIONS[relation]}"
    return bars(title, note(eco.manifest, about), drawn)
