"""The React page of docs/how-to/frontends.md: its types hold, and a browser shows the ranking."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.blocks import blocks
from tests.documents import ROOT, SERVER
from tests.isolated import run
from tests.served import Published
from tests.test_clients import NODE

PACKAGES = ("react", "react-dom", "@types/react", "@types/react-dom", "esbuild", "typescript@5")
TYPES = ("--noEmit", "--strict", "--jsx", "react-jsx", "--module", "esnext", "--skipLibCheck")
WAYS = ("--moduleResolution", "bundler", "--target", "es2022")

pytestmark = pytest.mark.xdist_group("clients")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the page's files, and with what they import."""
    home = tmp_path_factory.mktemp("ranking")
    text = (ROOT / "docs" / "how-to" / "frontends.md").read_text(encoding="utf-8")
    for block in blocks(text):
        if block.language == "tsx":
            assert block.file is not None
            (home / block.file).write_text(block.text, encoding="utf-8")
    (home / "index.html").write_text(
        '<!doctype html><div id="root"></div><script src="page.js"></script>'
    )
    try:
        run("--from", NODE, "npm", "install", "--no-audit", "--no-fund", *PACKAGES, at=home)
    except AssertionError as error:
        if not re.search("ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network", str(error)):
            raise
        pytest.skip("the npm registry cannot be reached, which only this test needs")
    return home


@pytest.fixture
def site(home: Path) -> Iterator[str]:
    """The address of the page, which is another site than the API's."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(home))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_its_types_hold(home: Path) -> None:
    run("--from", NODE, "npx", "tsc", *TYPES, *WAYS, "main.tsx", at=home)


def test_a_browser_shows_the_ranking(
    home: Path, site: str, published: Published, browser: Browser
) -> None:
    with published.served(origins=[site]) as api:
        main = (home / "main.tsx").read_text()
        (home / "here.tsx").write_text(main.replace(SERVER, str(api.client.base_url)))
        bundler = ("npx", "esbuild", "--bundle", "--jsx=automatic", "--outfile=page.js")
        run("--from", NODE, *bundler, "here.tsx", at=home)
        page = browser.new_page()
        page.goto(site)
        expect(page.get_by_role("listitem")).to_have_count(10)
        expect(page.get_by_role("listitem").first).to_have_text("qwen: 1012.5 (55.6 %)")
        page.get_by_label("Attribute by").select_option("publisher")
        expect(page.get_by_role("listitem").first).to_have_text("lfm: 26.0 (1.4 %)")
        expect(page.locator("p")).to_contain_text("Unknown: 95.4 %. Snapshot")
        page.close()
