"""Blocks of documents: how they are found, and how answers are compared and written."""

import json

import pytest

from tests.blocks import blocks, differences, examples, render

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


def test_blocks_have_their_place_and_perhaps_a_file() -> None:
    found = blocks("# A\n\n```toml\n# mine.toml\na = 1\n```\n\n```tsx\n// a page\n```\n")
    assert [(b.language, b.line, b.first, b.file) for b in found] == [
        ("toml", 4, "# mine.toml", "mine.toml"),
        ("tsx", 9, "// a page", None),
    ]


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
