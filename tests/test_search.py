"""Search: what people type finds the model that they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ecosystem import Ecosystem
from graph.search import search
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


@given(st.text() | st.text("qwen25coder7bgt/-_. ", max_size=12))
@examples(150)
def test_any_text_is_harmless_and_finds_itself(eco: Ecosystem, text: str) -> None:
    found = ids(eco, text)
    assert len(found) == len(set(found))
    squeezed = "".join(sign for sign in text.lower() if sign in "abcdefghijklmnopqrstuvwxyz012345")
    for id in found:
        letters = {sign for sign in id.lower() if sign.isalnum()}
        assert set(squeezed) <= letters


@given(st.sampled_from([entry["id"] for entry in ITEMS]))
@examples(20)
def test_every_id_finds_its_model_first(eco: Ecosystem, id: str) -> None:
    assert ids(eco, id)[0] == id
    assert id in ids(eco, id.upper())
    assert id in ids(eco, id.replace("/", " "))
