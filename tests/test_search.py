"""Search: what people type finds the model that they mean."""

import re
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ecosystem import Ecosystem
from graph.errors import UsageError
from graph.search import MAX_TEXT, holding, search
from graph.search_index import search_index
from graph.spelling import LONGEST, SHORTEST, Vocabulary, distance
from tests.lineages import ecosystem, examples, item

ITEMS = [
    item("Qwen/Qwen2.5-Coder-7B", downloads=900),
    item("Qwen/Qwen2.5-Coder-7B-Instruct", "finetune:Qwen/Qwen2.5-Coder-7B", downloads=5000),
    item("Qwen/Qwen2.5-7B", downloads=7000),
    item("someone/my.qwen_2-5.coder", downloads=1),
    item("someone/unknown-downloads-coder"),
    item("someone/fork", "finetune:zz-lost/base-coder"),
    item("someone/fork-2", "finetune:zz-lost/base-coder"),
    item("gpt2", downloads=3),
    item("openai/gpt2-xl", downloads=99),
    item("a/plus.plus", downloads=2),
    item("a/b_c-d.e", downloads=2),
]


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(ITEMS)


def ids(eco: Ecosystem, text: str, first: int = 10) -> list[str]:
    return [eco.names[row] for row in search(eco, text, first).tolist()]


CODERS = [
    "Qwen/Qwen2.5-Coder-7B-Instruct",
    "Qwen/Qwen2.5-Coder-7B",
    "someone/my.qwen_2-5.coder",
]


@pytest.mark.parametrize(
    "text",
    ["qwen2.5 coder", "qwen 2.5-coder", "QWEN2.5CODER", "Qwen2.5_Coder", "  coder,  qwen2.5!"],
)
def test_case_punctuation_and_order_do_not_count(eco: Ecosystem, text: str) -> None:
    assert ids(eco, text) == CODERS


def test_every_word_must_be_there(eco: Ecosystem) -> None:
    assert ids(eco, "qwen2.5 coder instruct") == CODERS[:1]
    assert ids(eco, "qwen2.5 coder absent") == []


def test_the_exact_id_comes_first(eco: Ecosystem) -> None:
    assert ids(eco, "Qwen/Qwen2.5-Coder-7B") == [
        "Qwen/Qwen2.5-Coder-7B",
        "Qwen/Qwen2.5-Coder-7B-Instruct",
    ]
    assert ids(eco, " gpt2 ") == ["gpt2", "openai/gpt2-xl"]
    assert ids(eco, "gpt-2") == ["openai/gpt2-xl", "gpt2"]
    assert ids(eco, "a/b_c-d.e")[0] == "a/b_c-d.e"


def test_the_most_downloaded_come_next_then_those_with_descendants(eco: Ecosystem) -> None:
    # A placeholder is found too; of unknown downloads the one that more derives from is first.
    assert ids(eco, "coder") == [*CODERS, "zz-lost/base-coder", "someone/unknown-downloads-coder"]


def test_no_more_than_asked_for(eco: Ecosystem) -> None:
    assert ids(eco, "coder", 2) == CODERS[:2]
    assert ids(eco, "coder", 0) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t",
        "\x00",
        "\x00\x1b[31m",
        "///",
        "---",
        "...",
        "%_",
        "模型",
        "🤗",
        "\ud800",
        "é",
    ],
)
def test_a_text_without_words_finds_nothing(eco: Ecosystem, text: str) -> None:
    assert ids(eco, text) == []


@pytest.mark.parametrize("text", [".*", "q.*n", "(", "[a-z]", "^gpt2$", "gpt2|qwen", "\\", "a++"])
def test_signs_of_regular_expressions_mean_nothing(eco: Ecosystem, text: str) -> None:
    words = "".join(sign if sign.isalnum() else " " for sign in text)
    assert ids(eco, text) == ids(eco, f"! {words}")


def test_signs_beside_words_do_not_count(eco: Ecosystem) -> None:
    assert ids(eco, "qwen2.5\x00coder") == CODERS
    assert ids(eco, "模型 qwen2.5 coder 🤗") == CODERS
    assert ids(eco, "^qwen2.5.*coder$") == CODERS


def known(word: str) -> bool:
    return any(word in re.sub("[^a-z]", "", entry["id"].lower()) for entry in ITEMS)


@given(st.text() | st.text("qwen25coder7bgt/-_. ", max_size=12))
@examples(150)
def test_any_text_is_harmless_and_finds_itself(eco: Ecosystem, text: str) -> None:
    found = ids(eco, text)
    assert len(found) == len(set(found))
    # Of a word that is nobody's another one is searched for.
    letters = {sign for sign in text.lower() if sign in "abcdefghijklmnopqrstuvwxyz012345"}
    for id in found if all(map(known, re.findall("[a-z]+", text.lower()))) else []:
        assert letters <= {sign for sign in id.lower() if sign.isalnum()}


@given(st.sampled_from([entry["id"] for entry in ITEMS]))
@examples(20)
def test_every_id_finds_its_model_first(eco: Ecosystem, id: str) -> None:
    assert ids(eco, id)[0] == id
    assert id in ids(eco, id.upper())
    assert id in ids(eco, id.replace("/", " "))


NAMES = st.from_regex(r"[a-cA-C0-1._-]{1,6}(/[a-cA-C0-1._-]{1,8})?", fullmatch=True)


@given(
    st.lists(st.tuples(NAMES, st.integers(-1, 3), st.integers(0, 2)), min_size=1, unique=True),
    st.text("abcABC01 ._-/", max_size=8),
    st.integers(0, 4),
)
@examples(100)
def test_found_as_by_definition(models: list[tuple[str, int, int]], text: str, first: int) -> None:
    models.sort(key=lambda model: model[0].encode())
    names, downloads, descendants = (pa.array(column) for column in zip(*models, strict=True))
    index = search_index(names, downloads.to_numpy(), descendants.to_numpy())
    folded = [re.sub("[^a-z0-9/]", "", id.lower()) for id, _, _ in models]
    order = sorted(range(len(models)), key=lambda row: (-models[row][1], -models[row][2], row))
    assert index.column("row").to_pylist() == order
    assert index.column("text").to_pylist() == [folded[row] for row in order]
    words = [re.sub("[^a-z0-9]", "", word) for word in text.lower().split()]
    expected = [row for row in order if all(word in folded[row] for word in words)]
    assert holding(index, words, first, block=3).tolist() == expected[:first]


def test_a_snapshot_without_an_index_is_searched_too(tmp_path: Path) -> None:
    eco = ecosystem(ITEMS, directory=tmp_path)
    (index,) = tmp_path.glob("store/snapshots/*/search.arrow")
    index.unlink()
    without = Ecosystem(index.parent)
    assert without.search_index.equals(eco.search_index)
    assert ids(without, "qwen2.5 coder") == CODERS


def test_a_long_text_is_refused(eco: Ecosystem) -> None:
    assert ids(eco, "coder".center(MAX_TEXT)) == ids(eco, "coder")
    with pytest.raises(UsageError, match="257 characters; search for 256 at most"):
        search(eco, "coder".center(MAX_TEXT + 1), 10)


@pytest.mark.parametrize(
    "text",
    ["qwen2.5 codr", "qwne2.5 coder", "qwen25codr", "qwenn 2.5 codder", "Qwen2.5-Cpder"],
)
def test_misspellings(eco: Ecosystem, text: str) -> None:
    assert ids(eco, text) == CODERS


def test_what_is_spelt_right_is_left_alone(eco: Ecosystem) -> None:
    # "unknow" is part of a word, "downlods" is near to one, and "zzzzzz" to none.
    assert ids(eco, "unknow downlods") == ["someone/unknown-downloads-coder"]
    assert ids(eco, "zzzzzz") == ids(eco, "coder zzzzzz") == ids(eco, "qwen2.6") == []


def test_the_nearest_word_and_then_the_most_frequent() -> None:
    ids = ["a/Mistral-7B", "b/mistrel_lora", "c/Mistrel.3", "c/ministrals"]
    known = Vocabulary(pa.array(ids))
    assert known.nearest("mistrall") == "mistral"
    assert known.nearest("mistril") == "mistrel"
    assert known.nearest("mnistras") == "ministrals"
    assert known.nearest("mistra") == "mistra"
    assert known.nearest("loras") == "lora"
    assert known.nearest("mst") is known.nearest("gemma") is None
    assert known.nearest("m" * 40) is None


LETTERS = st.text("abc", max_size=6)


@given(LETTERS, LETTERS)
@examples(300)
def test_distance_by_definition(one: str, other: str) -> None:
    def slow(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [slow(i - 1, j) + 1, slow(i, j - 1) + 1]
        ways.append(slow(i - 1, j - 1) + (one[i - 1] != other[j - 1]))
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
            ways.append(slow(i - 2, j - 2) + 1)
        return min(ways)

    assert distance(one, other) == cache(slow)(len(one), len(other)) == distance(other, one)


@given(st.lists(st.text("abc", min_size=4, max_size=9), min_size=1), st.text("abcd", min_size=1))
@examples(200)
def test_the_nearest_of_all(words: list[str], word: str) -> None:
    found = Vocabulary(pa.array(words)).nearest(word)
    if len(word) < SHORTEST or len(word) > LONGEST:
        assert found is None
    elif any(word in known for known in words):
        assert found == word
    else:
        ranked = [(distance(word, known), -words.count(known), known) for known in words]
        best = min(ranked)
        assert found == (best[2] if best[0] <= (2 if len(word) >= 8 else 1) else None)
