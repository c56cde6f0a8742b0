"""Answers about one model and about the whole: milliseconds, beside networkx where it has a way.

    python -m bench.answers [--models 330000] [--home DIRECTORY]

On the store of `bench.measure_job` (built once, where ``--home`` keeps it). ``first`` is the first
answer of a process that just opened the snapshot; ``again`` the median of the next ones, most of
which are kept. networkx starts from a `DiGraph` that it has already; what both give is compared.
Then questions by GraphQL: ``opened``, each the first of all, and ``warmed``, the first of its kind
once a server has warmed the snapshot, which it does before it serves a new one.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from api.clock import Deadline
from api.documents import Documents
from api.execution import execute
from api.limits import Limits
from api.query import Context
from api.schema import graphql_schema
from api.warm import warm
from bench.measure_job import build
from graph.adoption import adoption
from graph.concentration import concentration
from graph.copies import copies
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.growth import growth
from graph.influence import family_centrality, influence
from graph.license_drift import license_drift
from graph.license_path import license_path
from graph.lineage import lineage
from graph.measure import measure
from graph.registry import load_registry
from graph.removal import impact_of_removal
from graph.shares import By, Definition, Weight
from graph.store import open_store

REPEAT = 9
DERIVATIVES = Definition(Weight.DERIVATIVES, Attribution.LINEAGE, Credit.FRACTIONAL)


def opened(home: Path, count: int) -> Ecosystem:
    """Return the newest snapshot of the store, measured if there is none."""
    directory = home / f"store-{count}"
    if not directory.exists():
        build(str(directory), count)
    with open_store(str(directory)) as store:
        infos = store.snapshots() or [measure(store, load_registry())]
        return Ecosystem(store.fetch(infos[0].id, home))


def timed(answer: Callable[[], Any], repeat: int) -> tuple[Any, float, float]:
    """Return an answer, and the milliseconds of the first time and of later ones."""
    taken = []
    for _ in range(1 + repeat):
        start = time.perf_counter()
        found = answer()
        taken.append((time.perf_counter() - start) * 1000)
    return found, taken[0], statistics.median(taken[1:]) if repeat else taken[0]


def removed(graph: nx.DiGraph, roots: set[str], id: str) -> tuple[int, int]:
    """Count the descendants of a model, and those that no root reaches without it."""
    below = nx.ancestors(graph, id)
    rest = nx.DiGraph(graph.subgraph(below)).reverse(copy=False)
    kept = {node for node in below if node in roots or set(graph[node]) - below - {id}}
    for layer in nx.bfs_layers(rest, list(kept)):
        kept.update(layer)
    return len(below), len(below - kept)


QUESTIONS = {
    "families by descendants": "{ families(first: 20) { nodes { key name models derivatives } } }",
    "four families compared": """{ compare(families: ["qwen", "llama", "deepseek", "mistral"]) {
      family { key } models derivatives downloads } }""",
    "shares of families": "{ share(by: FAMILY) { groups { key value } unknown } }",
    "shares of organisations": "{ share(by: ORGANIZATION) { groups { key value } unknown } }",
    "shares of countries": "{ share(by: COUNTRY) { groups { key value } unknown } }",
    "shares of licence classes": "{ share(by: LICENSE_CLASS) { groups { key value } unknown } }",
    "two families by month": """{ timeSeries(by: FAMILY, keys: ["qwen", "llama"]) {
      dates series { key values } } }""",
    "the same by publisher and downloads": """{ timeSeries(by: FAMILY, keys: ["qwen", "llama"],
      attribution: PUBLISHER, weight: DOWNLOADS) { dates series { values } } }""",
    "concentration of organisations": "{ concentration(by: ORGANIZATION) { hhi gini } }",
    "search: qwen2.5 coder": '{ search(text: "qwen2.5 coder") { id } }',
    "search: llama 3 8b instruct": '{ search(text: "llama 3 8b instruct") { id } }',
    "search, misspelt: mistrall instrct": '{ search(text: "mistrall instrct") { id } }',
    "search: what nothing holds": '{ search(text: "zzzzzz") { id } }',
}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=330_000)
    parser.add_argument("--home", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        eco = opened(wanted.home or Path(temporary), wanted.models)
        report(eco)
        questions(eco)


def questions(eco: Ecosystem) -> None:
    """Print what questions take after opening, after warming, and again."""
    schema, limits = graphql_schema(), Limits(query_s=600)
    documents = Documents(schema, limits, introspection=True)

    def asked(eco: Ecosystem, query: str) -> tuple[float, float]:
        document, context = documents.read(query, None), Context(eco)

        def answer() -> None:
            found = execute(schema, document, {}, context, limits, Deadline(limits.query_s))
            assert not found.errors, found.errors

        return timed(answer, REPEAT)[1:]

    start = time.perf_counter()
    warmed = Ecosystem(eco.directory)
    for _ in warm(warmed):
        pass
    print(f"\nwarmed in {time.perf_counter() - start:,.1f} s\n")
    print("| question | opened | warmed | again |\n| --- | --- | --- | --- |")
    for name, query in QUESTIONS.items():
        opened, _ = asked(Ecosystem(eco.directory), query)
        first, again = asked(warmed, query)
        print(f"| {name} | {opened:,.1f} | {first:,.2f} | {again:,.3f} |", flush=True)


def report(eco: Ecosystem) -> None:
    """Print the table of one ecosystem."""
    large, deep = (int(np.argmax(eco.numbers(name))) for name in ("descendants", "depth"))
    family = int(np.argmax(eco.table("families").column("models").to_numpy()))
    graph = nx.DiGraph(eco.graph)
    roots = {eco.names[row] for row in np.flatnonzero(eco.roots.degrees() == 0).tolist()}
    root = eco.names[license_path(eco, deep)[-1].row]

    print(f"{len(eco):,} models; of the largest {eco.numbers('descendants')[large]:,} descend\n")
    print("| answer | first | again | networkx |")
    print("| --- | --- | --- | --- |")

    def row(name: str, answer: Callable[[], Any], slow: Callable[[], Any] | None = None) -> None:
        found, first, again = timed(answer, REPEAT)
        peer = ""
        if slow is not None:
            told, _, milliseconds = timed(slow, 0)
            assert told == found, f"{name}: {found} here, {told} by networkx"
            peer = f"{milliseconds:,.1f}"
        print(f"| {name} | {first:,.1f} | {again:,.3f} | {peer} |", flush=True)

    id = eco.names[large]
    row(
        "a lineage, 200 nodes of it",
        lambda: lineage(eco, large, 200).total,
        lambda: 1 + len(nx.ancestors(graph, id) | nx.descendants(graph, id)),
    )
    row(
        "impact of removal",
        lambda: impact_of_removal(eco, large)[:2],
        lambda: removed(graph, roots, id),
    )
    row(
        "the licence path of the deepest",
        lambda: len(license_path(eco, deep)),
        lambda: len(nx.shortest_path(graph, eco.names[deep], root)),
    )
    row("relative adoption", lambda: adoption(eco, np.array([large], np.int32)))
    row("growth of the largest family", lambda: growth(eco, family))
    row("concentration of families", lambda: concentration(eco, By.FAMILY, DERIVATIVES))
    row("influence between families", lambda: influence(eco))
    row("how central families are", lambda: family_centrality(eco))
    row("licence drift", lambda: license_drift(eco))
    row("inferred copies", lambda: copies(eco))


if __name__ == "__main__":
    main()
