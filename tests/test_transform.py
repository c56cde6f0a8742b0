"""From a list item to a model: every trap of the metadata, and what is said about it."""

import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.quality import EXAMPLE_LENGTH, EXAMPLES_PER_REASON, Quality, Reason, shown
from graph.records import Model, Reference, Relation, Status, decode_references
from ingest.legacy import LEGACY_IDS
from ingest.transform import is_base_id, is_model_id, transform

KEY = "65a1b2c3d4e5f60718293a4b"
BASE_KEY = "60a1b2c3d4e5f60718293a4b"
FINETUNE, ADAPTER, QUANTIZED, MERGE, UNKNOWN = Relation
WHOLE = {
    "_id": KEY,
    "id": "org/child",
    "author": "org",
    "createdAt": "2024-01-02T03:04:05.678Z",
    "lastModified": "2025-01-02T03:04:05.000Z",
    "downloads": 1,
    "downloadsAllTime": 2,
    "likes": 3,
    "tags": ["transformers", "license:mit", "region:us"],
    "library_name": "transformers",
    "pipeline_tag": "text-generation",
    "safetensors": {"parameters": {"BF16": 7}, "total": 7},
    "gated": "manual",
}

BASES = [
    {"_id": BASE_KEY, "id": "a/b"},
    {"_id": BASE_KEY, "id": "c/d"},
    {"_id": KEY, "id": "a/b"},
    {"_id": "odd", "id": "a/b"},
    {"_id": BASE_KEY, "id": "org/child"},
    {"_id": BASE_KEY, "id": "no id"},
    {"id": "a/b"},
    {"_id": BASE_KEY},
]
ODD: list[Any] = [None, 7, "a/b", [], {}, ["a/b"], [None], {"id": "a/b"}, [{"_id": [], "id": {}}]]
AGREEING = [
    *(f"base_model:{text}{id}" for text in ("", "finetune:", "merge:") for id in ("a/b", "c/d")),
    "base_model:org/child",
    "base_model:finetune:org/child",
    "license:mit",
]


def read(**fields: Any) -> tuple[Model, list[Reason]]:
    """Transform a model of which only these fields and its id are given."""
    model, doubts = transform({"_id": KEY, "id": "org/child", **fields})
    assert model is not None
    assert all("org/child" in example for _, example in doubts)
    return model, [reason for reason, _ in doubts]


def bases(**fields: Any) -> tuple[list[tuple[Relation, str]], list[Reason]]:
    model, reasons = read(**fields)
    references = decode_references(model.declared)
    return [(r.relation, r.id) for r in references if not r.strays], reasons


def base_models(relation: Any, *ids: str) -> dict[str, Any]:
    return {"relation": relation, "models": [{"_id": BASE_KEY, "id": id} for id in ids]}


def test_whole_record() -> None:
    assert transform(WHOLE) == (
        Model(
            KEY,
            "org/child",
            "org",
            1_704_164_645_678,
            1_735_787_045_000,
            1,
            2,
            3,
            "mit",
            "transformers",
            "text-generation",
            7,
            "manual",
        ),
        [],
    )


def test_bare_record_leaves_all_else_unknown() -> None:
    assert transform({"modelId": "gpt2"}) == (Model("id:gpt2", "gpt2"), [])


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, Reason.NOT_AN_OBJECT),
        ([{"id": "a/b"}], Reason.NOT_AN_OBJECT),
        ("a/b", Reason.NOT_AN_OBJECT),
        ({}, Reason.NO_ID),
        ({"id": ""}, Reason.NO_ID),
        ({"id": None, "modelId": None}, Reason.NO_ID),
        ({"id": 7}, Reason.BAD_ID),
        ({"id": ["a/b"]}, Reason.BAD_ID),
        ({"id": "a/b/c"}, Reason.BAD_ID),
        ({"id": "a b/c"}, Reason.BAD_ID),
        ({"id": "a/b\n"}, Reason.BAD_ID),
        ({"id": "a/b\0"}, Reason.BAD_ID),
        ({"id": "a:b"}, Reason.BAD_ID),
        ({"id": "Ünï/code"}, Reason.BAD_ID),
        ({"id": "\ud800/b"}, Reason.BAD_ID),
        ({"id": "a/"}, Reason.BAD_ID),
        ({"id": "a/" + "b" * 199}, Reason.BAD_ID),
    ],
)
def test_records_that_name_no_model(item: Any, reason: Reason) -> None:
    model, doubts = transform(item)
    assert model is None
    assert [doubt for doubt, _ in doubts] == [reason]


@pytest.mark.parametrize(
    "id", ["gpt2", "a/b", "0-hero/Matter-0.1-7B", "_x/y", "a/" + "b" * 198, "01-ai/Yi-6B.", "a/-"]
)
def test_odd_ids_that_are_ids(id: str) -> None:
    model, doubts = transform({"id": id})
    assert model is not None
    assert (model.id, model.key, doubts) == (id, f"id:{id}", [])
    assert model.author == (id.partition("/")[0] if "/" in id else None)


@pytest.mark.parametrize(
    "key",
    ["", KEY[:-1], KEY + "0", KEY.upper(), "g" * 24, 7, [KEY], {"$oid": KEY}, KEY + "\n", "é" * 24],
)
def test_malformed_key(key: Any) -> None:
    model, reasons = read(_id=key)
    assert (model.key, reasons) == ("id:org/child", [Reason.BAD_KEY])


def test_absent_key_is_no_doubt() -> None:
    model, reasons = read(_id=None)
    assert (model.key, reasons) == ("id:org/child", [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-01-29T08:29:22.000Z", 1_738_139_362_000),
        ("2025-01-29T08:29:22Z", 1_738_139_362_000),
        ("2025-01-29 08:29:22+00:00", 1_738_139_362_000),
        ("2025-01-29T08:29:22.123456+00:00", 1_738_139_362_123),
        ("2025-01-29T10:29:22+02:00", 1_738_139_362_000),
        ("2025-01-29T08:29:22", 1_738_139_362_000),
        ("2025-01-29 08:29:22", 1_738_139_362_000),
        ("20250129T082922Z", 1_738_139_362_000),
        ("2025-01-29", 1_738_108_800_000),
        ("1969-12-31T23:59:59Z", -1000),
        (None, None),
    ],
)
def test_dates(value: Any, expected: int | None) -> None:
    model, reasons = read(createdAt=value, lastModified=value)
    assert (model.created_at, model.modified_at, reasons) == (expected, expected, [])


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2025-13-01T00:00:00Z",
        "2025-02-30",
        "2025-01-29T08:29:22Zjunk",
        "29/01/2025",
        "9999-12-31T23:59:59-23:59:99",
        "\ud800",
        1_738_139_362,
        1.5,
        True,
        {},
        [],
    ],
)
def test_bad_dates(value: Any) -> None:
    model, reasons = read(createdAt=value)
    assert (model.created_at, reasons) == (None, [Reason.BAD_DATE])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (2**63 - 1, 2**63 - 1), (12.0, 12), (1e15, 10**15), (None, None)],
)
def test_counts(value: Any, expected: int | None) -> None:
    model, reasons = read(
        downloads=value, downloadsAllTime=value, likes=value, safetensors={"total": value}
    )
    assert (*model[5:8], model.parameters) == (expected,) * 4
    assert reasons == []


@pytest.mark.parametrize(
    "value",
    [
        -1,
        1.5,
        "12",
        True,
        False,
        2**63,
        10**30,
        2.0**63,
        -1.0,
        math.nan,
        math.inf,
        [],
        {},
        pytest.param(10**5000, id="huge"),
    ],
)
@pytest.mark.parametrize("name", ["downloads", "downloadsAllTime", "likes", "total"])
def test_bad_counts(name: str, value: Any) -> None:
    model, reasons = read(**({"safetensors": {name: value}} if name == "total" else {name: value}))
    assert (*model[5:8], model.parameters) == (None,) * 4
    assert reasons == [Reason.BAD_COUNT]


@pytest.mark.parametrize("value", [None, {}, {"parameters": {"BF16": 7}}, {"total": None}])
def test_safetensors_without_total(value: Any) -> None:
    model, reasons = read(safetensors=value)
    assert (model.parameters, reasons) == (None, [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(False, "no"), (True, "auto"), ("auto", "auto"), ("manual", "manual"), (None, None)],
)
def test_gated(value: Any, expected: str | None) -> None:
    model, reasons = read(gated=value)
    assert (model.gated, reasons) == (expected, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gated", "yes"),
        ("gated", 0),
        ("gated", 1.0),
        ("gated", []),
        ("library_name", 7),
        ("library_name", ["peft"]),
        ("library_name", "a\0b"),
        ("library_name", "a\nb"),
        ("pipeline_tag", "\ud83d"),
        ("pipeline_tag", "x" * 201),
        ("pipeline_tag", False),
        ("tags", "gguf"),
        ("tags", {"gguf": 1}),
        ("tags", ["gguf", 7, None]),
        ("tags", ["gguf\nlicense:mit"]),
        ("tags", ["gguf", "\nbase_model:a/b"]),
        ("tags", ["license:a\0b"]),
        ("cardData", "license: mit"),
        ("cardData", [1]),
        ("cardData", {"license": 7}),
        ("cardData", {"license": [["mit"]]}),
        ("cardData", {"license": {"name": "mit"}}),
        ("safetensors", 7),
        ("safetensors", "7"),
        ("baseModels", "a/b"),
        ("baseModels", ["a/b"]),
        ("baseModels", {"relation": "merge"}),
        ("baseModels", {"relation": "merge", "models": {}}),
        ("baseModels", {"relation": "merge", "models": [7]}),
        ("baseModels", {"relation": "merge", "models": [{"id": None}]}),
        ("baseModels", {"relation": "merge", "models": [{"_id": BASE_KEY}]}),
    ],
)
def test_fields_of_another_kind_count_as_unknown(name: str, value: Any) -> None:
    model, reasons = read(**{name: value})
    assert model == Model(KEY, "org/child", "org")
    assert reasons == [Reason.BAD_FIELD]


def test_tags_that_are_text_count_among_others_that_are_not() -> None:
    model, reasons = read(tags=[None, "license:mit", ["x"], "base_model:adapter:a/b", "a\nb"])
    assert (model.license, model.declared) == ("mit", "adapter:a/b")
    assert reasons == [Reason.BAD_FIELD]


@pytest.mark.parametrize(
    ("tags", "card", "expected"),
    [
        (["license:mit"], {"license": "apache-2.0"}, "mit"),
        (["license:mit", "license:gpl-3.0"], None, "mit"),
        (["x-license:mit"], {"license": "apache-2.0"}, "apache-2.0"),
        ([], {"license": ["apache-2.0", "mit"]}, "apache-2.0"),
        ([], {"license": []}, None),
        ([], {"license": ""}, None),
        ([], {"license": None}, None),
        (["license:"], None, None),
        (None, None, None),
    ],
)
def test_license_is_the_tag_before_the_card(tags: Any, card: Any, expected: str | None) -> None:
    model, reasons = read(tags=tags, cardData=card)
    assert (model.license, reasons) == (expected, [])


@pytest.mark.parametrize(
    ("fields", "expected", "reasons"),
    [
        pytest.param({}, [], [], id="nothing"),
        pytest.param({"baseModels": None}, [], [], id="null"),
        pytest.param({"baseModels": {}}, [], [], id="empty"),
        pytest.param({"baseModels": base_models("merge")}, [], [], id="no models"),
        pytest.param(
            {"baseModels": base_models("finetune", "a/b")}, [(FINETUNE, "a/b")], [], id="one"
        ),
        pytest.param(
            {"baseModels": base_models("merge", "b/c", "a/b")},
            [(MERGE, "b/c"), (MERGE, "a/b")],
            [],
            id="merge",
        ),
        pytest.param(
            {"baseModels": base_models("distilled", "a/b")},
            [(UNKNOWN, "a/b")],
            [Reason.RELATION_UNKNOWN],
            id="relation of tomorrow",
        ),
        pytest.param(
            {"baseModels": base_models(["merge"], "a/b")},
            [(UNKNOWN, "a/b")],
            [Reason.RELATION_UNKNOWN],
            id="relation that is no text",
        ),
        pytest.param(
            {"tags": ["base_model:a/b", "base_model:quantized:a/b"]},
            [(QUANTIZED, "a/b")],
            [],
            id="tags as the Hub writes them",
        ),
        pytest.param(
            {"tags": ["base_model:a/b"]},
            [(UNKNOWN, "a/b")],
            [Reason.RELATION_UNKNOWN],
            id="plain tag",
        ),
        pytest.param(
            {"tags": ["base_model:distill:a/b", "base_model:a/b"]},
            [(UNKNOWN, "a/b")],
            [Reason.BASE_NOT_AN_ID, Reason.RELATION_UNKNOWN],
            id="tag with a relation of tomorrow",
        ),
        pytest.param(
            {"tags": ["base_model:", "base_model:finetune:", "my_base_model:a/b"]},
            [],
            [Reason.BASE_NOT_AN_ID],
            id="tags that name nothing",
        ),
        pytest.param(
            {"tags": ["base_model:finetune:", "base_model:a/b"]},
            [(UNKNOWN, "a/b")],
            [Reason.BASE_NOT_AN_ID, Reason.RELATION_UNKNOWN],
            id="typed tag that names nothing does not hide a plain one",
        ),
        pytest.param(
            {"tags": ["base_model:adapter:a/b", "base_model:finetune:a/b"]},
            [(ADAPTER, "a/b"), (FINETUNE, "a/b")],
            [],
            id="several relations",
        ),
        pytest.param(
            {"tags": ["base_model:merge:a/b", "base_model:merge:c/d", "base_model:merge:a/b"]},
            [(MERGE, "a/b"), (MERGE, "c/d")],
            [],
            id="repeated parent",
        ),
        pytest.param(
            {"tags": ["base_model:merge:a/b"]},
            [(MERGE, "a/b")],
            [Reason.MERGE_OF_ONE],
            id="merge of one",
        ),
        pytest.param(
            {"tags": [f"base_model:merge:a/b{n}" for n in range(65)]},
            [(MERGE, f"a/b{n}") for n in range(65)],
            [],
            id="65 parents",
        ),
        pytest.param(
            {"tags": ["base_model:finetune:org/child", "base_model:finetune:a/b"]},
            [(FINETUNE, "a/b")],
            [Reason.SELF_REFERENCE],
            id="itself by id",
        ),
        pytest.param(
            {"baseModels": {"relation": "finetune", "models": [{"_id": KEY, "id": "org/former"}]}},
            [],
            [Reason.SELF_REFERENCE],
            id="itself by key",
        ),
        pytest.param(
            {"tags": ["base_model:finetune:Org/Child"]},
            [(FINETUNE, "Org/Child")],
            [],
            id="another case is another model",
        ),
        pytest.param(
            {"tags": ["base_model:finetune:gpt2", "base_model:finetune:my-gpt2"]},
            [(FINETUNE, "gpt2")],
            [Reason.BASE_NOT_AN_ID],
            id="one-part ids",
        ),
        pytest.param(
            {"baseModels": base_models("finetune", "a/b"), "tags": ["base_model:adapter:c/d"]},
            [(FINETUNE, "a/b")],
            [Reason.SOURCES_DISAGREE],
            id="baseModels before tags",
        ),
        pytest.param(
            {"baseModels": base_models("finetune", "./local"), "tags": ["base_model:adapter:c/d"]},
            [],
            [Reason.SOURCES_DISAGREE, Reason.BASE_NOT_AN_ID],
            id="baseModels alone, even when it is of no use",
        ),
        pytest.param(
            {"baseModels": "damaged", "tags": ["base_model:adapter:c/d"]},
            [(ADAPTER, "c/d")],
            [Reason.BAD_FIELD],
            id="tags in place of malformed baseModels",
        ),
        pytest.param(
            {"tags": ["base_model:a/b", "base_model:adapter:c/d"]},
            [(ADAPTER, "c/d")],
            [Reason.SOURCES_DISAGREE],
            id="typed tags before plain ones",
        ),
        pytest.param(
            {"tags": ["base_model:a/b"], "cardData": {"base_model": "c/d"}},
            [(UNKNOWN, "a/b")],
            [Reason.SOURCES_DISAGREE, Reason.RELATION_UNKNOWN],
            id="tags before the card",
        ),
        pytest.param(
            {
                "baseModels": base_models("merge", "a/b", "c/d"),
                "tags": ["base_model:merge:c/d", "base_model:merge:a/b"],
                "cardData": {"base_model": ["a/b", "c/d"]},
            },
            [(MERGE, "a/b"), (MERGE, "c/d")],
            [],
            id="agreement in another order",
        ),
        pytest.param(
            {"cardData": {"base_model": " a/b ", "base_model_relation": "adapter"}},
            [(ADAPTER, "a/b")],
            [Reason.BASES_FROM_CARD],
            id="card with a relation",
        ),
        pytest.param(
            {"cardData": {"base_model": ["a/b", "", "c/d"]}},
            [(UNKNOWN, "a/b"), (UNKNOWN, "c/d")],
            [Reason.BASES_FROM_CARD, Reason.RELATION_UNKNOWN],
            id="card with a list",
        ),
        pytest.param(
            {"cardData": {"base_model": [{"name": "a/b"}, "c/d"], "base_model_relation": {}}},
            [(UNKNOWN, "c/d")],
            [Reason.BAD_FIELD, Reason.BASES_FROM_CARD, Reason.RELATION_UNKNOWN],
            id="card with a dict in the list",
        ),
        pytest.param(
            {"cardData": {"base_model": {"name": "a/b"}}}, [], [Reason.BAD_FIELD], id="card: dict"
        ),
        pytest.param({"cardData": {"base_model": None}}, [], [], id="card: null"),
        pytest.param({"cardData": {"base_model": []}}, [], [], id="card: empty list"),
    ],
)
def test_bases(
    fields: dict[str, Any], expected: list[tuple[Relation, str]], reasons: list[Reason]
) -> None:
    assert bases(**fields) == (expected, reasons)


@pytest.mark.parametrize(
    "name",
    [
        "https://huggingface.co/a/b",
        "http://www.huggingface.co/a/b/",
        "https://hf.co/a/b",
        "https://huggingface.co/models/a/b",
        "HTTPS://HuggingFace.co/a/b",
    ],
)
def test_addresses_of_the_hub_are_ids(name: str) -> None:
    for fields in (
        {"tags": [f"base_model:finetune:{name}"]},
        {"baseModels": base_models("finetune", name)},
    ):
        assert bases(**fields) == ([(FINETUNE, "a/b")], [])


@pytest.mark.parametrize(
    "name",
    [
        "https://example.com/a/b",
        "https://huggingface.co/datasets/a/b",
        "https://huggingface.co/",
        "/data/models/llama",
        "./llama",
        "../models/llama",
        "~/llama",
        "models/llama/7b",
        "C:\\models\\llama",
        "D:/models/llama",
        "ORIGINAL_REPO_NAME",
        "llama",
        "a/b c",
        "a/b:main",
        "None",
        "a/" + "b" * 199,
        "a/b\0",
        "a/\ud800",
    ],
)
def test_bases_that_are_no_ids(name: str) -> None:
    expected = [Reason.BASES_FROM_CARD, Reason.BASE_NOT_AN_ID]
    assert bases(cardData={"base_model": name}) == ([], expected)
    assert bases(baseModels=base_models("finetune", name)) == ([], [Reason.BASE_NOT_AN_ID])


def test_key_of_a_base_counts_only_when_it_is_one() -> None:
    models = [{"_id": BASE_KEY, "id": "a/b"}, {"_id": "?", "id": "c/d"}, {"id": "e/f"}]
    model, _ = read(baseModels={"relation": "merge", "models": models})
    assert decode_references(model.declared) == [
        Reference(MERGE, "a/b", BASE_KEY),
        Reference(MERGE, "c/d"),
        Reference(MERGE, "e/f"),
    ]


def test_very_many_bases_take_no_time_that_grows_with_their_square() -> None:
    tags = [f"base_model:merge:a/b{number}" for number in range(50_000)]
    found, reasons = bases(tags=tags + tags)
    assert (len(found), reasons) == (50_000, [])


def test_ids() -> None:
    assert all(is_base_id(id) and is_model_id(id) for id in LEGACY_IDS)
    assert is_model_id("anything")
    assert not is_base_id("anything")


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))  # with half surrogate pairs
    | st.sampled_from(["a/b", "org/child", KEY, "merge", "2024-01-01", "gpt2", 2**64, -1]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "_id", "models", "relation", "base_model"]), inner)
    ),
    max_leaves=12,
)
tags = st.lists(
    json | st.builds("base_model:{}".format, st.sampled_from(["a/b", "merge:a/b", "x", ":", ""]))
)
names = [*WHOLE, "baseModels", "cardData", "modelId"]


@pytest.mark.parametrize(
    ("declared", "kept"),
    [
        ("./output", ["./output"]),
        ("a/b, c/d", ["a/b, c/d"]),
        (["ORIGINAL_REPO_NAME", "a/b"], ["ORIGINAL_REPO_NAME"]),
        ("org/child", ["org/child"]),
        ("https://huggingface.co/org/child", ["org/child"]),
        ("a: b\0\ud800\n50%", ["a: b\ufffd\ufffd\ufffd50%"]),
        ("x y" * 2000, [("x y" * 2000)[:1000]]),
        ("a/b", []),
    ],
)
def test_what_is_no_base_is_kept_as_declared(declared: Any, kept: list[str]) -> None:
    model, _ = read(cardData={"base_model": declared})
    assert [r.id for r in decode_references(model.declared) if r.strays] == kept
    assert model.declared is None or model.declared.isascii()


@pytest.mark.parametrize(
    ("removed", "status"), [(True, "deleted"), (False, "live"), (None, "live"), ("true", "live")]
)
def test_a_source_may_say_that_a_model_is_gone(removed: Any, status: str) -> None:
    model, doubts = transform(WHOLE | {"removed": removed})
    whole, _ = transform(WHOLE)
    assert whole is not None
    assert model == whole._replace(status=Status(status))
    assert doubts == []
    assert transform(WHOLE | {"x_removed_at": "2026-08-22"}) == (whole, [])


@given(json | st.fixed_dictionaries({}, optional=dict.fromkeys(names, json) | {"tags": tags}))
def test_no_json_value_raises(item: Any) -> None:
    model, doubts = transform(item)
    quality = Quality()
    quality.extend(doubts)
    orjson.dumps(quality.as_dict())
    if model is None:
        assert doubts
        return
    orjson.dumps(model[:])
    assert is_model_id(model.id)
    for reference in decode_references(model.declared):
        assert reference.strays or is_base_id(reference.id)
        assert reference.strays or reference.id != model.id
        assert reference.id.isprintable()
    for text in model:
        assert not isinstance(text, str) or text.isprintable()


@given(st.dictionaries(st.sampled_from(names), json))
def test_what_a_record_says_does_not_depend_on_others(item: dict[str, Any]) -> None:
    first = repr(transform(item))
    transform(WHOLE)
    assert repr(transform(item)) == first


@given(
    st.fixed_dictionaries(
        {"tags": st.lists(st.sampled_from(AGREEING), max_size=4)},
        optional={
            "baseModels": st.fixed_dictionaries(
                {"models": st.lists(st.sampled_from(BASES), max_size=2) | st.sampled_from(ODD)},
                optional={"relation": st.sampled_from(["finetune", "merge", "other", None, []])},
            )
            | st.sampled_from(ODD),
            "cardData": st.sampled_from([None, {}, {"base_model": "a/b"}, {"base_model": "c/d"}]),
        },
    )
)
def test_bases_on_which_all_agree_are_those_of_a_closer_look(fields: dict[str, Any]) -> None:
    item = {"_id": KEY, "id": "org/child", **fields}
    found = transform(item)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ingest.transform._agreed", lambda *_: None)
        assert transform(item) == found


def test_bases_on_which_all_agree_need_no_closer_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.transform._checked", None)
    tags = ["base_model:a/b", "x", "base_model:adapter:a/b"]
    assert bases(tags=tags, baseModels=base_models("adapter", "a/b")) == ([(ADAPTER, "a/b")], [])


def test_every_reason_has_a_meaning() -> None:
    assert all(reason.meaning.endswith(".") for reason in Reason)


def test_quality_counts_all_and_keeps_some_examples() -> None:
    quality = Quality()
    quality.extend((Reason.BAD_DATE, f"{number}" * 999) for number in range(7))
    quality.add(Reason.NO_ID, "half a pair \ud800 and \0")
    quality.add_many(Reason.BAD_ID, 3, ["one"])
    quality.add_many(Reason.CYCLE, 0, ["none"])
    again = Quality(orjson.loads(orjson.dumps(quality.as_dict())))
    assert again.as_dict() == quality.as_dict()
    again.merge(quality)
    dates = again.as_dict()["bad_date"]
    assert (dates["count"], len(dates["examples"])) == (14, EXAMPLES_PER_REASON)
    assert {len(example) for example in dates["examples"]} == {EXAMPLE_LENGTH}
    assert again.as_dict()["no_id"]["examples"][0] == "half a pair \\ud800 and \0"
    assert again.as_dict()["bad_id"] == {"count": 6, "examples": ["one", "one"]}
    assert list(again.as_dict()) == ["no_id", "bad_id", "bad_date"]
    assert again.count(Reason.CYCLE) == 0


def test_examples_of_any_value_are_short() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "x" * 10**6, [1] * 10**6, {str(n): n for n in range(10**5)}, 10**5000):
        assert len(shown(value)) <= 2 * EXAMPLE_LENGTH
