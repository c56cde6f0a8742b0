"""Settling, against a slow twin that looks at one model and one reference at a time."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import ShrinkError
from graph.records import (
    Derivation,
    Model,
    Reference,
    Relation,
    Status,
    author_of,
    decode_references,
    encode_references,
    id_key,
)
from graph.store.schema import SCHEMAS
from ingest.known import key_hashes
from ingest.roster import COLUMNS, Roster
from ingest.settle import Lazy, Settlement, settle


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.texts.BLOCK_TEXTS", 3)
        yield


class Row(NamedTuple):
    key: str
    id: str
    status: str = "live"
    aliases: str | None = None
    declared: str | None = None

    @property
    def by_id(self) -> bool:
        return self.key.startswith("id:")


def key(number: int) -> str:
    return f"{number:024x}"


def ref(id: str, base_key: str | None = None, relation: Relation = Relation.FINETUNE) -> Reference:
    return Reference(relation, id, base_key)


def row(
    number: int | None, id: str, *bases: Reference, status: str = "live", aliases: str | None = None
) -> Row:
    own = id_key(id) if number is None else key(number)
    return Row(own, id, status, aliases, encode_references(list(bases)))


def roster(models: Iterable[Row], seen: Iterable[str] | None = None) -> Roster:
    models = sorted(models)
    schema = pa.schema([SCHEMAS["models"].field(name) for name in COLUMNS])
    chunks = (  # as a store gives them
        pa.RecordBatch.from_pylist([model._asdict() for model in part], schema)
        for part in (models[:2], models[2:])
        if part
    )
    if seen is None:
        return Roster(chunks, None)
    wanted = key_hashes(list(seen))
    return Roster(chunks, lambda hashes: np.isin(hashes, wanted))


def stored(derivations: Iterable[Derivation]) -> Iterator[pa.RecordBatch]:
    rows = [derivation._asdict() for derivation in derivations]
    for part in (rows[:1], rows[1:]):
        if part:
            yield pa.RecordBatch.from_pylist(part, SCHEMAS["derivations"])


def settled(
    models: Iterable[Row],
    derivations: Iterable[Derivation] = (),
    seen: Iterable[str] | None = None,
    max_shrink: float = 1.0,
) -> Settlement:
    rows = roster(models, seen)
    rows.check_shrink(max_shrink)
    return settle(rows, rows.edges(stored(derivations)))


class Outcome(NamedTuple):
    placeholders: set[Model]
    statuses: set[tuple[str, Status]]
    aliases: set[tuple[str, str]]
    dropped_models: set[str]
    derivations: set[Derivation]
    dropped_derivations: set[Derivation]


def outcome(settlement: Settlement) -> Outcome:
    parts: list[Sequence[Any]] = [getattr(settlement, name) for name in Outcome._fields]
    sets = [set(part[:]) for part in parts]
    assert [len(part) for part in parts] == [len(each) for each in sets], "something is said twice"
    return Outcome(*sets)


def slowly(models: list[Row], derivations: set[Derivation], seen: set[str] | None) -> Outcome:
    """Settle by the rules, one by one."""

    def shown(model: Row) -> bool:
        return model.status == "live" and (seen is None or model.key in seen)

    def bearer(id: str) -> Row:
        return max((m for m in models if m.id == id), key=lambda m: (shown(m), not m.by_id, m.key))

    superseded = {m.key for m in models if m.by_id and bearer(m.id) != m}
    older = {m.key for m in models if not m.by_id and bearer(m.id) != m}
    live = {m.key for m in models if shown(m)} - superseded - older
    rest = [m for m in models if m.key not in superseded]

    def rank(model: Row) -> tuple[int, str]:
        return 2 * (model.key in live) + (model.status != "missing"), model.key

    def exact(reference: Reference) -> str | None:
        for model in models:
            if model.key == reference.key and model.status != "missing":
                return model.key
        named = [m for m in rest if m.id == reference.id and m.status != "missing"]
        if named:
            return max(named, key=rank).key
        former = [
            bearer(m.id) if m.key in superseded else m
            for m in models
            if reference.id in (m.aliases or "").split(" ")
        ]
        return max(former).key if former else None

    def in_another_case(reference: Reference, *preferred: set[str]) -> str | None:
        """Return the only model alike among the first of these sets that hold any."""
        ids = {m.id for m in rest if m.id.lower() == reference.id.lower()}
        alike = {bearer(id).key for id in ids} - missing
        for among in preferred:
            if some := alike & among:
                return some.pop() if len(some) == 1 else None
        return None

    def edges_by(*preferred: set[str]) -> set[Derivation]:
        return {
            Derivation(model.key, base or id_key(reference.id), reference.relation)
            for model in rest
            for reference in decode_references(model.declared)
            if not reference.strays
            and (base := exact(reference) or in_another_case(reference, *preferred)) != model.key
        }

    # Deleted, as the source says that still holds the record, or that was not read whole.
    told = {m.key for m in rest if m.status == "deleted" and (seen is None or m.key in seen)}

    def staying(edges: set[Derivation]) -> set[str]:
        kept, before = live | told, set[str]()
        while kept != before:
            before = set(kept)
            kept |= {edge.base for edge in edges if edge.child in kept}
        return kept

    missing = {model.key for model in models if model.status == "missing"}
    # Of deleted models alike, those come first that stay for the sake of exact references, then
    # the only one there is, then those that stay for its sake.
    known = {model.key for model in models}
    exactly = staying(edges_by(live))
    edges = edges_by(live, exactly, staying(edges_by(live, exactly, known)), known)
    kept = staying(edges)
    edges = {edge for edge in edges if edge.child in kept}
    return Outcome(
        {Model(k, k[3:], author_of(k[3:]), status=Status.MISSING) for k in kept - known},
        {
            (m.key, Status.DELETED)
            for m in rest
            if m.key in kept and m.status == "live" and m.key not in live
        },
        {
            (bearer(m.id).key, alias)
            for m in models
            if m.key in superseded and m.aliases
            for alias in m.aliases.split(" ")
        },
        known - kept,
        edges - derivations,
        derivations - edges,
    )


IDS = ["a/b", "A/b", "a/B", "c/d", "C/d", "gpt2"]
references = st.builds(
    Reference,
    st.sampled_from(Relation),
    st.sampled_from(IDS),
    st.none() | st.builds(key, st.integers(1, 6)),
) | st.builds(
    Reference,
    st.sampled_from(Relation),
    st.sampled_from(["a/b", "./out put"]),
    st.none() | st.builds(key, st.integers(1, 6)),
    st.just(True),
)
texts = {
    "aliases": st.none() | st.lists(st.sampled_from(IDS), min_size=1, unique=True).map(" ".join),
    "declared": st.lists(references, max_size=3, unique=True).map(encode_references),
}
keyed = st.builds(
    Row,
    st.builds(key, st.integers(1, 6)),
    st.sampled_from(IDS),
    st.sampled_from(["live", "live", "deleted"]),
    **texts,
)
unkeyed = st.builds(
    lambda id, rest: Row(id_key(id), id, *rest),
    st.sampled_from(IDS),
    st.tuples(st.sampled_from(["live", "live", "deleted"]), *texts.values())
    | st.just(("missing", None, None)),
)
worlds = st.lists(keyed | unkeyed, max_size=8, unique_by=lambda model: model.key)


@settings(deadline=None)
@given(worlds, st.data())
def test_settling_is_what_its_slow_twin_does(models: list[Row], data: st.DataObject) -> None:
    keys = [model.key for model in models] or [key(1)]
    ends = st.sampled_from(keys)
    derivations = data.draw(
        st.sets(st.builds(Derivation, ends, ends, st.sampled_from(Relation)), max_size=4)
        if models
        else st.just(set[Derivation]())
    )
    seen = data.draw(st.none() | st.sets(ends))
    assert outcome(settled(models, derivations, seen)) == slowly(models, derivations, seen)


@settings(deadline=None)
@given(worlds)
def test_settling_again_changes_nothing(models: list[Row]) -> None:
    first = settled(models)
    gone = set(first.dropped_models)
    statuses = dict(first.statuses)
    aliases: dict[str, list[str]] = {}
    for owner, alias in first.aliases:
        aliases.setdefault(owner, []).append(alias)
    after = [
        model._replace(
            status=statuses.get(model.key, model.status),
            aliases=" ".join(
                dict.fromkeys((model.aliases or "").split() + aliases.get(model.key, []))
            )
            or None,
        )
        for model in models
        if model.key not in gone
    ] + [Row(model.key, model.id, "missing") for model in first.placeholders]
    again = outcome(settled(after, first.derivations))
    assert again == Outcome(*(set() for _ in Outcome._fields))


def test_live_model_comes_before_deleted_ones_in_another_case() -> None:
    child, gone = row(9, "a/child", ref("ORG/base")), row(1, "org/Base", status="deleted")
    for others, base in (
        ([row(2, "Org/Base")], key(2)),
        ([], key(1)),
        ([row(2, "Org/Base", status="deleted")], "id:ORG/base"),
        ([row(2, "Org/Base"), row(3, "oRG/base")], "id:ORG/base"),
    ):
        found = outcome(settled([child, gone, *others]))
        assert found.derivations == {Derivation(key(9), base, Relation.FINETUNE)}


@pytest.mark.parametrize("seen", [None, [key(1), key(3)]])
def test_a_deleted_model_that_the_source_shows_stays(seen: list[str] | None) -> None:
    models = [
        row(1, "a/shown", ref("b/base"), status="deleted"),
        row(2, "a/unseen", status="deleted"),
        row(3, "a/live"),
    ]
    found = outcome(settled(models, seen=seen))
    assert found.dropped_models == ({key(2)} if seen else set())
    assert found.derivations == {Derivation(key(1), "id:b/base", Relation.FINETUNE)}
    assert found.statuses == set()


def test_what_strays_makes_no_derivation() -> None:
    stray = Reference(Relation.MERGE, "a/b, ./c:d 50%!", None, strays=True)
    itself = Reference(Relation.MERGE, "a/child", key(1), strays=True)
    models = [row(1, "a/child", stray, ref("b/base"), itself), row(2, "a/other", stray)]
    assert decode_references(models[0].declared) == [stray, ref("b/base"), itself]
    found = settled(models)
    assert outcome(found).derivations == {Derivation(key(1), "id:b/base", Relation.FINETUNE)}
    assert [model.id for model in found.placeholders] == ["b/base"]
    assert "self_reference" not in found.quality.as_dict()


def test_empty_store() -> None:
    assert outcome(settled([])) == Outcome(*(set() for _ in Outcome._fields))
    assert outcome(settled([], seen=[])) == Outcome(*(set() for _ in Outcome._fields))


@pytest.mark.parametrize("number", [1, None])
def test_one_model(number: int | None) -> None:
    model = row(number, "a/b", ref("a/b"), ref("c/d"))
    edge = Derivation(model.key, "id:c/d", Relation.FINETUNE)
    found = settled([model], seen=[model.key])
    assert outcome(found) == Outcome(
        {Model("id:c/d", "c/d", "c", status=Status.MISSING)}, set(), set(), set(), {edge}, set()
    )
    gone = outcome(settled([model], seen=[]))
    assert gone == Outcome(set(), set(), set(), {model.key}, set(), set())


def test_ids_with_one_hash_are_two_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    colliding = key_hashes(["a/b"])[0]
    monkeypatch.setattr(
        "ingest.roster.key_hashes",
        lambda texts: np.where(np.isin(texts, ["c/d", "e/f"]), colliding, key_hashes(texts)),
    )
    models = [row(1, "a/b"), row(2, "c/d"), row(None, "e/f"), row(3, "a/b")]
    found = roster(models)
    assert found.live.tolist() == [False, True, True, True]
    assert not found.superseded.any()


def test_what_is_said_of_the_bases() -> None:
    found = settled(
        [
            row(1, "new/name", aliases="old/name"),
            row(2, "Some/Case"),
            row(3, "x/one"),
            row(4, "X/One"),
            row(
                5,
                "a/child",
                ref("old/name"),
                ref("some/case"),
                ref("X/ONE"),
                ref("new/name", key(2)),
            ),
            row(6, "a/same", ref("old/name"), ref("gone/base"), ref("a/same", key(6))),
            row(7, "a/other", ref("gone/base"), ref("there/already")),
            row(None, "there/already", status="missing"),
        ]
    )
    assert {
        reason: (entry["count"], entry["examples"])
        for reason, entry in found.quality.as_dict().items()
    } == {
        "self_reference": (1, ["a/same"]),
        "base_missing": (4, ["X/ONE", "gone/base", "there/already", "gone/base"]),
        "base_case_resolved": (1, ["some/case is Some/Case"]),
        "base_renamed": (3, ["new/name is Some/Case", "old/name is new/name"]),
    }
    assert [model.id for model in found.placeholders] == ["X/ONE", "gone/base"]


@pytest.mark.parametrize("seen", [None, [key(2), key(3)]])
def test_id_that_was_used_again(seen: list[str] | None) -> None:
    models = [row(1, "a/b"), row(2, "a/b"), row(3, "c/d", ref("a/b", key(1)), ref("a/b"))]
    found = settled(models, seen=seen)
    assert outcome(found) == Outcome(
        set(),
        {(key(1), Status.DELETED)},
        set(),
        set(),
        {Derivation(key(3), base, Relation.FINETUNE) for base in (key(1), key(2))},
        set(),
    )
    assert found.quality.as_dict()["id_reused"] == {"count": 1, "examples": ["a/b"]}


@pytest.mark.parametrize("vanished", [0, 1, 29, 30, 100])
def test_shrink_guard(vanished: int) -> None:
    models = [row(number, f"a/m{number}") for number in range(100)]
    models += [row(None, "p/q", status="missing"), row(200, "r/s", status="deleted")]
    seen = [model.key for model in models[vanished:100]]
    if vanished <= 29:
        assert len(settled(models, seen=seen, max_shrink=0.29).dropped_models) == vanished + 2
        return
    with pytest.raises(ShrinkError, match=f"no longer holds {vanished} of 100") as caught:
        settled(models, seen=seen, max_shrink=0.29)
    assert "nothing was removed" in str(caught.value)
    advised = float(str(caught.value).rpartition("--max-shrink ")[2])
    assert advised == vanished / 100
    assert settled(models, seen=seen, max_shrink=advised)


@pytest.mark.parametrize("vanished", [1, 7, 14, 57, 58, 113, 198, 199])
def test_what_the_shrink_guard_advises_suffices(vanished: int) -> None:
    models = [row(number, f"a/m{number}") for number in range(199)]
    seen = [model.key for model in models[vanished:]]
    with pytest.raises(ShrinkError) as caught:
        settled(models, seen=seen, max_shrink=0.0)
    settled(models, seen=seen, max_shrink=float(str(caught.value).rpartition(" ")[2]))


def test_learning_keys_is_no_shrinking() -> None:
    models = [row(None, f"a/m{number}") for number in range(9)]
    models += [row(number, f"a/m{number}") for number in range(9)]
    found = settled(models, seen=[model.key for model in models[9:]], max_shrink=0.0)
    assert set(found.dropped_models) == {model.key for model in models[:9]}


def test_what_a_superseded_record_declares_is_not_counted_twice() -> None:
    bases = ref("a/m"), ref("ORG/base")
    found = settled([row(None, "a/m", *bases), row(1, "a/m", *bases), row(2, "Org/Base")])
    quality = found.quality.as_dict()
    assert {reason: entry["count"] for reason, entry in quality.items()} == {
        "self_reference": 1,
        "base_case_resolved": 1,
    }


def test_models_of_which_only_the_key_was_learned_do_not_hide_a_loss() -> None:
    models = [row(None, f"a/m{number}") for number in range(20)]
    models += [row(number, f"a/m{number}") for number in range(18)]
    with pytest.raises(ShrinkError, match="no longer holds 2 of 20"):
        settled(models, seen=[model.key for model in models[20:]], max_shrink=0.09)


def test_reuse_of_an_id_is_no_loss_where_nothing_is_swept() -> None:
    assert settled([row(1, "a/b"), row(2, "a/b")], max_shrink=0.0).dropped_models[:] == [key(1)]


@settings(deadline=None)
@given(worlds, st.data())
def test_doubtful_are_the_unseen_bases_of_live_models(
    models: list[Row], data: st.DataObject
) -> None:
    keys = [model.key for model in models] or [key(1)]
    ends = st.sampled_from(keys)
    found = st.builds(Derivation, ends, ends, st.sampled_from(Relation))
    derivations = data.draw(st.sets(found, max_size=9) if models else st.just(set[Derivation]()))
    rows = roster(models, seen := data.draw(st.sets(ends)))

    def today(model: Row) -> str:
        """Return the key that a model is known by since its key was learned."""
        same = [m for m in models if m.id == model.id] if model.by_id else [model]
        return max(
            same, key=lambda m: (m.status == "live" and m.key in seen, not m.by_id, m.key)
        ).key

    now = {model.key: today(model) for model in models}
    live = dict(zip(sorted(keys), rows.live.tolist(), strict=False))
    told = {
        m: sum(live[child] for child in {now[d.child] for d in derivations if d.base == m.key})
        for m in models
        if m.status == "live" and m.key not in seen and now[m.key] == m.key
    }
    expected = sorted((m for m in told if told[m]), key=lambda m: (-told[m], m.key))
    assert rows.doubtful(rows.edges(stored(derivations))) == [(m.key, m.id) for m in expected]


def test_doubtful_of_a_run_that_sweeps_nothing() -> None:
    edge = Derivation(key(2), key(1), Relation.FINETUNE)
    models = [row(1, "a/b"), row(2, "c/d")]
    for seen, expected in ((None, []), ([key(2)], [(key(1), "a/b")])):
        rows = roster(models, seen)
        assert rows.doubtful(rows.edges(stored([edge]))) == expected


def test_long_chain_below_a_deleted_root() -> None:
    models = [row(0, "a/m0", status="deleted")]
    models += [
        row(number, f"a/m{number}", ref(f"a/m{number - 1}"), status="deleted")
        for number in range(1, 60)
    ]
    assert set(settled(models, seen=[]).dropped_models) == {model.key for model in models}
    models.append(row(99, "a/leaf", ref("a/m59")))
    assert outcome(settled(models)).dropped_models == set()


def test_lazy_records() -> None:
    lazy = Lazy(np.arange(5), lambda some: [str(number) for number in some])
    assert (len(lazy), lazy[1], lazy[-1], lazy[1:3]) == (5, "1", "4", ["1", "2"])
    assert list(lazy) == ["0", "1", "2", "3", "4"]
    with pytest.raises(IndexError):
        _ = lazy[5]
