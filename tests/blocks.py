"""The fenced blocks of Markdown documents, and how an answer is written and compared there.

A ```graphql block is an example; a ```json block that is the next block after it is its answer,
as the built-in sample gives it. A ```text block after a ```python or ```console block is what
that prints. A block whose first line is a comment that names a file is that file.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

WIDTH = 100
"""Characters of a line in an answer."""

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


_FILE = re.compile(r"^(?:#|//|<!--) ([\w-]+\.\w+)(?: -->)?$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document.

    Attributes
    ----------
    line
        Of its first line within the fences, counted from 1.
    span
        Where its text stands in the document.
    """

    language: str
    text: str
    line: int
    span: tuple[int, int]

    @property
    def first(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0].strip()

    @property
    def file(self) -> str | None:
        """The name of the file that it is, or None."""
        named = _FILE.match(self.first)
        return named[1] if named else None


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown document."""
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start(2)) + 1, found.span(2))
        for found in _BLOCK.finditer(text)
    ]


@dataclass(frozen=True, slots=True)
class Example:
    """A query of a document, and the answer that stands under it.

    Attributes
    ----------
    line
        Of the query's first line, counted from 1.
    answer
        The text of the JSON block; None where the document shows none.
    span
        Where the answer stands in the document.
    """

    line: int
    query: str
    answer: str | None
    span: tuple[int, int]


def examples(text: str) -> list[Example]:
    """Return the examples of a Markdown document."""
    every = blocks(text)
    found = []
    for block, following in zip(every, [*every[1:], None], strict=True):
        if block.language != "graphql":
            continue
        if following is not None and following.language == "json":
            found.append(Example(block.line, block.text, following.text, following.span))
        else:
            found.append(Example(block.line, block.text, None, (block.span[1], block.span[1])))
    return found


def differences(found: Any, told: Any, at: str = "answer") -> Iterator[str]:
    """Give what differs between two JSON values; floats are equal to 1e-9."""
    if isinstance(found, dict) and isinstance(told, dict) and list(found) == list(told):
        for key in found:
            yield from differences(found[key], told[key], f"{at}.{key}")
    elif isinstance(found, list) and isinstance(told, list) and len(found) == len(told):
        for place, (one, other) in enumerate(zip(found, told, strict=True)):
            yield from differences(one, other, f"{at}[{place}]")
    elif isinstance(found, float) and isinstance(told, float):
        if not math.isclose(found, told, rel_tol=1e-9, abs_tol=1e-9):
            yield f"{at} is {found!r}, the document says {told!r}"
    elif type(found) is not type(told) or found != told:
        yield f"{at} is {found!r}, the document says {told!r}"


def render(value: Any, indent: int = 0, before: int = 0) -> str:
    """Write JSON for readers: what fits on a line stays on one, and numbers fill theirs.

    Parameters
    ----------
    indent
        Spaces before each line after the first.
    before
        Characters that stand on the first line already.
    """
    flat = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or indent + before + len(flat) < WIDTH:
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        named = [(json.dumps(key, ensure_ascii=False) + ": ", part) for key, part in value.items()]
        lines = [key + render(part, inner, len(key)) for key, part in named]
        return _enclosed("{", [f"{line}," for line in lines], "}", indent)
    if any(isinstance(part, dict | list) for part in value):
        return _enclosed("[", [f"{render(part, inner)}," for part in value], "]", indent)
    lines = [""]
    for part in value:
        word = json.dumps(part, ensure_ascii=False) + ","
        if inner + len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return _enclosed("[", lines, "]", indent)


def _enclosed(start: str, lines: list[str], end: str, indent: int) -> str:
    lines[-1] = lines[-1].removesuffix(",")
    inner = "\n" + " " * (indent + 2)
    return start + inner + inner.join(lines) + "\n" + " " * indent + end
