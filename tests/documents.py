"""Queries and their answers in Markdown, so that what a document shows is what is answered.

A ```graphql block is an example; a ```json block that is the next block after it is its answer,
as the built-in sample gives it.

    python -m tests.documents docs/claims.md            tell what differs
    python -m tests.documents --write docs/claims.md    write the answers anew
"""

import argparse
import json
import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.ecosystem import Ecosystem
from tests.sample_ecosystem import ask, measured_sample

WIDTH = 100
"""Characters of a line in an answer."""

_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)


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
    blocks = list(_BLOCK.finditer(text))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "graphql":
            continue
        line = text.count("\n", 0, block.start(2)) + 1
        if following is not None and following[1] == "json":
            found.append(Example(line, block[2], following[2], following.span(2)))
        else:
            found.append(Example(line, block[2], None, (block.end(), block.end())))
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


def rewritten(text: str, eco: Ecosystem) -> str:
    """Return a document with its answers as an ecosystem gives them today.

    An answer that differs in the last digits of a float alone is left as it is.
    """
    for example in reversed(examples(text)):
        if example.answer is not None:
            found = ask(eco, example.query)
            if any(differences(found, json.loads(example.answer or "null"))):
                start, end = example.span
                text = text[:start] + render(found) + "\n" + text[end:]
    return text


def main() -> int:
    """Check documents, or write their answers anew."""
    parser = argparse.ArgumentParser(description="Check the answers in Markdown documents.")
    parser.add_argument("documents", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help="write the answers anew")
    options = parser.parse_args()
    stale = False
    with tempfile.TemporaryDirectory(prefix="modelkin-") as directory:
        eco = measured_sample(Path(directory))
        for path in options.documents:
            text = path.read_text(encoding="utf-8")
            new = rewritten(text, eco)
            if options.write:
                path.write_text(new, encoding="utf-8")
            elif new != text:
                stale = True
                print(f"{path}: its answers are out of date; run again with --write")
    return int(stale)


if __name__ == "__main__":
    raise SystemExit(main())
