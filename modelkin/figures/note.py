"""What stands under a figure's title: what its numbers mean, and how much is known."""

from datetime import UTC, datetime

from graph import wording
from graph.families import Attribution, Credit
from graph.shares import Definition, Weight
from graph.snapshot import Manifest
from modelkin.figures.words import percent

DEFINITION = Definition(Weight.DERIVATIVES, Attribution.LINEAGE, Credit.FRACTIONAL)
"""Live models that declare a base, by their lineage, in shares: as the explorer counts at first."""


def note(manifest: Manifest, *sentences: str, unknown: float = 0) -> str:
    """Return sentences, then what is unknown, the coverage and the snapshot.

    Parameters
    ----------
    unknown
        The fraction that belongs to no known group.
    """
    told = [sentence for sentence in sentences if sentence]
    if unknown:
        told.append(f"{percent(unknown)} belongs to no known group.")
    told.append(f"{percent(manifest.coverage)} of the live models declare a base.")
    of_sample = ", the built-in sample" if manifest.sample else ""
    told.append(f"Snapshot {manifest.id}, as of {day(manifest.as_of)}{of_sample}.")
    return " ".join(told)


def in_words(definition: Definition) -> str:
    """Return what a count means, as a sentence."""
    return f"{wording.in_words(definition)}."


def day(milliseconds: int) -> str:
    """Return the day, UTC, of milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
