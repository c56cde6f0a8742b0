"""A lineage as GraphML, which Gephi, yEd and networkx read."""

from pathlib import Path

import networkx as nx

from graph.csr import Rows
from graph.ecosystem import Ecosystem


def write_graphml(eco: Ecosystem, rows: Rows, path: Path) -> None:
    """Write some models and the derivations among them, edges derivative -> base.

    Node and edge attributes are those of `Ecosystem.graph`; the models' ids are the nodes' ids.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    nx.write_graphml(eco.subgraph(rows), path)
