"""Opening a store's newest snapshot, or its history, as a notebook does."""

from pathlib import Path

from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError
from graph.history import History, reader
from graph.store import open_store
from graph.store.port import Store
from modelkin.credentials import credentials
from modelkin.settings import Settings


def open(store: str | Path | None = None, snapshot: str | None = None) -> Ecosystem:
    """Open a published snapshot.

    Parameters
    ----------
    store
        A directory or a Neo4j URL; by default the setting ``MODELKIN_STORE``.
    snapshot
        A snapshot's id; the newest one by default.

    Raises
    ------
    NotFoundError
        When the store holds no such snapshot.
    StoreError, StoreUrlError, CredentialsError
        When the store cannot be opened.
    """
    settings = Settings()
    with _opened(store, settings) as found:
        if snapshot is None:
            snapshots = found.snapshots()
            if not snapshots:
                raise NotFoundError(f"the store {found.url} holds no snapshot; run 'modelkin run'")
            snapshot = snapshots[0].id
        return Ecosystem(found.fetch(snapshot, settings.snapshot_cache))


def history(store: str | Path | None = None) -> History:
    """Open what all published snapshots leave for ever: series, and changes between any two.

    Parameters
    ----------
    store
        A directory or a Neo4j URL; by default the setting ``MODELKIN_STORE``.

    Raises
    ------
    StoreError, StoreUrlError, CredentialsError
        When the store cannot be opened.
    """
    settings = Settings()
    with _opened(store, settings) as found:
        infos = found.snapshots()
        # Copied now, so that the store need not stay open.
        copies = {
            info.id: found.fetch(info.id, settings.snapshot_cache, whole=False) for info in infos
        }
    return History(infos, reader(copies.__getitem__))


def _opened(store: str | Path | None, settings: Settings) -> Store:
    url = str(store or settings.store)
    return open_store(url, credentials=credentials(), database=settings.neo4j_database)
