"""Which families a model belongs to: by its lineage, by its publisher, by its direct bases."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.csr import Csr, Rows
from graph.names import Names
from graph.records import ID_KEY_PREFIX
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


_FAMILIES = pa.schema(
    [
        ("key", pa.string()),
        ("name", pa.string()),
        ("organization", pa.string()),
        ("registered", pa.bool_()),
    ]
)
"""Columns as of `Family`."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Families and who belongs to them.

    Attributes
    ----------
    families
        Columns ``key``, ``name``, ``organization``, ``registered``, as of `Family`: the
        registered ones first, in the registry's order.
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

    families: pa.Table
    own: Rows
    root: Rows
    inferred: NDArray[np.bool_]
    by_lineage: Csr
    shares: Shares


def membership(
    ids: pa.StringArray,
    authors: pa.DictionaryArray,
    derivatives: Csr,
    roots: Csr,
    registry: Registry,
) -> Membership:
    """Attribute every model.

    Parameters
    ----------
    ids, authors
        Each row's id, ascending, and its namespace.
    derivatives
        Each row's derivatives.
    roots
        Each derivative's roots, as `graph.measures.roots.roots` gives them.
    """
    number = {family.key: place for place, family in enumerate(registry.families)}
    own = _own(ids, authors, registry, number)
    is_root = roots.degrees() == 0
    root = np.where(is_root, own, -1).astype(np.int32)
    copied = np.zeros(len(ids), np.bool_)
    for row, original in _copies(ids, registry):
        family = registry.family_of(original)
        if is_root[row] and family is not None:
            root[row] = number[family.key]
            copied[row] = True
    unnamed = np.flatnonzero(is_root & (root < 0) & (derivatives.degrees() > 0))
    founded, places = _founded(ids.take(pa.array(unnamed)), pa.array(number, pa.string()))
    root[unnamed] = len(number) + places

    families = pa.concat_tables([_registered(registry), founded])
    by_lineage, shares = _shares(roots, root, len(families))
    inferred = copied.copy()
    inferred[roots.sources()[copied[roots.targets]]] = True
    return Membership(families, own, root, inferred, by_lineage, shares)


def _registered(registry: Registry) -> pa.Table:
    """Return the registry's families, in its order."""
    families = [Family(f.key, f.name, f.organization, registered=True) for f in registry.families]
    return pa.Table.from_pylist([asdict(family) for family in families], _FAMILIES)


def _own(
    ids: pa.StringArray, authors: pa.DictionaryArray, registry: Registry, number: dict[str, int]
) -> Rows:
    """Return the family that each id alone names: few namespaces are of any."""
    namespaces = pa.concat_arrays([authors.dictionary, pa.array([""])])  # of ids of one part
    named = registry.namespaces_of_families(namespaces.to_pylist())
    known = pc.is_in(namespaces, value_set=pa.array(named, pa.string()))
    codes = authors.indices.fill_null(len(namespaces) - 1).to_numpy()
    rows = np.flatnonzero(known.to_numpy(zero_copy_only=False)[codes])
    own = np.full(len(ids), -1, np.int32)
    for row, id in zip(rows.tolist(), ids.take(pa.array(rows)).to_pylist(), strict=True):
        family = registry.family_of(id)
        if family is not None:
            own[row] = number[family.key]
    return own


def _copies(ids: pa.StringArray, registry: Registry) -> Iterator[tuple[int, str]]:
    """Iterate over the rows whose original the registry names, and that."""
    names = Names(ids)
    for id, original in registry.origins.items():
        row = names.find(id)
        while row is not None:
            yield row, original
            row = row + 1 if row + 1 < len(names) and names[row + 1] == id else None


def _founded(ids: pa.StringArray, taken: pa.StringArray) -> tuple[pa.Table, Rows]:
    """Return a family for each ascending id of a root, and each one's place among them.

    Its key is the id. That of a registered family is taken, and several rows of one id are
    repositories that succeeded each other: those after the first share a family.
    """
    again = pc.is_in(ids, value_set=taken).to_numpy(zero_copy_only=False)
    again[1:] |= pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    keys = pc.if_else(pa.array(again), pc.binary_join_element_wise(ID_KEY_PREFIX, ids, ""), ids)
    first = np.ones(len(ids), np.bool_)
    first[1:] = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
    organizations = pc.struct_field(pc.extract_regex(ids, "^(?P<namespace>[^/]*)/"), "namespace")
    registered = pa.array(np.zeros(len(ids), np.bool_))
    families = pa.table([keys, ids, organizations, registered], schema=_FAMILIES)
    return families.filter(pa.array(first)), (np.cumsum(first) - 1).astype(np.int32)


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
