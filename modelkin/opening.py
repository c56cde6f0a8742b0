"""Opening a store's newest snapshot, as a notebook does."""

from pathlib import Path

from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError
from graph.store import open_store
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
    url = str(store or settings.store)
    with open_store(url, credentials=credentials(), database=settings.neo4j_database) as found:
        if snapshot is None:
            snapshots = found.snapshots()
            if not snapshots:
                raise NotFoundError(f"the store {found.url} holds no snapshot; run 'modelkin run'")
            snapshot = snapshots[0].id
        return Ecosystem(found.fetch(snapshot, settings.snapshot_cache))
