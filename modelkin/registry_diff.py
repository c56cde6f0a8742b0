"""What ``modelkin registry check --diff`` tells: numbers by another registry, before and after."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa

from graph.csr import Csr
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.registry import Registry
from graph.registry_diff import DIVIDED, WEIGHTS, group_changes, moves, reattributed
from graph.shares import By, Definition, Weight
from modelkin.figures.note import in_words, note
from modelkin.figures.words import WEIGHTS as WEIGHT_NAMES
from modelkin.figures.words import group_name, number, percent

_PLURALS = {
    By.FAMILY: "families",
    By.ORGANIZATION: "organisations",
    By.COUNTRY: "countries",
    By.LICENSE_CLASS: "licence classes",
}


def report(
    eco: Ecosystem, registry: Registry, attribution: Attribution, credit: Credit, first: int
) -> dict[str, Any]:
    """Return what a registry would change in a snapshot, as plain JSON values.

    Parameters
    ----------
    first
        How many models, and groups of each kind, are named; all are counted.
    """
    after = reattributed(eco, registry)
    moved = moves(eco, after, attribution)
    descendants = eco.numbers("descendants")
    changed = {by: group_changes(eco, after, by, attribution, credit) for by in DIVIDED}
    return {
        "note": note(eco.manifest, in_words(Definition(Weight.MODELS, attribution, credit))),
        "snapshot": eco.id,
        "coverage": eco.manifest.coverage,
        "attribution": attribution.value,
        "credit": credit.value,
        "moved": {
            "models": len(moved.rows),
            "first": [
                {
                    "id": eco.names[row],
                    "descendants": int(descendants[row]),
                    "before": _keys(eco, moved.before, row),
                    "after": _keys(after, moved.after, row),
                }
                for row in moved.rows[:first].tolist()
            ],
        },
        "changed": {
            by.value: {
                "groups": len(found.groups),
                "first": [_group(row) for row in found.groups.slice(0, first).to_pylist()],
                "unknown": {weight.value: sides for weight, sides in found.unknown.items()},
            }
            for by, found in changed.items()
        },
    }


def _keys(eco: Ecosystem, families: Csr, row: int) -> list[str]:
    keys: list[str] = (
        eco.table("families").column("key").take(pa.array(families.of(row))).to_pylist()
    )
    return keys


def _group(row: dict[str, Any]) -> dict[str, Any]:
    sides = {w.value: [row[f"{w}_before"], row[f"{w}_after"]] for w in WEIGHTS}
    return {"key": row["key"], **sides}


def shown(told: dict[str, Any], *, as_json: bool) -> str:
    """Return a report as JSON, or as text for people."""
    if as_json:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()
    return "\n".join([told["note"], *_moved(**told["moved"]), *_changed(told["changed"])])


def _moved(models: int, first: list[dict[str, Any]]) -> Iterator[str]:
    yield f"models that change their families, those with most descendants first: {models:,}"
    for model in first:
        before, after = (" + ".join(model[side]) or "none" for side in ("before", "after"))
        yield f"  {model['id']}: {before} -> {after}"
    yield from _more(models, first)


def _changed(changed: dict[str, Any]) -> Iterator[str]:
    for name, found in changed.items():
        by, groups, first = By(name), found["groups"], found["first"]
        unknown = [found["unknown"][weight] for weight in WEIGHTS]
        table = [
            [group_name(by, group["key"]), *(_step(group[weight], number) for weight in WEIGHTS)]
            for group in first
        ]
        if not all(math.isclose(*sides, abs_tol=1e-9) for sides in unknown):
            table.append(["unknown", *(_step(sides, percent) for sides in unknown)])
        yield f"{_PLURALS[by]} that change: {groups:,}"
        if table:
            yield from _aligned([["", *(WEIGHT_NAMES[weight] for weight in WEIGHTS)], *table])
        yield from _more(groups, first)


def _step(sides: Sequence[float | None], told: Callable[[float], str]) -> str:
    return " -> ".join("none" if side is None else told(side) for side in sides)


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _more(count: int, first: list[Any]) -> Iterator[str]:
    if count > len(first):
        yield f"  and {count - len(first):,} more; --first shows more of them"
