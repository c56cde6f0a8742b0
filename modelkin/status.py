"""What a store says of itself: runs, snapshots, and what was doubtful in the data."""

import time
from typing import Any

import orjson

from graph.quality import Reason
from graph.store.port import Store

RUNS = 10
"""How many runs are shown."""


def report(store: Store) -> dict[str, Any]:
    """Return a store's state as plain JSON values; times are milliseconds since 1970."""
    runs = store.runs(RUNS)
    crawls = [run for run in runs if run.kind == "crawl"]
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
                **{key: value for key, value in run.report.items() if key != "quality"},
            }
            for run in runs
        ],
        "snapshots": [
            {"id": info.id, "published_at": info.published_at, "bytes": info.size}
            for info in store.snapshots()
        ],
        "quality": crawls[0].report.get("quality", {}) if crawls else {},
    }


def shown(told: dict[str, Any], *, as_json: bool) -> str:
    """Return a report as JSON, or as text for people."""
    if as_json:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    lines = [f"store      {told['store']}"]
    for info in told["snapshots"]:
        size = info["bytes"] / 1e6
        lines.append(f"snapshot   {info['id']}  {_time(info['published_at'])}  {size:.1f} MB")
    for run in told["runs"]:
        counts = f"  read {run['read']}, wrote {run['written']}" if "read" in run else ""
        began = _time(run["started_at"])
        lines.append(f"run        {began}  {run['kind']} {run['state']}  {run['source']}{counts}")
    for reason, entry in told["quality"].items():
        lines.append(f"doubtful   {entry['count']:>7}  {reason}: {Reason(reason).meaning}")
    if not told["runs"]:
        lines.append("nothing was crawled yet; run 'modelkin run'")
    return "\n".join(lines)


def _time(milliseconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(milliseconds / 1000))
