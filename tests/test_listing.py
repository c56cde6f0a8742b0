"""Keyset pages: laid end to end they are the whole list, whatever the ties and the gaps."""

import base64
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from unittest.mock import patch

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph import ranking
from graph.ecosystem import Ecosystem, FamilyKeys
from graph.errors import CursorError
from graph.listing import (
    Listing,
    Named,
    Order,
    OrderField,
    Window,
    ascending,
    model_listing,
    reached_listing,
)
from graph.ranking import HEAD, Ranking, Sieve, ranked
from graph.selection import ANY, Filter
from tests.lineages import Item, ecosystem, examples, item

SNAPSHOT = "20260101T000000000-abc"


class Letters:
    """Names of rows; two rows may share one, as repositories of one id do."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def __getitem__(self, row: int, /) -> str:
        return self._names[row]

    def find(self, name: object) -> int | None:
        return self._names.index(name) if isinstance(name, str) and name in self._names else None


def listing(
    values: list[float],
    rows: list[int] | None = None,
    *,
    descending: bool,
    names: Named | None = None,
    head: int = HEAD,
    sifted: int | None = None,
) -> Listing:
    chosen = list(range(len(values))) if rows is None else rows
    keys = ascending(np.array(values), descending=descending)
    named = names or Letters([f"m{row:03}" for row in range(len(values))])
    sieve = None
    if sifted is not None:
        every = ranked(np.arange(len(values), dtype=np.int32), keys, 0, min(sifted, len(values)))
        whole = sifted >= len(values)
        sieve = Sieve(every, whole, lambda rows: np.isin(rows, chosen), lambda: len(chosen))
    ranking = Ranking(lambda: (np.array(chosen, np.int32), keys[chosen]), head, sieve)
    return Listing(SNAPSHOT, named, ranking, ["test", descending])


def read(listed: Listing, size: int, *, forward: bool = True) -> list[int]:
    """Read page by page to the other end, and check what each page says of itself."""
    rows: list[int] = []
    cursor = None
    while True:
        if forward:
            page = listed.page(Window(first=size, after=cursor))
            read_before, left = page.before, page.more
        else:
            page = listed.page(Window(last=size, before=cursor))
            read_before, left = page.more, page.before
        found = page.rows.tolist()
        assert read_before == (cursor is not None)
        assert len(found) <= size
        rows = rows + found if forward else found + rows
        assert left == (len(rows) < page.total)
        assert len(rows) <= page.total, "a row came twice"
        if not left:
            return rows
        assert len(found) == size
        cursor = page.cursor(-1 if forward else 0)


def encode(listed: Listing, row: int) -> str:
    """Return the cursor of a row of `test_threads_that_read_one_list_find_the_same`."""
    return listed.cursor(-float(row * 7919 % 101), row)


def cursor_of(listed: Listing, place: int) -> str:
    """Return the cursor of the row at a place of a list."""
    return listed.page(Window()).cursor(place)


def whole(values: list[float], rows: list[int], *, descending: bool) -> list[int]:
    known = [row for row in rows if values[row] >= 0]
    unknown = [row for row in rows if values[row] < 0]
    known.sort(key=lambda row: (-values[row] if descending else values[row], row))
    return known + sorted(unknown)


TIES = st.sampled_from([-1.0, 0.0, 1.0, 2.0, 0.1 + 0.2, 0.3, 1e-300, 2.0**60])


@given(st.lists(TIES, max_size=25), st.booleans(), st.data())
@example([-1.0] * 9, True, None)
@example([1.0] * 40 + [-1.0] * 9 + [2.0], False, None)
@examples(150)
def test_pages_of_every_size_make_the_sorted_whole(
    values: list[float], descending: bool, data: st.DataObject | None
) -> None:
    every = list(range(len(values)))
    rows = every if data is None else sorted(data.draw(st.sets(st.sampled_from(every or [0]))))
    rows = [row for row in rows if row < len(values)]
    expected = whole(values, rows, descending=descending)
    for head, sifted in product((0, 1, 3, HEAD), (None, 0, 1, 4, 12, 99)):
        for size in range(1, len(rows) + 2):
            # A list that was not counted yet, read on from its start and from its end.
            listed = listing(values, rows, descending=descending, head=head, sifted=sifted)
            with patch.object(ranking, "SIFTED_FIRST", 2):
                assert read(listed, size) == expected
                assert read(listed, size, forward=False) == expected
        assert listed.total == len(rows)


@given(
    st.lists(TIES, min_size=1, max_size=12),
    st.booleans(),
    st.integers(0, 12),
    st.none() | st.integers(0, 12),
    st.data(),
)
@examples(150)
def test_a_window_is_what_relay_says(
    values: list[float], descending: bool, head: int, sifted: int | None, data: st.DataObject
) -> None:
    listed = listing(values, descending=descending, head=head, sifted=sifted)
    rows = whole(values, list(range(len(values))), descending=descending)
    places = st.none() | st.integers(0, len(values) - 1)
    sizes = st.none() | st.integers(1, 13)
    after, before = data.draw(places), data.draw(places)
    first, last = data.draw(sizes), data.draw(sizes)
    page = listed.page(
        Window(
            first,
            None if after is None else cursor_of(listed, after),
            last,
            None if before is None else cursor_of(listed, before),
        )
    )
    start, stop = 0 if after is None else after + 1, len(rows) if before is None else before
    expected = rows[start:stop][:first]
    expected = expected if last is None else expected[-last:]
    assert page.rows.tolist() == expected
    if expected:
        assert page.before == (rows[0] != expected[0])
        assert page.more == (rows[-1] != expected[-1])


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.data())
@examples(80)
def test_rows_that_share_a_name_come_once_each(letters: list[str], data: st.DataObject) -> None:
    letters.sort()
    values = data.draw(st.lists(TIES, min_size=len(letters), max_size=len(letters)))
    for descending in (False, True):
        listed = listing(values, descending=descending, names=Letters(letters))
        expected = whole(values, list(range(len(values))), descending=descending)
        for first in (1, 2, len(values)):
            assert read(listed, first) == expected


def test_threads_that_read_one_list_find_the_same() -> None:
    values = [float(row * 7919 % 101) for row in range(3000)]
    rows = [row for row in range(3000) if row % 3]
    expected = whole(values, rows, descending=True)
    for sifted in (50, 1500, 3000):
        listed = listing(values, rows, descending=True, head=900, sifted=sifted)

        def page(turn: int, listed: Listing = listed) -> bool:
            start = turn * 37 % len(rows)
            after = None if not start else encode(listed, expected[start - 1])
            found = listed.page(Window(first=20, after=after))
            right = found.rows.tolist() == expected[start : start + 20]
            return right and (turn % 5 > 0 or found.total == len(rows))

        with ThreadPoolExecutor(8) as threads, patch.object(ranking, "SIFTED_FIRST", 2):
            assert all(threads.map(page, range(200)))


def test_families_are_listed_by_their_keys() -> None:
    named = ["b/x", "a/y", "c/z"]
    table = {"key": named, "name": named, "registered": [True, True, True]}
    keys = FamilyKeys(pa.record_batch(table))
    listed = listing([5.0, 5.0, 9.0], descending=True, names=keys)
    assert read(listed, 1) == [2, 0, 1]


def test_an_empty_list() -> None:
    page = listing([], descending=True).page(Window(first=5))
    assert (page.rows.tolist(), page.total, page.more, page.before) == ([], 0, False, False)


def encoded(*told: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        " ",
        "x",
        "!!!",
        "é",
        "\ud800",
        "AAAA",
        "bnVsbA",
        "W10",
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
        base64.urlsafe_b64encode(b"7").decode(),
        base64.urlsafe_b64encode(b'{"a":1,"b":2,"c":3,"d":4}').decode(),
        encoded(SNAPSHOT, "scope", 1.0, "m000"),
        encoded(SNAPSHOT, "scope", 1.0, "m000", 0, 6),
    ],
)
def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(CursorError):
        listing([1.0, 2.0], descending=False).page(Window(after=cursor))


def test_each_part_of_a_cursor_is_checked() -> None:
    listed = listing([1.0, 2.0, 3.0], descending=False)
    good = cursor_of(listed, 1)
    told = orjson.loads(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    assert listed.page(Window(after=encoded(*told))).rows.tolist() == [2]
    spoiled: list[tuple[int, Any]] = [
        (0, "another snapshot"),
        (0, None),
        (1, "another scope"),
        (1, None),
        (2, "nan"),
        (2, "many"),
        (2, [1]),
        (2, {}),
        (3, "no such model"),
        (3, 7),
        (3, None),
        (3, ["m001"]),
        (4, "0"),
        (4, None),
        (4, 0.5),
        (4, -1),
        (4, 2**62),
    ]
    for place, value in spoiled:
        with pytest.raises(CursorError):
            listed.page(Window(before=encoded(*told[:place], value, *told[place + 1 :])))


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = cursor_of(listing([1.0, 2.0], descending=False), 0)
    with pytest.raises(CursorError, match="another list"):
        listing([1.0, 2.0], descending=True).page(Window(after=cursor))


ITEMS = [
    item("a/base", downloads=5, likes=1, createdAt="2024-01-01T00:00:00.000Z"),
    item("a/child", "finetune:a/base", downloads=5),
    item("b/child", "merge:a/base", "merge:a/child", likes=0),
    item("b/alone", downloads=0),
    item("c/of-lost", "adapter:lost/base", downloads=9),
]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(ITEMS)


def test_a_cursor_of_an_older_snapshot_is_refused(eco: Ecosystem) -> None:
    newer = ecosystem(ITEMS)
    assert newer.id != eco.id
    order = Order(OrderField.DOWNLOADS, descending=True)
    cursor = cursor_of(model_listing(eco, order, ANY), 0)
    with pytest.raises(CursorError, match="begin again") as caught:
        model_listing(newer, order, ANY).page(Window(after=cursor))
    assert eco.id in str(caught.value)
    assert newer.id in str(caught.value)


def test_a_cursor_of_another_order_is_refused(eco: Ecosystem) -> None:
    lists = [
        model_listing(eco, Order(field, descending), wanted)
        for field, descending, wanted in (
            (OrderField.DOWNLOADS, True, ANY),
            (OrderField.DOWNLOADS, False, ANY),
            (OrderField.LIKES, True, ANY),
            (OrderField.DOWNLOADS, True, Filter(min_downloads=0)),
        )
    ]
    cursors = [cursor_of(listed, 1) for listed in lists]
    for here, listed in enumerate(lists):
        for there, cursor in enumerate(cursors):
            if here != there:
                with pytest.raises(CursorError, match="another list"):
                    listed.page(Window(after=cursor))


@pytest.mark.parametrize("field", OrderField)
@pytest.mark.parametrize("descending", [False, True])
def test_models_are_listed_by_each_field(
    eco: Ecosystem, field: OrderField, descending: bool
) -> None:
    rows = np.arange(len(eco), dtype=np.int32)
    distances = np.array([3, 1, 2, 2, 1, 0], np.int32) if field is OrderField.DISTANCE else None
    if field is OrderField.ID:
        values = [float(row) for row in rows]
    elif distances is not None:
        values = distances.astype(np.float64).tolist()
    else:
        values = [-1.0 if v is None else float(v) for v in eco.column(field.value).to_pylist()]
    order = Order(field, descending)
    listed = reached_listing(eco, order, "all", lambda: (rows, distances))
    for first in range(1, len(eco) + 1):
        assert read(listed, first) == whole(values, rows.tolist(), descending=descending)


def test_repositories_of_one_id_come_once_each() -> None:
    def repository(key: str) -> Item:
        return {**item("twin/base"), "_id": key * 24}

    child = {
        "id": "twin/child",
        "baseModels": {"relation": "finetune", "models": [{"_id": "a" * 24, "id": "twin/base"}]},
    }
    eco = ecosystem([repository("a"), child], [repository("b"), child])
    rows = np.arange(len(eco), dtype=np.int32)
    assert len(rows) == 3
    for field in OrderField:
        order = Order(field, descending=False)
        listed = model_listing(eco, order, ANY)
        assert sorted(read(listed, 1)) == rows.tolist()
