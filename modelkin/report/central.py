"""The models that others are built on most."""

from graph.ecosystem import Ecosystem
from graph.listing import Order, OrderField, Window, model_listing
from graph.selection import ANY
from modelkin.figures.words import MEASURES, UNKNOWN, number
from modelkin.report.section import Cell, Row, Section, Table

_FIRST = 15
"""Models that are told of."""

_MEASURES = (
    OrderField.DESCENDANTS,
    OrderField.DIRECT_DERIVATIVES,
    OrderField.DISTINCT_AUTHORS,
    OrderField.PAGERANK,
    OrderField.DOWNSTREAM_DOWNLOADS,
)


def central(eco: Ecosystem) -> Section:
    """Return the models with most descendants, with other measures of them."""
    order = Order(OrderField.DESCENDANTS, descending=True)
    listing = model_listing(eco, order, ANY)
    rows = listing.page(Window(first=_FIRST)).rows
    measured = [eco.numbers(measure.value)[rows].tolist() for measure in _MEASURES]
    largest = [max(values, default=0) or 1 for values in measured]
    statuses, licenses = eco.texts("status", rows), eco.texts("license", rows)
    told = []
    for at, row in enumerate(rows):
        cells = [
            Cell(_told(values[at]), values[at] / most)
            for values, most in zip(measured, largest, strict=True)
        ]
        families = " + ".join(eco.family_keys[n] for n in eco.families_of.of(row).tolist())
        about = [Cell(licenses[at] or UNKNOWN), Cell(families or "none")]
        status = "" if statuses[at] == "live" else f" ({statuses[at]})"
        told.append(Row(f"{eco.names[row]}{status}", [*cells, *about]))
    columns = ["model", *(MEASURES[measure] for measure in _MEASURES), "licence", "family"]
    text = [
        "Descendants are all models that derive from one at any distance, each once. Authors and"
        " downloads downstream are those of its descendants. PageRank (alpha 0.85) runs from"
        " derivative to base.",
        "A central model is much built upon. That says nothing of its quality, nor whether it is"
        " still in use. Missing: named as a base, and never seen.",
    ]
    return Section("Most built upon", text, [Table("Models by descendants", columns, told)])


def _told(value: float) -> str:
    return number(value) if isinstance(value, int) else f"{value:.2g}"
