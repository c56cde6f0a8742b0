"""Families under several definitions, and why their numbers differ."""

import numpy as np
from numpy.typing import NDArray

from graph.ecosystem import Ecosystem
from graph.families import Attribution, Credit
from graph.family_counts import family_counts
from graph.shares import By, Definition, Weight, share
from modelkin.figures.note import DEFINITION
from modelkin.report.section import Cell, Row, Section, Table, count

_DEFINITIONS = {
    "by lineage, in shares": DEFINITION,
    "by lineage, fully": Definition(Weight.DERIVATIVES, Attribution.LINEAGE, Credit.FULL),
    "by direct base": Definition(Weight.DERIVATIVES, Attribution.DIRECT, Credit.FRACTIONAL),
    "by publisher": Definition(Weight.DERIVATIVES, Attribution.PUBLISHER, Credit.FULL),
    "downloads by lineage": Definition(Weight.DOWNLOADS, Attribution.LINEAGE, Credit.FRACTIONAL),
}
_FIRST, _LEADERS = 10, 2
"""Families that are told of: the first by the first definition, and the leaders by each other."""

_WHY = (
    "A derivative is a live model that declares a base. Published numbers of one family's"
    " derivatives differ by whole multiples, mostly because nobody says which of these they are.",
    "By lineage counts what goes back to a family's weights, at any distance and through copies. In"
    " shares, a model of several roots, such as a merge, is divided among their families, so that"
    " all families sum up to the whole; fully, it counts once for each.",
    "By direct base, in shares too, counts what names a model of the family as its base, one step"
    " and no further: what is made from somebody's copy or fine-tune of it is missed.",
    "By publisher counts what the family's own organisation released that declares a base."
    " Downloads are of 30 days: they tell how much a family is used, rather than built upon.",
)


def definitions(eco: Ecosystem) -> Section:
    """Return the families with their number and rank under each definition."""
    columns = [family_counts(eco, definition) for definition in _DEFINITIONS.values()]
    orders = [_largest_first(values) for values in columns]
    told = np.unique(np.concatenate([orders[0][:_FIRST], *(o[:_LEADERS] for o in orders[1:])]))
    told = told[np.argsort(-columns[0][told], kind="stable")]
    rows = [
        Row(eco.family_keys[family], [_cell(values, family) for values in columns])
        for family in told.tolist()
    ]
    rows.append(Row("no known family", [_rest(eco, d) for d in _DEFINITIONS.values()], True))
    leaders = [
        f"{eco.family_keys[int(order[0])]} ({name})"
        for name, order in zip(_DEFINITIONS, orders, strict=True)
        if len(order)
    ]
    first = f"First: {', '.join(leaders) or 'none has any'}."
    table = Table("Derivatives of each family, with its rank", ["family", *_DEFINITIONS], rows)
    return Section("Families, by definition", [*_WHY, first], [table])


def _largest_first(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the families that have any, the largest first."""
    order = np.argsort(-values, kind="stable")
    return order[values[order] > 0]


def _cell(values: NDArray[np.float64], family: int) -> Cell:
    value = float(values[family])
    rank = 1 + int((values > value).sum())
    return Cell(count(value), value / (values.max() or 1), f"#{rank:,}" if value else "")


def _rest(eco: Ecosystem, definition: Definition) -> Cell:
    found = share(eco, By.FAMILY, definition, 0)
    return Cell(count(found.unknown * found.total))
