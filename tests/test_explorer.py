"""The explorer in a real browser: views, interactions, downloads, accessibility, hostile data."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import orjson
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, expect

from api.admission import Admission
from api.keys import Keys, add_key
from graph.measure import measure
from graph.registry import load_registry
from graph.store import open_store
from ingest.crawl import Crawl
from ingest.jsonl import JsonlSource
from tests.served import Published, Served

MODEL = "reaperdoesntknow/Qemma-sft"
VIEWS = {
    "": "Who builds on whom among open models",
    "#/family?key=qwen": "Family qwen",
    f"#/model?id={MODEL}": MODEL,
    "#/compare?families=qwen,llama,gemma": "Compare qwen, llama, gemma",
    "#/quality": "Data quality",
}
HOSTILE = '<img src=x onerror="window.hurt=1"><b>=1+1</b>'
LARGE = 1200
"""Derivatives of one model, more than can be drawn at a time."""

pytestmark = pytest.mark.xdist_group("browser")  # one worker starts, or even gets, a browser


class Explorer:
    """A page of the explorer, and what its browser has to say of it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type != "info" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, place: str = "") -> "Explorer":
        """Open an address anew, and wait until all is drawn."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/{place}")
        return self.settled()

    def go(self, place: str) -> "Explorer":
        """Follow an address within the page."""
        self.page.goto(f"{self.address}/{place}")
        return self.settled()

    def settled(self) -> "Explorer":
        self.page.wait_for_timeout(20)  # the change of an address is heard of a moment later
        expect(self.page.locator("section.figure").first).to_be_attached()
        expect(self.page.locator("[aria-busy]")).to_have_count(0)
        return self

    def figure(self, title: str) -> Locator:
        return self.page.locator(f"[data-figure='{title}']")

    def table(self, title: str) -> list[list[str]]:
        """The cells of a figure's table, also while it is closed."""
        cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        found: list[list[str]] = self.figure(title).locator("tbody tr").evaluate_all(cells)
        return found

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f"select[name={name}]").first.select_option(value)
        self.settled()

    def take(self, title: str, kind: str) -> bytes:
        """What one of a figure's buttons saves."""
        with self.page.expect_download() as saved:
            self.figure(title).get_by_role("button", name=f"{title}: {kind}").click()
        download: Download = saved.value
        assert download.suggested_filename.endswith(f".{kind.lower()}")
        return Path(download.path()).read_bytes()


@contextmanager
def opened(context: BrowserContext, address: str, width: int = 1280) -> Iterator[Explorer]:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    explorer = Explorer(page, address)
    yield explorer
    page.close()
    assert explorer.complaints == []
    hosts = {urlsplit(url).netloc for url in explorer.requests if url.startswith("http")}
    assert hosts == {urlsplit(address).netloc}


def address_of(api: Served) -> str:
    return str(api.client.base_url).rstrip("/")


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What pages keep between them: not least plotly.js, which takes long to load anew."""
    with browser.new_context() as context:
        yield context


@pytest.fixture
def explorer(context: BrowserContext, api: Served) -> Iterator[Explorer]:
    with opened(context, address_of(api)) as explorer:
        yield explorer


@pytest.fixture
def phone(context: BrowserContext, api: Served) -> Iterator[Explorer]:
    with opened(context, address_of(api), width=360) as explorer:
        yield explorer


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two snapshots of a large family, the models of which say what would hurt as HTML."""
    directory = tmp_path_factory.mktemp("hostile")
    file = directory / "models.jsonl"
    told = {"pipeline_tag": HOSTILE, "library_name": HOSTILE, "createdAt": "2026-01-01T00:00:00Z"}
    root = {"id": "a/root", **told, "tags": [f"license:{HOSTILE}"]}
    models: list[dict[str, object]] = [
        {"id": f"a/m{n}", **told, "tags": ["base_model:finetune:a/root", f"license:{HOSTILE}"]}
        for n in range(LARGE)
    ]
    models[0]["cardData"] = {"base_model": HOSTILE}
    models[0]["tags"] = []
    with open_store(str(directory / "store")) as store:
        for count in (LARGE - 1, LARGE):
            file.write_bytes(b"\n".join(map(orjson.dumps, [root, *models[:count]])))
            Crawl(store, JsonlSource(file)).run()
            measure(store, load_registry())
        with Published(store, directory / "cache").served() as served:
            yield served


# What is served


def test_the_page_loads_nothing_from_elsewhere_and_may_be_kept(api: Served) -> None:
    page = api.client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert page.headers["cache-control"] == "no-cache"
    assert "<script>" not in page.text
    assets = set(re.findall(r'(?:href|src)="(explorer/[^"]+)"', page.text))
    assert {Path(name).suffix for name in assets} == {".css", ".js", ".svg"}
    assets.add(re.sub("main.js$", "plotly.min.js", next(a for a in assets if "main.js" in a)))
    for asset in assets:
        answer = api.client.get(f"/{asset}")
        assert answer.status_code == 200, asset
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        plain = api.client.get(f"/{asset}", headers={"accept-encoding": "identity"})
        assert plain.content == answer.content
    assert api.client.get("/explorer/older/main.js").headers["cache-control"] == "no-store"
    for name in ("__init__.py", "%2e%2e/app.py", "index.html", "nothing.js"):
        assert api.client.get(f"/explorer/older/{name}").status_code == 404


# The views


@pytest.mark.parametrize("place", VIEWS)
def test_a_view_by_its_address(explorer: Explorer, place: str) -> None:
    explorer.open(place)
    page = explorer.page
    assert page.locator("h1").text_content() == VIEWS[place]
    assert page.title() == f"{VIEWS[place]} · modelkin"
    assert page.locator(".failed").count() == 0
    status = page.locator("#status").text_content() or ""
    assert "Built-in sample as of Aug 22, 2026" in status
    assert "93.4% declare a base" in status
    violations = Axe().run(page).response["violations"]
    serious = [v["id"] for v in violations if v["impact"] in {"serious", "critical"}]
    assert serious == [], json.dumps(violations, indent=1)[:4000]


@pytest.mark.parametrize("place", VIEWS)
def test_a_view_on_a_phone_in_the_dark(phone: Explorer, place: str) -> None:
    phone.page.emulate_media(color_scheme="dark")
    phone.open(place)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    results = Axe().run(phone.page, options={"runOnly": ["color-contrast"]})
    assert results.response["violations"] == []


def test_each_query_that_is_shown_answers(explorer: Explorer, api: Served) -> None:
    seen = set()
    for place in VIEWS:
        explorer.go(place)
        shown = explorer.page.locator("section.figure:not([hidden]) pre").all_text_contents()
        for code in shown:
            query, _, variables = code.partition("# variables")
            answer = api.post(query, variables=json.loads(variables or "{}")).json()
            assert "errors" not in answer, query
            seen.add(query)
    assert len(seen) > 20


@pytest.mark.parametrize("where", ["the view", "another view"])
def test_a_chart_fits_after_the_window_has_another_width(explorer: Explorer, where: str) -> None:
    compared = "#/compare?families=qwen,llama"
    explorer.open(compared)
    if where == "another view":
        explorer.go("#/quality")
    explorer.page.set_viewport_size({"width": 390, "height": 800})
    explorer.go(compared)
    explorer.page.wait_for_function("""() => {
        const charts = [...document.querySelectorAll('.js-plotly-plot')];
        const width = element => element.getBoundingClientRect().width;
        return charts.length === 5
            && charts.every(chart => width(chart) === width(chart.querySelector('.main-svg')));
    }""")


def test_a_query_is_opened_in_graphiql(explorer: Explorer, published: Published) -> None:
    explorer.open("#/family?key=qwen")
    figure = explorer.figure("Licences")
    figure.get_by_text("Show the query").click()
    with explorer.page.expect_popup() as popup:
        figure.get_by_role("link", name="Open in GraphiQL").click()
    graphiql = popup.value
    expect(graphiql.locator(".graphiql-query-editor")).to_contain_text("licenseDrift")
    expect(graphiql.locator(".graphiql-editor-tool")).to_contain_text('"key": "qwen"')
    graphiql.get_by_role("button", name="Execute query").click()
    expect(graphiql.locator(".graphiql-response")).to_contain_text("apache-2.0")
    graphiql.close()
    with published.served(graphiql=False) as api:
        page = explorer.page
        page.goto(address_of(api))
        expect(page.locator("[data-figure=Share] pre")).to_contain_text("share")
        assert page.get_by_role("link", name="GraphiQL").count() == 0
        expect(page.locator("nav").get_by_text("GraphQL")).to_be_hidden()
        page.goto("about:blank")
    explorer.requests = [url for url in explorer.requests if url.startswith(explorer.address)]


def test_the_ranking_follows_the_definition(explorer: Explorer, api: Served) -> None:
    explorer.open()
    for attribution, credit in [("LINEAGE", "FRACTIONAL"), ("PUBLISHER", "FULL")]:
        explorer.choose("attribution", attribution)
        explorer.choose("credit", credit)
        explorer.choose("automated", "LEFT_OUT")
        told = f"attribution: {attribution}, credit: {credit}, excludeAutomated: true"
        share = f"{{ share(by: FAMILY, {told}) {{ groups {{ key }} }} }}"
        groups = api.post(share).json()["data"]["share"]["groups"]
        ranked = [row[0] for row in explorer.table("Families ranked")]
        assert ranked[:20] == [group["key"] for group in groups]
        told = f"orderBy: AUTHORS, attribution: {attribution}, excludeAutomated: true"
        families = f"{{ families(first: 50, {told}) {{ nodes {{ key authors }} }} }}"
        nodes = api.post(families).json()["data"]["families"]["nodes"]
        by_authors = [row[:2] for row in explorer.table("Families by authors")]
        assert by_authors == [[node["key"], str(node["authors"])] for node in nodes]
    words = explorer.page.locator("#status").text_content() or ""
    assert "by publisher, several roots fully for each, without automated ones" in words
    address = explorer.page.url
    assert "attribution=PUBLISHER&credit=FULL&automated=LEFT_OUT" in address
    explorer.open(f"#{urlsplit(address).fragment}")
    assert [row[0] for row in explorer.table("Families ranked")] == ranked
    explorer.page.locator("nav").get_by_text("Compare").click()
    assert "attribution=PUBLISHER" in explorer.page.url


def test_back_is_what_was_there(explorer: Explorer) -> None:
    explorer.open()
    explorer.choose("by", "FAMILY")
    explorer.page.go_back()
    explorer.settled()
    assert explorer.page.locator("select[name=by]").input_value() == "COUNTRY"
    assert explorer.table("Share")[0][0] == "China"


def test_search_by_the_keyboard(explorer: Explorer) -> None:
    page = explorer.open().page
    box = page.get_by_role("combobox", name="Search")
    box.press_sequentially("qemma sft")
    first = page.get_by_role("option").first
    expect(first).to_contain_text(MODEL)
    box.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == first.get_attribute("id")
    box.press("Enter")
    expect(page.locator("h1")).to_have_text(MODEL)
    expect(page.locator("h1")).to_be_focused()
    explorer.settled()
    box.fill("gemma")
    expect(page.get_by_role("option").first).to_contain_text("family")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    box.fill("")
    box.press_sequentially("nothing-is-called-so")
    expect(page.get_by_text("Nothing has all of these parts.")).to_be_visible()


def test_a_lineage_is_opened_and_coloured(explorer: Explorer) -> None:
    page = explorer.open("#/model?id=Qwen/Qwen3.8-27B").page
    drawn = explorer.figure("Lineage").locator(".tree a")
    few = drawn.count()
    more = page.get_by_role("button", name="more at Qwen/Qwen3.8-27B")
    more.press("Enter")
    assert drawn.count() > few
    page.get_by_role("button", name="Open all", exact=True).click()
    assert drawn.count() == 199
    page.get_by_role("button", name="Close all", exact=True).click()
    assert drawn.count() == 0
    explorer.choose("nodes", "500")
    explorer.choose("colour", "license")
    page.get_by_role("button", name="Open all", exact=True).click()
    assert drawn.count() == 238
    assert page.get_by_role("list", name="Colours").text_content() == (
        "permissivecopyleftcommunity termsnon-commercialunknown"
    )
    drawn.filter(has_text="Himeros_27B").first.click()
    expect(page.locator("h1")).to_contain_text("Himeros_27B")
    explorer.settled()
    assert "it goes back to" in (explorer.figure("Lineage").text_content() or "")


def test_what_a_model_is(explorer: Explorer) -> None:
    explorer.open(f"#/model?id={MODEL}")
    path = explorer.table("Licence path")
    assert [row[:2] for row in path] == [
        [MODEL, "osl-3.0"],
        ["Qwen/Qwen3-0.6B", "apache-2.0"],
        ["Qwen/Qwen3-0.6B-Base", "unknown"],
    ]
    assert [row[4] for row in path] == ["yes", "unknown", "unknown"]
    assert explorer.table("If it vanished")[0] == ["Descendants", "2", "2"]
    scores = {row[0]: row[1:] for row in explorer.table("Scores in words")}
    assert scores["Descendants"] == [
        "2",
        "2 models derive from it at any distance, by 1 namespace.",
    ]
    assert scores["Relative adoption"][0] == "unknown"
    explorer.open("#/model?id=Qwen/Qwen3-0.6B-Base")
    known = explorer.figure("What is known")
    assert "nobody saw it" in (known.text_content() or "")
    assert "Downloads, 30 daysunknown" in (known.text_content() or "")


def test_a_family_to_take_away(explorer: Explorer) -> None:
    explorer.open("#/family?key=qwen")
    built_upon = explorer.table("Its models most built upon")
    assert [[row[0], row[1], row[6]] for row in built_upon[:2]] == [
        ["Qwen/Qwen3.8-27B", "238", "live"],
        ["Qwen/Qwen3.5-9B-Base", "176", "missing"],
    ]
    rows = list(csv.reader(io.StringIO(explorer.take("Licences", "CSV").decode())))
    assert rows[:3] == [
        ["Licence", "Class", "Models"],
        ["apache-2.0", "permissive", "705"],
        ["", "unknown", "235"],
    ]
    assert explorer.take("Licences", "PNG").startswith(b"\x89PNG\r\n")
    assert "apache-2.0" in "".join(
        ElementTree.fromstring(explorer.take("Licences", "SVG")).itertext()
    )
    explorer.open(f"#/model?id={MODEL}")
    assert explorer.take("Lineage", "PNG").startswith(b"\x89PNG\r\n")
    drawn = ElementTree.fromstring(explorer.take("Lineage", "SVG"))
    assert "Qemma-redux" in "".join(drawn.itertext())
    assert len(explorer.take("Lineage", "CSV").splitlines()) == 5


def test_who_publishes_and_quantizes_a_family(explorer: Explorer, api: Served) -> None:
    explorer.open("#/family?key=qwen")
    quantized = explorer.table("Who quantizes it")
    members = """{ family(key: "qwen") { members(first: 1000, filter: {relation: QUANTIZED}) {
      totalCount nodes { author } } } }"""
    told = api.post(members).json()["data"]["family"]["members"]
    counted = Counter(node["author"] for node in told["nodes"])
    assert told["totalCount"] == len(told["nodes"])
    assert len(quantized) == 100  # as many as are asked for, of more
    assert f"by {len(counted)} namespaces" in (
        explorer.figure("Who quantizes it").text_content() or ""
    )
    assert {name: int(count) for name, count, _ in quantized}.items() <= counted.items()
    assert [int(row[1]) for row in quantized] == sorted(counted.values(), reverse=True)[:100]
    countries = explorer.table("Where it lives")
    assert [row[0] for row in countries] == ["China", "United States", "France", "unknown"]
    assert sum(float(row[1]) for row in countries) == 1019  # all derivatives, the unknown included
    explorer.choose("home", "ORGANIZATION")
    share = """{ share(by: ORGANIZATION, attribution: PUBLISHER, filter: {family: "qwen"}) {
      groups { key value } } }"""
    largest = api.post(share).json()["data"]["share"]["groups"][0]
    assert explorer.table("Where it lives")[0][:2] == [largest["key"], f"{largest['value']:.0f}"]


def test_families_are_added_and_taken_away(explorer: Explorer) -> None:
    page = explorer.open("#/compare?families=qwen,llama,gemma,mistral,phi").page
    page.locator("input[name=family]").fill("olmo")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("h1")).to_contain_text("olmo")
    explorer.settled()
    assert len(explorer.table("Side by side")) == 6
    page.locator("input[name=family]").fill("glm")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("6 at most: take one away first.")).to_be_visible()
    page.get_by_role("button", name="Take llama away").click()
    explorer.settled()
    assert [row[0] for row in explorer.table("Derivatives")] == [
        "qwen", "gemma", "mistral", "phi", "olmo",
    ]  # fmt: skip
    links = page.locator("[aria-labelledby=claims] li a").all()
    for place in [link.get_attribute("href") or "" for link in links]:
        explorer.go(place)
        assert page.locator(".failed:visible").count() == 0, place


def test_colours_are_chosen_and_kept(explorer: Explorer) -> None:
    page = explorer.open("#/quality").page
    paint = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paint)
    theme = page.get_by_role("button", name="Colours")
    theme.click()
    assert page.evaluate(paint) == light
    theme.click()
    dark = page.evaluate(paint)
    assert dark != light
    explorer.open("#/quality")
    assert page.evaluate(paint) == dark
    theme.click()


# What goes wrong


def test_what_is_not_there_is_told(explorer: Explorer) -> None:
    page = explorer.open("#/model?id=nobody/nothing").page
    assert "no model 'nobody/nothing'" in (page.locator(".failed").first.text_content() or "")
    explorer.go("#/family?key=nobody")
    assert "no family 'nobody'" in (page.locator(".failed").first.text_content() or "")
    page.goto(f"{explorer.address}/#/nowhere")
    expect(page.locator("h1")).to_have_text("There is no such page")


def test_an_empty_store_is_waited_for(browser: Browser, tmp_path: Path) -> None:
    with (
        open_store(str(tmp_path / "store")) as store,
        Published(store, tmp_path / "cache").served() as served,
        browser.new_context() as context,
    ):
        page = context.new_page()
        page.clock.install()
        page.goto(address_of(served))
        expect(page.get_by_role("alert")).to_contain_text("Nothing has been measured yet")
        (tmp_path / "models.jsonl").write_text('{"id": "a/root"}')
        Crawl(store, JsonlSource(tmp_path / "models.jsonl")).run()
        measure(store, load_registry())
        served.current.refresh()
        page.clock.fast_forward(6000)
        expect(page.locator("#status")).to_contain_text("1 models, 0 derivations")
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_key_is_asked_for_where_one_is_needed(
    browser: Browser, published: Published, tmp_path: Path
) -> None:
    key = add_key(tmp_path / "keys", "reader")
    admission = Admission(Keys(tmp_path / "keys"), anonymous=False)
    with published.served(admission=admission) as served, browser.new_context() as context:
        page = context.new_page()
        page.goto(address_of(served))
        dialog = page.get_by_role("dialog", name="API key")
        expect(dialog).to_contain_text("This server answers those who have an API key")
        results = Axe().run(page).response["violations"]
        assert [v["id"] for v in results if v["impact"] in {"serious", "critical"}] == []
        dialog.get_by_role("button", name="Go without").click()
        expect(page.get_by_role("alert")).to_contain_text("answers those who have an API key")
        page.get_by_role("button", name="Give a key").click()
        dialog.locator("input").fill("mk_wrong")
        dialog.get_by_role("button", name="Use it").click()
        expect(dialog).to_contain_text("The server does not know this key")
        dialog.locator("input").fill(f" {key} ")
        dialog.locator("input").press("Enter")
        expect(page.locator("[aria-busy], .failed")).to_have_count(0)
        expect(page.locator("#status")).to_contain_text("1,949 models")
        page.locator("[data-figure='Families ranked'] summary").last.click()
        expect(page.get_by_text("The answer as JSON").first).to_be_hidden()
        page.reload()
        expect(page.locator("#status")).to_contain_text("1,949 models")
        kept = page.evaluate("[JSON.stringify(localStorage), JSON.stringify(sessionStorage)]")
        assert [key in each for each in kept] == [False, True]

        graphiql = context.new_page()
        graphiql.goto(f"{address_of(served)}/graphql")
        graphiql.locator("dialog input").fill(key)
        graphiql.locator("dialog input").press("Enter")
        graphiql.get_by_role("button", name="Execute query").click()
        expect(graphiql.locator(".graphiql-response")).to_contain_text('"name": "Qwen"')


def test_what_data_say_stays_text(context: BrowserContext, hostile: Served) -> None:
    with opened(context, address_of(hostile)) as explorer:
        page = explorer.page
        for place in (
            "#/model?id=a/root",
            "#/family?key=a/root",
            "#/quality",
            "",
            f"#/model?id={HOSTILE}",
        ):
            explorer.go(place)
            assert page.locator("img, main b").count() == 0
            assert page.evaluate("window.hurt") is None
        explorer.open("#/family?key=a/root")
        licenses = explorer.take("Licences", "CSV").decode()
        assert next(csv.reader([licenses.splitlines()[1]]))[0] == HOSTILE
        page.get_by_role("combobox", name="Search").press_sequentially("root")
        expect(page.get_by_role("option").first).to_contain_text("a/root")


def test_a_thousand_models_are_drawn(context: BrowserContext, hostile: Served) -> None:
    with opened(context, address_of(hostile)) as explorer:
        page = explorer.open("#/model?id=a/root&nodes=1000").page
        page.get_by_role("button", name="Open all", exact=True).click()
        drawn = explorer.figure("Lineage").locator(".tree a")
        assert drawn.count() == 999
        drawn.last.press("Enter")
        expect(page.locator("h1")).to_have_text(re.compile(r"a/m\d+"))
        explorer.settled()


def test_what_changed_last(context: BrowserContext, explorer: Explorer, hostile: Served) -> None:
    page = explorer.open("#/quality").page
    expect(page.get_by_text("this is the first snapshot of its source")).to_be_visible()
    with opened(context, address_of(hostile)) as changed:
        changed.open("#/quality")
        assert changed.table("What changed last") == [[f"a/m{LARGE - 1}", "came", "none", "live"]]
        assert len(changed.table("Snapshots")) == 2
        changed.choose("kind", "LICENSE")
        assert changed.table("What changed last") == []
