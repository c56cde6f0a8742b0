"""docs/answers.md: every query has its answer below it, and every field is described."""

import pytest

from graph.ecosystem import Ecosystem
from tests.blocks import examples
from tests.documents import ROOT
from tests.sample_ecosystem import ask

TEXT = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")


def test_every_query_is_followed_by_its_answer() -> None:
    found = examples(TEXT)
    assert len(found) >= 3
    assert all(example.answer is not None for example in found)


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
