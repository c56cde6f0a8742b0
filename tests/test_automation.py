"""Which derivatives count as automated, by hand; and what leaving them out changes."""

from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest

from graph.automation import MOST_A_DAY, automated
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.selection import ANY, Filter
from graph.shares import By, Definition, Weight, series, share, sizes
from tests.lineages import Item, ecosystem, item

UUID = "0199ae31-6bb7-7c8d-bb6e-a4d8862d23fd"
WITHOUT = Filter(exclude_automated=True)


def many(count: int, author: str, base: str, begin: datetime, minutes: int = 1) -> list[Item]:
    """Return derivatives of a base, one every few minutes."""
    return [
        item(
            f"{author}/{begin:%d%H}-{number}",
            f"adapter:{base}",
            createdAt=f"{begin + timedelta(minutes=number * minutes):%Y-%m-%dT%H:%M:%S.000Z}",
            downloads=1,
        )
        for number in range(count)
    ]


DAY = datetime(2026, 8, 20, tzinfo=UTC)
MODELS = [
    item("red/7b"),
    item("blue/8b"),
    # Flagged: one more than may be; a UUID as a namespace and in a name.
    *many(MOST_A_DAY + 1, "flood", "red/7b", DAY),
    item(f"{UUID}/lora", "adapter:red/7b"),
    item(f"user/run-{UUID.upper()}", "adapter:blue/8b", downloads=7),
    # Not: as many as may be; more, but on two days; more, but of two bases; a day of the old.
    *many(MOST_A_DAY, "busy", "red/7b", DAY),
    *many(MOST_A_DAY + 1, "night", "red/7b", DAY + timedelta(hours=23, minutes=50)),
    *many(15, "lab", "red/7b", DAY),
    *many(15, "lab", "blue/8b", DAY + timedelta(hours=12)),
    *many(MOST_A_DAY + 1, "old", "red/7b", datetime(2022, 3, 2, tzinfo=UTC)),
    item(f"user/x{UUID}", "adapter:red/7b"),
    # Not: a digit too few or too many; nothing that derives; no date.
    item(f"user/a{UUID}", "adapter:red/7b"),
    item(f"user/{UUID[:-1]}", "adapter:red/7b"),
    item(f"user/root-{UUID}"),
    item("user/no-date", "adapter:red/7b"),
]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(MODELS)


def test_what_is_automated(eco: Ecosystem) -> None:
    ids = {eco.names[row] for row in np.flatnonzero(automated(eco)).tolist()}
    flood = {f"flood/2000-{number}" for number in range(MOST_A_DAY + 1)}
    assert ids == flood | {f"{UUID}/lora", f"user/run-{UUID.upper()}", f"user/x{UUID}"}


def test_a_merge_counts_for_each_of_its_bases() -> None:
    merged = many(MOST_A_DAY + 1, "flood", "red/7b", DAY)
    merged[0] = item(
        merged[0]["id"], "merge:red/7b", "merge:blue/8b", createdAt=merged[0]["createdAt"]
    )
    assert automated(ecosystem([item("red/7b"), item("blue/8b"), *merged])).sum() == len(merged)
    assert not automated(ecosystem([item("red/7b"), item("blue/8b"), *merged[1:]])).any()


def test_nothing_is_automated_where_nothing_derives() -> None:
    assert not automated(ecosystem([item("red/7b")])).any()


def test_counts_leave_out_what_a_filter_does(eco: Ecosystem) -> None:
    for models, red, blue in ((ANY, 103, 16), (WITHOUT, 103 - 21 - 2, 16 - 1)):
        counted = Definition(Weight.DERIVATIVES, Attribution.LINEAGE, Credit.FULL, models)
        found = share(eco, By.FAMILY, counted)
        assert dict(zip(found.keys, found.values, strict=True)) == {"red": red, "blue": blue}


@pytest.mark.parametrize(
    "models",
    [
        ANY,
        WITHOUT,
        Filter(family="blue"),
        Filter(organization="user", min_downloads=1),
    ],
)
def test_each_count_is_of_the_models_that_pass(eco: Ecosystem, models: Filter) -> None:
    """The same as an ecosystem in which the others have no weight: a share of parts adds up."""
    passed = np.zeros(len(eco), np.bool_)
    passed[models.rows(eco)] = True
    for by, weight, attribution in product(By, Weight, Attribution):
        definition = Definition(weight, attribution, Credit.FRACTIONAL, models)
        found = share(eco, by, definition)
        weights = np.maximum(eco.numbers("downloads"), 0)
        if weight == Weight.MODELS:
            assert found.total == (eco.live & passed).sum()
        elif weight == Weight.DERIVATIVES:
            assert found.total == (eco.derived & passed).sum()
        elif weight == Weight.DOWNLOADS:
            assert found.total == weights[eco.live & passed].sum()
        assert sum(found.values) + found.unknown * found.total == pytest.approx(found.total)
        _, values = series(eco, by, found.keys, definition)
        for key, value in zip(found.keys, found.values, strict=True):
            assert sum(values[key]) <= value + 1e-9
        if by == By.FAMILY:
            told = dict(zip(found.keys, found.values, strict=True))
            for number, family in enumerate(eco.families):
                size = sizes(eco, number, weight, models)[attribution, Credit.FRACTIONAL]
                assert size == pytest.approx(told.get(family.key, 0))
