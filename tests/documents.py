"""Documents as a reader follows them: queries asked, commands run, cells run one after the other.

python -m tests.documents docs/claims.md            tell whether what it shows is out of date
python -m tests.documents --write docs/claims.md    write anew what it shows
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from functools import partial
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from graph.store import open_store
from tests.blocks import Block, blocks, differences, render
from tests.sample_ecosystem import measured_sample
from tests.served import Published, Served

ROOT = Path(__file__).parents[1]
PAGES = [
    str(page.relative_to(ROOT)) for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
]

NOT_RUN: dict[str, dict[str, str]] = {
    "README.md": {
        "make up      # sets all up, and serves http://127.0.0.1:8000/": "tests/test_cli.py"
        "::test_up_serves_the_sample_then_the_hub_then_what_is_there, and CI runs the other",
    },
    "docs/api.md": {
        "query ($from: ID!, $to: ID!) {": "asks for two snapshots by their ids;"
        " tests/test_history_replay.py asks for those that it publishes",
        "uvx ariadne-codegen --config python.toml": "tests/test_clients.py::test_a_python_client",
        "from modelkin_client import Client, ModelFilter": "tests/test_clients.py"
        "::test_a_python_client",
        "npm install": "tests/test_clients.py::test_a_typescript_client",
    },
    "docs/how-to/frontends.md": {
        "npm create vite@latest ranking -- --template react-ts": "fetches a template of another"
        " project; tests/test_docs_react.py runs the page without it",
    },
    "docs/how-to/operators.md": {
        "export MODELKIN_STORE=neo4j://db.example.org:7687": "asks the Hub;"
        " tests/test_cli.py::test_run_every_runs_again_and_ends_by_sigterm",
        "modelkin serve --host 0.0.0.0 --workers 2": "serves until it is stopped;"
        " tests/test_cli.py::test_two_workers_serve_one_snapshot",
        "MODELKIN_PROXIES=127.0.0.1 modelkin serve": "serves until it is stopped;"
        " tests/test_api_rate.py serves behind a proxy",
    },
    "docs/operations.md": {
        "modelkin run            # crawl the Hub, measure, publish; into ./modelkin-data": "asks"
        " the Hub; tests/test_cli.py::test_run_every_runs_again_and_ends_by_sigterm",
        "modelkin neo4j          # prints the password once, and the URL when it is ready": "tests/"
        "test_local_neo4j.py::test_a_data_directory_from_its_first_start_to_its_last",
        "export NEO4J_PASSWORD=...              # as printed, or NEO4J_PASSWORD_FILE": "asks the"
        " Hub; tests/test_crawl_stores.py crawls into a Neo4j",
        "mkdir -m 700 deploy/secrets && touch deploy/secrets/hf_token     # a Hub token, if you"
        " have one": "needs Docker; tests/test_deploy.py checks what it starts",
        "kubectl apply --filename deploy/kubernetes/namespace.yaml": "needs a cluster;"
        " tests/test_deploy.py checks what it applies",
        "export MODELKIN_API_KEYS=/etc/modelkin/keys": "serves until it is stopped;"
        " tests/test_api_keys.py and tests/test_api_rate.py serve so",
    },
    "docs/tutorial.md": {"make up": "as in README.md"},
}
"""By page and first line of a block: where else it is run, or why it cannot be."""

NOTEBOOKS = "docs/notebooks/"
"""Pages that `tests/test_notebooks.py` runs, as notebooks."""

SERVER = "http://127.0.0.1:8000"
"""The address of the documents' server, which is another one here."""


class Step(NamedTuple):
    """A block that was run.

    Attributes
    ----------
    shown
        The block below it that shows what came of it, or None.
    found
        What came of it today, as it should be shown.
    """

    block: Block
    shown: Block | None
    found: str


def runnable(page: str, text: str) -> list[Block]:
    """Return the blocks of a page that are run."""
    left = NOT_RUN.get(page, {})
    return [
        block
        for block in blocks(text)
        if block.language in ("console", "graphql", "python") and block.first not in left
    ]


def follow(page: str, text: str, api: Served, store: Path) -> Iterator[Step]:
    """Do what a page says, in the current directory, whose ``modelkin-data`` becomes ``store``."""
    shutil.copytree(store, "modelkin-data")
    every = blocks(text)
    for block in every:
        if block.file is not None:
            Path(block.file).write_text(block.text, encoding="utf-8")
    below = {above.line: block for above, block in pairwise(every)}
    cells: dict[str, Any] = {}
    for block in runnable(page, text):
        shown = below.get(block.line)
        here = block.text.replace(SERVER, str(api.client.base_url))
        try:
            if block.language == "graphql":
                shown = shown if shown and shown.language == "json" else None
                yield Step(block, shown, _asked(block, shown, api))
            else:
                shown = shown if shown and shown.language == "text" else None
                printed = _cell(here, cells) if block.language == "python" else _commands(here)
                yield Step(block, shown, printed)
        except Exception as error:
            error.add_note(f"{page}:{block.line}: {block.first}")
            raise


def _asked(query: Block, shown: Block | None, api: Served) -> str:
    """Return an answer; one that differs in the last digits of a float alone as it is shown."""
    answer = api.post(query.text).json()
    assert "errors" not in answer, answer["errors"]
    if shown is not None and not any(differences(answer["data"], json.loads(shown.text or "0"))):
        return shown.text
    return render(answer["data"]) + "\n"


def _cell(text: str, names: dict[str, Any]) -> str:
    printed = StringIO()
    # Not by redirecting stdout, to which the server in this process writes its log.
    names["print"] = partial(print, file=printed)
    exec(compile(text, "cell", "exec"), names)
    return printed.getvalue()


def _commands(text: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MODELKIN_", "HF_", "NEO4J_"))}
    environment = kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "NO_PROXY": "*",
    }
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def rewritten(page: str, text: str, api: Served, store: Path) -> str:
    """Return a page that shows what comes of its blocks today."""
    for step in reversed([*follow(page, text, api, store)]):
        if step.shown is not None:
            start, end = step.shown.span
            text = text[:start] + step.found + text[end:]
    return text


def main() -> int:
    """Check documents, or write anew what they show."""
    parser = argparse.ArgumentParser(description="Check what Markdown documents show.")
    parser.add_argument("documents", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help="write it anew")
    options = parser.parse_args()
    stale = False
    with tempfile.TemporaryDirectory(prefix="modelkin-") as directory:
        home = Path(directory)
        measured_sample(home)
        with (
            open_store(str(home / "store")) as store,
            Published(store, home / "cache").served() as api,
        ):
            for path in [path.resolve() for path in options.documents]:
                page, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
                with tempfile.TemporaryDirectory(dir=home) as away, chdir(away):
                    new = rewritten(page, text, api, home / "store")
                if options.write:
                    path.write_text(new, encoding="utf-8")
                elif new != text:
                    stale = True
                    print(f"{page}: what it shows is out of date; run again with --write")
    return int(stale)


if __name__ == "__main__":
    raise SystemExit(main())
