"""The stored columns as data, in one place: tables, statements and documents derive from it."""

import pyarrow as pa

SCHEMA_VERSION = 1
"""Of what a store holds; a store of a newer version is refused."""

MODEL_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("id", pa.string()),
        ("author", pa.string()),
        ("created_at", pa.int64()),
        ("modified_at", pa.int64()),
        ("downloads", pa.int64()),
        ("downloads_all_time", pa.int64()),
        ("likes", pa.int64()),
        ("license", pa.string()),
        ("library", pa.string()),
        ("task", pa.string()),
        ("parameters", pa.int64()),
        ("gated", pa.string()),
        ("declared", pa.string()),
        ("status", pa.string()),
        ("digest", pa.int64()),
        ("aliases", pa.string()),
    ]
)
"""Of ``models``: the fields of `graph.records.Model` in order, then the store's own two."""

DERIVATION_SCHEMA = pa.schema(
    [("child", pa.string()), ("base", pa.string()), ("relation", pa.string())]
)
"""Of ``derivations``."""

SCHEMAS = {"models": MODEL_SCHEMA, "derivations": DERIVATION_SCHEMA}
