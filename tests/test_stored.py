"""The stored columns as they are read for measuring: order, dictionaries, who has which bases."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graph.ascending import FEW, ascending
from graph.records import Derivation, Model, Relation, Status
from graph.store import open_store
from graph.store.port import Batch, Store, read_columns
from graph.stored import Stored, as_stored
from tests.lineages import examples

ALPHABETS = ("ab", "a\0", "/-aZ", "äöa", "aé語🙂")
"""Of few letters, so that texts have long beginnings in common, and of several bytes each."""


@given(
    st.sampled_from(ALPHABETS).flatmap(
        lambda letters: st.lists(st.text(letters, max_size=30), max_size=3 * FEW)
    )
)
@example(["", "a", "a\0", "a\0\0", "a", ""])
@example(["a" * 7, "a" * 8, "a" * 6, "a" * 7 + "\0"])
@example([f"{'same/' * 3}{number % 7}" for number in range(5 * FEW)])
@examples(200)
def test_texts_ascend_by_their_bytes(texts: list[str]) -> None:
    rows = ascending(pa.array(texts, pa.string()))
    assert sorted(rows.tolist()) == list(range(len(texts)))
    assert [texts[row] for row in rows] == sorted(texts, key=str.encode)


def test_a_part_of_an_array_ascends() -> None:
    texts = pa.array(["z", "b", "c", "a", "y"])
    assert ascending(texts[1:4]).tolist() == [2, 0, 1]


MODELS = [
    Model("03", "b/one", "b", downloads=3, license="mit"),
    Model("01", "c/two", "c", license="mit", status=Status.DELETED),
    Model("02", "c/two", "c", status=Status.DELETED),
    Model("00", "c/two", "c", downloads=7),
    Model("04", "alone", status=Status.MISSING),
]
DERIVATIONS = [
    Derivation("03", "00", Relation.QUANTIZED),
    Derivation("03", "04", Relation.MERGE),
    Derivation("03", "00", Relation.FINETUNE),
    Derivation("02", "04", Relation.UNKNOWN),
]


def read_stored(store: Store) -> Stored:
    return as_stored(read_columns(store, "models"), read_columns(store, "derivations"))


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    with open_store(str(tmp_path)) as store:
        run = store.begin("crawl", "a test", "full")
        digests = range(len(MODELS))
        store.write(run, Batch(models=MODELS, digests=digests, derivations=DERIVATIONS))
        return read_stored(store)


def test_of_one_id_the_living_comes_first_then_the_newest(stored: Stored) -> None:
    assert stored.models["id"].to_pylist() == ["alone", "b/one", "c/two", "c/two", "c/two"]
    assert stored.models["key"].to_pylist() == ["04", "03", "00", "02", "01"]
    assert stored.live.tolist() == [False, True, True, False, False]
    assert stored.has_status(Status.MISSING).tolist() == [True, False, False, False, False]


def test_columns_keep_to_their_models(stored: Stored) -> None:
    assert stored.numbers("downloads", -1).tolist() == [-1, 3, 7, -1, -1]
    assert stored.models["license"].to_pylist() == [None, "mit", None, None, "mit"]
    codes = stored.codes("author").tolist()
    assert codes[0] == -1
    assert codes[2] == codes[3] == codes[4] != codes[1]


def test_derivations_name_rows_both_ways_by_relation(stored: Stored) -> None:
    codes = [list(Relation).index(relation) for relation in Relation]
    finetune, _, quantized, merge, unknown = codes
    assert stored.bases.of(1).tolist() == [0, 2, 2]
    assert stored.base_relations.tolist() == [merge, finetune, quantized, unknown]
    assert stored.bases.of(3).tolist() == [0]
    assert stored.derivatives.of(2).tolist() == [1, 1]
    assert stored.derivatives.of(0).tolist() == [1, 3]
    assert stored.derivative_relations.tolist() == [merge, unknown, finetune, quantized]


def test_a_store_without_models(tmp_path: Path) -> None:
    with open_store(str(tmp_path)) as store:
        empty = read_stored(store)
    assert len(empty.models["id"]) == 0
    assert empty.bases.size == empty.derivatives.size == 0
    assert empty.live.tolist() == []
