"""A crawl: get, transform, load what changed, then settle what that means."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import xxhash
from graph.errors import LeaseLostError, StoreError
from graph.quality import Quality, Reason
from graph.records import Model
from graph.store.port import Batch, Run, Store
from graph.store.schema import SCHEMAS

from ingest.known import KeyOfId, Known, key_hashes
from ingest.settle import COLUMNS, Settlement, settle
from ingest.source import Page, Source
from ingest.transform import transform

BATCH_ROWS = 10_000
"""Models or derivations in one transaction: what Neo4j takes best."""

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how many are done, and of how many (None when unknown)."""

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
    progress: Progress = lambda phase, done, total: None
    stop: Callable[[], bool] = lambda: False
    _quality: Quality = field(default_factory=Quality)
    _read: int = 0
    _written: int = 0
    _newest: int = 0
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
        try:
            state = "done" if self._crawl(run) else "stopped"
        except BaseException as error:
            state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
            with contextlib.suppress(LeaseLostError, StoreError):  # the first error is the cause
                self.store.finish(run, state, self._report())
            raise
        return self.store.finish(run, state, self._report())

    def _crawl(self, run: Run) -> bool:
        self._restore(run.report)
        with self._timed("compare"):
            known = Known(self.store.columns("models", ["key", "digest"]))
            known.mark_seen(np.unique(np.frombuffer(run.seen, np.uint64)))
        with self._timed("load"):
            for page in self.source.pages(run.cursor):
                self._load(run, known, page)
                self.progress("load", self._read, self.source.total)
                if self.stop():
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

    def _load(self, run: Run, known: Known, page: Page) -> None:
        """Store what is new or changed of a page."""
        self._quality.extend((Reason(reason), example) for reason, example in page.rejected)
        self._read += len(page.items)
        models = self._models(page.items)
        hashes = key_hashes(list(models))
        digests = np.fromiter((_digest(m) for m in models.values()), np.int64, len(models))
        stored, seen = known.look_up(hashes)
        for key in np.array(list(models), object)[seen]:
            self._quality.add(Reason.REPEATED_RECORD, models[key].id)
        changed = np.flatnonzero(digests != stored)
        records = list(models.values())
        self._written += self.store.write(
            run,
            Batch(
                models=[records[place] for place in changed],
                digests=digests[changed].tolist(),
                cursor=page.cursor,
                seen=hashes.tobytes() if self._sweeps else b"",
                report=self._report(),
            ),
        )
        known.mark_seen(hashes, digests)

    def _models(self, items: list[Any]) -> dict[str, Model]:
        """Transform items; of several with one key the last one counts."""
        models: dict[str, Model] = {}
        for item in items:
            model, doubts = transform(item)
            if doubts:
                self._quality.extend(doubts)
            if model is None:
                continue
            if model.key.startswith("id:"):
                model = self._with_hub_key(model)
            if model.key in models:
                self._quality.add(Reason.REPEATED_RECORD, model.id)
                del models[model.key]
            models[model.key] = model
            self._newest = max(self._newest, model.created_at or 0, model.modified_at or 0)
        return models

    def _with_hub_key(self, model: Model) -> Model:
        """Give a record without ``_id`` the one that an earlier source gave."""
        if self._key_of_id is None:
            self._key_of_id = KeyOfId(self.store.columns("models", ["key", "id"]))
        key = self._key_of_id(model.id)
        return model._replace(key=key) if key else model

    def _settle(self, run: Run, known: Known) -> None:
        models = self._table("models", COLUMNS)
        seen = None
        if self._sweeps:
            seen = known.look_up(key_hashes(models.column("key").to_pylist()))[1]
        settlement = settle(
            models,
            self._table("derivations", ["child", "base", "relation"]),
            seen,
            self.max_shrink,
        )
        batches = list(_settlement_batches(settlement))
        for number, batch in enumerate(batches, 1):
            self._written += self.store.write(run, batch)
            self.progress("settle", number, len(batches))
        self._quality.merge(settlement.quality)

    def _table(self, table: str, names: Sequence[str]) -> pa.Table:
        schema = pa.schema([SCHEMAS[table].field(name) for name in names])
        return pa.Table.from_batches(self.store.columns(table, names), schema)

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


def _settlement_batches(settlement: Settlement) -> Iterator[Batch]:
    """Order the changes so that both ends of a derivation exist whenever it does."""
    for placeholders in _chunks(settlement.placeholders):
        yield Batch(models=placeholders, digests=[_digest(model) for model in placeholders])
    for statuses in _chunks(settlement.statuses):
        yield Batch(statuses=statuses)
    for aliases in _chunks(settlement.aliases):
        yield Batch(aliases=aliases)
    for derivations in _chunks(settlement.derivations):
        yield Batch(derivations=derivations)
    for derivations in _chunks(settlement.dropped_derivations):
        yield Batch(dropped_derivations=derivations)
    for keys in _chunks(settlement.dropped_models):
        yield Batch(dropped_models=keys)


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), BATCH_ROWS):
        yield values[start : start + BATCH_ROWS]


def _digest(model: Model) -> int:
    """Return a number that changes when any field does; never 0, which stands for unknown."""
    value: int = xxhash.xxh3_64_intdigest(orjson.dumps(model[:]))
    return (value - 2**63) or 1
