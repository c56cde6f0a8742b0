"""Families on an example that holds every trap, with the table that it must give, by hand."""

from typing import Any

import pytest

from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.quality import Reason
from graph.shares import Weight, sizes
from tests.lineages import Item, ecosystem, item

OLD, NEW = "2024-01-01T00:00:00.000Z", "2024-06-01T00:00:00.000Z"


def hub_item(key: str, *args: Any, **fields: Any) -> Item:
    """Return a list item that carries the Hub's own key."""
    return {**item(*args, **fields), "_id": key * 24}


MODELS = [
    # Two families, a chat model, and a merge of both.
    item("red/7b"),
    item("red/chat", "finetune:red/7b"),
    item("blue/8b"),
    item("user/merge", "merge:red/7b", "merge:blue/8b"),
    # Published by one organisation, grown from another's weights; and a merge of it.
    item("blue/distill", "finetune:red/7b"),
    item("user/on-distill", "adapter:blue/distill"),
    # Two bases of one root, and one base that is declared in two ways beside another.
    item("user/two-ways", "merge:red/7b", "merge:red/chat"),
    item("user/twice", "finetune:red/chat", "quantized:red/chat", "merge:blue/8b"),
    # A copy that declares nothing, and a chain of quantized copies of it.
    item("mirror/red-7b"),
    item("quant/red-7b", "quantized:mirror/red-7b"),
    item("quant/red-7b-small", "quantized:quant/red-7b"),
    # A copy without derivatives; and one whose own declaration is believed.
    item("mirror/blue-8b"),
    item("mirror/declared", "finetune:red/7b"),
    # A cycle with a derivative: the older of the two is the root, whatever their order.
    item("loop/a", "finetune:loop/z", createdAt=NEW),
    item("loop/z", "finetune:loop/a", createdAt=OLD),
    item("loop/child", "adapter:loop/a"),
    # A deleted root that a model still derives from; one that nothing does goes altogether.
    item("gone/base"),
    item("gone/leaf"),
    item("user/of-gone", "finetune:gone/base"),
    # A deleted model between a root and a derivative that lives: a way, and no derivative.
    item("gone/middle", "finetune:red/7b"),
    item("user/of-middle", "adapter:gone/middle"),
    # Bases that no source showed: of a registered family, and of none.
    item("user/of-lost", "adapter:blue/lost"),
    item("user/of-unseen", "finetune:unseen/base"),
    # A family of its own, and a merge of three roots, one of them at a distance.
    item("solo/base"),
    item("solo/lora", "adapter:solo/base"),
    item("user/three", "merge:user/merge", "merge:solo/base"),
    # A legacy one-part id.
    item("gpt2"),
    item("user/gpt2", "finetune:gpt2"),
    # Without relations: unknown, registered, its own base, and a base in the wrong case.
    item("alone/a"),
    item("red/unused"),
    item("user/self", "finetune:user/self"),
    item("user/case", "finetune:RED/7b"),
]
DELETED = {"gone/base", "gone/leaf", "gone/middle"}

BY_LINEAGE = {
    "red/7b": {"red": 1.0},
    "red/chat": {"red": 1.0},
    "blue/8b": {"blue": 1.0},
    "user/merge": {"red": 1 / 2, "blue": 1 / 2},
    "blue/distill": {"red": 1.0},
    "user/on-distill": {"red": 1.0},
    "user/two-ways": {"red": 1.0},
    "user/twice": {"red": 1 / 2, "blue": 1 / 2},
    "mirror/red-7b": {"red": 1.0},
    "quant/red-7b": {"red": 1.0},
    "quant/red-7b-small": {"red": 1.0},
    "mirror/blue-8b": {"blue": 1.0},
    "mirror/declared": {"red": 1.0},
    "loop/a": {"loop/z": 1.0},
    "loop/z": {"loop/z": 1.0},
    "loop/child": {"loop/z": 1.0},
    "gone/base": {"gone/base": 1.0},
    "user/of-gone": {"gone/base": 1.0},
    "gone/middle": {"red": 1.0},
    "user/of-middle": {"red": 1.0},
    "blue/lost": {"blue": 1.0},
    "user/of-lost": {"blue": 1.0},
    "unseen/base": {"unseen/base": 1.0},
    "user/of-unseen": {"unseen/base": 1.0},
    "solo/base": {"solo/base": 1.0},
    "solo/lora": {"solo/base": 1.0},
    "user/three": {"red": 1 / 3, "blue": 1 / 3, "solo/base": 1 / 3},
    "gpt2": {"gpt2": 1.0},
    "user/gpt2": {"gpt2": 1.0},
    "alone/a": {},
    "red/unused": {"red": 1.0},
    "user/self": {},
    "user/case": {"red": 1.0},
}
INFERRED = {"mirror/red-7b", "quant/red-7b", "quant/red-7b-small", "mirror/blue-8b"}

Table = dict[str, dict[Attribution, tuple[float, float]]]
"""Of each family under each attribution: counting fully, and in shares."""

LINEAGE, PUBLISHER, DIRECT = Attribution.LINEAGE, Attribution.PUBLISHER, Attribution.DIRECT

# Live models alone are counted: a placeholder and a deleted root are members without a count.
# Red by lineage: 7b, chat, distill, on-distill, two-ways, the copy and its two quantized copies,
# declared, unused, case and of-middle are red alone; merge and twice by half, three by a third.
# Blue by lineage: 8b, its copy and of-lost alone; merge and twice by half, three by a third.
# Red by direct bases: chat, merge, distill, two-ways, twice, declared, case. The quantized copies
# name bases of no family. Blue: merge, on-distill, twice, of-lost.
MODELS_BY_DEFINITION: Table = {
    "red": {LINEAGE: (15, 12 + 1 + 1 / 3), PUBLISHER: (3, 3), DIRECT: (7, 5 + 1)},
    "blue": {LINEAGE: (6, 3 + 1 + 1 / 3), PUBLISHER: (2, 2), DIRECT: (4, 2 + 1)},
    "gpt2": {LINEAGE: (2, 2), PUBLISHER: (1, 1), DIRECT: (1, 1)},
    "nobody": {LINEAGE: (0, 0), PUBLISHER: (0, 0), DIRECT: (0, 0)},
    # A family of its own is known by its root alone: it has no name that an id could match.
    "loop/z": {LINEAGE: (3, 3), PUBLISHER: (0, 0), DIRECT: (0, 0)},
    "gone/base": {LINEAGE: (1, 1), PUBLISHER: (0, 0), DIRECT: (0, 0)},
    "unseen/base": {LINEAGE: (1, 1), PUBLISHER: (0, 0), DIRECT: (0, 0)},
    "solo/base": {LINEAGE: (3, 2 + 1 / 3), PUBLISHER: (0, 0), DIRECT: (0, 0)},
}
DERIVATIVES_BY_DEFINITION: Table = {
    # Less 7b, the copy and unused, which declare no base; and less 8b and its copy.
    "red": {LINEAGE: (12, 9 + 1 + 1 / 3), PUBLISHER: (1, 1), DIRECT: (7, 6)},
    "blue": {LINEAGE: (4, 1 + 1 + 1 / 3), PUBLISHER: (1, 1), DIRECT: (4, 3)},
    "gpt2": {LINEAGE: (1, 1), PUBLISHER: (0, 0), DIRECT: (1, 1)},
    "solo/base": {LINEAGE: (2, 1 + 1 / 3), PUBLISHER: (0, 0), DIRECT: (0, 0)},
    "loop/z": {LINEAGE: (3, 3), PUBLISHER: (0, 0), DIRECT: (0, 0)},
}


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(MODELS, [m for m in MODELS if m["id"] not in DELETED])


def families_of(eco: Ecosystem, id: str) -> dict[str, float]:
    row = eco.row(id)
    start, stop = eco.families_of.offsets[row : row + 2]
    return {
        eco.families[number].key: share
        for number, share in zip(
            eco.families_of.targets[start:stop].tolist(),
            eco.family_shares[start:stop].tolist(),
            strict=True,
        )
    }


def test_the_models_are_those_of_the_example(eco: Ecosystem) -> None:
    assert eco.column("id").to_pylist() == sorted(BY_LINEAGE)
    status = dict(zip(eco.column("id").to_pylist(), eco.column("status").to_pylist(), strict=True))
    assert {id for id, told in status.items() if told == "missing"} == {"blue/lost", "unseen/base"}
    assert {id for id, told in status.items() if told == "deleted"} == {
        "gone/base",
        "gone/middle",
    }
    assert (eco.manifest.models, eco.manifest.missing, eco.manifest.deleted) == (29, 2, 2)
    # nine live models declare no base that counts
    assert eco.manifest.coverage == pytest.approx(20 / 29)
    assert eco.manifest.pagerank_residual == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("id", BY_LINEAGE)
def test_each_model_has_its_families(eco: Ecosystem, id: str) -> None:
    assert families_of(eco, id) == pytest.approx(BY_LINEAGE[id])
    assert eco.column("family_inferred")[eco.row(id)].as_py() == (id in INFERRED)


def test_shares_sum_to_one(eco: Ecosystem) -> None:
    for id, expected in BY_LINEAGE.items():
        assert sum(families_of(eco, id).values()) == pytest.approx(1 if expected else 0)


def test_the_families_are_named(eco: Ecosystem) -> None:
    keys = [family.key for family in eco.families]
    assert keys[:4] == ["red", "blue", "gpt2", "nobody"]
    assert sorted(keys[4:]) == ["gone/base", "loop/z", "solo/base", "unseen/base"]
    assert [family.registered for family in eco.families] == [True] * 4 + [False] * 4
    assert eco.family("solo/base").family.organization == "solo"
    assert eco.family("red").family.organization == "red"


def test_members_are_the_models_of_each_family(eco: Ecosystem) -> None:
    for family in eco.families:
        members = {eco.names[row] for row in eco.family(family.key).rows.tolist()}
        assert members == {id for id, shares in BY_LINEAGE.items() if family.key in shares}


@pytest.mark.parametrize("key", MODELS_BY_DEFINITION)
def test_a_family_has_a_size_by_each_definition(eco: Ecosystem, key: str) -> None:
    found = sizes(eco, eco.family_number(key), Weight.MODELS)
    for attribution, (full, fractional) in MODELS_BY_DEFINITION[key].items():
        assert found[attribution, Credit.FULL] == full
        assert found[attribution, Credit.FRACTIONAL] == pytest.approx(fractional)


@pytest.mark.parametrize("key", DERIVATIVES_BY_DEFINITION)
def test_a_family_has_a_number_of_derivatives_by_each(eco: Ecosystem, key: str) -> None:
    found = sizes(eco, eco.family_number(key), Weight.DERIVATIVES)
    for attribution, (full, fractional) in DERIVATIVES_BY_DEFINITION[key].items():
        assert found[attribution, Credit.FULL] == full
        assert found[attribution, Credit.FRACTIONAL] == pytest.approx(fractional)


def test_the_table_of_families_counts_fully(eco: Ecosystem) -> None:
    rows = {row["key"]: row for row in eco.table("families").to_pylist()}
    for key, by_attribution in MODELS_BY_DEFINITION.items():
        assert rows[key]["models"] == by_attribution[LINEAGE][0]
    for key, by_attribution in DERIVATIVES_BY_DEFINITION.items():
        assert rows[key]["derivatives"] == by_attribution[LINEAGE][0]
    # What descends from a family's roots, gone or not: gone/middle beside the derivatives.
    assert {key: row["descendants"] for key, row in rows.items()} == {
        "red": 13,
        "blue": 4,
        "gpt2": 1,
        "nobody": 0,
        "loop/z": 3,
        "gone/base": 1,
        "unseen/base": 1,
        "solo/base": 2,
    }


def test_what_was_doubtful_is_told(eco: Ecosystem) -> None:
    quality = eco.manifest.quality
    assert quality[Reason.CYCLE]["count"] == 1
    assert set(quality[Reason.CYCLE]["examples"][0].split(" -> ")) == {"loop/a", "loop/z"}
    assert quality[Reason.SELF_REFERENCE]["examples"] == ["user/self"]
    assert quality[Reason.BASE_CASE_RESOLVED]["examples"] == ["RED/7b is red/7b"]
    assert quality[Reason.BASE_MISSING]["count"] == 2


def test_repositories_that_succeed_each_other_under_one_id_are_told_apart() -> None:
    """A repository made anew under an old id, while something derives from each older one."""

    def repository(key: str) -> Item:
        return hub_item(key, "twin/base")

    def child(key: str) -> Item:
        base = {"_id": key * 24, "id": "twin/base"}
        bases = {"relation": "finetune", "models": [base]}
        return {"id": f"twin/child-{key}", "baseModels": bases}

    eco = ecosystem(
        [repository("a"), child("a")],
        [repository("b"), child("a"), child("b")],
        [repository("c"), child("a"), child("b"), child("c")],
    )
    assert eco.column("id").to_pylist().count("twin/base") == 3
    own = [family for family in eco.families if not family.registered]
    # The one that lives bears the key; all that came before it share another.
    assert [family.key for family in own] == ["twin/base", "id:twin/base"]
    assert len(eco.family("twin/base").rows) == 2
    assert eco.names[int(eco.family("twin/base").rows[1])] == "twin/child-c"
    assert len(eco.family("id:twin/base").rows) == 4


def test_an_id_that_is_a_registered_key_does_not_join_that_family() -> None:
    eco = ecosystem([item("gpt2-mine"), item("red"), item("red/7b"), item("blue")])
    assert families_of(eco, "red") == {}
    assert families_of(eco, "gpt2-mine") == {"gpt2": 1.0}
