"""A snapshot as one HTML file: no scripts, nothing from elsewhere, for screen and paper."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from graph.ecosystem import Ecosystem
from modelkin import __version__
from modelkin.figures.note import day
from modelkin.figures.words import number, percent
from modelkin.report.central import central
from modelkin.report.definitions import definitions
from modelkin.report.divided import divided
from modelkin.report.doubts import doubts
from modelkin.report.monthly import monthly


def write_report(eco: Ecosystem, path: Path) -> None:
    """Write what a snapshot says; of one snapshot the same bytes each time.

    Every text is escaped, wherever it comes from.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("modelkin", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "day": day}
    page = environment.get_template("report.html").render(
        manifest=eco.manifest,
        version=__version__,
        sections=[definitions(eco), divided(eco), monthly(eco), central(eco), doubts(eco)],
    )
    path.write_text(page, encoding="utf-8")
