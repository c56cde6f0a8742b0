"""Measures of one generated lineage, side by side with the libraries that are installed.

    python -m bench.measures [--models 3300000] [--repeat 3]

Prints a Markdown table of seconds, the median of the runs (networkx: one run), and what peers are
missing (``pip install igraph rustworkx``). Every library starts from the same two arrays of edges
and answers of all models; results are compared with ours, PageRank with a long power
iteration. Ours is asked through networkx: ``nx.pagerank(graph)``. With ``--processor`` the
processor's seconds are counted, which other work on the machine lengthens less.
"""

import argparse
import gc
import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.measures_peers import PEERS, Ask, Ends, Library, libraries, ours
from graph.lineage_graph import LineageGraph
from graph.measures.betweenness import edge_betweenness
from graph.measures.depth import depth
from graph.measures.descendants_by_relation import descendants_by_relation
from graph.measures.downstream import DAY, downstream
from graph.measures.roots import roots

SEED = 20261124
DERIVED = 0.3
"""Fraction of the models that declare a base, as on the Hub."""
MERGED = 0.02
"""Fraction of those that declare several: two, or more by a power law, up to `MOST_BASES`."""
MOST_BASES = 65
CHAINED = 0.25
"""Fraction of the derivatives whose base is another recent derivative: this makes the depth."""
RUNS = 1e-4
"""Chains in which each derives from the one before, as a fraction of the derivatives."""
LONGEST_RUN = 38
CYCLES = 1e-5
"""Cycles of two, as a fraction of the models: people declare such things."""

QUESTIONS = ("in-degree", "PageRank", "descendants", "harmonic", "closeness", "betweenness")

Values = NDArray[np.float64]
Clock = Callable[[], float]


def lineage(models: int) -> tuple[Ends, Ends]:
    """Generate derivations: a few bases have most derivatives, chains are long now and then."""
    random = np.random.default_rng(SEED)
    derived = np.flatnonzero(random.random(models) < DERIVED)
    derived = derived[derived > 1]
    several = random.choice(derived, int(len(derived) * MERGED), replace=False)
    more = np.minimum(random.zipf(2.0, len(several)), MOST_BASES - 1)
    child = np.concatenate([derived, np.repeat(several, more)])
    base = (child * random.random(len(child)) ** 5).astype(np.int64)
    before = np.maximum(np.searchsorted(derived, child) - random.zipf(1.5, len(child)) % 50 - 1, 0)
    chained = (random.random(len(child)) < CHAINED) & (derived[before] < child)
    base[chained] = derived[before[chained]]
    for start in random.choice(len(derived) - LONGEST_RUN, 1 + int(len(derived) * RUNS)):
        run = np.arange(start + 1, start + random.integers(2, LONGEST_RUN))
        base[run] = derived[run - 1]
    looped = random.choice(len(derived), int(models * CYCLES), replace=False)
    child, base = np.concatenate([child, base[looped]]), np.concatenate([base, child[looped]])
    child, base = np.unique(np.stack([child, base]), axis=1)
    return child.astype(np.int32), base.astype(np.int32)


def exact_pagerank(models: int, child: Ends, base: Ends) -> Values:
    """Return the ranks of a power iteration of 300 steps: 0.85 to the 300th is 7e-22."""
    degrees = np.bincount(child, minlength=models)
    ranks = np.full(models, 1 / models)
    for _ in range(300):
        flow = (ranks / np.maximum(degrees, 1))[child]
        loose = ranks[degrees == 0].sum()
        ranks = 0.85 * (np.bincount(base, flow, models) + loose / models) + 0.15 / models
    return ranks / ranks.sum()


def timed(
    ask: Callable[[], Any], repeat: int, clock: Clock = time.perf_counter
) -> tuple[float, Any]:
    """Return the median of the seconds that a call takes, and what it returns."""
    seconds = []
    for _ in range(repeat):
        found = None
        gc.collect()
        start = clock()
        found = ask()
        seconds.append(clock() - start)
    return statistics.median(seconds), found


def as_array(found: Any) -> Values:
    """Return one value a model, whatever a library returns."""
    if hasattr(found, "keys"):
        found = [found[node] for node in range(len(found))]
    return np.asarray(found, np.float64)


def error(found: Values, expected: Values) -> float:
    """Return the largest relative difference of a value."""
    return float((np.abs(found - expected) / np.where(expected == 0, 1, np.abs(expected))).max())


def comparable(library: str, question: str, found: Any, expected: dict[str, Values]) -> Values:
    """Return a library's answer in the units of ours."""
    values = as_array(found)
    if question == "in-degree" and library in ("rustworkx", "networkx"):
        return values * (len(values) - 1)
    if question == "closeness" and library == "igraph":
        return np.nan_to_num(values) * expected["descendants"] / (len(values) - 1)
    return values


def ours_alone(graph: LineageGraph, models: int) -> dict[str, Ask]:
    """Return what no peer has, or has otherwise."""
    random = np.random.default_rng(SEED)
    relations = random.integers(0, 5, len(graph.bases.targets)).astype(np.int8)
    downloads = random.integers(0, 1_000, models)
    authors = random.integers(0, models // 4 + 1, models).astype(np.int32)
    created = np.sort(random.integers(0, 1_000 * DAY, models))
    return {
        "Katz": nx.katz_centrality,
        "edge betweenness": lambda g: edge_betweenness(g.arrangement),
        "descendants by relation": lambda g: descendants_by_relation(g.arrangement, relations, 5),
        "downstream sums, authors, recent": lambda g: downstream(
            g.arrangement,
            authors=authors,
            downloads=downloads,
            downloads_all_time=downloads,
            created_at=created,
            as_of=1_000 * DAY,
        ),
        "depth": lambda g: depth(g.arrangement),
        "roots": lambda g: roots(g.arrangement, created),
        "weak components, counted": nx.number_weakly_connected_components,
    }


def side_by_side(library: Library, edges: tuple[int, Ends, Ends], asked: list[Ask]) -> None:
    """Build a graph, and ask it everything at once, as the measure job does."""
    graph = library.build(*edges)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda ask: ask(graph), asked))


class Answers(NamedTuple):
    """What a library took, and by how much it is off."""

    seconds: dict[str, float]
    rank_error: float
    differing: list[str]


def measured(
    name: str, library: Library, graph: Any, expected: dict[str, Values], repeat: int, clock: Clock
) -> Answers:
    """Ask a library all it can be asked, and compare; what is not expected yet becomes so."""
    seconds: dict[str, float] = {}
    errors: dict[str, float] = {}
    for question, ask in library.questions.items():
        seconds[question], found = timed(partial(ask, graph), repeat, clock)
        values = comparable(name, question, found, expected)
        errors[question] = error(values, expected.setdefault(question, values))
    ranks = errors.pop("PageRank")
    return Answers(
        seconds,
        ranks,
        [f"{name}'s {what} by {off:.0e}" for what, off in errors.items() if off > 1e-9],
    )


def whole(building: float, answers: Answers) -> float:
    """Return the seconds of a library's build and measures together."""
    return building + sum(answers.seconds.values())


def row(name: str, building: float, answers: Answers) -> str:
    """Return a library's row of the table."""
    cells = [f"{answers.seconds[q]:.3f}" if q in answers.seconds else "" for q in QUESTIONS]
    cells[QUESTIONS.index("PageRank")] += f" ({answers.rank_error:.0e})"
    complete = len(answers.seconds) == len(QUESTIONS)
    cells.append(f"{whole(building, answers):.2f}" if complete else "")
    return f"| {name} | {building:.3f} | {' | '.join(cells)} |"


def shape(graph: LineageGraph, counts: Values) -> str:
    """Describe the lineage that was generated."""
    bases, lineage = graph.bases, graph.arrangement
    return (
        f"{bases.size:,} models, {len(bases.targets):,} derivations, seeded; the most bases of a"
        f" model {bases.degrees().max()}, the most derivatives"
        f" {np.bincount(bases.targets).max():,}; depth to {depth(lineage).max()};"
        f" {len(lineage.cycles())} cycles; {int(counts.sum()):,} (model, ancestor) pairs."
    )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=330_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--processor", action="store_true", help="count the processor's seconds")
    wanted = parser.parse_args()
    models: int = wanted.models
    clock = time.process_time if wanted.processor else time.perf_counter
    if models < 1_000:
        parser.error("--models must be at least 1000")
    child, base = lineage(models)
    names = pa.array([f"model-{number:09d}" for number in range(models)])

    tiny = ours(names[:3])
    for ask in tiny.questions.values():
        ask(tiny.build(3, np.array([1], np.int32), np.array([0], np.int32)))  # compiles

    expected = {"PageRank": exact_pagerank(models, child, base)}
    differing: list[str] = []
    notes: list[str] = []
    all_of: dict[str, float] = {}
    print(f"| | build | {' | '.join(QUESTIONS)} | all |\n|{' --- |' * 9}")
    for name, library in libraries(names):
        repeat = 1 if library.once else wanted.repeat
        building, graph = timed(partial(library.build, models, child, base), repeat, clock)
        answers = measured(name, library, graph, expected, repeat, clock)
        print(row(name, building, answers), flush=True)
        differing += answers.differing
        all_of[name] = whole(building, answers)
        if isinstance(graph, LineageGraph):
            notes.append(shape(graph, expected["descendants"]))
            alone = ours_alone(graph, models)
            asked = [*library.questions.values(), *alone.values()]
            edges = models, child, base
            side_by_side(library, edges, asked)  # compiles
            beside = {
                what: timed(partial(ask, graph), repeat, clock)[0] for what, ask in alone.items()
            }
            told = ", ".join(f"{what} {took:.3f}" for what, took in beside.items())
            notes.append(f"Ours beside: {told}.")
            all_of[name] += sum(beside.values())
            together, _ = timed(partial(side_by_side, library, edges, asked), repeat)
            all_of["modelkin, side by side"] = together
        del graph
    print(
        "\nSeconds; PageRank with the largest relative error of a rank; empty: has none, or hours."
    )
    print("\n".join(notes))
    for what in ("modelkin", "modelkin, side by side"):
        ratio = all_of.get("igraph", math.nan) / all_of[what]
        print(
            f"All of {what}, with the build: {all_of[what]:.2f}; igraph's six: {ratio:.1f} times."
        )
    missing = [name for name in PEERS if not importlib.util.find_spec(name)]
    print(f"Missing: {', '.join(missing) or 'none'}.")
    print(f"Differing from ours by more than 1e-9: {', '.join(differing) or 'none'}.")


if __name__ == "__main__":
    main()
