"""The documents as a site: built as `make docs` does, whole, and without another host's help."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.xdist_group("site")


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Run the command of the Makefile on a tree of documents."""
    recipe = re.search(
        r"^docs: .*\n\t\$\(BIN\)/sphinx-build (.+) site$", (ROOT / "Makefile").read_text(), re.M
    )
    assert recipe is not None
    command = [sys.executable, "-m", "sphinx", *shlex.split(recipe[1]), str(site)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    built = build(ROOT, site)
    assert (built.returncode, built.stderr) == (0, "")
    return site


def test_every_document_is_a_page(site: Path) -> None:
    assert (site / "index.html").read_text() == (site / "README.html").read_text()
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    assert len(documents) > 15
    for document in documents:
        assert (site / document.relative_to(ROOT)).with_suffix(".html").exists(), document


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert re.findall(r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//[^"]+', text) == []
        assert re.findall(r'<link[^>]+href="(?:https?:)?//[^"]+', text) == []
    for style in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)[\s\"']*(?:https?:)?//", style.read_text()) == []


def test_formulas_are_written_for_the_browser_itself(site: Path) -> None:
    assert (site / "docs" / "answers.html").read_text().count("<math ") >= 5


def test_a_broken_link_or_anchor_fails(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", tmp_path / "docs")
    (tmp_path / "docs" / "there.md").write_text("# There\n")
    (tmp_path / "README.md").write_text(
        "# Front\n\n[a](docs/there.md#there) [b](docs/there.md#no-heading) [c](docs/no-page.md)\n"
    )
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode == 1
    assert "no-heading" in built.stderr
    assert "docs/no-page.md" in built.stderr
