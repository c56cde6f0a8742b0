"""PageRank of a generated lineage: ours through networkx, beside networkx's own.

    python -m bench.pagerank [--models 2500000]

Both start from the arrays of a snapshot. Ours is the graph that `Ecosystem.graph` makes, asked by
``networkx.pagerank``; networkx's own needs a ``DiGraph`` first. The error is the largest relative
one of any rank, against a power iteration to the last digit; the residual is how much one more
step would change the ranks, all together.
"""

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import networkx as nx
import numpy as np
import pyarrow as pa

from bench.measures import exact_pagerank
from graph.csr import Csr, csr
from graph.lineage_graph import LineageGraph
from graph.measures.arrangement import arrange
from graph.measures.pagerank import residual
from graph.names import Names

T = TypeVar("T")

SEED = 20261124
DERIVED = 0.3
"""Fraction of the models that declare a base, as on the Hub."""
MERGED = 0.02
"""Fraction of those that declare a second one."""


def lineage(models: int) -> Csr:
    """Generate bases: the older a model, the more derive from it; some are chains, none a cycle."""
    random = np.random.default_rng(SEED)
    derived = np.flatnonzero(random.random(models) < DERIVED)
    derived = derived[derived > 0]
    child = np.concatenate([derived, random.choice(derived, int(len(derived) * MERGED))])
    base = (child * random.random(len(child)) ** 4).astype(np.int64)
    edges = np.unique(np.stack([child, base]), axis=1)
    return csr(edges[0].astype(np.int32), edges[1].astype(np.int32), models)[0]


def timed(make: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    found = make()
    return time.perf_counter() - start, found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=2_500_000)
    models = parser.parse_args().models
    bases = lineage(models)
    column = pa.array([f"author{i % 997:03d}/model-{i:09d}" for i in range(models)])
    order = np.argsort(column.to_numpy(zero_copy_only=False))
    column = column.take(pa.array(order))
    names = column.to_pylist()
    ends = np.stack([bases.sources(), bases.targets], axis=1)

    def ours() -> dict[str, float]:
        return dict(nx.pagerank(LineageGraph(Names(column), bases)))

    def convert() -> nx.DiGraph:
        graph = nx.DiGraph()
        graph.add_nodes_from(names)
        graph.add_edges_from((names[child], names[base]) for child, base in ends)
        return graph

    nothing = np.empty(0, np.int32)
    nx.pagerank(LineageGraph(Names(column[:10]), csr(nothing, nothing, 10)[0]))  # compile
    seconds_ours, ranks = min((timed(ours) for _ in range(3)), key=lambda run: run[0])
    seconds_build, graph = timed(convert)
    seconds_theirs, approximate = timed(lambda: nx.pagerank(graph, backend="networkx"))
    exact = exact_pagerank(models, bases.sources(), bases.targets)
    arranged = arrange(bases)

    def judged(found: dict[str, float]) -> str:
        values = np.array([found[name] for name in names])
        error = np.abs(values / exact - 1).max()
        return f"{error:.1e} | {residual(arranged, values):.1e}"

    print(f"{models:,} models, {len(bases.targets):,} derivations")
    print("| | seconds | largest relative error | residual |\n| --- | --- | --- | --- |")
    print(f"| modelkin, arrays to ranks as a dict | {seconds_ours:.2f} | {judged(ranks)} |")
    print(f"| networkx, building a DiGraph | {seconds_build:.2f} | | |")
    print(f"| networkx, its pagerank | {seconds_theirs:.2f} | {judged(approximate)} |")
    print(f"ratio with the conversion: {(seconds_build + seconds_theirs) / seconds_ours:.1f}")


if __name__ == "__main__":
    main()
