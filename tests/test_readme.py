"""Everything that the README shows is run: its queries, its notebook cell, its commands."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from graph.ecosystem import Ecosystem
from tests.documents import differences, examples
from tests.sample_ecosystem import ask, measured_sample

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
GUIDES = [README, *((ROOT / "docs" / f"{name}.md").read_text() for name in ("operations", "api"))]


def block(language: str, text: str = README) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)
    return found


def test_the_query_gives_its_answer(sample_ecosystem: Ecosystem) -> None:
    (example,) = examples(README)
    assert example.answer is not None
    told = orjson.loads(example.answer)
    assert not list(differences(ask(sample_ecosystem, example.query), told))


def test_the_cell_prints_what_is_shown(tmp_path: Path) -> None:
    store = tmp_path / "modelkin-data"
    measured_sample(tmp_path)
    (tmp_path / "store").rename(store)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", block("python")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == block("text")


def commands() -> list[str]:
    lines = [line for text in GUIDES for line in re.findall(r"^modelkin [^#\n]+", text, re.M)]
    lines += [code for text in GUIDES for code in re.findall(r"`(modelkin [^`]+)`", text)]
    return sorted({line.strip() for line in lines})


@pytest.mark.parametrize("command", commands())
def test_commands_and_options_exist(command: str) -> None:
    words = [word for word in shlex.split(command)[1:] if word.startswith("--") or word.islower()]
    helped = subprocess.run(
        [sys.executable, "-m", "modelkin", words[0], "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert helped.returncode == 0
    for option in words[1:]:
        if option.startswith("--"):
            assert option in helped.stdout


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    documents = [*GUIDES, (ROOT / "CONTRIBUTING.md").read_text()]
    targets = {t for text in documents for t in re.findall(r"(?:^|`)make (\w+)", text, re.M)}
    assert {"up", "test", "check", "bench", "lock", "install"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    assert "make test" in block("console")
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()
