"""Scores, organisations and families on the graph's nodes, for people who query Neo4j itself.

What the nodes have is read by chunk and compared with the snapshot, and the difference is
written. Both are in the order of the models' keys, so a chunk is a window of the snapshot. Only a
model that has a base or a derivative has scores.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from graph.score_columns import SCORES
from graph.store import neo4j_cypher as cypher
from graph.store.neo4j_client import Client, change
from graph.store.neo4j_lease import Held

BATCH_ROWS = 10_000
"""Rows of a transaction: what Neo4j takes best."""

_SET_SCORES = f"""
UNWIND $rows AS row
MATCH (m:Model {{key: row[0]}})
SET {", ".join(f"m.{name} = row[{place}]" for place, name in enumerate(SCORES, 1))}
"""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Nodes:
    """Nodes that models point to: their label, the properties that tell them, and the pointer."""

    label: str
    names: tuple[str, ...]
    relationship: str
    properties: tuple[str, ...]

    @property
    def put(self) -> str:
        """Return the statement that makes or changes nodes."""
        key, *rest = self.names
        fields = ", ".join(f"n.{name} = row[{place}]" for place, name in enumerate(rest, 1))
        return f"UNWIND $rows AS row MERGE (n:{self.label} {{{key}: row[0]}}) SET {fields}"

    @property
    def drop(self) -> str:
        """Return the statement that deletes nodes, once no model points to them."""
        return f"UNWIND $rows AS row MATCH (n:{self.label} {{{self.names[0]}: row[0]}}) DELETE n"

    @property
    def _ends(self) -> str:
        return (
            f"UNWIND $rows AS row MATCH (m:Model {{key: row[0]}})"
            f" MATCH (n:{self.label} {{{self.names[0]}: row[1]}})"
        )

    @property
    def link(self) -> str:
        """Return the statement that points models to nodes."""
        fields = [f"r.{name} = row[{place}]" for place, name in enumerate(self.properties, 2)]
        change = f" SET {', '.join(fields)}" if fields else ""
        return f"{self._ends} MERGE (m)-[r:{self.relationship}]->(n){change}"

    @property
    def unlink(self) -> str:
        """Return the statement that ends that."""
        return f"{self._ends} MATCH (m)-[r:{self.relationship}]->(n) DELETE r"

    @property
    def links(self) -> cypher.Chunked:
        """Return how the relationships are read."""
        columns = {"model": "m.key", "node": f"n.{self.names[0]}"}
        columns |= {name: f"r.{name}" for name in self.properties}
        return cypher.relationships(self.relationship, self.label, columns)


# (:Model)-[:PUBLISHED_BY]->(:Organization)
_ORGANIZATIONS = _Nodes("Organization", ("name", "title", "country", "kind"), "PUBLISHED_BY", ())

# (:Model)-[:IN_FAMILY {share}]->(:Family)
_FAMILIES = _Nodes("Family", ("key", "name"), "IN_FAMILY", ("share",))


def write_scores(client: Client, held: Held, tables: dict[str, pa.RecordBatch]) -> int:
    """Make the nodes say what a snapshot says, and return how much was changed."""
    writer = _Writer(client, held)
    models = tables["models"]
    order = pc.sort_indices(models.column("key"))
    sorted_models = _Sorted(
        models.column("key").take(order), order.to_numpy().astype(np.int64), writer
    )
    _write_scores(writer, sorted_models, models)
    organizations = tables["organizations"]
    published_by = pc.index_in(
        models.column("author").cast(pa.string()), value_set=organizations.column("name")
    ).take(order)
    known = np.flatnonzero(published_by.is_valid().to_numpy(zero_copy_only=False))
    nodes = published_by.drop_null().to_numpy().astype(np.int64)
    _write_nodes(writer, sorted_models, _ORGANIZATIONS, organizations, _Links(known, nodes, None))
    families = models.column("families").take(order)
    links = _Links(
        np.repeat(np.arange(len(families)), pc.list_value_length(families).fill_null(0).to_numpy()),
        families.flatten().to_numpy().astype(np.int64),
        models.column("family_shares").take(order).flatten().to_numpy(),
    )
    _write_nodes(writer, sorted_models, _FAMILIES, tables["families"], links)
    return writer.written


class _Writer:
    """Collects rows for statements, and writes them by the batch under the lease."""

    def __init__(self, client: Client, held: Held) -> None:
        self.client = client
        self.held = held
        self.written = 0

    def write(self, statement: str, rows: Sequence[list[Any]]) -> None:
        """Write rows, which may be many."""
        for start in range(0, len(rows), BATCH_ROWS):
            self.written += self.held.write(_change(statement, rows[start : start + BATCH_ROWS]))

    def chunks(self, chunked: cypher.Chunked) -> Iterator[Any]:
        """Read by chunk, and keep the lease meanwhile."""
        for chunk in self.client.chunks(chunked):
            self.held.renew_when_due()
            yield chunk


def _change(statement: str, rows: Sequence[list[Any]]) -> Callable[[Any], int]:
    return lambda transaction: change(transaction, statement, rows)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The snapshot's models by key: ``keys`` ascending, and the row of each."""

    keys: pa.StringArray
    rows: Rows
    writer: _Writer

    def windows(self, chunked: cypher.Chunked) -> Iterator[tuple[Any, int, int]]:
        """Read by chunk, with the places of the keys that a chunk is about."""
        start = 0
        for chunk in self.writer.chunks(chunked):
            # Strings compare by code point here, as their UTF-8 bytes do there.
            end = bisect_right(
                range(len(self.keys)), chunk["last"], start, key=lambda at: self.keys[at].as_py()
            )
            yield chunk, start, end
            start = end

    def places(self, keys: list[str], start: int, end: int) -> Rows:
        """Return the place of each key in a window; -1 for one that is not there."""
        window = self.keys.slice(start, end - start)
        found = pc.index_in(pa.array(keys, pa.string()), value_set=window)
        places: Rows = found.fill_null(-1 - start).to_numpy().astype(np.int64)
        return places + start


def _write_scores(writer: _Writer, models: _Sorted, table: pa.RecordBatch) -> None:
    linked = sum(
        pc.list_value_length(table.column(name)).fill_null(0).to_numpy()
        for name in ("bases", "derivatives")
    )
    wanted = np.stack([table.column(name).to_numpy().astype(float) for name in SCORES])
    wanted = np.where(linked > 0, wanted, np.nan)[:, models.rows]
    integral = [pa.types.is_integer(table.schema.field(name).type) for name in SCORES]
    for chunk, start, end in models.windows(cypher.nodes("Model", ["key", *SCORES])):
        places = models.places(chunk["key"], start, end)
        stored = np.array([chunk[name] for name in SCORES], float)
        there = wanted[:, places]
        differs = ~((stored == there) | (np.isnan(stored) & np.isnan(there))).all(axis=0)
        rows = []
        for at in np.flatnonzero(differs & (places >= 0)):
            values = there[:, at].tolist()
            rows.append([chunk["key"][at], *map(_property, values, integral)])
        writer.write(_SET_SCORES, rows)


def _property(value: float, integral: bool) -> int | float | None:
    if math.isnan(value):
        return None
    return int(value) if integral else value


@dataclass(frozen=True, slots=True)
class _Links:
    """Which models point to which nodes, ascending by the model's place."""

    places: Rows
    nodes: Rows
    shares: NDArray[np.float64] | None

    def within(self, start: int, end: int) -> tuple[Rows, Rows, NDArray[np.float64]]:
        """Return the links of a window of models; a share of 1 where there is none."""
        window = slice(*np.searchsorted(self.places, [start, end]))
        places = self.places[window]
        shares = np.ones(len(places)) if self.shares is None else self.shares[window]
        return places, self.nodes[window], shares


def _write_nodes(
    writer: _Writer, models: _Sorted, kind: _Nodes, table: pa.RecordBatch, links: _Links
) -> None:
    wanted = {row[0]: row for row in zip(*(table[n].to_pylist() for n in kind.names), strict=True)}
    stored = {
        row[0]: row
        for chunk in writer.chunks(cypher.nodes(kind.label, kind.names))
        for row in zip(*(chunk[name] for name in kind.names), strict=True)
    }
    writer.write(kind.put, [list(row) for key, row in wanted.items() if stored.get(key) != row])
    names = table.column(kind.names[0])
    for window in models.windows(kind.links):
        gone, new = _difference(models, kind, names, links, *window)
        writer.write(kind.unlink, gone)
        writer.write(kind.link, new)
    writer.write(kind.drop, [[key] for key in stored if key not in wanted])


def _difference(
    models: _Sorted,
    kind: _Nodes,
    names: pa.StringArray,
    links: _Links,
    chunk: Any,
    start: int,
    end: int,
) -> tuple[list[list[Any]], list[list[Any]]]:
    """Return the links of a window that are to go, and those that are new or changed."""
    found = pc.index_in(pa.array(chunk["node"], pa.string()), value_set=names)
    stored_nodes = found.fill_null(len(names)).to_numpy().astype(np.int64)
    stored = models.places(chunk["model"], start, end) * (len(names) + 1) + stored_nodes
    places, nodes, shares = links.within(start, end)
    wanted = places * (len(names) + 1) + nodes
    gone = [
        [chunk["model"][at], chunk["node"][at]] for at in np.flatnonzero(~np.isin(stored, wanted))
    ]
    stored_shares = chunk["share"] if kind.properties else [1.0] * len(stored)
    share_of = dict(zip(stored.tolist(), stored_shares, strict=True))
    new = []
    for at, (code, share) in enumerate(zip(wanted.tolist(), shares.tolist(), strict=True)):
        if share_of.get(code) != share:
            ends = [models.keys[places[at]].as_py(), names[nodes[at]].as_py()]
            new.append([*ends, share] if kind.properties else ends)
    return gone, new
