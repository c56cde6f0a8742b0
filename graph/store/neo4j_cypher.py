"""The Cypher statements as data, derived from the stored columns."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graph.store.schema import MODEL_SCHEMA, SCHEMA_VERSION

UNIQUE = {
    "Model": "key",
    "Organization": "name",
    "Family": "key",
    "Run": "id",
    "Seen": "id",
    "Lease": "name",
    "Snapshot": "id",
    "SnapshotPart": "id",
    "StoreSchema": "name",
}
"""The property that names a node, by label."""

INDEXES = [("Model", "id"), ("Seen", "run")]
"""Labels and properties that are looked up otherwise."""

INDEXES_ONLINE_S = 240
"""Seconds that new indexes have to come online; less than a transaction may last."""

# A plan made before its index is there would scan all models for each row of the first batches.
PREPARE = [
    *(
        f"CREATE CONSTRAINT modelkin_{label.lower()}_{name} IF NOT EXISTS"
        f" FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
        for label, name in UNIQUE.items()
    ),
    *(
        f"CREATE INDEX modelkin_{label.lower()}_{name} IF NOT EXISTS FOR (n:{label}) ON (n.{name})"
        for label, name in INDEXES
    ),
    f"CALL db.awaitIndexes({INDEXES_ONLINE_S})",
    f"MERGE (s:StoreSchema {{name: 'modelkin'}}) SET s.version = {SCHEMA_VERSION}",
]

VERSION = "MATCH (s:StoreSchema {name: 'modelkin'}) RETURN s.version AS version"

WRITTEN = [name for name in MODEL_SCHEMA.names if name != "aliases"]
"""The columns of a row that `UPSERT` takes: fields of a model in order, then its digest."""

_PLACE = {name: f"row[{place}]" for place, name in enumerate(WRITTEN)}
_FIELDS = ", ".join(f"m.{name} = {place}" for name, place in _PLACE.items() if name != "key")


def _aliases(id: str) -> str:
    """Return the aliases of ``m`` with an id that it bore, once."""
    return f"""CASE
    WHEN (' ' + coalesce(m.aliases, '') + ' ') CONTAINS (' ' + {id} + ' ') THEN m.aliases
    ELSE ltrim(coalesce(m.aliases, '') + ' ' + {id}) END"""


# Rows as lists rather than maps: half the bytes, for the names do not come with each row.
# A model that comes again under another id keeps the former one as an alias.
UPSERT = f"""
UNWIND $rows AS row
MERGE (m:Model {{key: {_PLACE["key"]}}})
WITH m, row WHERE m.digest IS NULL
  OR m.digest <> {_PLACE["digest"]} OR m.status <> {_PLACE["status"]}
SET m.aliases = CASE WHEN m.id IS NULL OR m.id = {_PLACE["id"]} THEN m.aliases
  ELSE {_aliases("m.id")} END, {_FIELDS}
"""

SET_STATUS = """
UNWIND $rows AS row
MATCH (m:Model {key: row[0]}) WHERE m.status <> row[1]
SET m.status = row[1], m.digest = 0
"""

ADD_ALIAS = f"""
UNWIND $rows AS row
MATCH (m:Model {{key: row[0]}})
WHERE NOT (' ' + coalesce(m.aliases, '') + ' ') CONTAINS (' ' + row[1] + ' ')
SET m.aliases = {_aliases("row[1]")}
"""

# (:Model)-[:DERIVED_FROM {relation}]->(:Model), once for each relation
ADD_DERIVATION = """
UNWIND $rows AS row
MATCH (child:Model {key: row[0]})
MATCH (base:Model {key: row[1]})
MERGE (child)-[:DERIVED_FROM {relation: row[2]}]->(base)
"""

DROP_DERIVATION = """
UNWIND $rows AS row
MATCH (:Model {key: row[0]})-[d:DERIVED_FROM {relation: row[2]}]->(:Model {key: row[1]})
DELETE d
"""

DROP_DERIVATIONS_OF = """
UNWIND $rows AS row
MATCH (:Model {key: row})-[d:DERIVED_FROM]-(:Model)
DELETE d
"""

DROP_MODEL = """
UNWIND $rows AS row
MATCH (m:Model {key: row})
DETACH DELETE m
"""

RUN_NAMES = [
    "id",
    "kind",
    "source",
    "mode",
    "state",
    "token",
    "cursor",
    "started_at",
    "ended_at",
    "report",
]
_RUN = f"[{', '.join(f'r.{name}' for name in RUN_NAMES)}] AS run"

LAST_RUN = f"""
MATCH (r:Run {{kind: $kind}}) RETURN {_RUN} ORDER BY r.token DESC LIMIT 1
"""

RUNS = f"MATCH (r:Run) RETURN {_RUN} ORDER BY r.token DESC LIMIT $limit"

BEGIN_RUN = "MERGE (r:Run {id: $id}) SET r += $fields"

UPDATE_RUN = f"MATCH (r:Run {{id: $id}}) SET r += $fields RETURN {_RUN}"

FAIL_OTHER_RUNS = """
MATCH (r:Run) WHERE r.state = 'running' AND r.id <> $id
SET r.state = 'failed', r.ended_at = $now
"""

ADD_SEEN = "MERGE (s:Seen {id: $id}) SET s.run = $run, s.hashes = $hashes"

SEEN = "MATCH (s:Seen {run: $run}) RETURN s.hashes AS hashes"

FORGET_SEEN = "MATCH (s:Seen {run: $run}) DELETE s"

FORGET_SEEN_BEFORE = """
MATCH (r:Run {kind: $kind}) WHERE r.id <> $id
MATCH (s:Seen {run: r.id})
DELETE s
"""


class Chunked(NamedTuple):
    """How something is read by chunk, in the order of the keys of nodes.

    Attributes
    ----------
    last
        The statement that gives the last key of ``$rows`` nodes after ``$after``; it reads the
        index alone.
    chunk
        The statement that reads columns of what lies after ``$after``, up to ``$last``, which
        it gives back too.
    """

    last: str
    chunk: str


def nodes(label: str, names: Sequence[str]) -> Chunked:
    """Return how nodes are read as columns.

    A column is a list comprehension, not ``collect()`` of the property, which leaves nulls out.
    """
    key = UNIQUE[label]
    columns = ", ".join(f"[n IN found | n.{name}] AS {name}" for name in names)
    return Chunked(
        _last(label),
        f"""
MATCH (n:{label}) USING INDEX n:{label}({key}) WHERE n.{key} > $after AND n.{key} <= $last
WITH n ORDER BY n.{key}
WITH collect(n) AS found
RETURN $last AS last{", " if columns else ""}{columns}
""",
    )


def relationships(relationship: str, label: str, columns: Mapping[str, str]) -> Chunked:
    """Return how the relationships of models are read as columns.

    ``columns`` are expressions in ``m``, the model, ``r`` and ``n``, the node at its other end.
    Models are the chunk, not relationships: their keys have an index to go on from.
    """
    collected = ", ".join(
        f"collect({expression}) AS {name}" for name, expression in columns.items()
    )
    return Chunked(
        _last("Model"),
        f"""
MATCH (m:Model) USING INDEX m:Model(key) WHERE m.key > $after AND m.key <= $last
MATCH (m)-[r:{relationship}]->(n:{label})
WITH {collected}
RETURN *, $last AS last
""",
    )


def _last(label: str) -> str:
    key = UNIQUE[label]
    return f"""
MATCH (n:{label}) USING INDEX n:{label}({key}) WHERE n.{key} > $after
WITH n.{key} AS key ORDER BY key LIMIT $rows
RETURN max(key) AS last
"""


# (:Model)-[:DERIVED_FROM {relation}]->(:Model)
DERIVATION_COLUMNS = {"child": "m.key", "base": "n.key", "relation": "r.relation"}
