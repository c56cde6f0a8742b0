"""What a measured snapshot leaves for ever: its series, and what changed since the one before."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from graph import snapshot
from graph.difference import difference
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError, SnapshotFormatError
from graph.history import History, of_store
from graph.series import series
from graph.store.port import Store


def complete(directory: Path, store: Store, cache: Path) -> None:
    """Write the lasting tables beside a new snapshot's files, and name the snapshot before it.

    That is the newest published one of the same kind, the sample or not. Without one that can be
    read nothing is said to have changed.

    Parameters
    ----------
    directory
        The new snapshot's files.
    store, cache
        Where the one before is published, and where it may be copied to.
    """
    eco = Ecosystem(directory)
    with ThreadPoolExecutor(1) as beside:
        sizes = beside.submit(series, eco)
        changes = _changes(eco, directory, store, cache)
    snapshot.write_lasting(directory, "series", sizes.result())
    snapshot.write_lasting(directory, "changes", changes)


def _changes(eco: Ecosystem, directory: Path, store: Store, cache: Path) -> pa.Table:
    """Return what changed since the snapshot before, and name that in the manifest."""
    history = of_store(store, cache)
    found = _before(eco, history, store, cache)
    if found is None:
        return snapshot.CHANGES.empty_table()
    id, models = found
    changes = difference(models, eco.table("models"), lambda keys: history.went(keys, id))
    snapshot.write_manifest(directory, replace(eco.manifest, previous=id))
    return changes


def _before(
    eco: Ecosystem, history: History, store: Store, cache: Path
) -> tuple[str, pa.RecordBatch] | None:
    """Return the id and the models of the snapshot before."""
    try:
        previous = history.newest(sample=eco.manifest.sample)
        if previous is None:
            return None
        manifest, tables = snapshot.read(store.fetch(previous.manifest.id, cache))
    except (SnapshotFormatError, NotFoundError):
        return None
    return manifest.id, tables["models"]
