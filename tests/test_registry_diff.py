"""What another registry would change: counted by hand, and equal to what measuring by it gives."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.measure import measure
from graph.registry import Family, License, LicenseClass, Organization, Registry, load_registry
from graph.registry_diff import DIVIDED, group_changes, moves, reattributed
from graph.shares import By
from graph.snapshot import TABLES
from graph.store import open_store
from modelkin.registry_diff import report, shown
from tests.lineages import REGISTRY, Item, ecosystem, examples, item, item_lists
from tests.test_cli import failure, modelkin, published, write

LINEAGE, SHARES = Attribution.LINEAGE, Credit.FRACTIONAL

MODELS = [
    item("red/7b", downloads=5),
    item("red/coder", "finetune:red/7b"),
    item("red/code-base", downloads=100),
    item("blue/8b", license="mit"),
    item("user/on-coder", "finetune:red/coder"),
    item("user/on-base", "adapter:red/code-base", downloads=10),
    item("user/merge", "merge:red/7b", "merge:blue/8b"),
]
CODE = Family("code", "Code", "red", ("red/code*",), (), "an example")
CHANGED = Registry(
    families=(CODE, *REGISTRY.families),
    organizations=MappingProxyType(
        {**REGISTRY.organizations, "blue": replace(REGISTRY.organizations["blue"], country="FR")}
    ),
    licenses=MappingProxyType({"mit": License("mit", "MIT", LicenseClass.COPYLEFT, "an example")}),
    origins=REGISTRY.origins,
)


@pytest.fixture(scope="module")
def eco() -> Ecosystem:
    return ecosystem(MODELS)


def changed(eco: Ecosystem, by: By, attribution: Attribution = LINEAGE) -> list[tuple[object, ...]]:
    """Return the groups that change: key, models before and after, then derivatives, downloads."""
    found = group_changes(eco, reattributed(eco, CHANGED), by, attribution, SHARES)
    return [tuple(row.values()) for row in found.groups.select(COLUMNS).to_pylist()]


COLUMNS = [
    "key", "models_before", "models_after", "derivatives_before", "derivatives_after",
    "downloads_before", "downloads_after",
]  # fmt: skip


def test_families_by_lineage_by_hand(eco: Ecosystem) -> None:
    # red/code-base and what derives from it leave red; red/coder goes on red's weights.
    assert changed(eco, By.FAMILY) == [
        ("code", None, 2, None, 1, None, 110),
        ("red", 5.5, 3.5, 3.5, 2.5, 115, 5),
    ]


def test_families_by_publisher_by_hand(eco: Ecosystem) -> None:
    assert changed(eco, By.FAMILY, Attribution.PUBLISHER) == [
        ("code", None, 2, None, 1, None, 100),
        ("red", 3, 1, 1, 0, 105, 5),
    ]


def test_families_by_direct_base_by_hand(eco: Ecosystem) -> None:
    assert changed(eco, By.FAMILY, Attribution.DIRECT) == [
        ("code", None, 2, None, 2, None, 10),
        ("red", 3.5, 1.5, 3.5, 1.5, 10, 0),
    ]


def test_countries_and_licences_by_hand(eco: Ecosystem) -> None:
    assert changed(eco, By.ORGANIZATION) == []
    assert changed(eco, By.COUNTRY) == [
        ("FR", 0, 1.5, 0, 0.5, 0, 0),
        ("US", 1.5, 0, 0.5, 0, 0, 0),
    ]
    assert changed(eco, By.LICENSE_CLASS) == [
        ("copyleft", None, 1.5, None, 0.5, None, 0),
        ("permissive", 1.5, None, 0.5, None, 0, None),
    ]


@pytest.mark.parametrize(
    ("attribution", "ids"),
    [
        (LINEAGE, ["red/code-base", "user/on-base"]),
        (Attribution.PUBLISHER, ["red/code-base", "red/coder"]),
        (Attribution.DIRECT, ["user/on-base", "user/on-coder"]),
    ],
)
def test_models_that_move_by_hand(eco: Ecosystem, attribution: Attribution, ids: list[str]) -> None:
    after = reattributed(eco, CHANGED)
    found = moves(eco, after, attribution)
    assert [eco.names[row] for row in found.rows.tolist()] == ids
    for row in found.rows.tolist():
        assert [eco.family_keys[number] for number in found.before.of(row)] == ["red"]
        assert [after.family_keys[number] for number in found.after.of(row)] == ["code"]


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    """Draw a change of the small registry: of families and their order, countries, origins."""
    patterns = st.sampled_from(["red/*", "*/7b", "solo/a", "green/*", "mirror/*", "gpt2"])
    families = [*REGISTRY.families]
    if draw(st.booleans()):
        drawn = tuple(draw(st.lists(patterns, min_size=1, unique=True)))
        families.append(Family("new", "New", "green", drawn, (), "an example"))
    kept = draw(st.lists(st.sampled_from(families), unique=True))
    origins = draw(st.lists(st.sampled_from([*REGISTRY.origins.items()]), unique=True))
    country = st.sampled_from(["CN", "US", "unknown"])
    return Registry(
        families=tuple(kept),
        organizations=MappingProxyType(
            {
                name: Organization(name, name, draw(country), "company", "an example")
                for name in REGISTRY.organizations
            }
        ),
        licenses=REGISTRY.licenses,
        origins=MappingProxyType(dict(origins)),
    )


@given(items=item_lists(), registry=registries())
@examples(8)
def test_it_is_what_measuring_would_publish(items: list[Item], registry: Registry) -> None:
    after = reattributed(ecosystem(items), registry)
    measured = ecosystem(items, registry=registry)
    for name in TABLES:
        assert after.table(name).equals(measured.table(name)), name


@pytest.mark.parametrize("attribution", Attribution)
@pytest.mark.parametrize("credit", Credit)
def test_the_registry_as_it_is_changes_nothing(
    sample_ecosystem: Ecosystem, attribution: Attribution, credit: Credit
) -> None:
    after = reattributed(sample_ecosystem, load_registry())
    assert not len(moves(sample_ecosystem, after, attribution).rows)
    for by in DIVIDED:
        assert not len(group_changes(sample_ecosystem, after, by, attribution, credit).groups)


def test_the_text_for_people(eco: Ecosystem) -> None:
    told = report(eco, CHANGED, LINEAGE, SHARES, first=1)
    assert shown(told, as_json=False).splitlines()[1:] == [
        "models that change their families, those with most descendants first: 2",
        "  red/code-base: red -> code",
        "  and 1 more; --first shows more of them",
        "families that change: 2",
        "        models     derivatives  downloads, 30 days",
        "  code  none -> 2  none -> 1    none -> 110",
        "  and 1 more; --first shows more of them",
        "organisations that change: 0",
        "countries that change: 2",
        "      models    derivatives  downloads, 30 days",
        "  FR  0 -> 1.5  0 -> 0.5     0 -> 0",
        "  and 1 more; --first shows more of them",
        "licence classes that change: 2",
        "            models       derivatives  downloads, 30 days",
        "  copyleft  none -> 1.5  none -> 0.5  none -> 0",
        "  and 1 more; --first shows more of them",
    ]


def test_what_is_unknown_is_told_where_it_changes(eco: Ecosystem) -> None:
    unknown = replace(REGISTRY.organizations["blue"], country="unknown")
    organizations = MappingProxyType({**REGISTRY.organizations, "blue": unknown})
    registry = Registry(REGISTRY.families, organizations, REGISTRY.licenses, REGISTRY.origins)
    lines = shown(report(eco, registry, LINEAGE, SHARES, first=9), as_json=False).splitlines()
    # Of seven models blue/8b and half of user/merge; of four derivatives the latter.
    told = next(line for line in lines if "unknown" in line)
    assert re.split("  +", told) == [
        "",
        "unknown",
        "0.0% -> 21.4%",
        "0.0% -> 12.5%",
        "0.0% -> 0.0%",
    ]


MINE = """
[[organization]]
name = "a"
title = "A"
country = "NZ"
kind = "individual"
source = "an example"
[[family]]
key = "tune"
name = "Tune"
organization = "a"
patterns = ["Qwen/*-8B"]
source = "an example"
"""


def test_the_command_tells_what_measuring_then_does(tmp_path: Path) -> None:
    store, mine = tmp_path / "store", tmp_path / "mine.toml"
    mine.write_text(MINE)
    models = write(
        tmp_path / "m.jsonl", {"id": "Qwen/Qwen3-8B"}, item("a/b", "adapter:Qwen/Qwen3-8B")
    )
    published(models, store)
    checked = modelkin("registry", "check", mine, "--diff", "--json", "--store", store)
    assert (checked.returncode, checked.stderr) == (0, f"{mine} is right\n")
    told = json.loads(checked.stdout)
    assert [model["id"] for model in told["moved"]["first"]] == ["Qwen/Qwen3-8B", "a/b"]
    tune = next(g for g in told["changed"]["family"]["first"] if g["key"] == "tune")
    assert tune["models"] == [None, 2]
    with open_store(str(store)) as opened:
        info = measure(opened, load_registry(mine))
        eco = Ecosystem(opened.fetch(info.id, tmp_path / "cache"))
    assert eco.table("families").column("models")[eco.family_number("tune")].as_py() == 2
    assert not len(moves(eco, reattributed(eco, load_registry(mine)), LINEAGE).rows)


def test_the_command_lists_all_that_is_wrong(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE.replace('"NZ"', '"Kiwi"').replace("patterns", "pattern"))
    checked = modelkin("registry", "check", mine)
    assert (checked.returncode, checked.stdout) == (2, "")
    assert [line.partition(";")[0] for line in checked.stderr.splitlines()] == [
        f"{mine}:2: organization 1 ('a'): country is 'Kiwi'",
        f"{mine}:8: family 1 ('tune'): unknown field 'pattern'",
        f"{mine}:8: family 1 ('tune'): field 'patterns' is missing",
    ]


def test_a_store_without_a_snapshot_is_told(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(MINE)
    code, line = failure("registry", "check", mine, "--diff", "--store", tmp_path / "store")
    assert (code, "holds no snapshot" in line) == (1, True)
