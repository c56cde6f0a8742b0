"""The scores of a model as data: columns of the snapshot, the exports, the nodes and the API."""

import pyarrow as pa

SCORES: dict[str, pa.DataType] = {
    "direct_derivatives": pa.int32(),
    "descendants": pa.int32(),
    "depth": pa.int32(),
    "pagerank": pa.float64(),
    "katz": pa.float64(),
    "betweenness": pa.float64(),
    "closeness": pa.float64(),
    "harmonic": pa.float64(),
    "downstream_downloads": pa.int64(),
    "downstream_downloads_all_time": pa.int64(),
    "distinct_authors": pa.int32(),
    "recent_derivatives": pa.int32(),
}
"""Names and types; `graph.scores` computes them, ``docs/measures.md`` says what they mean."""

FAMILY_SCORES = ("pagerank", "katz", "betweenness", "closeness")
"""Scores that a model has within each of its families too; `graph.family_scores` computes them."""
