"""A real browser: the Chromium of this machine, or one that is got for the tests; never a skip."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

PATIENCE_MS = 60_000
"""For what is to appear, on a machine that has other things to do."""

GET_S = 600
"""Seconds within which a browser has to be there."""

HELP = (
    "no Chromium is here, and none could be got: install it (apt-get install chromium, or "
    "playwright install --with-deps chromium), or name one by MODELKIN_TEST_BROWSER"
)


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """Where Chromium is; None for the one that playwright keeps."""
    found = os.environ.get("MODELKIN_TEST_BROWSER") or _installed()
    if found is not None or _kept():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):  # a container or a CI machine
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium")
        found = _installed()
    else:
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    if found is None and not _kept():
        pytest.fail(HELP)
    return found


@pytest.fixture(scope="module")
def browser(chromium: str | None) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]  # it has none for root
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        yield browser
        browser.close()


def _installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _kept() -> bool:
    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)  # noqa: PTH110


def _run(*command: str) -> None:
    """Run an installer; whether it brought a browser is looked at afterwards."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, check=False, timeout=GET_S, stdout=subprocess.DEVNULL)
