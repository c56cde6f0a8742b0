"""What networkx asks of a backend before it loads it: cheap to import."""

from typing import Any


def backend_info() -> dict[str, Any]:
    """Return the backend's name, purpose and functions."""
    return {
        "backend_name": "modelkin",
        "project": "modelkin",
        "package": "modelkin",
        "short_summary": "Exact measures of lineages: shallow graphs, derivative -> base",
        "functions": {
            "pagerank": {
                "additional_docs": "Exact to rounding: `tol`, `max_iter` and `nstart` have no"
                " effect."
            }
        },
    }
