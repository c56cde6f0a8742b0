"""Keeping a lease while work goes on that writes nothing: waits for a quota, long measures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from graph.errors import LeaseLostError, ModelkinError
from graph.store.port import RENEW_S, Run, Store


@contextmanager
def heartbeat(store: Store, run: Run, every_s: float = RENEW_S) -> Iterator[None]:
    """Renew a run's lease in the background, as long as the block lasts.

    A lease that is lost ends the beat and nothing else: the run's next write says so. A store
    that fails may be back at the next beat.

    Parameters
    ----------
    every_s
        Seconds between renewals.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every_s):
            try:
                store.renew(run)
            except LeaseLostError:
                return
            except ModelkinError:
                continue

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
