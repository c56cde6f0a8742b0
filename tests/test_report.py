"""The report: its numbers are the read model's, its texts are escaped, and a browser shows it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import html
from playwright.sync_api import Browser

from graph import shares
from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.shares import By, Definition, Weight
from modelkin.exports import write
from modelkin.figures import DEFINITION
from modelkin.figures.words import number, percent
from tests.lineages import ecosystem, item
from tests.test_cli import failure

HOSTILE = "<script>window.hurt=1</script><img src=x onerror='window.hurt=1'>{{ 7 * 7 }}"

Report = Callable[[Ecosystem], Any]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Write a report, and read it back as a tree."""

    def read(eco: Ecosystem) -> Any:
        path = tmp_path / "report.html"
        assert write(eco, "report", path, family=None, model=None) == [path]
        return html.fromstring(path.read_text(encoding="utf-8"))

    return read


def tables(tree: Any) -> dict[str, dict[str, list[str]]]:
    """Return each table's rows by caption and name, without remarks."""
    found = {}
    for table in tree.iter("table"):
        rows = {}
        for row in table.find("tbody"):
            name, *cells = row
            rows[name.text_content()] = [(cell.text or "").strip() for cell in cells]
        found[table.find("caption").text] = rows
    return found


def test_families_have_the_numbers_of_each_definition(
    sample_ecosystem: Ecosystem, report: Report
) -> None:
    rows = tables(report(sample_ecosystem))["Derivatives of each family, with its rank"]
    qwen = sample_ecosystem.family_number("qwen")
    sizes = shares.sizes(sample_ecosystem, qwen, Weight.DERIVATIVES)
    assert rows["qwen"][:4] == [
        number(sizes[definition])
        for definition in (
            (Attribution.LINEAGE, Credit.FRACTIONAL),
            (Attribution.LINEAGE, Credit.FULL),
            (Attribution.DIRECT, Credit.FRACTIONAL),
            (Attribution.PUBLISHER, Credit.FULL),
        )
    ]
    publisher = Definition(Weight.DERIVATIVES, Attribution.PUBLISHER, Credit.FULL)
    found = shares.share(sample_ecosystem, By.FAMILY, publisher)
    assert rows["no known family"][3] == number(found.unknown * found.total)
    assert found.keys[0] in rows


@pytest.mark.parametrize(
    ("by", "caption"),
    [
        (By.COUNTRY, "By country of the roots' publishers"),
        (By.LICENSE_CLASS, "By class of the roots' licences"),
        (By.RELATION, "By how they were made"),
    ],
)
def test_shares_add_up_and_tell_what_is_unknown(
    sample_ecosystem: Ecosystem, report: Report, by: By, caption: str
) -> None:
    found = shares.share(sample_ecosystem, by, DEFINITION)
    tree = report(sample_ecosystem)
    rows = [cells[0] for cells in tables(tree)[caption].values()]
    told = [number(value) for value in found.values]
    if found.unknown:
        told.append(number(found.unknown * found.total))
        assert (
            percent(found.unknown)
            in tree.xpath("//table[caption=$c]//tr[last()]//small", c=caption)[0].text
        )
    assert rows == told


def test_most_built_upon_are_the_models_with_most_descendants(
    sample_ecosystem: Ecosystem, report: Report
) -> None:
    rows = tables(report(sample_ecosystem))["Models by descendants"]
    descendants = sample_ecosystem.numbers("descendants")
    assert [cells[0] for cells in rows.values()] == [
        number(value) for value in sorted(descendants.tolist(), reverse=True)[: len(rows)]
    ]
    for name, cells in rows.items():
        row = sample_ecosystem.row(name.removesuffix(" (missing)"))
        assert cells[0] == number(int(descendants[row]))
        assert name.endswith(" (missing)") != bool(sample_ecosystem.live[row])


def test_months_are_those_of_the_series(sample_ecosystem: Ecosystem, report: Report) -> None:
    rows = tables(report(sample_ecosystem))["Derivatives by month"]
    keys = shares.share(sample_ecosystem, By.FAMILY, DEFINITION, 6).keys
    months, series = shares.series(sample_ecosystem, By.FAMILY, keys, DEFINITION)
    found = dict(zip(months, zip(*series.values(), strict=True), strict=True))
    assert rows == {month: [number(value) for value in found[month]] for month in rows}
    left_out = set(months) - set(rows)
    assert not any(value for month in left_out for value in found[month])


def test_quality_is_the_manifests(sample_ecosystem: Ecosystem, report: Report) -> None:
    rows = tables(report(sample_ecosystem))["What was doubtful"]
    quality = sample_ecosystem.manifest.quality
    assert {reason: cells[0] for reason, cells in rows.items()} == {
        reason: number(told["count"]) for reason, told in quality.items()
    }


def test_a_sample_says_so(sample_ecosystem: Ecosystem, report: Report) -> None:
    assert report(sample_ecosystem).find_class("notice")
    assert not report(ecosystem([item("a/b")])).find_class("notice")


def test_the_head_names_snapshot_and_coverage(sample_ecosystem: Ecosystem, report: Report) -> None:
    tree = report(sample_ecosystem)
    told = {dt.text: dt.getnext().text for dt in tree.iter("dt")}
    manifest = sample_ecosystem.manifest
    assert told["snapshot"] == manifest.id
    assert told["declare a base (coverage)"] == percent(manifest.coverage)


def test_the_same_snapshot_gives_the_same_bytes(
    sample_ecosystem: Ecosystem, tmp_path: Path
) -> None:
    for name in "ab":
        write(sample_ecosystem, "report", tmp_path / name, family=None, model=None)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_ecosystem_of_one_model(report: Report) -> None:
    tree = report(ecosystem([item("a/b")]))
    rows = tables(tree)
    assert list(rows["Derivatives of each family, with its rank"]) == ["no known family"]
    assert "First: none has any." in tree.text_content()
    assert list(rows["Models by descendants"]) == ["a/b"]
    assert rows["Derivatives by month"] == {}


def test_texts_from_the_data_are_escaped(report: Report) -> None:
    models = [item("a/b", f"finetune:{HOSTILE}", "finetune:a/c", license=HOSTILE), item("a/c")]
    tree = report(ecosystem([*models, item("c/d", "adapter:a/b")]))
    shown = tables(tree)
    assert shown["Models by descendants"]["a/b"][5] == HOSTILE
    assert HOSTILE in shown["What was doubtful"]["base_not_an_id"][2]
    assert not [*tree.iter("script", "img")]


def test_it_asks_for_nothing(sample_ecosystem: Ecosystem, report: Report) -> None:
    tree = report(sample_ecosystem)
    targets = {
        value
        for element in tree.iter()
        for name, value in element.items()
        if name in ("src", "href")
    }
    ids = {f"#{element.get('id')}" for element in tree.iter() if element.get("id")}
    assert targets
    assert targets <= ids


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(
    sample_ecosystem: Ecosystem, tmp_path: Path, browser: Browser, scheme: Any
) -> None:
    path = tmp_path / "report.html"
    write(sample_ecosystem, "report", path, family=None, model=None)
    page = browser.new_page(viewport={"width": 375, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 375, "wider than a phone"
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_text("The numbers").click()
    serious = [
        (found["id"], [node["target"] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
    ]
    assert serious == []
    assert asked == [path.as_uri()]
    assert said == []
    page.close()


def test_a_report_is_of_a_whole_snapshot(tmp_path: Path) -> None:
    code, line = failure("export", "report", tmp_path / "r.html", "--family", "qwen")
    assert (code, "leave --family and --model out" in line) == (2, True)
