"""The ecosystem that is measured from the built-in sample: once a session, for whoever asks."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from api.clock import Deadline
from api.documents import Documents
from api.execution import execute
from api.limits import Limits
from api.query import Context
from api.schema import graphql_schema
from graph.ecosystem import Ecosystem
from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from modelkin.sample import sample_source


def measured_sample(directory: Path) -> Ecosystem:
    """Crawl and measure the sample into an embedded store in a directory."""
    with open_store(str(directory / "store")) as store:
        Crawl(store, sample_source()).run()
        info = measure(store, load_registry())
        return Ecosystem(store.fetch(info.id, directory / "cache"))


def ask(eco: Ecosystem, query: str) -> Any:
    """Return a query's ``data`` as a client reads it.

    Raises
    ------
    ValueError
        When the query fails.
    """
    schema, limits = graphql_schema(), Limits()
    document = Documents(schema, limits, introspection=True).read(query, None)
    result = execute(schema, document, {}, Context(eco), limits, Deadline(limits.query_s))
    if result.errors:
        raise ValueError("; ".join(error["message"] for error in result.errors))
    return orjson.loads(orjson.dumps(result.data))


@pytest.fixture(scope="session")
def sample_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose ``store`` holds the sample's snapshot."""
    directory = tmp_path_factory.mktemp("sample")
    measured_sample(directory)
    return directory


@pytest.fixture(scope="session")
def sample_ecosystem(sample_directory: Path) -> Ecosystem:
    with open_store(str(sample_directory / "store")) as store:
        return Ecosystem(store.fetch(store.snapshots()[0].id, sample_directory / "cache"))
