"""docs/claims.md: every query is answered as the document says."""

import json
from pathlib import Path

import pytest

from graph.ecosystem import Ecosystem
from tests.documents import Example, differences, examples, render
from tests.sample_ecosystem import ask

CLAIMS = Path(__file__).parents[1] / "docs" / "claims.md"
EXAMPLES = examples(CLAIMS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"line-{e.line}" for e in EXAMPLES])
def test_answer(example: Example, sample_ecosystem: Ecosystem) -> None:
    assert example.answer is not None, "each query of this document is followed by its answer"
    assert not list(differences(ask(sample_ecosystem, example.query), json.loads(example.answer)))


def test_each_claim_has_one_query() -> None:
    sections = CLAIMS.read_text(encoding="utf-8").split("\n## ")[1:]
    claims = [section for section in sections if section[0].isdigit()]
    assert len(claims) >= 8
    assert [len(examples(claim)) for claim in claims] == [1] * len(claims)


def test_answers_outlive_a_snapshot(sample_ecosystem: Ecosystem) -> None:
    for example in EXAMPLES:
        assert "publishedAt" not in example.query
        assert sample_ecosystem.id not in str(ask(sample_ecosystem, example.query))


def test_answers_are_written_as_the_command_writes_them() -> None:
    for example in EXAMPLES:
        assert example.answer is not None
        assert render(json.loads(example.answer)) + "\n" == example.answer


TEXT = """\
# A document

```graphql
{ a }
```

Its answer:

```json
{"a": 1.0}
```

```graphql
{ b }
```

```python
import modelkin
```

```json
{"b": 2}
```
"""


def test_examples_pair_a_query_with_the_next_block() -> None:
    first, second = examples(TEXT)
    assert (first.line, first.query, first.answer) == (4, "{ a }\n", '{"a": 1.0}\n')
    assert TEXT[slice(*first.span)] == first.answer
    assert (second.query, second.answer) == ("{ b }\n", None)


@pytest.mark.parametrize(
    ("found", "told", "count"),
    [
        ({"a": [1.0, 2]}, {"a": [1.0 + 1e-12, 2]}, 0),
        ({"a": [1.0, 2]}, {"a": [1.001, 3]}, 2),
        (1, 1.0, 1),
        (True, 1, 1),
        ({"a": 1}, {"a": 1, "b": 2}, 1),
        ([1], [1, 2], 1),
        (None, 0, 1),
    ],
)
def test_differences(found: object, told: object, count: int) -> None:
    assert len(list(differences(found, told))) == count


def test_render_is_json_of_bounded_width() -> None:
    value = {
        "dates": [f"2026-{month:02}" for month in range(1, 13)] * 3,
        "groups": [{"key": "é" * 30, "value": 1 / 3, "empty": [], "none": None}] * 4,
        "short": {"a": [1, 2]},
    }
    text = render(value)
    assert json.loads(text) == value
    assert max(map(len, text.splitlines())) <= 100
    assert '"short": {"a": [1, 2]}' in text
