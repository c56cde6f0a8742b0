"""The numbers of weights of a family's live models."""

import plotly.graph_objects as go

from graph import profile
from graph.ecosystem import Ecosystem
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.style import NONE, SERIES
from modelkin.figures.words import UNKNOWN, number


def parameters(eco: Ecosystem, family: str) -> go.Figure:
    """Draw a family's models by how many weights they have.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    drawn = [
        Bar(bucket, count, number(count), NONE if bucket == UNKNOWN else SERIES[0])
        for bucket, count in profile.parameters(eco, eco.family(family).rows)
    ]
    about = (
        "Live models by lineage, as the safetensors files state their weights: of an adapter its"
        " own, of packed 4-bit weights fewer."
    )
    return bars(f"Weights of models of {family}", note(eco.manifest, about), drawn)
