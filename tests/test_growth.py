"""Growth and relative adoption: by hand, and one model at a time."""

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
import pytest

from graph.adoption import FLOOR, LEADERS, WINDOWS, adoption
from graph.ecosystem import Ecosystem
from graph.growth import Growth, growth
from graph.profile import PARAMETER_BUCKETS
from tests.lineages import Item, ecosystem, item

AS_OF = datetime(2024, 12, 31, tzinfo=UTC)
DAY = 86_400_000


def dated(id: str, days: float, *bases: str, total: int | None = None) -> Item:
    """Return a model created some days before the newest date in the data."""
    created = AS_OF - timedelta(days=days)
    sized = {} if total is None else {"safetensors": {"total": total}}
    return item(id, *bases, createdAt=f"{created:%Y-%m-%dT%H:%M:%S}.000Z", **sized)


def test_growth_by_hand() -> None:
    eco = ecosystem(
        [
            dated("red/7b", 400),
            dated("user/new", 0, "finetune:red/7b"),
            dated("user/89", 89.9, "finetune:red/7b"),
            dated("user/90", 90, "quantized:user/89"),  # the period before begins here
            dated("user/179", 179.9, "merge:red/7b", "merge:blue/8b"),
            dated("user/180", 180, "finetune:red/7b"),
            dated("user/old", 380, "finetune:red/7b"),
            item("user/undated", "finetune:red/7b"),
            dated("blue/distill", 1, "finetune:blue/8b"),
        ]
    )
    assert growth(eco, eco.family_number("red")) == Growth(
        quarters=["2023-Q4", "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4"],
        derivatives=[1, 0, 0, 2, 3],
        recent=2,
        previous=2,
        rate=0.0,
        undated=1,
    )
    blue = growth(eco, eco.family_number("blue"))
    assert (blue.recent, blue.previous, blue.rate) == (1, 1, 0.0)
    nothing = growth(eco, eco.family_number("gpt2"))
    assert nothing == Growth([], [], 0, 0, None, 0)


def test_a_family_that_began_of_late_has_no_rate() -> None:
    eco = ecosystem([dated("red/7b", 20), dated("user/a", 10, "finetune:red/7b")])
    found = growth(eco, eco.family_number("red"))
    assert (found.recent, found.previous, found.rate) == (1, 0, None)


def test_adoption_by_hand() -> None:
    """Ten models of 2B, 100 days old: the n-th got n derivatives in its first 90 days."""
    models = [dated(f"red/{n}", 100, total=2 * 10**9) for n in range(1, 11)]
    models += [
        dated(f"user/{n}-{k}", 50, f"finetune:red/{n}") for n in range(1, 11) for k in range(n)
    ]
    models += [
        dated("user/late", 5, "finetune:red/1"),  # 95 days after the model
        dated("user/twice", 50, "merge:red/2", "finetune:red/2"),  # once
        dated("red/young", 29, total=2 * 10**9),
        dated("red/small", 100, total=10**6),
        dated("red/unsized", 100),
        dated("red/idle", 100, total=2 * 10**9),
    ]
    eco = ecosystem(models)

    def told(id: str) -> tuple[object, ...]:
        found = adoption(eco, np.array([eco.row(id)], np.int32))
        numbers = (found.typical.item(), found.value.item())
        known = (None if math.isnan(number) else number for number in numbers)
        return (found.derivatives.item(), *known, found.days.item())

    assert told("red/10") == (10, 5.5, 10 / 5.5, 90)
    assert told("red/1") == (1, 5.5, 1 / 5.5, 90)
    assert told("red/2") == (3, 5.5, 3 / 5.5, 90)
    assert told("red/idle") == (0, 5.5, 0.0, 90)
    assert told("red/young") == (0, None, None, 0)
    assert told("red/small") == (0, None, None, 90)  # nothing of its size is built on
    assert told("red/unsized") == (0, None, None, 90)


def check_adoption(eco: Ecosystem) -> int:
    """Compare every model with the definition; return how many have a value."""
    created, live = eco.column("created_at").to_pylist(), eco.live.tolist()
    parameters = eco.column("parameters").to_pylist()
    as_of = eco.manifest.as_of

    def size(row: int) -> int:
        if not parameters[row]:
            return -1
        return next(i for i, (_, bound) in enumerate(PARAMETER_BUCKETS) if parameters[row] < bound)

    def days(row: int) -> int:
        if not live[row] or created[row] is None or created[row] < FLOOR:
            return 0
        return max([0, *(w for w in WINDOWS if created[row] + w * DAY <= as_of)])

    def count(row: int, within: int) -> int:
        return sum(
            bool(live[child])
            and created[child] is not None
            and 0 <= created[child] - created[row] < within * DAY
            for child in set(eco.derivatives.of(row).tolist())
        )

    built_on = [row for row in range(len(eco)) if len(eco.derivatives.of(row))]
    every = np.arange(len(eco), dtype=np.int32)
    found = adoption(eco, every)
    valued = 0
    for row in range(len(eco)):
        within = days(row)
        assert found.days[row] == within
        assert found.sizes[row] == size(row)
        assert found.derivatives[row] == (count(row, within) if within else 0)
        cohort = [
            count(other, within)
            for other in built_on
            if within and days(other) >= within and size(other) == size(row)
        ]
        typical = math.nan
        if within and size(row) >= 0 and len(cohort) >= LEADERS:
            typical = median(sorted(cohort)[-LEADERS:])
        assert found.typical[row] == pytest.approx(typical, nan_ok=True)
        value = found.derivatives[row] / typical if typical else math.nan
        assert found.value[row] == pytest.approx(value, nan_ok=True)
        valued += not math.isnan(value)
    return valued


@pytest.mark.parametrize("seed", range(3))
def test_adoption_of_drawn_ecosystems_is_as_defined(seed: int) -> None:
    draw = random.Random(seed)
    ids = [f"user-{draw.randrange(30)}/{n}" for n in range(250)]
    models = []
    for place, id in enumerate(ids):
        count = min(place, draw.choice([0, 1, 1, 2]) if place < 80 else 2)
        bases = draw.sample(ids[: min(place, 80)], count)
        ages = [29, 30, 89, 90, 200, 400, 1100] if place < 80 else [0, 15, 29, 30, 89, 150]
        made = [f"{draw.choice(['merge', 'finetune'])}:{base}" for base in bases]
        made += [f"quantized:{base}" for base in bases[:1]]
        total = draw.choice([None, 0, *[5 * 10**8] * 6, *[10**9] * 4, 4 * 10**9])
        entry = dated(id, draw.choice(ages), *made, total=total)
        if draw.random() < 0.1:
            del entry["createdAt"]
        models.append(entry)
    assert check_adoption(ecosystem(models)) > 20


def test_growth_of_a_drawn_ecosystem_is_as_defined() -> None:
    draw = random.Random(1)
    models = [dated("red/7b", 800), dated("blue/8b", 800)]
    for n in range(200):
        bases = draw.sample(["red/7b", "blue/8b", "un/seen"], draw.choice([0, 1, 1, 2]))
        entry = dated(f"user/{n}", draw.choice([0, 1, 89, 90, 91, 179, 180, 300, 500]))
        entry["tags"] = [f"base_model:merge:{base}" for base in bases]
        if draw.random() < 0.1:
            del entry["createdAt"]
        models.append(entry)
    eco = ecosystem(models)
    for number in range(len(eco.families)):
        derived = [
            entry
            for entry in models
            if entry["tags"] and number in eco.families_of.of(eco.row(entry["id"])).tolist()
        ]
        dates = [datetime.fromisoformat(e["createdAt"]) for e in derived if "createdAt" in e]
        by_quarter = Counter(f"{date.year}-Q{(date.month + 2) // 3}" for date in dates)
        found = growth(eco, number)
        counts = dict(zip(found.quarters, found.derivatives, strict=True))
        assert {quarter: n for quarter, n in counts.items() if n} == by_quarter
        assert found.quarters == sorted(found.quarters)
        ages = [(AS_OF - date) / timedelta(days=1) for date in dates]
        assert found.recent == sum(age < 90 for age in ages)
        assert found.previous == sum(90 <= age < 180 for age in ages)
        assert found.undated == len(derived) - len(dates)
