"""What networkx asks of a backend before it loads it: cheap to import."""

from typing import Any

_LINEAGES = "Without a conversion on a lineage; other graphs go to networkx."


def backend_info() -> dict[str, Any]:
    """Return the backend's name, purpose and functions."""
    notes = {
        "pagerank": "Exact to rounding: `tol`, `max_iter` and `nstart` have no effect.",
        "katz_centrality": "Exact to rounding: `tol`, `max_iter` and `nstart` have no effect."
        " A negative alpha, beta or weight goes to networkx.",
        "closeness_centrality": "A `distance` goes to networkx.",
        "harmonic_centrality": "A `distance` goes to networkx.",
        "betweenness_centrality": "Exact; a `k` or `weight` goes to networkx.",
        "edge_betweenness_centrality": "Exact; a `k` or `weight`, and a graph that is undirected"
        " or has parallel edges, goes to networkx.",
        "in_degree_centrality": "A graph with parallel edges goes to networkx.",
        "descendants": _LINEAGES,
        "ancestors": _LINEAGES,
        "topological_generations": _LINEAGES,
        "weakly_connected_components": _LINEAGES,
        "number_weakly_connected_components": _LINEAGES,
        "strongly_connected_components": _LINEAGES + " Bases come first.",
        "dag_longest_path_length": _LINEAGES,
    }
    return {
        "backend_name": "modelkin",
        "project": "modelkin",
        "package": "modelkin",
        "short_summary": "Exact measures of lineages: shallow graphs, derivative -> base",
        "functions": {name: {"additional_docs": note} for name, note in notes.items()},
    }
