"""Which families a model belongs to: by its lineage, by its publisher, by its direct bases."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from graph.csr import Csr, Rows
from graph.registry import Registry

Shares = NDArray[np.float64]


class Attribution(StrEnum):
    """To whom a model is attributed; every count states it.

    ``LINEAGE``: to the roots of its weights, through copies, and through what the registry
    knows that metadata does not say.
    ``PUBLISHER``: to who released it. ``DIRECT``: to who released the models that it names as
    its bases; a model without bases is attributed to nobody.
    """

    LINEAGE = "lineage"
    PUBLISHER = "publisher"
    DIRECT = "direct"


class Credit(StrEnum):
    """How a model of several roots counts: fully for each, or in shares that sum to 1."""

    FULL = "full"
    FRACTIONAL = "fractional"


@dataclass(frozen=True, slots=True)
class Family:
    """A family as a snapshot names it.

    A registered one, or one of its own for a root that no entry matches and that has
    derivatives: then ``key`` and ``name`` are that root's id.
    """

    key: str
    name: str
    organization: str | None
    registered: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """Families and who belongs to them.

    Attributes
    ----------
    families
        The registered ones first, in the registry's order.
    own
        int32, n: the family whose patterns match the model's own id; -1 for none.
    root
        int32, n: the family of what descends from a root; -1 for what is no root or has
        neither name nor derivatives.
    inferred
        bool, n: the model's family rests on an origin that the registry names.
    by_lineage
        Each model's families, ascending.
    shares
        float64, one for each entry of ``by_lineage``, summing to 1 for each model.
    """

    families: list[Family]
    own: Rows
    root: Rows
    inferred: NDArray[np.bool_]
    by_lineage: Csr
    shares: Shares


def membership(ids: Sequence[str], derivatives: Csr, roots: Csr, registry: Registry) -> Membership:
    """Attribute every model.

    Parameters
    ----------
    ids
        Each row's id.
    derivatives
        Each row's derivatives.
    roots
        Each derivative's roots, as `graph.measures.roots.roots` gives them.
    """
    size = len(ids)
    families = [Family(f.key, f.name, f.organization, True) for f in registry.families]
    number = {family.key: place for place, family in enumerate(families)}
    own = np.full(size, -1, np.int32)
    for row, id in enumerate(ids):
        family = registry.family_of(id)
        if family is not None:
            own[row] = number[family.key]

    root = np.full(size, -1, np.int32)
    copied = np.zeros(size, np.bool_)
    is_root = roots.degrees() == 0
    root[is_root] = own[is_root]
    has_derivatives = derivatives.degrees() > 0
    for row in np.flatnonzero(is_root).tolist():
        id = ids[row]
        original = registry.origins.get(id)
        if original is not None:
            family = registry.family_of(original)
            if family is not None:
                root[row] = number[family.key]
                copied[row] = True
        if root[row] < 0 and has_derivatives[row]:
            key = id if id not in number else f"id:{id}"
            if key not in number:
                number[key] = len(families)
                families.append(Family(key, id, id.partition("/")[0] if "/" in id else None, False))
            root[row] = number[key]

    by_lineage, shares = _shares(roots, root, len(families))
    inferred = copied.copy()
    inferred[roots.sources()[copied[roots.targets]]] = True
    return Membership(families, own, root, inferred, by_lineage, shares)


def _shares(roots: Csr, root_family: Rows, families: int) -> tuple[Csr, Shares]:
    """Turn each model's roots into its families with shares; a root is its own."""
    itself = np.flatnonzero(root_family >= 0)
    rows = np.concatenate([roots.sources(), itself]).astype(np.int64)
    belongs = np.concatenate([root_family[roots.targets], root_family[itself]])
    pairs, counts = np.unique(rows * families + belongs, return_counts=True)
    owners, belongs = np.divmod(pairs, max(families, 1))
    total = np.bincount(owners, weights=counts, minlength=roots.size)
    offsets = np.zeros(roots.size + 1, np.int32)
    np.cumsum(np.bincount(owners, minlength=roots.size), out=offsets[1:])
    return Csr(offsets, belongs.astype(np.int32)), counts / total[owners]
