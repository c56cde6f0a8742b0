"""The snapshot that is served: the newest published one, and with it what came before."""

import threading
import time
from pathlib import Path
from typing import NamedTuple

import structlog

from api.warm import warm
from graph.ecosystem import Ecosystem
from graph.errors import ModelkinError, TryLaterError
from graph.history import History, reader
from graph.store.port import Store

REFRESH_S = 5.0
"""Seconds between looks for a newer snapshot."""

_log = structlog.get_logger()


class NotReadyError(TryLaterError):
    """No snapshot is published yet."""

    code = "NOT_READY"


class Served(NamedTuple):
    """What is answered from: the newest snapshot, and the ones published up to then."""

    eco: Ecosystem
    history: History


class Current:
    """Holds the ecosystem that is served, and follows what a store publishes.

    Parameters
    ----------
    store
        Whose newest snapshot is served.
    cache
        Where snapshots of a remote store are copied to.
    refresh_s
        Seconds between looks for a newer snapshot.
    """

    def __init__(self, store: Store, cache: Path, refresh_s: float = REFRESH_S) -> None:
        self._store = store
        self._cache = cache
        self._refresh_s = refresh_s
        self._served: Served | None = None
        self._read = reader(lambda id: store.fetch(id, cache, whole=False))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="snapshots", daemon=True)

    @property
    def served(self) -> Served:
        """What to answer from; keep it for a whole request.

        Raises
        ------
        NotReadyError
            When nothing is published yet.
        """
        if self._served is None:
            raise NotReadyError("no snapshot is published yet; run 'modelkin run', then try again")
        return self._served

    @property
    def eco(self) -> Ecosystem:
        """The newest snapshot, as `served` has it."""
        return self.served.eco

    @property
    def ready(self) -> bool:
        """Whether there is something to answer from."""
        return self._served is not None

    def start(self) -> None:
        """Open the newest snapshot, serve it while it is warmed, and follow newer ones."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self) -> None:
        """Serve the newest snapshot if another one is served.

        It is warmed before it takes another's place, so that no request waits for what the next
        ones find done. The first one is served at once.

        Raises
        ------
        ModelkinError
            When the store fails or the snapshot cannot be read; what was served is served on.
        """
        infos = self._store.snapshots()
        if not infos or (self._served is not None and self._served.eco.id == infos[0].id):
            return
        eco = Ecosystem(self._store.fetch(infos[0].id, self._cache))
        if self._served is not None:
            self._warm(eco)
        self._served = Served(eco, History(infos, self._read))
        _log.info("serving a snapshot", id=eco.id, models=eco.manifest.models)

    def _warm(self, eco: Ecosystem) -> None:
        started = time.monotonic()
        for _ in warm(eco):
            if self._stop.is_set():
                return
        _log.info("warmed a snapshot", id=eco.id, seconds=round(time.monotonic() - started, 1))

    def _follow(self) -> None:
        if self._served is not None:
            self._warm(self._served.eco)
        while not self._stop.wait(self._refresh_s):
            try:
                self.refresh()
            except ModelkinError as error:
                _log.warning("cannot look for a newer snapshot", error=str(error))
