"""How the ecosystem is divided among countries, licence classes and relations."""

from collections.abc import Iterator
from dataclasses import replace

from graph.ecosystem import Ecosystem
from graph.shares import By, Share, Weight, share
from modelkin.figures.note import DEFINITION, in_words
from modelkin.figures.words import GROUPS, UNKNOWN, WEIGHTS, group_name, percent
from modelkin.report.section import Cell, Row, Section, Table, count

_KINDS = {
    By.COUNTRY: "By country of the roots' publishers",
    By.LICENSE_CLASS: "By class of the roots' licences",
    By.RELATION: "By how they were made",
}
_BOTH = (Weight.DERIVATIVES, Weight.DOWNLOADS)

_FIRST = 12
"""Groups that are told of; the others are summed up."""


def divided(eco: Ecosystem) -> Section:
    """Return what each group has of the derivatives and the downloads."""
    text = [
        in_words(DEFINITION),
        "Downloads are those of all live models, derivatives or not. A country is that of the"
        " headquarters, where a source names it. A licence class is a reading aid, no legal advice."
        " What is unknown is told, and is in no group.",
    ]
    return Section("Shares", text, [_table(eco, by) for by in _KINDS])


def _table(eco: Ecosystem, by: By) -> Table:
    weights = _BOTH if by != By.RELATION else _BOTH[:1]  # a root was made in no way
    found = [share(eco, by, replace(DEFINITION, weight=weight)) for weight in weights]
    columns = [GROUPS[by], *(WEIGHTS[weight] for weight in weights)]
    return Table(_KINDS[by], columns, [*_rows(by, found)])


def _rows(by: By, found: list[Share]) -> Iterator[Row]:
    keys = list(dict.fromkeys(key for each in found for key in each.keys))
    values = [dict(zip(each.keys, each.values, strict=True)) for each in found]

    def cells(keys: list[str]) -> list[Cell]:
        return [
            _cell(sum(of.get(key, 0.0) for key in keys), each)
            for of, each in zip(values, found, strict=True)
        ]

    for key in keys[:_FIRST]:
        yield Row(group_name(by, key), cells([key]))
    if others := keys[_FIRST:]:
        yield Row(f"{len(others):,} others", cells(others))
    if any(each.unknown for each in found):
        yield Row(UNKNOWN, [_cell(each.unknown * each.total, each) for each in found], unknown=True)


def _cell(value: float, found: Share) -> Cell:
    part = value / found.total if found.total else 0.0
    return Cell(count(value), part, percent(part))
