"""What changed between models.arrow of two snapshots, and chains of changes, against slow twins."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.changes import Kind, kinds, net, same_bases
from graph.difference import difference
from graph.snapshot import CHANGES, MODELS
from tests.lineages import examples

COLUMNS = pa.schema([MODELS.field(n) for n in ("id", "key", "license", "status", "declared")])

Row = tuple[str, str, str | None, str | None]
"""Kind, id, before and after of a change."""


class State(NamedTuple):
    id: str
    status: str = "live"
    license: str | None = None
    declared: str | None = None


World = dict[str, State]
"""Models by their key."""


def batch(world: World) -> pa.RecordBatch:
    """Return models as a snapshot has them: by id, of one id the one that lives first."""
    order = sorted(world, key=lambda key: (world[key].id, world[key].status != "live"))
    rows = [{"key": key, **world[key]._asdict()} for key in order]
    return pa.RecordBatch.from_pylist(rows, COLUMNS)


def changes(before: World, after: World, went: Iterable[str] = ()) -> pa.Table:
    return difference(batch(before), batch(after), set(went).intersection)


def rows(table: pa.Table) -> list[Row]:
    assert table.schema == CHANGES
    return [(r["kind"], r["id"], r["before"], r["after"]) for r in table.to_pylist()]


def test_each_kind() -> None:
    before = {
        "1": State("a/stays", license="mit", declared="finetune:x/y"),
        "2": State("a/goes"),
        "3": State("a/is-deleted"),
        "4": State("a/comes-back", "deleted", declared="merge:x/y"),
        "5": State("a/old-name", declared="finetune:x/y"),
        "6": State("a/edited", declared="finetune:x/y merge:x/z"),
        "7": State("a/relicensed", license="mit"),
        "8": State("a/unlicensed", license="mit"),
        "id:a/placeholder": State("a/placeholder", "missing"),
    }
    after = {
        "1": State("a/stays", license="mit", declared="finetune:x/y"),
        "3": State("a/is-deleted", "deleted"),
        "4": State("a/comes-back", declared="merge:x/y"),
        "5": State("a/new-name", declared="finetune:x/y"),
        "6": State("a/edited", declared="finetune:x/y"),
        "7": State("a/relicensed", license="nc"),
        "8": State("a/unlicensed"),
        "id:a/placeholder": State("a/placeholder", license="mit", declared="finetune:x/y"),
        "9": State("a/new", license="mit", declared="finetune:x/y"),
        "a": State("a/back-from-nowhere"),
    }
    assert rows(changes(before, after, went={"a", "2"})) == [
        ("came", "a/new", None, "live"),
        ("came", "a/placeholder", None, "live"),
        ("went", "a/goes", "live", None),
        ("went", "a/is-deleted", "live", "deleted"),
        ("returned", "a/back-from-nowhere", None, "live"),
        ("returned", "a/comes-back", "deleted", "live"),
        ("renamed", "a/new-name", "a/old-name", "a/new-name"),
        ("parents", "a/edited", "finetune:x/y merge:x/z", "finetune:x/y"),
        ("license", "a/relicensed", "mit", "nc"),
        ("license", "a/unlicensed", "mit", None),
    ]


def test_a_model_whose_key_is_learned_is_the_same() -> None:
    before = {
        "id:a/x": State("a/x", license="mit"),
        "id:a/hidden": State("a/hidden", "deleted"),
        "id:a/awaited": State("a/awaited", "missing"),
        "id:a/gone": State("a/gone"),
    }
    after = {
        "1": State("a/x", license="nc"),
        "0": State("a/x", "deleted"),  # an older repository of that id, that was not known
        "2": State("a/hidden"),
        "3": State("a/awaited"),
    }
    assert rows(changes(before, after)) == [
        ("came", "a/awaited", None, "live"),
        ("went", "a/gone", "live", None),
        ("returned", "a/hidden", "deleted", "live"),
        ("license", "a/x", "mit", "nc"),
    ]


def test_a_repository_made_anew_under_an_id_is_another() -> None:
    before, after = {"1": State("a/x")}, {"2": State("a/x"), "1": State("a/x", "deleted")}
    assert rows(changes(before, after)) == [
        ("came", "a/x", None, "live"),
        ("went", "a/x", "live", "deleted"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, "finetune:a/b", False),
        ("finetune:a/b", "finetune:a/c", False),
        ("finetune:a/b", "quantized:a/b", True),  # the Hub infers the relation
        ("merge:a/b merge:a/c", "merge:a/c merge:a/b", True),  # and gives them in any order
        ("merge:a/b merge:a/c", "merge:a/b", False),
        ("unknown:a/b finetune:a/b", "finetune:a/b", True),
        ("finetune:a/b:1", "finetune:a/renamed:1", True),
        ("finetune:a/b", "finetune:a/b:1", True),  # its key was learned
        ("finetune:a/b:1", "finetune:a/b:2", True),  # it was made anew: nobody edited the card
        ("finetune:a/b:1", "finetune:a/c:2", False),
        ("finetune:a/b:1", "finetune:a/c", False),
        ("merge:a/b:1 merge:a/c:2", "merge:a/x:1 merge:a/c", True),
    ],
)
def test_same_bases(one: str | None, other: str | None, same: bool) -> None:
    assert same_bases(one, other) is same
    assert same_bases(other, one) is same
    assert same_bases(one, one)
    world = [{"1": State("m/m", declared=declared)} for declared in (one, other)]
    assert len(changes(*world)) == (not same)


def test_nothing_changes_nothing() -> None:
    world = {"1": State("a/b", license="mit"), "2": State("a/c", "deleted")}
    assert rows(changes(world, world)) == []
    assert rows(changes({}, {})) == []
    assert rows(changes({}, world)) == [("came", "a/b", None, "live")]
    assert rows(changes(world, {})) == [("went", "a/b", "live", None)]
    assert rows(net([])) == []
    assert rows(net([CHANGES.empty_table()] * 2)) == []


def test_a_chain_is_netted() -> None:
    worlds: list[World] = [
        {
            "1": State("a/x", license="mit", declared="finetune:b/old:7"),
            "2": State("a/first"),
            "3": State("a/away"),
            "4": State("a/leaves", license="mit"),
            "5": State("a/dies", license="mit"),
        },
        {
            "1": State("a/x", license="nc", declared="merge:c/c"),
            "2": State("a/second"),
            "4": State("a/leaves", license="nc"),
            "5": State("a/dies", license="nc"),
            "6": State("a/passing"),
            "7": State("a/new"),
        },
        {
            "1": State("a/x", license="mit", declared="finetune:b/new:7"),
            "2": State("a/third"),
            "3": State("a/away"),
            "5": State("a/dies", "deleted", license="nc"),
            "7": State("a/newer", license="mit", declared="finetune:a/x"),
        },
    ]
    first, second = changes(worlds[0], worlds[1]), changes(worlds[1], worlds[2], went={"3"})
    assert Counter(r[0] for r in rows(first)) == {
        "came": 2, "went": 1, "renamed": 1, "parents": 1, "license": 3,
    }  # fmt: skip
    assert Counter(r[0] for r in rows(second)) == {
        "went": 3, "returned": 1, "renamed": 2, "parents": 2, "license": 2,
    }  # fmt: skip
    assert rows(net([first, second])) == [
        ("came", "a/newer", None, "live"),
        ("went", "a/dies", "live", "deleted"),
        ("went", "a/leaves", "live", None),
        ("renamed", "a/third", "a/first", "a/third"),
        ("license", "a/dies", "mit", "nc"),
    ]
    assert net([first]).equals(first)


def test_a_chain_goes_on_when_a_key_is_learned() -> None:
    worlds = [
        {"id:a/x": State("a/x", license="mit"), "id:a/y": State("a/y")},
        {"id:a/x": State("a/x", license="nc"), "id:a/z": State("a/z")},
        {"1": State("a/x", license="nc"), "2": State("a/y"), "3": State("a/z")},
        {"1": State("a/x2", license="mit"), "2": State("a/y", license="mit")},
    ]
    tables = [changes(*pair, went={"id:a/y"}) for pair in pairwise(worlds)]
    assert [len(table) for table in tables] == [3, 1, 4]
    assert rows(net(tables)) == [
        ("renamed", "a/x2", "a/x", "a/x2"),
        ("license", "a/y", None, "mit"),
    ]


KEYS = ["1", "2", "id:a/c", "4"]
IDS = ["a/a", "a/b", "a/c", "a/d"]
STATES = st.builds(
    State,
    st.just(""),
    st.sampled_from(["live", "live", "deleted", "missing"]),
    st.sampled_from([None, "mit", "nc"]),
    st.sampled_from([None, "finetune:b/x:9", "merge:b/y:9", "finetune:b/z", "merge:b/x merge:b/z"]),
)


@st.composite
def world(draw: st.DrawFn) -> World:
    """Draw some models, each under its own name or with "-2" behind it."""
    found = {}
    for key, id in zip(KEYS, IDS, strict=True):
        state = draw(st.none() | STATES)
        if state is not None:
            renamed = not key.startswith("id:") and draw(st.booleans())
            found[key] = state._replace(id=id + "-2" * renamed)
    return found


def slowly(before: World, after: World, went: set[str]) -> set[Row]:
    """Compare by the rules, model by model."""
    found: set[Row] = set()
    nothing = State("", "missing")
    for key in {*before, *after}:
        old, new = before.get(key, nothing), after.get(key, nothing)
        was, now = (None if s.status == "missing" else s.status for s in (old, new))
        if now == "live" and was != "live":
            known = was == "deleted" or (key not in before and key in went)
            found.add(("returned" if known else "came", new.id, was, now))
        if was == "live" and now != "live":
            found.add(("went", new.id or old.id, was, now))
        if was and now:
            for kind, name in (("renamed", "id"), ("license", "license"), ("parents", "declared")):
                one, other = getattr(old, name), getattr(new, name)
                equal = same_bases(one, other) if kind == "parents" else one == other
                if not equal:
                    found.add((kind, new.id, one, other))
    return found


@given(world(), world(), st.sets(st.sampled_from(KEYS)))
@examples(300)
def test_a_difference_is_what_the_slow_twin_says(
    before: World, after: World, went: set[str]
) -> None:
    found = rows(changes(before, after, went))
    assert set(found) == slowly(before, after, went)
    assert len(set(found)) == len(found)
    order = [(list(Kind).index(Kind(kind)), id) for kind, id, _, _ in found]
    assert order == sorted(order)
    assert kinds(changes(before, after, went)).tolist() == [place for place, _ in order]


@given(st.lists(world(), min_size=2, max_size=5))
@examples(300)
def test_a_chain_tells_what_its_ends_do(worlds: list[World]) -> None:
    tables, went = [], set[str]()
    for before, after in pairwise(worlds):
        tables.append(changes(before, after, went))
        went |= {r["key"] for r in tables[-1].to_pylist() if r["kind"] == "went"}
    found = net(tables).to_pylist()
    first, last = worlds[0], worlds[-1]

    def live(world: World) -> set[str]:
        return {key for key in world if world[key].status == "live"}

    began = {r["key"] for r in found if r["kind"] in ("came", "returned")}
    ended = {r["key"] for r in found if r["kind"] == "went"}
    assert began == live(last) - live(first)
    assert ended == live(first) - live(last)

    # Of the others there is a record throughout, so that the chain knows all that the ends do.
    recorded = {k for k in KEYS if all(k in w and w[k].status != "missing" for w in worlds)}

    def told(changes: list[dict[str, str]]) -> list[dict[str, str]]:
        one_base = {"merge:b/y:9": "finetune:b/x:9"}  # by another name
        return [
            {name: one_base.get(value, value) for name, value in change.items()}
            for change in changes
            if change["key"] in recorded
        ]

    assert told(found) == told(changes(first, last).to_pylist())
