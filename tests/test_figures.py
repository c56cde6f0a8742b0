"""The figures: what they draw is what the read model answers, and a browser draws them."""

import re
from itertools import accumulate, product
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, expect

import modelkin
from api.definition import Definition as DefinitionInWords
from graph import profile, shares
from graph.ecosystem import Ecosystem
from graph.errors import NotFoundError, UsageError
from graph.families import Attribution, Credit
from graph.family_counts import family_authors
from graph.history import History, of_store
from graph.lineage import Lineage
from graph.lineage import lineage as walk
from graph.listing import OrderField
from graph.records import Relation
from graph.registry import LicenseClass
from graph.selection import Filter
from graph.shares import By, Definition, Weight
from modelkin import figures
from modelkin.figures import style, words
from modelkin.figures.bars import Bar
from modelkin.figures.bars import bars as draw_bars
from modelkin.figures.tree import tree
from tests.lineages import ecosystem, item
from tests.served import Published

EXPLORER = Path(__file__).parents[1] / "api" / "explorer"
HOSTILE = '<img src=x onerror="window.hurt=1"><b>& $x$</b>'
DEFINITIONS = [
    figures.DEFINITION,
    Definition(Weight.DOWNLOADS, Attribution.PUBLISHER, Credit.FULL),
    Definition(Weight.MODELS, Attribution.DIRECT, Credit.FULL, Filter(exclude_automated=True)),
]


def note(figure: go.Figure) -> str:
    return str(figure.layout.title.subtitle.text).replace("<br>", " ")


def bars(figure: go.Figure) -> dict[str, float]:
    (trace,) = figure.data
    return dict(zip(figure.layout.yaxis.ticktext, trace.x, strict=True))


def lines(figure: go.Figure) -> dict[str, list[Any]]:
    return {trace.name: list(trace.y) for trace in figure.data}


@pytest.fixture(scope="module")
def past(published: Published) -> History:
    return of_store(published.store, published.cache)


@pytest.mark.parametrize("by", By)
@pytest.mark.parametrize("definition", DEFINITIONS, ids=["default", "downloads", "models"])
def test_share(sample_ecosystem: Ecosystem, by: By, definition: Definition) -> None:
    found = shares.share(sample_ecosystem, by, definition)
    figure = figures.share(sample_ecosystem, by, definition, first=2)
    drawn = list(figure.data[0].x)
    assert drawn[:2] == found.values[:2]
    assert len(drawn) == 2 + bool(found.unknown)
    assert f"Known groups: 2 of {found.groups}." in note(figure)
    if found.unknown:
        assert drawn[-1] == pytest.approx(found.unknown * found.total)
        assert figure.data[0].marker.color[-1] == style.NONE
        assert f"{found.unknown:.1%} belongs to no known group." in note(figure)
    if definition.credit == Credit.FRACTIONAL and by != By.RELATION:
        whole = figures.share(sample_ecosystem, by, definition, first=found.groups)
        assert sum(whole.data[0].x) == pytest.approx(found.total)
    text = DefinitionInWords(
        weight=definition.weight,
        attribution=definition.attribution,
        credit=definition.credit,
        models=definition.models,
    ).text()
    assert text in note(figure)


def test_ranks(sample_ecosystem: Ecosystem) -> None:
    drawn = lines(figures.ranks(sample_ecosystem, first=5))
    orders = {
        attribution: shares.share(
            sample_ecosystem,
            By.FAMILY,
            Definition(Weight.DERIVATIVES, attribution, Credit.FRACTIONAL),
        ).keys
        for attribution in Attribution
    }
    assert list(drawn) == orders[Attribution.LINEAGE][:5]
    for key, ranks in drawn.items():
        for order, rank in zip(orders.values(), ranks, strict=True):
            assert key not in order if rank is None else order[rank - 1] == key
    assert None in drawn["olmo"]  # its publisher released no derivative


def test_months(sample_ecosystem: Ecosystem) -> None:
    _, counted = shares.series(sample_ecosystem, By.FAMILY, ["qwen", "llama"], figures.DEFINITION)
    each = figures.months(sample_ecosystem, keys=["qwen", "llama"])
    assert len(each.data[0].x) == len(each.data[0].y) > 12
    for key, values in lines(each).items():
        assert values == counted[key][-len(values) :]
        assert sum(values) == pytest.approx(sum(counted[key]))
    summed = lines(figures.months(sample_ecosystem, keys=["qwen", "llama"], summed=True))
    assert summed == {key: list(accumulate(values)) for key, values in lines(each).items()}
    largest = shares.share(sample_ecosystem, By.FAMILY, figures.DEFINITION, 6).keys
    assert list(lines(figures.months(sample_ecosystem))) == largest


def test_snapshots_leave_a_gap_where_nothing_is_known(past: History) -> None:
    figure = figures.snapshots(past, ["qwen", "nobody/knows"])
    points = past.series(By.FAMILY, ["qwen"], Weight.DERIVATIVES)
    assert lines(figure) == {"qwen": points.values["qwen"], "nobody/knows": [None]}


@pytest.mark.parametrize("measure", words.MEASURES)
def test_models(sample_ecosystem: Ecosystem, measure: OrderField) -> None:
    values = sample_ecosystem.numbers(measure.value)[sample_ecosystem.family("llama").rows]
    figure = figures.models(sample_ecosystem, measure.value, "llama", first=7)
    assert list(figure.data[0].x) == sorted(values.tolist(), reverse=True)[:7]


def test_models_whose_number_nobody_knows() -> None:
    eco = ecosystem([item("a/b", downloads=None), item("a/c", downloads=3)])
    figure = figures.models(eco, "downloads")
    assert list(figure.data[0].x) == [3, None]
    assert list(figure.data[0].text) == ["3", "unknown"]
    assert figure.data[0].marker.color[1] == style.NONE


def test_sizes(sample_ecosystem: Ecosystem) -> None:
    figure = figures.sizes(sample_ecosystem, "qwen", Weight.MODELS)
    number = sample_ecosystem.family_number("qwen")
    found = shares.sizes(sample_ecosystem, number, Weight.MODELS)
    drawn = [value for trace in figure.data for value in trace.y]
    assert drawn == [found[a, c] for c, a in product(Credit, Attribution)]
    assert note(figure).startswith("Live models. Lineage: to the roots of their weights.")


def test_compare(sample_ecosystem: Ecosystem) -> None:
    definition = DEFINITIONS[1]
    figure = figures.compare(sample_ecosystem, ["llama", "qwen"], definition)
    *weighed, authors = figure.data
    for trace, weight in zip(
        weighed, (Weight.DERIVATIVES, Weight.MODELS, Weight.DOWNLOADS), strict=True
    ):
        meant = Definition(weight, definition.attribution, definition.credit)
        assert list(trace.x) == [
            shares.size(sample_ecosystem, sample_ecosystem.family_number(key), meant)
            for key in ("llama", "qwen")
        ]
    found = family_authors(sample_ecosystem, definition.attribution)
    assert list(authors.x) == [
        found[sample_ecosystem.family_number(key)] for key in ("llama", "qwen")
    ]


def test_profiles(sample_ecosystem: Ecosystem) -> None:
    rows = sample_ecosystem.family("qwen").rows
    for draw, count in (
        (figures.relations, profile.relations),
        (figures.parameters, profile.parameters),
    ):
        assert list(draw(sample_ecosystem, "qwen").data[0].x) == [
            value for _, value in count(sample_ecosystem, rows)
        ]
    drawn = bars(figures.licenses(sample_ecosystem, "qwen", first=2))
    (first, most), (_, next_most) = profile.licenses(sample_ecosystem, rows)[:2]
    assert drawn == {first: most, "none declared": next_most}


def test_influence() -> None:
    eco = ecosystem(
        [item("red/a"), item("blue/b", "finetune:red/a"), item("blue/c", "quantized:red/a")]
    )
    assert bars(figures.influence(eco)) == {"blue → red": 2}
    assert bars(figures.influence(eco, Relation.QUANTIZED)) == {"blue → red": 1}
    assert bars(figures.influence(eco, Relation.MERGE)) == {}


def test_quality(sample_ecosystem: Ecosystem) -> None:
    told = sample_ecosystem.manifest.quality
    assert bars(figures.quality(sample_ecosystem)) == {
        reason: entry["count"] for reason, entry in told.items()
    }


def drawn_tree(*edges: tuple[int, int], size: int) -> dict[tuple[int, int], tuple[float, int]]:
    """Return where the models of a lineage of model 0 stand: by (row, x), y and what is near."""
    children, bases = (np.array(ends, np.int32) for ends in zip(*edges, strict=True))
    codes = np.zeros(len(edges), np.int8)
    nodes = tree(Lineage(np.arange(size, dtype=np.int32), children, bases, codes, size, False))
    return {(node.row, node.x): (node.y, nodes[node.near].row) for node in nodes}


def test_a_tree_has_each_model_once_at_its_nearest_way() -> None:
    # 3 derives from 0 and from 1, which derives from 0; 2 is the base of 0; 4 derives from 1.
    drawn = drawn_tree((1, 0), (3, 0), (3, 1), (0, 2), (4, 1), size=5)
    assert drawn == {
        (0, 0): (0, 0),
        (2, -1): (0, 0),
        (1, 1): (-0.5, 0),
        (3, 1): (0.5, 0),
        (4, 2): (-0.5, 1),
    }


def test_a_cycle_stands_on_both_sides_of_a_tree() -> None:
    drawn = drawn_tree((0, 1), (1, 0), (2, 1), size=3)
    assert drawn == {(0, 0): (0, 0), (1, -1): (0, 0), (1, 1): (0, 0), (2, 2): (0, 1)}


def test_a_tree_of_a_long_chain() -> None:
    size = 3000
    drawn = drawn_tree(*((n + 1, n) for n in range(size - 1)), size=size)
    assert drawn[size - 1, size - 1] == (0, size - 2)


def test_lineage(sample_ecosystem: Ecosystem) -> None:
    id = "Qwen/Qwen3-0.6B"
    figure = figures.lineage(sample_ecosystem, id, first=30)
    found = walk(sample_ecosystem, sample_ecosystem.row(id), 30)
    joins, *marks, focus = figure.data
    assert found.truncated
    assert f"Models of the lineage: 30 of {found.total}, the nearest." in note(figure)
    assert list(focus.text) == ["<b>Qwen3-0.6B</b>"]
    assert sum(len(trace.x) for trace in marks) == len(found.rows) - 1
    assert list(joins.x).count(None) == len(found.rows)
    for trace in marks:
        for hover in trace.hovertext:
            other = hover.split(", ")[0]
            ends = (other, id) if other != "Qwen/Qwen3-0.6B-Base" else (id, other)
            child, base = (sample_ecosystem.row(end) for end in ends)
            if base in sample_ecosystem.bases.of(child):
                relation = Relation(sample_ecosystem.relation(child, base).split(",")[0])
                assert trace.name == words.RELATIONS[relation]
    assert len({tuple(pair) for trace in marks for pair in zip(trace.x, trace.y, strict=True)}) == (
        len(found.rows) - 1
    )


def all_figures(eco: Ecosystem, past: History) -> dict[str, go.Figure]:
    return {
        "share": figures.share(eco, By.COUNTRY),
        "ranks": figures.ranks(eco),
        "months": figures.months(eco),
        "snapshots": figures.snapshots(past, ["qwen"]),
        "models": figures.models(eco),
        "lineage": figures.lineage(eco, "Qwen/Qwen3-0.6B"),
        "sizes": figures.sizes(eco, "qwen"),
        "compare": figures.compare(eco, ["qwen", "llama"]),
        "licenses": figures.licenses(eco, "qwen"),
        "relations": figures.relations(eco, "qwen"),
        "parameters": figures.parameters(eco, "qwen"),
        "influence": figures.influence(eco),
        "quality": figures.quality(eco),
    }


def test_each_figure_says_its_snapshot_and_coverage(
    sample_ecosystem: Ecosystem, past: History
) -> None:
    drawn = all_figures(sample_ecosystem, past)
    assert {*drawn, "DEFINITION"} == set(modelkin.figures.__all__)
    told = (
        f"{sample_ecosystem.manifest.coverage:.1%} of the live models declare a base."
        f" Snapshot {sample_ecosystem.id}, as of 2026-08-22, the built-in sample."
    )
    for name, figure in drawn.items():
        assert told in note(figure), name


@pytest.mark.xdist_group("browser")
def test_a_browser_draws_them(
    browser: Browser, sample_ecosystem: Ecosystem, past: History, tmp_path: Path
) -> None:
    drawn = all_figures(sample_ecosystem, past)
    hostile = draw_bars(HOSTILE, HOSTILE, [Bar(HOSTILE, 1, HOSTILE)])
    parts = [
        figure.to_html(full_html=False, include_plotlyjs=not place)
        for place, figure in enumerate([*drawn.values(), hostile])
    ]
    path = tmp_path / "figures.html"
    path.write_text('<meta charset="utf-8">' + "".join(parts), encoding="utf-8")
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator(".js-plotly-plot")).to_have_count(len(parts))
    expect(page.locator(".gtitle").last).to_contain_text(HOSTILE)
    for place, figure in enumerate(drawn.values()):
        shown = page.locator(".js-plotly-plot").nth(place)
        expect(shown.locator(".gtitle").first).to_have_text(figure.layout.title.text)
        expect(shown.locator(".gtitle-subtitle")).to_contain_text(sample_ecosystem.id)
    assert page.evaluate("window.hurt") is None
    assert page.locator("img").count() == 0
    assert not complaints
    assert asked == [path.as_uri()]
    page.close()


def test_colours_are_the_explorers() -> None:
    sheet = (EXPLORER / "explorer.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([\w-]+): light-dark\((#\w+)", sheet))
    light |= {
        name: light[other] for name, other in re.findall(r"--([\w-]+): var\(--([\w-]+)\)", sheet)
    }
    assert [light[f"series-{number}"] for number in range(1, 9)] == list(style.SERIES)
    assert [light[name] for name in ("none", "ink", "soft", "line")] == [
        style.NONE, style.INK, style.SOFT, style.LINE,
    ]  # fmt: skip
    assert {r: light[f"relation-{r.name}"] for r in Relation} == style.RELATIONS
    assert {c: light[f"license-{c.name}"] for c in LicenseClass} == style.LICENSE_CLASSES


@pytest.mark.parametrize(
    "name", ["RELATIONS", "LICENSE_CLASSES", "WEIGHTS", "ATTRIBUTIONS", "GROUPS", "MEASURES"]
)
def test_words_are_the_explorers(name: str) -> None:
    script = (EXPLORER / "words.js").read_text(encoding="utf-8")
    (body,) = re.findall(rf"export const {name} = {{(.*?)}};", script, re.DOTALL)
    told = dict(re.findall(r"(\w+): '([^']+)'", body))
    assert {key.name: word for key, word in getattr(words, name).items()} == told


def test_numbers_as_people_read_them() -> None:
    assert [words.number(value) for value in (None, 0, 1019.0, 1012.53, 5_975_908)] == [
        "unknown", "0", "1,019", "1,012.5", "5,975,908",
    ]  # fmt: skip
    assert [words.percent(value) for value in (0, 1e-6, 0.5252, 1)] == [
        "0.0%", "<0.1%", "52.5%", "100.0%",
    ]  # fmt: skip


def test_what_is_not_there_is_told(sample_ecosystem: Ecosystem) -> None:
    for draw in (figures.sizes, figures.licenses, figures.relations, figures.parameters):
        with pytest.raises(NotFoundError, match="did you mean qwen"):
            draw(sample_ecosystem, "qwenn")
    with pytest.raises(NotFoundError, match="no family 'qwenn'"):
        figures.months(sample_ecosystem, keys=["qwenn"])
    with pytest.raises(NotFoundError, match="no model 'a/b'"):
        figures.lineage(sample_ecosystem, "a/b")
    with pytest.raises(UsageError, match="not ranked by 'fame'; choose one of descendants"):
        figures.models(sample_ecosystem, "fame")
