"""Every command, query and cell of the documents is run, page by page, as a reader would."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.documents import Documents
from api.limits import Limits
from api.schema import graphql_schema
from tests import reference
from tests.blocks import blocks
from tests.documents import NOT_RUN, NOTEBOOKS, PAGES, ROOT, follow, runnable
from tests.served import Served

TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
RUN = [p for p, text in TEXTS.items() if runnable(p, text) and not p.startswith(NOTEBOOKS)]


@pytest.mark.xdist_group("documents")
@pytest.mark.parametrize("page", RUN)
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


@pytest.mark.xdist_group("documents")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "1\n"),
        ("```console\necho 1\n```\n\n```text\n2\n```\n", "1\n"),
        ("```graphql\n{ __typename }\n```\n\n```json\n{}\n```\n", '{"__typename": "Query"}\n'),
        ("```toml\n# a.toml\nb = 1\n```\n\n```console\ncat a.toml\n```\n", "# a.toml\nb = 1\n"),
        ("```python\n1 / 0\n```\n", None),
        ("```console\nfalse | cat\n```\n", None),
        ("```graphql\n{ nothing }\n```\n", None),
    ],
)
def test_a_page_that_is_wrong_is_found_out(
    text: str,
    found: str | None,
    api: Served,
    sample_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = follow("a.md", text, api, sample_directory / "store")
    if found is None:
        with pytest.raises((ZeroDivisionError, AssertionError)) as failed:
            next(steps)
        assert failed.value.__notes__[0].startswith("a.md:2: ")
    else:
        assert next(steps).found == found


def test_what_is_not_run_is_there_with_a_reason() -> None:
    for page, reasons in NOT_RUN.items():
        firsts = [block.first for block in blocks(TEXTS[page])]
        assert [firsts.count(first) for first in reasons] == [1] * len(reasons), page
        for reason in reasons.values():
            for path, name in re.findall(r"(tests/\w+\.py)(?:::(\w+))?", reason):
                assert f"def {name}" in (ROOT / path).read_text(), reason


def test_queries_that_are_not_run_are_valid() -> None:
    documents = Documents(graphql_schema(), Limits(), introspection=True)
    for page, reasons in NOT_RUN.items():
        for block in blocks(TEXTS[page]):
            if block.language == "graphql" and block.first in reasons:
                documents.read(block.text, None)


LANGUAGES = {"console", "graphql", "python", "json", "text"}
LANGUAGES |= {"ini", "mermaid", "nginx", "toml", "tsx", ""}  # these are not run


def test_no_block_escapes() -> None:
    for page, text in TEXTS.items():
        assert {block.language for block in blocks(text)} <= LANGUAGES, page
        fences = re.findall(r"^[ >*-]*(?:```|~~~)", text, re.M)
        assert len(fences) == 2 * len(blocks(text)), f"{page}: a fence within a list or a quote"


def commands() -> Iterator[tuple[str, str]]:
    """Give the commands of all pages, in blocks and in the text."""
    for page, text in TEXTS.items():
        shown = [block.text for block in blocks(text) if block.language == "console"]
        lines = [line for part in shown for line in part.replace("\\\n", " ").splitlines()]
        for line in [*lines, *re.findall(r"`([^`\n]+)`", text)]:
            command = re.match(r"(?:\w+=\S+ )*modelkin ([a-z][^#>]*?)(?: \||$| #| 2?>)", line)
            if command is not None:
                yield page, command[1]


def test_commands_and_options_exist() -> None:
    known, found = reference.commands(), 0
    for page, command in commands():
        name = next((name for name in known if f"{command} ".startswith(f"{name} ")), None)
        assert name is not None, f"{page}: modelkin {command}"
        options = {option for parameter in known[name].params for option in parameter.opts}
        used = {word.partition("=")[0] for word in command.split() if word.startswith("--")}
        assert used <= options, f"{page}: modelkin {command}"
        found += 1
    assert found > 20


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {t for text in TEXTS.values() for t in re.findall(r"(?:^|`)make (\w+)", text, re.M)}
    assert {"up", "test", "check", "docs", "bench", "lock", "install"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_tutorial_names_figures_that_the_page_has() -> None:
    views = "".join(path.read_text() for path in ROOT.glob("api/explorer/views/*.js"))
    paragraphs = [part for part in TEXTS["docs/tutorial.md"].split("\n\n") if "In the page" in part]
    named = [name for part in paragraphs for name in re.findall(r"\*\*([^*]+)\*\*", part)]
    assert len(named) >= 5
    assert [name for name in named if f"title: '{name}'" not in views] == []


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    (shown,) = (block for block in blocks(TEXTS["README.md"]) if block.language == "console")
    assert "make test" in shown.text
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
