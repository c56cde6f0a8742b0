"""Small lineages for tests: as arrays, as networkx graphs, and as whole measured ecosystems."""

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from graph.csr import Csr, csr, simple
from graph.ecosystem import Ecosystem
from graph.measure import measure
from graph.measures.arrangement import Arrangement, arrange
from graph.records import Relation
from graph.registry import Family, License, LicenseClass, Organization, Registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource

Item = dict[str, Any]
"""One list item of ``GET /api/models``."""

RELATIONS = [relation.value for relation in Relation if relation is not Relation.UNKNOWN]


def examples(count: int) -> settings:
    """Settings of a property: in CI the same examples each time, so that a failure is a change."""
    return settings(max_examples=count, deadline=None, derandomize=bool(os.environ.get("CI")))


class Lineage(NamedTuple):
    """Edges derivative -> base among numbered models, a relation's code for each."""

    size: int
    edges: list[tuple[int, int]]
    relations: list[int]

    @property
    def graph(self) -> nx.DiGraph:
        """The same as networkx keeps it, parallel relations as one edge."""
        graph = nx.DiGraph()
        graph.add_nodes_from(range(self.size))
        graph.add_edges_from(self.edges)
        return graph

    @property
    def multi(self) -> tuple[Csr, Any]:
        """Bases with parallel relations, and each edge's relation."""
        ends = np.array(self.edges, np.int32).reshape(-1, 2)
        adjacency, order = csr(ends[:, 0], ends[:, 1], self.size)
        return adjacency, np.array(self.relations, np.int8)[order]

    @property
    def bases(self) -> Csr:
        """Bases, each once."""
        return simple(self.multi[0])

    @property
    def arranged(self) -> Arrangement:
        """The same as measures take it."""
        return arrange(self.bases)


@st.composite
def lineages(draw: st.DrawFn, *, most: int = 12) -> Lineage:
    """Draw a lineage: forests, merges, cycles, parallel relations and isolated models."""
    size = draw(st.integers(1, most))
    node = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=3 * size))
    if draw(st.booleans()):  # no cycles, as nearly everywhere on the Hub
        pairs = [(max(pair), min(pair)) for pair in pairs]
    edges = [(child, base) for child, base in pairs if child != base]
    codes = st.integers(0, len(Relation) - 1)
    relations = draw(st.lists(codes, min_size=len(edges), max_size=len(edges)))
    return Lineage(size, edges, relations)


def item(id: str, *bases: str, **fields: Any) -> Item:
    """Return a list item; a base is written ``relation:id`` as in the Hub's tags."""
    tags = [f"base_model:{base}" for base in bases]
    if "license" in fields:
        tags.append(f"license:{fields.pop('license')}")
    return {"id": id, "tags": tags, **fields}


def ecosystem(
    *crawls: Iterable[Item], registry: Registry | None = None, directory: Path | None = None
) -> Ecosystem:
    """Crawl each list of items as the whole Hub, one after the other; measure, and open."""
    home = tempfile.TemporaryDirectory(prefix="lineages-")
    root = directory or Path(home.name)
    with home, open_store(str(root / "store")) as store:
        for number, items in enumerate(crawls):
            file = root / f"crawl-{number}.jsonl"
            file.write_text("".join(json.dumps(entry) + "\n" for entry in items), encoding="utf-8")
            # How much may vanish is the crawl's own concern, tested with it.
            assert Crawl(store, JsonlSource(file), max_shrink=1.0).run().state == "done"
        info = measure(store, registry or REGISTRY)
        # The files stay mapped when their directory goes.
        return Ecosystem(store.fetch(info.id, root / "cache"))


def _family(key: str, organization: str, *patterns: str) -> Family:
    return Family(key, key.title(), organization, patterns, (), "an example")


def _organization(name: str, country: str) -> Organization:
    return Organization(name, name.title(), country, "company", "an example")


REGISTRY = Registry(
    families=(
        _family("red", "red", "red/*"),
        _family("blue", "blue", "blue/*"),
        _family("gpt2", "openai", "gpt2", "gpt2-*"),
        _family("nobody", "nobody", "nobody/*"),
    ),
    organizations=MappingProxyType(
        {
            name: _organization(name, country)
            for name, country in (
                ("red", "CN"),
                ("blue", "US"),
                ("openai", "US"),
                ("nobody", "FR"),
                ("green", "unknown"),
            )
        }
    ),
    licenses=MappingProxyType(
        {
            "mit": License("mit", "MIT", LicenseClass.PERMISSIVE, "an example"),
            "nc": License("nc", "NC", LicenseClass.NON_COMMERCIAL, "an example"),
        }
    ),
    origins=MappingProxyType(
        {
            "mirror/red-7b": "red/7b",
            "mirror/blue-8b": "blue/8b",
            "mirror/declared": "blue/8b",
        }
    ),
)
"""A small registry of its own, so that no edit of the built-in one changes an expectation."""

POOL = (
    "red/7b",
    "red/chat",
    "blue/8b",
    "blue/distill",
    "green/x",
    "solo/a",
    "solo/b",
    "mirror/red-7b",
    "gpt2",
)
"""Ids of drawn ecosystems: two families, a copy, a legacy id, and four of no family."""


@st.composite
def item_lists(draw: st.DrawFn, pool: Sequence[str] = POOL) -> list[Item]:
    """Draw some models of the pool, whose bases may be missing, cyclic or declared twice."""
    listed = draw(st.lists(st.sampled_from(pool), min_size=1, unique=True))
    base = st.tuples(st.sampled_from(RELATIONS), st.sampled_from(pool))
    items = []
    for id in listed:
        bases = draw(st.lists(base, max_size=4, unique=True))
        fields = {
            name: value
            for name, value in (
                ("downloads", draw(st.none() | st.integers(0, 3))),
                ("downloadsAllTime", draw(st.none() | st.integers(0, 9))),
                ("createdAt", draw(st.none() | st.sampled_from(DATES))),
                ("license", draw(st.none() | st.sampled_from(["mit", "nc", "odd"]))),
            )
            if value is not None
        }
        items.append(item(id, *(f"{how}:{what}" for how, what in bases if what != id), **fields))
    return items


DATES = ("2024-01-31T23:59:59.000Z", "2024-02-01T00:00:00.000Z", "2024-05-05T05:05:05.000Z")
"""Creation dates of drawn models: both sides of a month's end, and months without any."""
