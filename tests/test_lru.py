"""What is remembered: bounded, the unused first to go, and made by one thread alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import itemgetter
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.lru import Lru
from tests.lineages import examples

THREADS = 8


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4))), st.integers(1, 8))
@examples(200)
def test_the_least_recently_used_go_first(asked: list[tuple[int, int]], room: int) -> None:
    kept: Lru[tuple[int, int]] = Lru(room)
    slow: list[tuple[int, tuple[int, int]]] = []  # the most recently used last
    for key, size in asked:
        known = next((entry for entry in slow if entry[0] == key), None)
        expected = known[1] if known else (key, size)
        given = key, size
        assert kept.once(key, partial(tuple[int, int], given), size=itemgetter(1)) == expected
        if known:
            slow.remove(known)
        if expected[1] <= room:
            slow.append((key, expected))
        while sum(value[1] for _, value in slow) > room:
            slow.pop(0)
        assert kept.size == sum(value[1] for _, value in slow)


def test_threads_that_want_the_same_wait_for_one_to_make_it() -> None:
    kept: Lru[object] = Lru(10)
    start, made = Barrier(THREADS), []

    def make() -> object:
        # Others come while it is made: each key has its own maker, so that these do not wait.
        assert kept.once("other", object, size=lambda _: 1)
        made.append(object())
        return made[-1]

    def ask(_: int) -> object:
        start.wait()
        return kept.once("key", make, size=lambda _: 1)

    with ThreadPoolExecutor(THREADS) as threads:
        found = [*threads.map(ask, range(THREADS))]
    assert len(made) == 1
    assert found == made * THREADS


def test_what_failed_is_made_at_the_next_try() -> None:
    kept: Lru[str] = Lru(10)

    def fail() -> str:
        raise LookupError("none")

    def once(make: Callable[[], str]) -> str:
        return kept.once("key", make, size=len)

    for _ in range(2):
        with pytest.raises(LookupError, match="none"):
            once(fail)
    assert once(lambda: "made") == "made" == once(fail)
