"""docs/answers.md: every query is answered as shown, and every field is described."""

import json
from pathlib import Path

import pytest

from graph.ecosystem import Ecosystem
from tests.documents import Example, differences, examples
from tests.sample_ecosystem import ask

TEXT = (Path(__file__).parents[1] / "docs" / "answers.md").read_text(encoding="utf-8")
EXAMPLES = examples(TEXT)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"line-{e.line}" for e in EXAMPLES])
def test_answer(example: Example, sample_ecosystem: Ecosystem) -> None:
    assert example.answer is not None, "each query of this document is followed by its answer"
    assert not list(differences(ask(sample_ecosystem, example.query), json.loads(example.answer)))


TYPES = (
    "Lineage",
    "LicenseStep",
    "Removal",
    "Concentration",
    "Influence",
    "FamilyInfluence",
    "LicenseDrift",
    "Growth",
    "RelativeAdoption",
)
IN_WORDS = {"model", "nodes", "edges", "license", "licenseClass", "relation", "definition"}
IN_WORDS |= {"fromClass", "toClass", "derivatives", "quarters", "typical", "days", "size", "value"}
"""Fields that the text describes without naming them."""


@pytest.mark.parametrize("name", TYPES)
def test_every_field_is_described(name: str, sample_ecosystem: Ecosystem) -> None:
    told = ask(sample_ecosystem, f'{{ __type(name: "{name}") {{ fields {{ name }} }} }}')
    fields = {field["name"] for field in told["__type"]["fields"]}
    assert [field for field in fields - IN_WORDS if f"`{field}`" not in TEXT] == []
