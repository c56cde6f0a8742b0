"""A crawl: get, transform, load what changed, then settle what that means."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import orjson
import xxhash

from graph.errors import LeaseLostError, ModelkinError, ShrinkError, StoreError
from graph.progress import Progress, unheard
from graph.quality import Quality, Reason
from graph.records import ID_KEY_PREFIX, Model
from graph.store.heartbeat import heartbeat
from graph.store.port import Batch, Run, Store
from ingest.known import Hashes, KeyOfId, Known, key_hashes
from ingest.report import Report
from ingest.roster import COLUMNS, Edges, Mask, Roster
from ingest.settle import RULES, Settlement, settle
from ingest.source import Page, Source
from ingest.storing import Storing
from ingest.transform import transform

END = "end"
"""The cursor of a run that has read all and is to settle; no source gives this one."""

RUNS_LOOKED_AT = 1000
"""How far back a crawl looks for the last one, of its source or of any."""

T = TypeVar("T")


@dataclass(slots=True)
class Crawl:
    """One crawl of one source into one store.

    Attributes
    ----------
    store, source
        Where to and where from.
    mode
        ``full``: what the source no longer holds is swept. ``incremental``: nothing is, and
        only what changed since the last crawl is asked for, where a source can tell.
    resume
        Go on with a crawl of this source that did not end.
    max_shrink
        The largest fraction of the live models that a full crawl may sweep.
    batch_rows
        Models or derivations in one transaction; 10,000 are what Neo4j takes best.
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
    batch_rows: int = 10_000
    progress: Progress = unheard
    stop: Callable[[], bool] = lambda: False
    _stopping: bool = False
    _about: int | None = None
    _gathered: list[Batch] = field(default_factory=list)
    _key_of_id: KeyOfId | None = None
    _storing: Storing = field(init=False)

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
        report = Report(run.report, self.source)
        self._storing = Storing(self.store, run, report, self._tell)
        try:
            with heartbeat(self.store, run):
                state = "done" if self._crawl(run, report) else "stopped"
        except BaseException as error:
            state = _end_of(error)
            # Whoever goes on from the last batch that was stored counts on from its report.
            with contextlib.suppress(LeaseLostError, StoreError):  # the first error is the cause
                self.store.finish(run, state, self._storing.told)
            raise
        return self.store.finish(run, state, report.as_dict())

    def _crawl(self, run: Run, report: Report) -> bool:
        """Crawl; False when told to stop on the way."""
        with report.timed("compare"):
            known = Known(self.store.columns("models", ["key", "digest"]))
            known.mark_seen(np.unique(np.frombuffer(run.seen, np.uint64)))
        with report.timed("load"):
            if not self._load(run, report, known):
                return False
        # A run that was gone on with may have stored more than it had time to say.
        nothing_new = run.cursor is None and not report.written
        if nothing_new and (settled := self._last_settled(run, self._sight(known))):
            report.settled = settled
            report.quality.merge(Quality(settled["quality"]))
            return True
        with report.timed("settle"):
            roster, derivations = self._stored_lineage(known)
            roster.check_shrink(self.max_shrink)
        if doubtful := roster.doubtful(derivations):
            with report.timed("look up"):
                if not self._look_up(run, report, known, doubtful):
                    return False
        with report.timed("settle"):
            if report.looked_up:
                del roster, derivations  # before others take as much memory again
                roster, derivations = self._stored_lineage(known)
            sight = self._sight(known)
            del known
            settlement = settle(roster, derivations)
            steps = _steps(settlement, self.batch_rows)
            for number, make in enumerate(steps, 1):
                report.written += self.store.write(run, make())
                self.progress("settle", number, len(steps))
            report.quality.merge(settlement.quality)
            if settlement.lasts:
                quality = settlement.quality.as_dict()
                report.settled = {"rules": RULES, "sight": sight, "quality": quality}
        return True

    def _sight(self, known: Known) -> str | None:
        """Say what was seen; None where what was not seen is not gone."""
        return known.sight() if self._sweeps else None

    def _last_settled(self, run: Run, sight: str | None) -> dict[str, Any] | None:
        """Return what the last crawl settled, if that holds for one that found nothing new."""
        crawls = (each for each in self.store.runs(RUNS_LOOKED_AT) if each.kind == "crawl")
        last = next((each for each in crawls if each.id != run.id), None)
        if last is None or last.state != "done":
            return None
        settled: dict[str, Any] = last.report.get("settled") or {}
        same = settled.get("rules") == RULES and sight in (None, settled["sight"])
        return settled if same else None

    @property
    def _sweeps(self) -> bool:
        """Whether what this crawl does not see is gone."""
        return self.mode == "full" and self.source.complete

    def _since(self) -> int | None:
        """Return up to when the last crawl of this source knew of changes; None for a full one."""
        if self.mode == "full":
            return None
        done = (
            run.report.get("watermark", 0)
            for run in self.store.runs(RUNS_LOOKED_AT)
            if (run.kind, run.source, run.state) == ("crawl", self.source.name, "done")
        )
        return next(filter(None, done), 0)

    def _load(self, run: Run, report: Report, known: Known) -> bool:
        """Store what is new or changed of each page; False when told to stop there."""
        self._about = self.source.total or (len(known) if self._sweeps else None)
        with contextlib.closing(self._storing):
            for batch in self._batches(run, report, known):
                self._storing.put(batch)
        return not self._stopping

    def _tell(self, read: int) -> None:
        self.progress("load", read, max(self._about, read) if self._about else None)

    def _batches(self, run: Run, report: Report, known: Known) -> Iterator[Batch]:
        """Gather pages to what a store takes best; a failure leaves none behind."""
        gathered = self._gathered
        rows = 0
        try:
            pages = () if run.cursor == END else self.source.pages(run.cursor, self._since())
            for page in pages:
                report.read += len(page.items)
                gathered.append(self._batch(report, known, page))
                rows += len(page.items)
                self._stopping = self.stop()
                if self._stopping:
                    break
                if rows >= self.batch_rows:
                    yield _joined(gathered)
                    gathered.clear()
                    rows = 0
        except (ModelkinError, KeyboardInterrupt):
            if gathered:
                yield _joined(gathered)
            raise
        if gathered:
            yield _joined(gathered)

    def _batch(self, report: Report, known: Known, page: Page) -> Batch:
        report.quality.extend((Reason(reason), example) for reason, example in page.rejected)
        models = self._models(page.items, report.quality)
        report.date(models)
        hashes = key_hashes([model.key for model in models])
        digests = np.fromiter(map(_digest, models), np.int64, len(models))
        stored, seen = known.look_up(hashes)
        for place in np.flatnonzero(seen):
            report.quality.add(Reason.REPEATED_RECORD, models[place].id)
        changed = np.flatnonzero(digests != stored)
        known.mark_seen(hashes, digests)
        # Only a source that shows all knows after its last page that nothing is left to read.
        last = END if self.source.complete else None
        return Batch(
            models=[models[place] for place in changed],
            digests=digests[changed].tolist(),
            cursor=page.cursor or last,
            seen=hashes.tobytes() if self._sweeps else b"",
        )

    def _models(self, items: list[Any], quality: Quality) -> list[Model]:
        """Transform items; of several with one key the last one counts."""
        models: list[Model] = []
        for item in items:
            model, doubts = transform(item)
            if doubts:
                quality.extend(doubts)
            if model is not None:
                models.append(model)
        self._give_keys(models)
        last = {model.key: model for model in models}
        if len(last) < len(models):
            for model in models:
                if last[model.key] is not model:
                    quality.add(Reason.REPEATED_RECORD, model.id)
        return list(last.values())

    def _give_keys(self, models: list[Model]) -> None:
        """Give records without ``_id`` the one that another record of the same id bore."""
        unkeyed = [
            place for place, model in enumerate(models) if model.key.startswith(ID_KEY_PREFIX)
        ]
        if unkeyed and self._key_of_id is None:
            self._storing.wait()
            columns = self.store.columns("models", ["key", "id", "status"])
            self._key_of_id = KeyOfId(columns)
            for batch in self._gathered:  # read, but not stored yet
                self._key_of_id.add(batch.models)
        if self._key_of_id is None:
            return
        self._key_of_id.add(models)
        keys = self._key_of_id.look_up([models[place].id for place in unkeyed])
        for place, key in zip(unkeyed, keys, strict=True):
            if key:
                models[place] = models[place]._replace(key=key)

    def _stored_lineage(self, known: Known) -> tuple[Roster, Edges]:
        def seen(hashes: Hashes) -> Mask:
            return known.look_up(hashes)[1]

        roster = Roster(self.store.columns("models", COLUMNS), seen if self._sweeps else None)
        edges = roster.edges(self.store.columns("derivations", ["child", "base", "relation"]))
        return roster, edges

    def _look_up(
        self, run: Run, report: Report, known: Known, doubtful: list[tuple[str, str]]
    ) -> bool:
        """Ask for models that vanished though others derive from them; False when told to stop.

        Those that cannot be asked for within the source's limit count as seen this time.
        """
        left = {id: key for key, id in doubtful}
        report.looked_up = counts = {"found": 0, "gone": 0, "left": len(left)}
        for id, item in self.source.look_up(list(left)):
            key = left.pop(id)
            counts["left"] = len(left)
            counts["gone" if item is None else "found"] += 1
            if item is not None:
                batch = self._found(report, known, key, id, item)
                report.written += self.store.write(run, batch)
            self.progress("look up", len(doubtful) - len(left), len(doubtful))
            if self.stop():
                return False
        if left:
            known.mark_seen(key_hashes(list(left.values())))
            report.quality.add_many(Reason.VANISHING_UNSURE, len(left), left)
        return True

    def _found(self, report: Report, known: Known, key: str, id: str, item: Any) -> Batch:
        """Return what it means that the model that was asked for by an id is this item."""
        models = self._models([item], report.quality)
        if not models:
            return Batch()
        (model,) = models
        hashes = key_hashes([model.key])
        batch = Batch(seen=hashes.tobytes())
        if not known.look_up(hashes)[1][0]:
            known.mark_seen(hashes)
            report.quality.add(Reason.LIST_MISSED, id)
            batch = replace(batch, models=[model], digests=[_digest(model)])
        if key.startswith(ID_KEY_PREFIX) and model.id != id:
            # Renamed before its key was learned: the record of its former name is the same model.
            batch = replace(batch, aliases=[(model.key, id)], dropped_models=[key])
        return batch


def _end_of(error: BaseException) -> str:
    """Return the state of a run that an error ended."""
    if isinstance(error, ShrinkError):
        return "refused"  # gone on with, it would be refused again when the source is well
    return "stopped" if isinstance(error, KeyboardInterrupt) else "failed"


def _joined(batches: list[Batch]) -> Batch:
    """Return the batches of some pages as one."""
    cursors = [batch.cursor for batch in batches if batch.cursor is not None]
    return Batch(
        models=[model for batch in batches for model in batch.models],
        digests=[digest for batch in batches for digest in batch.digests],
        cursor=cursors[-1] if cursors else None,
        seen=b"".join(batch.seen for batch in batches),
    )


def _steps(settlement: Settlement, rows: int) -> list[Callable[[], Batch]]:
    """Order the changes so that both ends of a derivation exist whenever it does."""

    def some(values: Sequence[T], make: Callable[[Sequence[T]], Batch]) -> Iterator[partial[Batch]]:
        for start in range(0, len(values), rows):
            yield partial(lambda start: make(values[start : start + rows]), start)

    return [
        *some(
            settlement.placeholders,
            lambda models: Batch(models=models, digests=[_digest(model) for model in models]),
        ),
        *some(settlement.statuses, lambda part: Batch(statuses=part)),
        *some(settlement.aliases, lambda part: Batch(aliases=part)),
        *some(settlement.derivations, lambda part: Batch(derivations=part)),
        *some(settlement.dropped_derivations, lambda part: Batch(dropped_derivations=part)),
        *some(settlement.dropped_models, lambda keys: Batch(dropped_models=keys)),
    ]


def _digest(model: Model) -> int:
    """Return a number that changes when any field does; never 0, which stands for unknown."""
    value: int = xxhash.xxh3_64_intdigest(orjson.dumps(model[:]))
    return (value - 2**63) or 1
