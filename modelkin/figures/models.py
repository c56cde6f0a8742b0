"""Models in the order of a measure."""

import plotly.graph_objects as go

from graph.ecosystem import Ecosystem
from graph.errors import UsageError
from graph.listing import Order, OrderField, Window, model_listing
from graph.selection import Filter
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.style import NONE, SERIES
from modelkin.figures.words import MEASURES, UNKNOWN, number


def models(
    eco: Ecosystem,
    measure: OrderField | str = OrderField.DESCENDANTS,
    family: str | None = None,
    first: int = 20,
) -> go.Figure:
    """Draw the first models by a measure; what was never seen or is deleted is told so.

    Parameters
    ----------
    measure
        One of the columns that `docs/measures.md` explains, or ``downloads``.
    family
        A family's key, for its members by lineage alone.

    Raises
    ------
    NotFoundError
        When there is no such family.
    UsageError
        When models are not ranked by that.
    """
    if measure not in MEASURES:
        raise UsageError(
            f"models are not ranked by '{measure}'; choose one of {', '.join(MEASURES)}"
        )
    field = OrderField(measure)
    order = Order(field, descending=True)
    listing = model_listing(eco, order, Filter(family=family))
    rows = listing.page(Window(first=first)).rows
    values = eco.numbers(field.value)[rows].tolist()
    statuses = eco.texts("status", rows)
    drawn = []
    for row, value, status in zip(rows, values, statuses, strict=True):
        known = None if value < 0 else value
        told = _told(known) if status == "live" else f"{_told(known)} ({status})"
        drawn.append(Bar(eco.names[row], known, told, NONE if known is None else SERIES[0]))
    whose = f" of {family}" if family else ""
    about = "Edges run derivative to base. Missing: named as a base, and never seen."
    return bars(f"Models{whose} by {MEASURES[field]}", note(eco.manifest, about), drawn)


def _told(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return number(value) if isinstance(value, int) else f"{value:.4g}"
