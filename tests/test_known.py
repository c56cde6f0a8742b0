"""What a store holds already: against dictionaries, in any order of calls."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.records import Model
from ingest import known as known_module
from ingest.known import KeyOfId, Known, key_hashes

# Few different low and high halves, so that slots and steps collide.
hashes = st.builds(
    lambda high, low: high << 32 | low,
    st.integers(0, 3) | st.integers(0, 2**32 - 1),
    st.integers(1, 5) | st.integers(1, 2**32 - 1),
)
batches = st.lists(
    st.tuples(
        st.sampled_from(["look up", "mark", "mark with digests"]),
        st.lists(st.tuples(hashes, st.integers(-(2**63), 2**63 - 1)), max_size=40),
    ),
    max_size=12,
)


def numbers(values: Sequence[int]) -> known_module.Hashes:
    return np.array(values, np.uint64)


def stored(*rows: tuple[str, int]) -> list[pa.RecordBatch]:
    return [pa.RecordBatch.from_pylist([{"key": key, "digest": digest} for key, digest in rows])]


@given(batches)
def test_known_is_a_dictionary(steps: list[tuple[str, list[tuple[int, int]]]]) -> None:
    known, oracle = Known(), dict[int, tuple[int, bool]]()
    known._allocate(8)  # so that a few dozen make it grow
    for step, entries in steps:
        if step == "look up":
            wanted = [hash for hash, _ in entries]
            digests, seen = known.look_up(numbers(wanted))
            found = list(zip(digests.tolist(), seen.tolist(), strict=True))
            assert found == [oracle.get(hash, (0, False)) for hash in wanted]
            continue
        given_digests = dict(entries)
        with_digests = step == "mark with digests"
        known.mark_seen(
            numbers(list(given_digests)),
            np.array(list(given_digests.values()), np.int64) if with_digests else None,
        )
        for hash, digest in given_digests.items():
            before, _ = oracle.get(hash, (0, False))
            oracle[hash] = (digest if with_digests else before, True)
    assert len(known) == len(oracle)
    digests, seen = known.look_up(numbers(list(oracle)))
    assert list(zip(digests.tolist(), seen.tolist(), strict=True)) == list(oracle.values())


def test_what_a_store_holds_is_known_but_not_seen() -> None:
    known = Known([*stored(("a", 1), ("b", -2)), *stored(("id:c", 0))])
    digests, seen = known.look_up(key_hashes(["id:c", "b", "x", "a"]))
    assert (digests.tolist(), seen.tolist()) == ([0, -2, 0, 1], [False] * 4)
    assert len(known) == 3


def test_many_models_take_few_bytes_each() -> None:
    known, count = Known(), 300_000
    for start in range(0, count, 10_000):
        keys = np.arange(start + 1, start + 10_001, dtype=np.uint64) * np.uint64(2**40 + 1)
        known.mark_seen(keys, keys.astype(np.int64))
    size = known._hashes.nbytes + known._digests.nbytes + known._seen.nbytes
    assert (len(known), size < 50 * count) == (count, True)
    assert known.look_up(keys)[0].tolist() == keys.tolist()


def test_hashes_are_the_same_in_every_process_and_never_that_of_a_free_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert key_hashes(["65a1b2c3d4e5f60718293a4b", ""]).tolist() == [
        7819976285551840437,
        3244421341483603138,
    ]
    monkeypatch.setattr("xxhash.xxh3_64_intdigest", lambda _: 0)
    assert key_hashes(["a"]).tolist() == [1]


def rows(*models: tuple[str, str, str]) -> list[pa.RecordBatch]:
    table = [{"key": key, "id": id, "status": status} for key, id, status in sorted(models)]
    return [pa.RecordBatch.from_pylist([row]) for row in table]


def key(number: int) -> str:
    return f"{number:024x}"


def test_key_of_id() -> None:
    keys = KeyOfId(
        rows(
            (key(1), "a/b", "live"),
            ("id:c/d", "c/d", "live"),
            (key(2), "e/f", "deleted"),
            (key(9), "g/h", "deleted"),
            (key(3), "g/h", "live"),
            (key(4), "g/h", "deleted"),
            (key(5), "i/j", "deleted"),
            (key(6), "i/j", "deleted"),
        )
    )
    wanted = ["a/b", "c/d", "e/f", "g/h", "i/j", "x/y", "A/b"]
    found = [key(1), None, key(2), key(3), key(6), None, None]
    assert keys.look_up(wanted) == found
    keys.add([Model(key(7), "x/y"), Model(key(8), "e/f")])
    assert keys.look_up(["x/y", "e/f", "a/b"]) == [key(7), key(8), key(1)]
    assert keys.look_up([]) == []


def test_key_of_id_of_an_empty_store() -> None:
    keys = KeyOfId([])
    assert keys.look_up(["a/b"]) == [None]
    keys.add([Model(key(1), "a/b")])
    assert keys.look_up(["a/b", "c/d"]) == [key(1), None]


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 2**64)), st.lists(st.text(max_size=3)))
def test_key_of_id_is_a_dictionary(oracle: dict[str, int], wanted: list[str]) -> None:
    keys = KeyOfId(rows(*((key(number), id, "live") for id, number in oracle.items())))
    wanted += oracle
    assert keys.look_up(wanted) == [key(oracle[id]) if id in oracle else None for id in wanted]
