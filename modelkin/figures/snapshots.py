"""Groups from snapshot to snapshot."""

from collections.abc import Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go

from graph.errors import NotFoundError
from graph.history import History
from graph.series import ATTRIBUTION, CREDIT
from graph.shares import By, Definition, Weight
from modelkin.figures.lines import lines
from modelkin.figures.note import in_words, note
from modelkin.figures.words import GROUPS, WEIGHTS, group_name, number


def snapshots(
    past: History, keys: Sequence[str], by: By = By.FAMILY, weight: Weight = Weight.DERIVATIVES
) -> go.Figure:
    """Draw how large groups were in each snapshot; a gap where that is not known.

    Raises
    ------
    NotFoundError
        When there is no snapshot.
    UsageError
        When the weight is none that snapshots keep.
    """
    found = past.series(by, keys, weight)
    if not found.snapshots:
        raise NotFoundError("the store holds no snapshot; run 'modelkin run'")
    dates = [datetime.fromtimestamp(past.as_of / 1000, UTC).isoformat() for past in found.snapshots]
    many = f"Snapshots: {number(len(dates))}. Of the newest one:"
    return lines(
        f"By snapshot and {GROUPS[by]}: {WEIGHTS[weight]}",
        note(found.snapshots[-1], in_words(Definition(weight, ATTRIBUTION, CREDIT)), many),
        dates,
        {group_name(by, key): values for key, values in found.values.items()},
        xaxis={"type": "date"},
        yaxis={"rangemode": "tozero"},
    )
