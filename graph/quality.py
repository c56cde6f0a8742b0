"""What was doubtful in the data: a reason, how often, and examples. Nothing is dropped silently."""

import reprlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import islice
from typing import Any

EXAMPLES_PER_REASON = 5
"""How many examples a report keeps for each reason."""

EXAMPLE_LENGTH = 200
"""Characters of an example that are kept."""

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = EXAMPLE_LENGTH


class Reason(StrEnum):
    """Why a record, a field or a relation was set aside, mended or is to be read with care."""

    NOT_JSON = "not_json"
    LONG_LINE = "long_line"
    CUT_FILE = "cut_file"
    NOT_AN_OBJECT = "not_an_object"
    NO_ID = "no_id"
    BAD_ID = "bad_id"
    BAD_KEY = "bad_key"
    BAD_FIELD = "bad_field"
    BAD_DATE = "bad_date"
    BAD_COUNT = "bad_count"
    BASE_NOT_AN_ID = "base_not_an_id"
    SELF_REFERENCE = "self_reference"
    RELATION_UNKNOWN = "relation_unknown"
    SOURCES_DISAGREE = "sources_disagree"
    BASES_FROM_CARD = "bases_from_card"
    MERGE_OF_ONE = "merge_of_one"
    REPEATED_RECORD = "repeated_record"
    BASE_MISSING = "base_missing"
    BASE_CASE_RESOLVED = "base_case_resolved"
    BASE_RENAMED = "base_renamed"
    ID_REUSED = "id_reused"
    LIST_MISSED = "list_missed"
    VANISHING_UNSURE = "vanishing_unsure"
    CYCLE = "cycle"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Reason.NOT_JSON: "A line is not JSON; it was set aside.",
    Reason.LONG_LINE: "A line is longer than any model's could be; it was set aside.",
    Reason.CUT_FILE: "The file ends in the middle or is damaged there; what came before was read,"
    " and nothing was swept.",
    Reason.NOT_AN_OBJECT: "A record is not a JSON object; it was set aside.",
    Reason.NO_ID: "A record names no model; it was set aside.",
    Reason.BAD_ID: "A record's id is not one that the Hub could give; it was set aside.",
    Reason.BAD_KEY: "A record's _id is not 24 hexadecimal digits; the model is keyed by its id.",
    Reason.BAD_FIELD: "A field is not of the type that the Hub documents, or is no readable text;"
    " it counts as unknown.",
    Reason.BAD_DATE: "A date cannot be read; it counts as unknown.",
    Reason.BAD_COUNT: "A count is negative or not a whole number; it counts as unknown.",
    Reason.BASE_NOT_AN_ID: "A declared base is a path, an address or a placeholder, not a Hub id;"
    " it makes no relation.",
    Reason.SELF_REFERENCE: "A model declares itself as its base; it makes no relation.",
    Reason.RELATION_UNKNOWN: "A base is declared, but not how the model was made from it.",
    Reason.SOURCES_DISAGREE: "baseModels, tags and card name different bases; the first of them"
    " that names any was believed.",
    Reason.BASES_FROM_CARD: "Only the model card names the base.",
    Reason.MERGE_OF_ONE: "A merge of a single model: probably another relation.",
    Reason.REPEATED_RECORD: "The same model came more than once in one run; the last one counts.",
    Reason.BASE_MISSING: "A declared base was not seen: deleted, private, outside this source or"
    " never existing. A placeholder stands for it.",
    Reason.BASE_CASE_RESOLVED: "A declared base exists only in another case; it was resolved.",
    Reason.BASE_RENAMED: "A declared base has another name today; it was followed.",
    Reason.ID_REUSED: "A repository was made anew under the id of an older one.",
    Reason.LIST_MISSED: "The source's list did not show a model that others derive from, but it was"
    " found by its name.",
    Reason.VANISHING_UNSURE: "The source's list did not show a model that others derive from, and"
    " it could not be looked up within the limit; it counts as live until a later crawl.",
    Reason.CYCLE: "Models derive from each other in a circle; they count as one step of depth.",
}


class Quality:
    """Counts and examples by reason."""

    def __init__(self, counts: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._counts: dict[Reason, int] = {}
        self._examples: dict[Reason, list[str]] = {}
        for reason, entry in (counts or {}).items():
            self._counts[Reason(reason)] = int(entry["count"])
            self._examples[Reason(reason)] = list(entry["examples"])

    def add(self, reason: Reason, example: str) -> None:
        """Count a reason, and keep the example if there is room."""
        self.add_many(reason, 1, (example,))

    def add_many(self, reason: Reason, count: int, examples: Iterable[str]) -> None:
        """Count a reason so often; no more examples are taken than there is room for."""
        if not count:
            return
        self._counts[reason] = self._counts.get(reason, 0) + count
        kept = self._examples.setdefault(reason, [])
        for example in islice(examples, EXAMPLES_PER_REASON - len(kept)):
            kept.append(_encodable(example[:EXAMPLE_LENGTH]))

    def extend(self, reasons: Iterable[tuple[Reason, str]]) -> None:
        """Count many."""
        for reason, example in reasons:
            self.add(reason, example)

    def merge(self, other: "Quality") -> None:
        """Add another report's counts and examples."""
        for reason, count in other._counts.items():
            self._counts[reason] = self._counts.get(reason, 0) + count
            examples = self._examples.setdefault(reason, [])
            examples += other._examples[reason][: EXAMPLES_PER_REASON - len(examples)]

    def count(self, reason: Reason) -> int:
        """Return how often a reason was given."""
        return self._counts.get(reason, 0)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return ``{reason: {count, examples}}`` as plain JSON values, in the reasons' order."""
        return {
            reason.value: {"count": self._counts[reason], "examples": self._examples[reason]}
            for reason in Reason
            if reason in self._counts
        }


def shown(value: object) -> str:
    """Return a short text for any JSON value, however large, deep or odd."""
    try:
        return _REPR.repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number of thousands of digits"


def _encodable(text: str) -> str:
    """Write half surrogate pairs, which no store takes, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()
