"""What a count means, in words: the same in the API, under a figure and in a report."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from graph.families import Attribution, Credit
from graph.selection import Filter
from graph.shares import Definition, Weight

_WEIGHTS = {
    Weight.MODELS: "live models",
    Weight.DERIVATIVES: "live models that declare a base",
    Weight.DOWNLOADS: "downloads of live models in the 30 days before the crawl",
    Weight.DOWNLOADS_ALL_TIME: "downloads of live models since their creation",
}
_ATTRIBUTIONS = {
    Attribution.LINEAGE: "attributed to the roots of their weights, through copies",
    Attribution.PUBLISHER: "attributed to who released them",
    Attribution.DIRECT: "attributed to who released the models that they name as their bases",
}
_CREDITS = {
    Credit.FULL: "a model of several roots counts fully for each",
    Credit.FRACTIONAL: "a model of several roots counts in equal shares that sum to 1",
}
_FIELDS = {"relations": "relation", "statuses": "status"}
"""Where the API's ``ModelFilter`` has other names than the filter."""


def in_words(definition: Definition) -> str:
    """Return a definition in words, without a full stop."""
    parts = (
        f"{_WEIGHTS[definition.weight]}, {_ATTRIBUTIONS[definition.attribution]}",
        _CREDITS[definition.credit],
        *(_words(name, value) for name, value in terms(definition.models)),
    )
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def terms(models: Filter) -> Iterator[tuple[str, str]]:
    """Give what a filter asks for: the fields of the API's ``ModelFilter``, and their values."""
    for field in fields(models):
        value = getattr(models, field.name)
        if value != field.default:
            first, *rest = _FIELDS.get(field.name, field.name).split("_")
            yield first + "".join(map(str.capitalize, rest)), _text(field.name, value)


def _words(name: str, value: str) -> str:
    if name == "excludeAutomated":
        return "automated derivatives left out"
    return f"only with {name} {value}"


def _text(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_text(name, part) for part in value)
    if isinstance(value, Enum):
        return value.name
    if name.startswith("created"):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else str(value)
