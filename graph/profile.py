"""What a family's or any set of models is made of: licences, relations, sizes of weights."""

from collections.abc import Sequence

import numpy as np

from graph.csr import Rows
from graph.ecosystem import RELATIONS, Ecosystem
from graph.records import Relation

PARAMETER_BUCKETS: Sequence[tuple[str, float]] = (
    ("under 1B", 1e9),
    ("1B to 4B", 4e9),
    ("4B to 10B", 10e9),
    ("10B to 40B", 40e9),
    ("40B to 100B", 100e9),
    ("100B and more", np.inf),
)
"""Names and upper bounds (excluded), in weights."""


def licenses(eco: Ecosystem, rows: Rows) -> list[tuple[str | None, int]]:
    """Count the live models among some rows by declared licence, the most frequent first."""
    codes = eco.codes("license")[rows[eco.live[rows]]]
    counts = np.bincount(codes + 1, minlength=len(eco.labels("license")) + 1)
    names: list[str | None] = [None, *eco.labels("license")]
    found = [(names[place], int(counts[place])) for place in np.flatnonzero(counts)]
    return sorted(found, key=lambda entry: (-entry[1], entry[0] or ""))


def relations(eco: Ecosystem, rows: Rows) -> list[tuple[Relation, int]]:
    """Count the live models among some rows by relation; one of two relations is in both."""
    chosen = np.zeros(len(eco), np.bool_)
    chosen[rows] = eco.live[rows]
    sources = eco.bases.sources()
    inside = chosen[sources]
    pairs = np.unique(
        sources[inside].astype(np.int64) * len(RELATIONS) + eco.base_relations[inside]
    )
    counts = np.bincount(pairs % len(RELATIONS), minlength=len(RELATIONS))
    return [(RELATIONS[code], int(counts[code])) for code in np.argsort(-counts, kind="stable")]


def parameters(eco: Ecosystem, rows: Rows) -> list[tuple[str, int]]:
    """Count the live models among some rows by the number of their weights, small to large.

    The last entry, "unknown", counts those without safetensors metadata.
    """
    values = eco.numbers("parameters")[rows[eco.live[rows]]]
    known = values[values >= 0]
    bounds = [bound for _, bound in PARAMETER_BUCKETS[:-1]]
    counts = np.bincount(np.digitize(known, bounds), minlength=len(PARAMETER_BUCKETS))
    found = [(name, int(n)) for (name, _), n in zip(PARAMETER_BUCKETS, counts, strict=True)]
    return [*found, ("unknown", len(values) - len(known))]
