"""modelkin: who builds on whom among open models.

In a notebook::

    import modelkin
    eco = modelkin.open()                 # the newest snapshot of ./modelkin-data
    networkx.pagerank(eco.graph)          # derivative -> base, on our kernels
    eco.family("qwen").graph              # one family's lineage
    past = modelkin.history()             # what all snapshots left
    past.changes(eco.manifest.previous, eco.id)  # what came, went, was renamed or edited
    modelkin.tables(eco)["models"]        # Arrow tables, for polars and pandas
    modelkin.figures.share(eco)           # the explorer's charts, by plotly

The names come from `graph`; they are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph.adoption import adoption as adoption
    from graph.concentration import concentration as concentration
    from graph.copies import copies as copies
    from graph.ecosystem import Ecosystem as Ecosystem
    from graph.ecosystem import FamilyView as FamilyView
    from graph.export import tables as tables
    from graph.families import Attribution as Attribution
    from graph.families import Credit as Credit
    from graph.growth import growth as growth
    from graph.history import History as History
    from graph.influence import family_centrality as family_centrality
    from graph.influence import influence as influence
    from graph.license_drift import license_drift as license_drift
    from graph.license_path import license_path as license_path
    from graph.lineage import lineage as lineage
    from graph.records import Relation as Relation
    from graph.records import Status as Status
    from graph.registry import load_registry as load_registry
    from graph.removal import impact_of_removal as impact_of_removal
    from graph.selection import Filter as Filter
    from graph.shares import By as By
    from graph.shares import Definition as Definition
    from graph.shares import Weight as Weight
    from graph.shares import series as series
    from graph.shares import share as share
    from modelkin import figures as figures
    from modelkin.opening import history as history
    from modelkin.opening import open as open

__version__ = "0.1.0"

_HOMES = {
    "Attribution": "graph.families",
    "By": "graph.shares",
    "Credit": "graph.families",
    "Definition": "graph.shares",
    "Ecosystem": "graph.ecosystem",
    "FamilyView": "graph.ecosystem",
    "Filter": "graph.selection",
    "History": "graph.history",
    "Relation": "graph.records",
    "Status": "graph.records",
    "Weight": "graph.shares",
    "adoption": "graph.adoption",
    "concentration": "graph.concentration",
    "copies": "graph.copies",
    "family_centrality": "graph.influence",
    "figures": "modelkin.figures",
    "growth": "graph.growth",
    "history": "modelkin.opening",
    "impact_of_removal": "graph.removal",
    "influence": "graph.influence",
    "license_drift": "graph.license_drift",
    "license_path": "graph.license_path",
    "lineage": "graph.lineage",
    "load_registry": "graph.registry",
    "open": "modelkin.opening",
    "series": "graph.shares",
    "share": "graph.shares",
    "tables": "graph.export",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604  (all of them are text)


def __getattr__(name: str) -> Any:
    """Load a public name at its first use: the command line must not wait for networkx."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'modelkin' has no attribute {name!r}")
    module = import_module(home)
    return module if home == f"{__name__}.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
