"""What was doubtful in the data, and how often."""

import plotly.graph_objects as go

from graph.ecosystem import Ecosystem
from graph.quality import Reason
from modelkin.figures.bars import Bar, bars
from modelkin.figures.note import note
from modelkin.figures.words import number


def quality(eco: Ecosystem) -> go.Figure:
    """Draw how often each `graph.quality.Reason` was met, the most frequent first."""
    counts = {Reason(reason): told["count"] for reason, told in eco.manifest.quality.items()}
    drawn = [
        Bar(reason.value, count, number(count))
        for reason, count in sorted(counts.items(), key=lambda entry: -entry[1])
    ]
    about = "A declaration may be in several." if drawn else "Nothing was doubtful."
    return bars("What was doubtful in the data", note(eco.manifest, about), drawn)
