"""Crawl and measure as an operator runs them: settings in, a report and a snapshot out."""

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from graph.store import open_store
from graph.store.port import Run, SnapshotInfo, Store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from ingest.parquet import ParquetSource, is_parquet
from ingest.source import Source
from modelkin import __version__
from modelkin.credentials import credentials, hub_token
from modelkin.progress import shown
from modelkin.settings import Settings

HUB = "hub"
"""Names the Hub as a source."""

RUNS_LOOKED_AT = 1000
"""How far back a schedule looks for the last full crawl."""


class Stopped(KeyboardInterrupt):
    """Work was cut short because the process was told to end: an interrupt, not a failure."""


def opened(settings: Settings) -> Store:
    """Open the store of the settings."""
    return open_store(settings.store, credentials=credentials(), database=settings.neo4j_database)


@contextmanager
def sigterm() -> Iterator[threading.Event]:
    """Turn SIGTERM into an event, so that work ends after the batch at hand."""
    event = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        event.set()

    previous = signal.signal(signal.SIGTERM, tell)
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, previous)


def source_of(
    name: str, settings: Settings, *, limit: int | None = None, stop: threading.Event
) -> Source:
    """Return the source of a name: ``hub``, a file's path, or a file's ``hf://`` address."""
    token = hub_token(settings)
    if name.startswith("hf://"):
        from ingest.hub_files import dataset_file  # the client costs 0.3 s

        fetched = dataset_file(name, endpoint=settings.hub_endpoint, token=token)
        return ParquetSource(fetched, limit=limit)
    if name != HUB:
        path = Path(name)
        kind = ParquetSource if is_parquet(path) else JsonlSource
        return kind(path, limit=limit)
    from ingest.hub import HubSource
    from ingest.hub_client import HubClient

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    client = HubClient(
        endpoint=settings.hub_endpoint,
        token=token,
        timeout_s=settings.hub_timeout_s,
        first_answer_s=settings.hub_first_answer_s,
        silence_s=settings.hub_silence_s,
        quota_reserve=settings.hub_quota_reserve,
        library_version=__version__,
        sleep=wait,
    )
    return HubSource(
        client,
        limit=limit,
        overlap_s=settings.hub_overlap_s,
        look_ups=settings.hub_look_ups,
    )


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for cycles after every 50,000 objects that stay, not 700.

    A page is some 10,000 objects that come and go with it, and no cycle among them; to look
    through them took a fifth of the time for reading and transforming.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def crawl(
    store: Store,
    source: Source,
    stop: threading.Event,
    *,
    mode: str = "full",
    resume: bool = True,
    max_shrink: float = 0.05,
    batch_rows: int,
) -> Run:
    """Crawl a source into a store, showing how far it is.

    Returns
    -------
    Run
        Its state is ``done``, or ``stopped`` where the event was set.
    """
    with shown("crawl") as progress, seldom_collected():
        return Crawl(
            store, source, mode, resume, max_shrink, batch_rows, progress, stop.is_set
        ).run()


def measure(store: Store, settings: Settings, stop: threading.Event) -> SnapshotInfo:
    """Measure a store, showing how far it is, and publish a snapshot.

    Raises
    ------
    Stopped
        When the event was set before the last step.
    """
    from graph.measure import measure as measure_store
    from graph.registry import load_registry

    with shown("measure") as progress:

        def told(step: str, done: int, total: int | None) -> None:
            if stop.is_set():
                raise Stopped
            progress(step, done, total)

        return measure_store(
            store, load_registry(settings.registry), keep=settings.keep_snapshots, progress=told
        )
