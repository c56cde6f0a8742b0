"""The columns of the exported tables, as data: their names and types, and what they mean.

Null is unknown. The meanings are the fields' metadata, so Parquet files carry them.
"""

from collections.abc import Mapping

import pyarrow as pa

from graph.score_columns import SCORES
from graph.snapshot import FAMILIES, MODELS

MEANING = b"meaning"
"""The key of a column's meaning in the metadata of its field."""


def _schema(types: Mapping[str, pa.DataType], meanings: Mapping[str, str]) -> pa.Schema:
    return pa.schema(
        [
            pa.field(name, types[name], metadata={MEANING: meaning.encode()})
            for name, meaning in meanings.items()
        ]
    )


def _plain(schema: pa.Schema) -> dict[str, pa.DataType]:
    """Return a snapshot's types, texts of few values as texts."""
    return {f.name: pa.string() if pa.types.is_dictionary(f.type) else f.type for f in schema}


SCHEMAS: dict[str, pa.Schema] = {
    "models": _schema(
        _plain(MODELS),
        {
            "id": "The Hub's id, `namespace/name`; ascending.",
            "key": "The Hub's own key, which no renaming changes; `id:` and the id where it told"
            " none.",
            "status": "`live`; `missing`, a base that was never seen; or `deleted`.",
            "author": "The namespace of the id.",
            "created_at": "Milliseconds since 1970, UTC; what is older than 2022-03-02 has that"
            " date.",
            "modified_at": "Milliseconds since 1970, UTC.",
            "downloads": "Of the 30 days before the crawl.",
            "downloads_all_time": "Since creation.",
            "likes": "Since creation.",
            "license": "As declared, by the Hub's id.",
            "library": "The Hub's `library_name`.",
            "task": "The Hub's `pipeline_tag`.",
            "parameters": "Weights in the safetensors files, all dtypes together.",
            "gated": "`no`, `auto` or `manual`.",
        },
    ),
    "edges": _schema(
        dict.fromkeys(("child", "base", "relation"), pa.string()),
        {
            "child": "The id of the derivative; ascending.",
            "base": "The id of what it was made from.",
            "relation": "`finetune`, `adapter`, `quantized`, `merge` or `unknown`; a row for each.",
        },
    ),
    "scores": _schema(
        {"id": pa.string(), **SCORES},
        {
            "id": "The model's id; in the order of `models`.",
            "direct_derivatives": "Models that name it as their base.",
            "descendants": "Models that derive from it at any distance, each once.",
            "depth": "Steps to its farthest root; 0 for a root.",
            "pagerank": "PageRank (alpha 0.85), summing to 1.",
            "katz": "Katz centrality (alpha 0.1, beta 1), of Euclidean norm 1.",
            "betweenness": "The fraction of shortest ways from model to base that lead through it.",
            "closeness": "How near its descendants are, weighted by their part of all models.",
            "harmonic": "The sum of 1 / distance over its descendants.",
            "downstream_downloads": "Downloads of its descendants in 30 days, each once.",
            "downstream_downloads_all_time": "The same since their creation.",
            "distinct_authors": "Namespaces among its descendants.",
            "recent_derivatives": "Descendants created in the 90 days before the snapshot's date.",
        },
    ),
    "families": _schema(
        _plain(FAMILIES),
        {
            "key": "Its key in queries; the root's id where the registry does not name it.",
            "name": "What people call it.",
            "organization": "The namespace that releases it.",
            "registered": "Whether the registry names it.",
            "models": "Live models by lineage, each counting fully.",
            "derivatives": "Those of them that declare a base.",
            "downloads": "Their downloads in 30 days.",
            "descendants": "All models that descend from its roots, kept deleted ones included.",
            "pagerank": "The sum of its models' PageRank.",
        },
    ),
}
"""By the name of the file."""
