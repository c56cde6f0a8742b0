"""docs/claims.md: one query a claim, whose answers hold for every snapshot of the sample."""

import json

from graph.ecosystem import Ecosystem
from tests.blocks import examples, render
from tests.documents import ROOT
from tests.sample_ecosystem import ask

TEXT = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
EXAMPLES = examples(TEXT)


def test_each_claim_has_one_query() -> None:
    claims = [section for section in TEXT.split("\n## ")[1:] if section[0].isdigit()]
    assert len(claims) >= 8
    assert [len(examples(claim)) for claim in claims] == [1] * len(claims)


def test_answers_outlive_a_snapshot(sample_ecosystem: Ecosystem) -> None:
    for example in EXAMPLES:
        assert "publishedAt" not in example.query
        assert sample_ecosystem.id not in str(ask(sample_ecosystem, example.query))


def test_answers_are_written_as_the_command_writes_them() -> None:
    for example in EXAMPLES:
        assert example.answer is not None
        assert render(json.loads(example.answer)) + "\n" == example.answer
