"""Licence drift: from which class to which the declared licence changes along derivations."""

from typing import NamedTuple

import numpy as np

from graph.ecosystem import RELATIONS, Ecosystem, FamilyView
from graph.records import Relation
from graph.registry import LicenseClass
from graph.traversal import edges_of

_CLASSES = list(LicenseClass)


class Drift(NamedTuple):
    """How many derivations lead from a base of one class to a derivative of another or the same.

    It reports what metadata declare, and claims no violation: a licence may allow what is built
    on a model to bear another.
    """

    from_class: LicenseClass
    to_class: LicenseClass
    edges: int


def license_drift(
    eco: Ecosystem, family: int | None = None, relation: Relation | None = None
) -> list[Drift]:
    """Count live models' derivations by the classes of both declared licences, most first.

    A base that was never seen, or that declares no licence, is of class UNKNOWN. Of a base that
    is declared in two ways each is counted, as in the snapshot's ``derivations``.

    Parameters
    ----------
    family
        A family's number: the derivations of models that belong to it by lineage.
    relation
        Derivations of this relation alone.
    """
    if family is None:
        return eco.once((license_drift, relation), lambda: _count(eco, None, relation))
    return _count(eco, family, relation)


def _count(eco: Ecosystem, family: int | None, relation: Relation | None) -> list[Drift]:
    if family is None:
        edges = np.arange(len(eco.bases.targets))
        children = eco.bases.sources()
    else:
        rows = FamilyView(eco, family).rows
        edges = edges_of(eco.bases, rows)
        children = np.repeat(rows, eco.bases.offsets[rows + 1] - eco.bases.offsets[rows])
    counted = eco.live[children]
    if relation is not None:
        counted &= eco.base_relations[edges] == RELATIONS.index(relation)
    licenses = eco.codes("license")
    class_of = np.array(
        [*(_CLASSES.index(c) for c in eco.license_classes), _CLASSES.index(LicenseClass.UNKNOWN)]
    )
    before = class_of[licenses[eco.bases.targets[edges[counted]]]]
    after = class_of[licenses[children[counted]]]
    size = len(_CLASSES)
    counts = np.bincount(before * size + after, minlength=size * size)
    order = np.argsort(-counts, kind="stable")
    return [
        Drift(_CLASSES[cell // size], _CLASSES[cell % size], int(counts[cell]))
        for cell in order.tolist()
        if counts[cell]
    ]
