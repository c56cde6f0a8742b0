"""``modelkin up``: an answer at once, from the built-in sample, and the Hub crawled behind it."""

import threading

import structlog

from graph import snapshot
from graph.errors import ModelkinError
from modelkin.jobs import HUB, Stopped, crawl, measure, opened, source_of
from modelkin.sample import sample_source
from modelkin.settings import Settings

_log = structlog.get_logger()


def prepare(settings: Settings) -> bool:
    """See to it that there is a snapshot to serve; measure the built-in sample if need be.

    Returns
    -------
    bool
        Whether what is served is the sample.
    """
    with opened(settings) as store:
        snapshots = store.snapshots()
        if not snapshots:
            stop = threading.Event()
            crawl(
                store,
                sample_source(),
                stop,
                resume=False,
                max_shrink=1.0,
                batch_rows=settings.batch_rows,
            )
            measure(store, settings, stop)
            return True
        manifest, _ = snapshot.read(store.fetch(snapshots[0].id, settings.snapshot_cache))
        return manifest.sample


def replace_sample(settings: Settings, stop: threading.Event) -> None:
    """Crawl the Hub and publish what it holds; where that cannot be, say why."""
    try:
        with opened(settings) as store:
            # What the sample held and the Hub no longer has may all go: it was a sample.
            run = crawl(
                store,
                source_of(HUB, settings, stop=stop),
                stop,
                max_shrink=1.0,
                batch_rows=settings.batch_rows,
            )
            if run.state == "done":
                measure(store, settings, stop)
    except Stopped:
        pass
    except ModelkinError as error:
        _log.warning("the Hub was not crawled; the sample is served on", reason=str(error))
