"""What a store says of itself: runs, snapshots, what changed, what was doubtful in the data."""

import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from graph.changes import Kind
from graph.errors import SnapshotFormatError
from graph.history import of_store
from graph.quality import Reason
from graph.store.port import Store

RUNS = 10
"""How many runs are shown, and how many snapshots."""

TOLD_APART = ("quality", "settled")
"""What a run's report holds that is told elsewhere, or is for the next crawl alone."""

EXAMPLES = 3
"""How many changes of each kind are shown."""


def report(store: Store) -> dict[str, Any]:
    """Return a store's state as plain JSON values; times are milliseconds since 1970."""
    runs = store.runs(RUNS)
    crawls = [run for run in runs if run.kind == "crawl"]
    snapshots = store.snapshots()
    return {
        "store": store.url,
        "runs": [
            {
                "id": run.id,
                "kind": run.kind,
                "source": run.source,
                "mode": run.mode,
                "state": run.state,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
                **{key: value for key, value in run.report.items() if key not in TOLD_APART},
            }
            for run in runs
        ],
        "snapshots": [
            {
                "id": info.id,
                "published_at": info.published_at,
                "bytes": info.size,
                "whole": info.whole,
            }
            for info in snapshots[:RUNS]
        ],
        "older_snapshots": len(snapshots[RUNS:]),
        "changes": _changes(store, snapshots[0].id) if snapshots else None,
        "quality": crawls[0].report.get("quality", {}) if crawls else {},
    }


def _changes(store: Store, newest: str) -> dict[str, Any] | None:
    """Return what changed between the newest snapshot and the one that it was compared with."""
    with tempfile.TemporaryDirectory(prefix="modelkin-") as cache:
        history = of_store(store, Path(cache))
        try:
            previous = history[newest].manifest.previous
            if previous is None:
                return None
            found = history.changes(previous, newest)
        except SnapshotFormatError:
            return None  # it tells of runs and snapshots all the same
    examples = [found[row] for kind in Kind for row in found.rows([kind])[:EXAMPLES].tolist()]
    return {
        "from": previous,
        "to": newest,
        "counts": {kind.value: count for kind, count in found.counts.items()},
        "examples": [
            {"kind": kind.value, "id": id, "before": before, "after": after}
            for kind, _, id, before, after in examples
        ],
    }


def shown(told: dict[str, Any], *, as_json: bool) -> str:
    """Return a report as JSON, or as text for people."""
    if as_json:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    lines = [f"store      {told['store']}"]
    for info in told["snapshots"]:
        size = info["bytes"] / 1e6
        part = "" if info["whole"] else ", series and changes"
        when = _time(info["published_at"])
        lines.append(f"snapshot   {info['id']}  {when}  {size:.1f} MB{part}")
    if told["older_snapshots"]:
        lines.append(f"snapshot   and {told['older_snapshots']} older ones")
    if told["changes"]:
        lines += _changed(told["changes"])
    for run in told["runs"]:
        counts = f"  read {run['read']}, wrote {run['written']}" if "read" in run else ""
        began = _time(run["started_at"])
        lines.append(f"run        {began}  {run['kind']} {run['state']}  {run['source']}{counts}")
    for reason, entry in told["quality"].items():
        lines.append(f"doubtful   {entry['count']:>7}  {reason}: {Reason(reason).meaning}")
    if not told["runs"]:
        lines.append("nothing was crawled yet; run 'modelkin run'")
    return "\n".join(lines)


def _changed(changes: dict[str, Any]) -> list[str]:
    counts = [f"{count} {kind}" for kind, count in changes["counts"].items() if count]
    lines = [f"changed    {', '.join(counts) or 'nothing'}, since {changes['from']}"]
    for change in changes["examples"]:
        values = f": {change['before'] or 'none'} -> {change['after'] or 'none'}"
        edited = change["kind"] in (Kind.RENAMED, Kind.PARENTS, Kind.LICENSE)
        lines.append(f"  {change['kind']:<8} {change['id']}{values if edited else ''}")
    return lines


def _time(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(milliseconds / 1000))
