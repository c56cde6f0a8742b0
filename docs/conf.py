"""The site of the documents: `make docs` builds it, and any warning fails.

The pages are the Markdown files as they lie in the repository; what they link to that is no page
(the schema, the manifests) comes along as a download.
"""

import shutil
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

project = "modelkin"
root_doc = "README"
extensions = ["myst_parser"]
include_patterns = ["*.md", "docs/**.md", "modelkin/sample/README.md", "api/graphiql/NOTICE.md"]
exclude_patterns = [".*", "site", "modelkin-data"]

nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # Pygments knows no descriptions of a schema
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "modelkin"
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
highlight_language = "text"

NAVIGATION = {
    "Start": ["docs/tutorial", "docs/explorer"],
    "How to": [
        "docs/how-to/frontends",
        "docs/queries",
        "docs/how-to/data-scientists",
        "docs/how-to/operators",
        "docs/operations",
    ],
    "Notebooks": ["docs/notebooks/README", "docs/notebooks/tour", "docs/notebooks/*"],
    "Reference": [
        "docs/api",
        "docs/schema",
        "docs/python",
        "docs/records",
        "docs/cli",
        "docs/settings",
        "docs/data",
        "docs/registry",
        "docs/exports",
    ],
    "Explanation": [
        "docs/why-numbers-differ",
        "docs/measures",
        "docs/answers",
        "docs/claims",
        "docs/reliability",
        "docs/performance",
    ],
    "Project": ["CHANGELOG", "CONTRIBUTING", "modelkin/sample/README", "api/graphiql/NOTICE"],
}


def navigate(_: Sphinx, page: str, source: list[str]) -> None:
    """Add the navigation to the README, which shows none of it on a page of its own."""
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            options = f":hidden:\n:glob:\n:caption: {caption}\n"
            source[0] += f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def show_formula(translator: HTML5Translator, formula: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, which browsers show by themselves."""
    display = "block" if isinstance(formula, nodes.math_block) else "inline"
    translator.body.append(convert(formula.astext(), display=display))
    raise nodes.SkipNode


def copy_front_page(app: Sphinx, error: Exception | None) -> None:
    """Make the README the page that a server shows first."""
    if error is None:
        shutil.copy(Path(app.outdir, f"{root_doc}.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Tell Sphinx of all this."""
    app.connect("source-read", navigate)
    app.connect("build-finished", copy_front_page)
    app.add_html_math_renderer("mathml", (show_formula, None), (show_formula, None))
    app.add_lexer("mermaid", TextLexer)
