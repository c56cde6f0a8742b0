"""The impact of a removal: what loses its origin when one model is gone."""

from typing import NamedTuple

import numpy as np

from graph.csr import Rows
from graph.ecosystem import Ecosystem
from graph.traversal import distinct, edges_of


class Removal(NamedTuple):
    """What the removal of one model would mean for its descendants.

    Attributes
    ----------
    descendants
        How many there are.
    orphaned
        How many of them would reach none of their roots any more: every declared way to every
        root leads through the model, or begins at it.
    downloads, orphaned_downloads
        Of those that are live, in the 30 days before the crawl.
    """

    descendants: int
    orphaned: int
    downloads: int
    orphaned_downloads: int


def impact_of_removal(eco: Ecosystem, row: int) -> Removal:
    """Count what descends from a model, and what of it would be left without a root.

    Exact, in time linear in the edges of the descendants: a descendant keeps a root if it has a
    base that neither is the model nor descends from it, if it is the root of a cycle itself, or
    if it derives from such a descendant.
    """
    below = np.sort(eco.descendants(row).rows)  # in the order of memory
    inside = np.zeros(len(eco), np.bool_)
    inside[below] = True
    edges = edges_of(eco.bases, below)
    bases = eco.bases.targets[edges]
    children = np.repeat(below, eco.bases.offsets[below + 1] - eco.bases.offsets[below])
    is_root = eco.roots.offsets[below + 1] == eco.roots.offsets[below]
    lost = inside.copy()
    kept = children[~inside[bases] & (bases != row)]
    layer = distinct(np.concatenate([kept, below[is_root]]))
    while len(layer):
        lost[layer] = False
        derivatives = eco.derivatives.targets[edges_of(eco.derivatives, layer)]
        layer = distinct(derivatives[lost[derivatives]])
    orphaned = below[lost[below]]
    return Removal(len(below), len(orphaned), _downloads(eco, below), _downloads(eco, orphaned))


def _downloads(eco: Ecosystem, rows: Rows) -> int:
    counts = np.maximum(eco.numbers("downloads")[rows], 0)
    return int(counts[eco.live[rows]].sum())
