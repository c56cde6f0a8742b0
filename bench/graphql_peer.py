"""GraphQL beside @neo4j/graphql with Apollo Server, on one Neo4j: requests a second of both.

    python -m bench.graphql_peer [--models 300000] [--seconds 5] [--connections 16] [--rounds 2]

Crawls generated models into a local Neo4j and measures them, so that the nodes bear scores and
families too. Then serves them twice, two processes each: ``modelkin serve``, and the peer of
``bench/graphql_peer``, in Node's production mode, with indexes of its own beside the store's.
What both answer is compared first. Cold: hardly a request is asked twice. Warm: one request
again and again. They are loaded in turns, by wrk on the same machine; the best round counts, and
the first one never does.

Needs wrk, Node 20 or newer, and the npm registry.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from neo4j import GraphDatabase

from bench.generate import write
from bench.load import Load, body, free_port, load, wait_until_ready
from bench.whole_hub import done, modelkin, server
from graph.ecosystem import Ecosystem
from modelkin.opening import open as open_snapshot
from modelkin.settings import default_cache

WORKERS = 2
DISTINCT = 20_000
"""Requests that are drawn for a cold round: more than are asked in it, and hardly two alike."""
MANY = 100
"""Families and bases that are asked for: those of most descendants."""
COMPARED = 20
"""Requests of each kind whose answers are compared."""
PEER = Path(__file__).with_name("graphql_peer")
INDEXES = (
    "CREATE INDEX peer_downloads IF NOT EXISTS FOR (m:Model) ON (m.downloads)",
    "CREATE INDEX peer_license IF NOT EXISTS FOR (m:Model) ON (m.license, m.downloads)",
    "CREATE INDEX peer_pagerank IF NOT EXISTS FOR (m:Model) ON (m.pagerank)",
    "CALL db.awaitIndexes(240)",
)
LICENSES = ("apache-2.0", "mit", "llama3.1", "gemma", "cc-by-nc-4.0")

Draw = Callable[[random.Random], dict[str, Any]]


class Case(NamedTuple):
    """One question, as both are asked it, and what of the answers must be equal."""

    name: str
    ours: str
    theirs: str
    variables: Callable[[Ecosystem], Draw]
    our_answer: Callable[[Any], Any]
    their_answer: Callable[[Any], Any]


def _model(eco: Ecosystem) -> Draw:
    return lambda draw: {"id": eco.names[draw.randrange(len(eco))]}


def _page(_: Ecosystem) -> Draw:
    return lambda draw: {
        "license": draw.choice(LICENSES),
        "least": draw.randrange(1000),
        "first": draw.randint(51, 100),
    }


def _family(eco: Ecosystem) -> Draw:
    table = eco.table("families")
    largest = np.argsort(table.column("descendants").to_numpy())[::-1][:MANY]
    keys = table.column("key").take(largest).to_pylist()
    return lambda draw: {
        "family": draw.choice(keys),
        "least": draw.randrange(20),
        "first": draw.randint(20, 69),
    }


def _base(eco: Ecosystem) -> Draw:
    largest = np.argsort(eco.numbers("descendants"))[::-1][:MANY].tolist()
    return lambda draw: {
        "id": eco.names[draw.choice(largest)],
        "least": draw.randrange(20),
        "first": draw.randint(20, 119),
    }


def _models(found: Any) -> Any:
    return found["models"]


def _family_models(found: Any) -> Any:
    return found["families"][0]["models"]


def _nodes(found: Any) -> Any:
    return found["models"]["nodes"]


def _lineage(found: Any) -> Any:
    model = found["model"]
    bases = [(parent["relation"], parent["model"]["id"]) for parent in model["parents"]]
    return {**model, "parents": sorted(bases)}


def _their_lineage(found: Any) -> Any:
    (model,) = found["models"]
    edges = model.pop("basesConnection")["edges"]
    bases = [(edge["properties"]["relation"].upper(), edge["node"]["id"]) for edge in edges]
    return {**model, "parents": sorted(bases)}


def _descendants(found: Any) -> Any:
    page = found["model"]["descendants"]
    return page["totalCount"], [(node["id"], node["downloads"]) for node in page["nodes"]]


def _their_descendants(found: Any) -> Any:
    page = found["models"][0]["descendants"]
    return page["total"], [*zip(page["ids"], page["downloads"], strict=True)]


def _groups(found: Any) -> Any:
    return [(group["key"], group["value"]) for group in found["share"]["groups"]]


def _their_groups(found: Any) -> Any:
    return [(group["author"], group["downloads"]) for group in found["downloadsByAuthor"]]


CASES = [
    Case(
        "a model by its id, with its bases",
        """query($id: String!) { model(id: $id) {
             id author license likes downloads parents { relation model { id } } } }""",
        """query($id: String!) { models(where: {id: {eq: $id}}) {
             id author license likes downloads
             basesConnection { edges { properties { relation } node { id } } } } }""",
        _model,
        _lineage,
        _their_lineage,
    ),
    Case(
        "51 to 100 models of a licence by downloads",
        """query($license: String!, $least: Long!, $first: Int!) { models(
             first: $first, orderBy: {field: DOWNLOADS}
             filter: {license: $license, minDownloads: $least}
           ) { nodes { id author license likes downloads } } }""",
        """query($license: String!, $least: Int!, $first: Int!) { models(
             limit: $first, sort: [{downloads: DESC}, {id: ASC}]
             where: {license: {eq: $license}, downloads: {gte: $least}, status: {eq: "live"}}
           ) { id author license likes downloads } }""",
        _page,
        _nodes,
        _models,
    ),
    Case(
        "20 to 69 models of a family by PageRank",
        """query($family: String!, $least: Long!, $first: Int!) { models(
             first: $first, orderBy: {field: PAGERANK}
             filter: {family: $family, minDownloads: $least}) { nodes { id downloads } } }""",
        """query($family: String!, $least: Int!, $first: Int!) {
             families(where: {key: {eq: $family}}) { models(
               limit: $first, sort: [{pagerank: DESC}, {id: ASC}]
               where: {downloads: {gte: $least}, status: {eq: "live"}}) { id downloads } } }""",
        _family,
        _nodes,
        _family_models,
    ),
    Case(
        "descendants counted, 20 to 119 of them by downloads",
        """query($id: String!, $least: Long!, $first: Int!) { model(id: $id) {
             descendants(first: $first, orderBy: DOWNLOADS, filter: {minDownloads: $least}) {
               totalCount nodes { id downloads } } } }""",
        """query($id: String!, $least: Int!, $first: Int!) { models(where: {id: {eq: $id}}) {
             descendants(least: $least, first: $first) { total ids downloads } } }""",
        _base,
        _descendants,
        _their_descendants,
    ),
    Case(
        "downloads of a licence by author, 51 to 100 of them",
        """query($license: String!, $least: Long!, $first: Int!) { share(
             by: ORGANIZATION, weight: DOWNLOADS, attribution: PUBLISHER, first: $first
             filter: {license: $license, minDownloads: $least}) { groups { key value } } }""",
        """query($license: String!, $least: Int!, $first: Int!) {
             downloadsByAuthor(license: $license, least: $least, first: $first) {
               author downloads } }""",
        _page,
        _groups,
        _their_groups,
    ),
]


@contextmanager
def ours(env: dict[str, str]) -> Iterator[int]:
    """Serve by modelkin; gives the port."""
    port = free_port()
    process = modelkin("serve", "--port", str(port), "--workers", str(WORKERS), env=env)
    try:
        wait_until_ready(port, "/readyz")
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def theirs(env: dict[str, str]) -> Iterator[int]:
    """Serve by the peer; gives the port."""
    home = default_cache() / "bench-graphql-peer"
    shutil.copytree(PEER, home, dirs_exist_ok=True)
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
    subprocess.run(install, cwd=home, check=True)
    port = free_port()
    told = {
        "NEO4J_URL": env["MODELKIN_STORE"],
        "NODE_ENV": "production",
        "PORT": str(port),
        "WORKERS": str(WORKERS),
    }
    process = subprocess.Popen(["node", "server.mjs"], cwd=home, env=env | told)
    try:
        wait_until_ready(port, "/graphql?query=%7B__typename%7D")
        yield port
    finally:
        process.terminate()
        process.wait()


def ask(port: int, query: str, variables: dict[str, Any]) -> Any:
    """Ask once; return the data."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        body(query, variables).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        told = json.load(answer)
    if "errors" in told:
        raise SystemExit(f"failed: {told['errors']}")
    return told["data"]


def compare(case: Case, wanted: list[dict[str, Any]], our_port: int, their_port: int) -> None:
    """Check that both answer the same.

    Raises
    ------
    SystemExit
        When they do not.
    """
    for variables in wanted[:COMPARED]:
        our = case.our_answer(ask(our_port, case.ours, variables))
        their = case.their_answer(ask(their_port, case.theirs, variables))
        if our != their:
            raise SystemExit(f"{case.name}, {variables}:\nours   {our}\ntheirs {their}")


def best(port: int, rounds: list[list[str]], connections: int, seconds: float) -> Load:
    """Return the best of some rounds but the first, in which Java compiles as it goes."""
    return max([load(port, bodies, connections, seconds) for bodies in rounds][1:])


def measure(eco: Ecosystem, env: dict[str, str], wanted: argparse.Namespace) -> None:
    """Serve by both, compare what they answer, load them, and print a table."""
    print(
        "| | | ours, requests/s | median ms | theirs, requests/s | median ms | ratio |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    with ours(env) as our_port, theirs(env) as their_port:
        rounds, draw = 1 + wanted.rounds, random.Random(0)
        asked: dict[Case, list[dict[str, Any]]] = {}
        for case in CASES:
            variables = case.variables(eco)
            asked[case] = [variables(draw) for _ in range(DISTINCT * rounds)]
        for case, each in asked.items():
            compare(case, each, our_port, their_port)
        for case, each in asked.items():
            cold = [each[turn::rounds] for turn in range(rounds)]
            for name, asking in (("cold", cold), ("warm", [each[:1]] * rounds)):
                our, their = (
                    best(
                        port,
                        [[body(query, variables) for variables in some] for some in asking],
                        wanted.connections,
                        wanted.seconds,
                    )
                    for port, query in ((our_port, case.ours), (their_port, case.theirs))
                )
                print(
                    f"| {case.name if name == 'cold' else ''} | {name} | {our.rate:,.0f} |"
                    f" {our.median_ms:.2f} | {their.rate:,.0f} | {their.median_ms:.2f} |"
                    f" {our.rate / their.rate:.1f} |",
                    flush=True,
                )


def main() -> None:
    """Fill a Neo4j, and measure both on it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    with server() as (running, reached), tempfile.TemporaryDirectory() as temporary:
        env = {**os.environ, **reached}
        models = Path(temporary, "models.jsonl")
        write(models, wanted.models)
        for command in (("crawl", str(models)), ("measure",)):
            done(modelkin(*command, env=env))
        os.environ |= reached
        with GraphDatabase.driver(running.url, auth=("neo4j", reached["NEO4J_PASSWORD"])) as driver:
            for statement in INDEXES:
                driver.execute_query(statement)
        eco = open_snapshot(running.url)
        print(f"{len(eco):,} models, Python {sys.version.split()[0]}\n", flush=True)
        measure(eco, env, wanted)


if __name__ == "__main__":
    main()
