"""Every command, query and cell of the documents is run, page by page, as a reader would."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from api.documents import Documents
from api.limits import Limits
from api.schema import graphql_schema
from modelkin.cli import app
from tests.blocks import blocks
from tests.documents import NOT_RUN, PAGES, ROOT, follow, runnable
from tests.served import Served

TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.xdist_group("documents")
@pytest.mark.parametrize("page", [page for page, text in TEXTS.items() if runnable(page, text)])
def test_a_page_does_what_it_says(
    page: str,
    api: Served,
    sample_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for step in follow(page, TEXTS[page], api, sample_directory / "store"):
        if step.shown is not None:
            assert step.found == step.shown.text, f"{page}:{step.block.line}"


def test_what_is_not_run_is_there_with_a_reason() -> None:
    for page, reasons in NOT_RUN.items():
        assert set(reasons) <= {block.first for block in blocks(TEXTS[page])}, page
        for reason in reasons.values():
            for path, name in re.findall(r"(tests/\w+\.py)(?:::(\w+))?", reason):
                assert f"def {name}" in (ROOT / path).read_text(), reason


def test_queries_that_are_not_run_are_valid() -> None:
    documents = Documents(graphql_schema(), Limits(), introspection=True)
    for page, reasons in NOT_RUN.items():
        for block in blocks(TEXTS[page]):
            if block.language == "graphql" and block.first in reasons:
                documents.read(block.text, None)


def test_no_block_escapes() -> None:
    for page, text in TEXTS.items():
        fences = re.findall(r"^[ >*-]*(?:```|~~~)", text, re.M)
        assert len(fences) == 2 * len(blocks(text)), f"{page}: a fence within a list or a quote"


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """Give the commands of all pages, in blocks and in the text, as words."""
    for page, text in TEXTS.items():
        shown = [block.text for block in blocks(text) if block.language == "console"]
        lines = [line for part in shown for line in part.replace("\\\n", " ").splitlines()]
        for line in [*lines, *re.findall(r"`([^`\n]+)`", text)]:
            command = re.match(r"(?:\w+=\S+ )*modelkin ([a-z].*)", line.partition(" #")[0])
            if command is not None:
                name, *words = command[1].split()
                yield page, name, words


def test_commands_and_options_exist() -> None:
    root: Any = typer.main.get_command(app)
    found = 0
    for page, name, words in commands():
        assert name in root.commands, f"{page}: modelkin {name}"
        options = {option for known in root.commands[name].params for option in known.opts}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= options, f"{page}: modelkin {name} {' '.join(words)}"
        found += 1
    assert found > 20


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {t for text in TEXTS.values() for t in re.findall(r"(?:^|`)make (\w+)", text, re.M)}
    assert {"up", "test", "check", "docs", "bench", "lock", "install"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    (shown,) = (block for block in blocks(TEXTS["README.md"]) if block.language == "console")
    assert "make test" in shown.text
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
