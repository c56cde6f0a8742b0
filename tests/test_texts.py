"""Columns of a roster: texts in blocks, numbers that grow, rows by their hashes."""

from itertools import chain

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import texts as texts_module
from ingest.index import Index, shared_rows
from ingest.numbers import Numbers
from ingest.texts import Archive, Keys, Texts

# Some that look like the Hub's keys, and some that do so almost.
keys = st.binary(min_size=12, max_size=12).map(bytes.hex)
odd_keys = st.sampled_from(["A" * 24, "ab " * 8, "g" * 24, "é" * 12, "id:" + "a" * 21])
chunks = st.lists(
    st.lists(st.text(max_size=4), max_size=5)
    | st.lists(keys, max_size=5)
    | st.lists(keys | odd_keys, max_size=5),
    max_size=6,
)


def filled(parts: list[list[str]], kind: type[Texts]) -> Texts:
    texts = kind()
    for part in parts:
        texts.extend(pa.array(part, pa.string()))
    return texts


@pytest.mark.parametrize("kind", [Archive, Keys])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_texts_are_a_list(kind: type[Texts], size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_module, "BLOCK_TEXTS", size)

    @settings(deadline=None)
    @given(chunks, st.data())
    def check(parts: list[list[str]], data: st.DataObject) -> None:
        texts, oracle = filled(parts, kind), list(chain.from_iterable(parts))
        numbers = st.lists(st.sampled_from(range(len(oracle)))) if oracle else st.just([])
        wanted = data.draw(numbers)
        assert len(texts) == len(oracle)
        assert texts.list(np.array(wanted, np.int64)) == [oracle[number] for number in wanted]
        if not isinstance(texts, Archive):
            return
        blocks = list(texts.blocks())
        assert [text for _, block in blocks for text in block.to_pylist()] == oracle
        assert [first for first, _ in blocks] == [
            sum(len(block) for _, block in blocks[:place]) for place in range(len(blocks))
        ]

    check()


def test_texts_that_are_read_can_grow_on() -> None:
    texts = filled([["a", "b"]], Archive)
    assert texts.list(np.array([1])) == ["b"]
    texts.extend(pa.array(["c"]))
    assert texts.list(np.array([2, 0])) == ["c", "a"]


def test_packed_texts_take_few_bytes() -> None:
    ids = [f"user-{number * 7919 % 9973}/Qwen2.5-7B-Instruct-{number}" for number in range(200_000)]
    texts = filled([ids[start : start + 5000] for start in range(0, len(ids), 5000)], Archive)
    assert sum(block.size for block in texts._blocks) < 12 * len(ids)
    texts = filled([[f"{number:024x}" for number in range(50_000)]], Keys)
    assert texts.list(np.array([49_999, 7])) == [f"{number:024x}" for number in (49_999, 7)]
    assert [block.nbytes for block in texts._blocks] == [12 * 50_000]


@given(st.lists(st.lists(st.integers(-128, 127), max_size=5), max_size=5))
def test_numbers_are_an_array(parts: list[list[int]]) -> None:
    numbers = Numbers(np.int8)
    for part in parts:
        numbers.extend(np.array(part, np.int8))
    assert numbers.array().dtype == np.dtype(np.int8)
    assert numbers.array().tolist() == list(chain.from_iterable(parts))


hashes = st.lists(st.integers(0, 9) | st.integers(0, 2**64 - 1), max_size=12)


@given(hashes, hashes, st.sets(st.integers(0, 11)))
def test_index_is_a_dictionary(stored: list[int], wanted: list[int], gone: set[int]) -> None:
    index = Index(np.array(stored, np.uint64))
    assert shared_rows(np.array(stored, np.uint64)).tolist() == [
        row for row, each in enumerate(stored) if stored.count(each) > 1
    ]
    index.drop(np.array([row in gone for row in range(len(stored))], np.bool_))
    oracle = {each: row for row, each in enumerate(stored) if row not in gone}
    wanted += stored
    found = index.rows(np.array(wanted, np.uint64))
    assert found.tolist() == [oracle.get(each, -1) for each in wanted]
