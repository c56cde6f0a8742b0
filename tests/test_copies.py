"""Inferred copies: by hand with every trap, and against the definition, one pair at a time."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.copies import INFERRED, copies, with_copies
from graph.ecosystem import RELATIONS, Ecosystem
from tests.lineages import Item, ecosystem, examples, item

DATES = [f"2024-0{month}-01T00:00:00.000Z" for month in (1, 2, 3)]


def sized(id: str, total: int | None, date: str | None, *bases: str, **fields: Any) -> Item:
    if total is not None:
        fields["safetensors"] = {"total": total}
    if date is not None:
        fields["createdAt"] = date
    return item(id, *bases, **fields)


JAN, FEB, MARCH = DATES
MODELS = [
    sized("red/7b", 7, JAN),
    sized("user/lora", None, FEB, "adapter:red/7b"),
    sized("mirror/7B", 7, FEB),  # a copy, though in another case
    sized("late/7b", 7, MARCH),  # and another
    sized("user/7b-lora", 7, FEB),  # another name
    sized("other/7b", 8, MARCH),  # other weights
    sized("unsized/7b", None, MARCH),
    sized("undated/7b", 7, None),
    sized("declares/7b", 7, MARCH, "finetune:red/7b"),
    # Nobody builds on the older one.
    sized("lone/model", 5, JAN),
    sized("user/model", 5, FEB),
    # Which of the two is older, nobody knows.
    sized("twin/a", 6, JAN),
    sized("twain/a", 6, JAN),
    sized("user/on-twin", 1, FEB, "finetune:twin/a"),
    sized("user/a", 6, FEB),
    # A recipe that many follow: somebody tells what they started from.
    sized("course/emotion", 9, JAN),
    sized("pupil/emotion", 9, FEB, "finetune:bert/base"),
    sized("other/emotion", 9, MARCH),
    sized("user/on-emotion", 2, MARCH, "finetune:course/emotion"),
    # The original may tell what it was made from.
    sized("red/chat", 7, FEB, "finetune:red/7b"),
    sized("mirror/chat", 7, MARCH),
    sized("user/on-chat", 3, MARCH, "quantized:red/chat"),
    # A namespace has its own model twice under names that differ in case alone.
    sized("blue/X", 4, JAN),
    sized("blue/x", 4, FEB),
    sized("user/on-x", 2, FEB, "finetune:blue/X"),
    # No weights at all are no equal weights.
    sized("zero/base", 0, JAN),
    sized("user/base", 0, FEB),
    sized("user/on-zero", 1, FEB, "finetune:zero/base"),
    # Models of one part have no namespace: a copy has another one.
    sized("gpt2", 12, JAN),
    sized("org/gpt2", 12, FEB),
    sized("user/on-gpt2", 2, FEB, "finetune:gpt2"),
]


def told(eco: Ecosystem) -> dict[str, str]:
    found = copies(eco)
    pairs = zip(found.rows.tolist(), found.originals.tolist(), strict=True)
    return {eco.names[copy]: eco.names[original] for copy, original in pairs}


def test_by_hand() -> None:
    eco = ecosystem(MODELS)
    assert told(eco) == {
        "late/7b": "red/7b",
        "mirror/7B": "red/7b",
        "mirror/chat": "red/chat",
        "org/gpt2": "gpt2",
    }
    found = copies(eco)
    assert found.original(eco.row("late/7b")) == eco.row("red/7b")
    assert found.original(eco.row("red/7b")) is None
    assert found.of(eco.row("red/7b")).tolist() == [eco.row("late/7b"), eco.row("mirror/7B")]


def test_a_copy_of_a_deleted_original_is_a_copy_and_a_deleted_copy_is_none() -> None:
    first = [
        sized("red/7b", 7, JAN),
        sized("mirror/7b", 7, FEB),
        sized("gone/7b", 7, FEB),
        sized("user/lora", None, MARCH, "adapter:red/7b"),
        sized("user/on-gone", None, MARCH, "adapter:gone/7b"),
    ]
    kept = [entry for entry in first if entry["id"] not in ("red/7b", "gone/7b")]
    assert told(ecosystem(first, kept)) == {"mirror/7b": "red/7b"}


def expected(eco: Ecosystem) -> dict[str, str]:
    """Count by the definition, from columns as plain values."""
    columns = ("id", "author", "parameters", "created_at")
    models = list(zip(*(eco.column(name).to_pylist() for name in columns), strict=True))
    found = {}
    for row, (id, author, parameters, created) in enumerate(models):
        if not parameters or created is None or not eco.live[row] or len(eco.bases.of(row)):
            continue
        group = [
            (other_created, other)
            for other, (other_id, _, other_parameters, other_created) in enumerate(models)
            if other_parameters == parameters
            and other_created is not None
            and other_id.split("/")[-1].lower() == id.split("/")[-1].lower()
        ]
        inside = {other for _, other in group}
        oldest, original = min(group)
        if (
            [date for date, _ in group].count(oldest) == 1
            and models[original][1] != author
            and len(eco.derivatives.of(original))
            and all(set(eco.bases.of(o).tolist()) <= inside for o in inside - {original})
        ):
            found[id] = models[original][0]
    return found


IDS = [f"{author}/{name}" for author in "abc" for name in ("x", "X", "y")] + ["x"]


@st.composite
def drawn(draw: st.DrawFn) -> list[Item]:
    listed = draw(st.lists(st.sampled_from(IDS), min_size=2, unique=True))
    items = []
    for id in listed:
        bases = draw(st.lists(st.sampled_from([*IDS, "un/seen"]), max_size=2, unique=True))
        total = draw(st.sampled_from([None, 0, 5, 5, 5, 6]))
        date = draw(st.sampled_from([None, *DATES]))
        items.append(sized(id, total, date, *(f"merge:{base}" for base in bases if base != id)))
    return items


@given(drawn())
@examples(60)
def test_drawn_ecosystems_are_as_defined(items: list[Item]) -> None:
    eco = ecosystem(items)
    assert told(eco) == expected(eco)
    found, joined = copies(eco), with_copies(eco)
    inferred = set(zip(found.rows.tolist(), found.originals.tolist(), strict=True))
    declared = sorted(edges(eco.bases, eco.base_relations))
    more = sorted([*declared, *((a, b, INFERRED) for a, b in inferred)])
    assert sorted(edges(joined.bases, joined.base_relations)) == more
    turned = edges(joined.derivatives, joined.derivative_relations)
    assert sorted((a, b, code) for b, a, code in turned) == more


def edges(adjacency: Any, codes: np.ndarray[Any, Any]) -> list[tuple[int, int, int]]:
    ends = adjacency.sources().tolist(), adjacency.targets.tolist(), codes.tolist()
    return list(zip(*ends, strict=True))


def test_the_code_of_an_inferred_edge_is_no_relation() -> None:
    assert INFERRED not in range(len(RELATIONS))
    with pytest.raises(IndexError):
        RELATIONS[INFERRED]
