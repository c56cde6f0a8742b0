"""How a family's live models were made."""

import plotly.graph_objects as go

from graph import profile
from graph.ecosystem import Ecosystem
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.style import RELATIONS as COLOURS
from modelkin.figures.words import RELATIONS, number


def relations(eco: Ecosystem, family: str) -> go.Figure:
    """Draw a family's derivatives by relation.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    drawn = [
        Bar(RELATIONS[relation], count, number(count), COLOURS[relation])
        for relation, count in profile.relations(eco, eco.family(family).rows)
    ]
    about = "Live derivatives by lineage; one that was made in two ways counts in both."
    return bars(f"How derivatives of {family} were made", note(eco.manifest, about), drawn)
