"""The licences that a family's live models declare."""

import plotly.graph_objects as go

from graph import profile
from graph.ecosystem import Ecosystem
from graph.registry import LicenseClass
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.style import LICENSE_CLASSES as COLOURS
from modelkin.figures.words import LICENSE_CLASSES, number


def licenses(eco: Ecosystem, family: str, first: int = 15) -> go.Figure:
    """Draw a family's most frequent licences, coloured by their class.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    classes = dict(zip(eco.labels("license"), eco.license_classes, strict=True))
    found = profile.licenses(eco, eco.family(family).rows)
    drawn = []
    for license, count in found[:first]:
        kind = LicenseClass.UNKNOWN if license is None else classes[license]
        told = f"{number(count)}, {LICENSE_CLASSES[kind]}"
        drawn.append(Bar(license or "none declared", count, told, COLOURS[kind]))
    about = (
        "Live models by the licence that they declare, each fully by lineage; the class is the"
        f" registry's. Licences: {number(len(drawn))} of {number(len(found))}."
    )
    return bars(f"Licences of {family}", note(eco.manifest, about), drawn)
