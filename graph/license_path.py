"""The licence path: what is declared on the way from a model up to its root."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.ecosystem import RELATIONS, Ecosystem
from graph.records import Relation
from graph.traversal import way


class Step(NamedTuple):
    """One model of a licence path, and how it leads on.

    Attributes
    ----------
    row
        The model.
    relation
        How it was made from the model of the next step; None for the root.
    changed
        Whether it declares another licence than the model of the next step; None for the root,
        and where one of the two declares none.
    """

    row: int
    relation: Relation | None
    changed: bool | None


def license_path(eco: Ecosystem, row: int) -> list[Step]:
    """Return a way from a model to one of its roots, both included.

    To which root: to one of the family that has the largest share of the model; of several the
    first by id. Which way: a shortest one; of several the one whose first step comes first by
    id, then its second, and so on. Of a base that is declared in several ways the first relation
    is told. A root's path is the root alone.

    That a licence differs along the way says what the metadata declare, and no more: whether it
    may differ is another question.
    """
    rows = way(eco.bases, row, _root(eco, row))
    licenses = eco.codes("license")[rows].tolist()
    steps = []
    for place, (child, base) in enumerate(pairwise(rows)):
        own, others = licenses[place : place + 2]
        changed = own != others if own >= 0 and others >= 0 else None
        steps.append(Step(child, _relation(eco, child, base), changed))
    return [*steps, Step(rows[-1], None, None)]


def _root(eco: Ecosystem, row: int) -> int:
    roots = eco.roots.of(row)
    if not len(roots):
        return row
    families = eco.families_of.of(row)
    shares = eco.family_shares[eco.families_of.offsets[row] : eco.families_of.offsets[row + 1]]
    share_of = dict(zip(families.tolist(), shares.tolist(), strict=True))
    of_root: NDArray[np.int32] = eco.numbers("root_family")[roots]
    return int(roots[np.argmax([share_of[family] for family in of_root.tolist()])])


def _relation(eco: Ecosystem, child: int, base: int) -> Relation:
    place = int(np.flatnonzero(eco.bases.of(child) == base)[0])
    return RELATIONS[eco.base_relations[eco.bases.offsets[child] + place]]
