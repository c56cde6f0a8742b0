"""Groups by the month in which their models were created."""

from collections.abc import Sequence
from itertools import accumulate

import plotly.graph_objects as go

from graph import shares
from graph.ecosystem import Ecosystem
from graph.shares import By, Definition
from modelkin.figures.lines import lines
from modelkin.figures.note import DEFINITION, in_words, note
from modelkin.figures.words import GROUPS, WEIGHTS, group_name

_LARGEST = 6
"""Groups that are drawn where none is named."""


def months(
    eco: Ecosystem,
    by: By = By.FAMILY,
    keys: Sequence[str] | None = None,
    definition: Definition = DEFINITION,
    *,
    summed: bool = False,
) -> go.Figure:
    """Draw groups by month, from the first month in which any of them has something.

    Parameters
    ----------
    keys
        The groups; the six largest by default.
    definition
        What is counted, as `graph.shares.series` does.
    summed
        Whether each month has all up to it.

    Raises
    ------
    NotFoundError
        When there is no such family.
    """
    chosen = shares.share(eco, by, definition, _LARGEST).keys if keys is None else list(keys)
    if by == By.FAMILY:
        for key in chosen:
            eco.family_number(key)
    dates, series = shares.series(eco, by, chosen, definition)
    begun = (at for at in range(len(dates)) if any(values[at] for values in series.values()))
    start = next(begun, 0)
    drawn = {
        group_name(by, key): list(accumulate(values) if summed else values)[start:]
        for key, values in series.items()
    }
    pace = "All up to each month of creation" if summed else "By month of creation"
    limits = f"{pace}; the Hub dates what is older than March 2022 to that month, and the last"
    return lines(
        f"By month and {GROUPS[by]}: {WEIGHTS[definition.weight]}",
        note(eco.manifest, in_words(definition), f"{limits} month is not over."),
        dates[start:],
        drawn,
        xaxis={"type": "date"},
        yaxis={"rangemode": "tozero"},
    )
