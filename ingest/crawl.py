"""A crawl: get, transform, load what changed, then settle what that means."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import xxhash

from graph.errors import LeaseLostError, StoreError
from graph.progress import Progress, unheard
from graph.quality import Quality, Reason
from graph.records import ID_KEY_PREFIX, Model
from graph.store.heartbeat import heartbeat
from graph.store.port import Batch, Run, Store, read_table
from ingest.known import KeyOfId, Known, key_hashes
from ingest.roster import COLUMNS, Mask, Roster
from ingest.settle import Settlement, settle
from ingest.source import Page, Source
from ingest.transform import transform

BATCH_ROWS = 10_000
"""Models or derivations in one transaction: what Neo4j takes best."""

T = TypeVar("T")


@dataclass(slots=True)
class Crawl:
    """One crawl of one source into one store.

    Attributes
    ----------
    store, source
        Where to and where from.
    mode
        ``full``: what the source no longer holds is swept. ``incremental``: nothing is.
    resume
        Go on with a crawl of this source that did not end.
    max_shrink
        The largest fraction of the live models that a full crawl may sweep.
    progress
        Told how far the crawl is.
    stop
        Asked after each batch whether to stop there.
    """

    store: Store
    source: Source
    mode: str = "full"
    resume: bool = True
    max_shrink: float = 0.05
    progress: Progress = unheard
    stop: Callable[[], bool] = lambda: False
    _quality: Quality = field(default_factory=Quality)
    _read: int = 0
    _written: int = 0
    _newest: int = 0
    _stored: dict[str, Any] = field(default_factory=dict)
    _key_of_id: KeyOfId | None = None
    _seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> Run:
        """Crawl, and return the run with its report; its state is ``done`` or ``stopped``.

        Raises
        ------
        LeaseHeldError
            When another run is at work.
        InputError, HubError
            When the source cannot be read. What was stored stays, and the next crawl of this
            source goes on from there.
        ShrinkError
            When a full crawl would sweep more than it may.
        """
        run = self.store.begin("crawl", self.source.name, self.mode, resume=self.resume)
        self._stored = run.report
        try:
            with heartbeat(self.store, run):
                state = "done" if self._crawl(run) else "stopped"
        except BaseException as error:
            state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            # Whoever goes on from the last batch that was stored counts on from its report.
            with contextlib.suppress(LeaseLostError, StoreError):  # the first error is the cause
                self.store.finish(run, state, self._stored)
            raise
        return self.store.finish(run, state, self._report())

    def _crawl(self, run: Run) -> bool:
        self._restore(run.report)
        with self._timed("compare"):
            known = Known(self.store.columns("models", ["key", "digest"]))
            known.mark_seen(np.unique(np.frombuffer(run.seen, np.uint64)))
        with self._timed("load"):
            if not self._load(run, known):
                return False
        with self._timed("settle"):
            self._settle(run, known)
        return True

    @property
    def _sweeps(self) -> bool:
        """Whether what this crawl does not see is gone."""
        return self.mode == "full" and self.source.complete

    def _restore(self, report: dict[str, Any]) -> None:
        """Take over the counts of the run that is gone on with."""
        self._quality = Quality(report.get("quality"))
        self._read = report.get("read", 0)
        self._written = report.get("written", 0)
        self._newest = report.get("newest", 0)

    def _load(self, run: Run, known: Known) -> bool:
        """Store what is new or changed of each page; False when told to stop there."""
        for page in self.source.pages(run.cursor):
            self._read += len(page.items)
            self._written += self.store.write(run, self._batch(known, page))
            self._stored = self._report()
            self.progress("load", self._read, self.source.total)
            if self.stop():
                return False
        return True

    def _batch(self, known: Known, page: Page) -> Batch:
        self._quality.extend((Reason(reason), example) for reason, example in page.rejected)
        models = self._models(page.items)
        hashes = key_hashes([model.key for model in models])
        digests = np.fromiter(map(_digest, models), np.int64, len(models))
        stored, seen = known.look_up(hashes)
        for place in np.flatnonzero(seen):
            self._quality.add(Reason.REPEATED_RECORD, models[place].id)
        changed = np.flatnonzero(digests != stored)
        known.mark_seen(hashes, digests)
        return Batch(
            models=[models[place] for place in changed],
            digests=digests[changed].tolist(),
            cursor=page.cursor,
            seen=hashes.tobytes() if self._sweeps else b"",
            report=self._report(),
        )

    def _models(self, items: list[Any]) -> list[Model]:
        """Transform items; of several with one key the last one counts."""
        models: list[Model] = []
        for item in items:
            model, doubts = transform(item)
            if doubts:
                self._quality.extend(doubts)
            if model is not None:
                models.append(model)
        self._give_keys(models)
        last = {model.key: model for model in models}
        if len(last) < len(models):
            for model in models:
                if last[model.key] is not model:
                    self._quality.add(Reason.REPEATED_RECORD, model.id)
        dates = (date for model in models for date in (model.created_at, model.modified_at) if date)
        self._newest = max(self._newest, max(dates, default=0))
        return list(last.values())

    def _give_keys(self, models: list[Model]) -> None:
        """Give records without ``_id`` the one that another record of the same id bore."""
        unkeyed = [
            place for place, model in enumerate(models) if model.key.startswith(ID_KEY_PREFIX)
        ]
        if unkeyed and self._key_of_id is None:
            columns = self.store.columns("models", ["key", "id", "status"])
            self._key_of_id = KeyOfId(columns)
        if self._key_of_id is None:
            return
        self._key_of_id.add(model for model in models if not model.key.startswith(ID_KEY_PREFIX))
        keys = self._key_of_id.look_up([models[place].id for place in unkeyed])
        for place, key in zip(unkeyed, keys, strict=True):
            if key:
                models[place] = models[place]._replace(key=key)

    def _settle(self, run: Run, known: Known) -> None:
        def seen(keys: pa.Array) -> Mask:
            return known.look_up(key_hashes(keys.to_pylist()))[1]

        roster = Roster(self.store.columns("models", COLUMNS), seen if self._sweeps else None)
        roster.check_shrink(self.max_shrink)
        derivations = read_table(self.store, "derivations", ["child", "base", "relation"])
        settlement = settle(roster, derivations)
        steps = _steps(settlement)
        for number, make in enumerate(steps, 1):
            self._written += self.store.write(run, make())
            self.progress("settle", number, len(steps))
        self._quality.merge(settlement.quality)

    @contextlib.contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._seconds[phase] = round(time.monotonic() - start, 3)

    def _report(self) -> dict[str, Any]:
        return {
            "read": self._read,
            "written": self._written,
            "newest": self._newest,
            "seconds": self._seconds,
            "quality": self._quality.as_dict(),
        }


def _steps(settlement: Settlement) -> list[Callable[[], Batch]]:
    """Order the changes so that both ends of a derivation exist whenever it does."""
    return [
        *_chunks(
            settlement.placeholders,
            lambda models: Batch(models=models, digests=[_digest(model) for model in models]),
        ),
        *_chunks(settlement.statuses, lambda some: Batch(statuses=some)),
        *_chunks(settlement.aliases, lambda some: Batch(aliases=some)),
        *_chunks(settlement.derivations, lambda some: Batch(derivations=some)),
        *_chunks(settlement.dropped_derivations, lambda some: Batch(dropped_derivations=some)),
        *_chunks(settlement.dropped_models, lambda keys: Batch(dropped_models=keys)),
    ]


def _chunks(
    values: Sequence[T], make: Callable[[Sequence[T]], Batch]
) -> Iterator[Callable[[], Batch]]:
    for start in range(0, len(values), BATCH_ROWS):
        yield partial(lambda start: make(values[start : start + BATCH_ROWS]), start)


def _digest(model: Model) -> int:
    """Return a number that changes when any field does; never 0, which stands for unknown."""
    value: int = xxhash.xxh3_64_intdigest(orjson.dumps(model[:]))
    return (value - 2**63) or 1
