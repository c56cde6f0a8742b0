"""What a snapshot says by the registry: who belongs to which family, organisations, licences."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from graph import snapshot
from graph.csr import Csr, Rows, csr, simple, sums
from graph.families import Membership, membership
from graph.family_scores import family_scores
from graph.registry import Registry
from graph.stored import Stored


class Attributed(NamedTuple):
    """The part of a snapshot that the registry decides.

    Attributes
    ----------
    columns
        Columns of `graph.snapshot.MODELS`.
    tables
        ``families``, ``organizations`` and ``licenses``, as of `graph.snapshot.TABLES`.
    """

    columns: dict[str, pa.Array]
    tables: dict[str, pa.Table]


def attribute(
    stored: Stored, roots: Csr, pagerank: NDArray[np.float64], registry: Registry
) -> Attributed:
    """Attribute every model by a registry.

    Parameters
    ----------
    roots
        Each derivative's roots, as `graph.measures.roots.roots` gives them.
    pagerank
        Of each row, to be summed by family.
    """
    member = membership(
        stored.models["id"], stored.models["author"], stored.derivatives, roots, registry
    )
    families = member.by_lineage
    within = family_scores(simple(stored.bases), families, len(member.families))
    columns = {
        "families": lists(families),
        "family_shares": lists(families, member.shares),
        **{f"family_{name}": lists(families, values) for name, values in within.items()},
        "own_family": _known(member.own),
        "root_family": _known(member.root),
        "family_inferred": pa.array(member.inferred),
    }
    tables = {
        "families": _families(stored, member, pagerank),
        "organizations": _organizations(registry),
        "licenses": _licenses(registry),
    }
    return Attributed(columns, tables)


def lists(adjacency: Csr, values: Any = None) -> pa.Array:
    """Return adjacency as a list column, of its rows or of other values of its entries."""
    return pa.ListArray.from_arrays(
        pa.array(adjacency.offsets), pa.array(adjacency.targets if values is None else values)
    )


def _known(values: Rows) -> pa.Array:
    """Return rows with null for -1."""
    return pa.array(values, mask=values < 0)


def _families(stored: Stored, member: Membership, pagerank: NDArray[np.float64]) -> pa.Table:
    """Sum up each family by lineage, each member counting fully."""
    rows, belongs = member.by_lineage.sources(), member.by_lineage.targets
    count = len(member.families)
    declaring = stored.bases.degrees() > 0

    def total(values: NDArray[Any]) -> NDArray[np.float64]:
        return sums(belongs, values[rows], count)

    columns: dict[str, Any] = {
        **dict(zip(member.families.column_names, member.families.columns, strict=True)),
        "members": lists(csr(belongs, rows, count)[0]),
        "models": total(stored.live),
        "derivatives": total(stored.live & declaring),
        "downloads": total(stored.numbers("downloads", 0) * stored.live),
        "descendants": total(declaring),
        "pagerank": total(pagerank),
    }
    return pa.table({name: columns[name] for name in snapshot.FAMILIES.names}).cast(
        snapshot.FAMILIES
    )


def _organizations(registry: Registry) -> pa.Table:
    rows = [
        {"name": o.name, "title": o.title, "country": o.country, "kind": o.kind, "source": o.source}
        for o in registry.organizations.values()
    ]
    return pa.Table.from_pylist(rows, snapshot.ORGANIZATIONS)


def _licenses(registry: Registry) -> pa.Table:
    rows = [
        {"id": x.id, "name": x.name, "class": x.license_class.value, "source": x.source}
        for x in registry.licenses.values()
    ]
    return pa.Table.from_pylist(rows, snapshot.LICENSES)
