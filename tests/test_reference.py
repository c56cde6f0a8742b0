"""What is generated from the code is up to date, and names what users look for."""

from pathlib import Path

from tests.reference import PAGES, outdated


def test_every_page_is_up_to_date() -> None:
    assert [path.name for path in outdated()] == []


def test_settings_commands_reasons_and_columns_are_named() -> None:
    text = "".join(make() for make in PAGES.values())
    for word in ("`MODELKIN_LIMIT_DEPTH`", "`HF_ENDPOINT`", "`modelkin crawl`", "`--max-shrink`"):
        assert word in text
    for word in ("`cycle`", "`LeaseHeldError` | 75", "`family_shares`", "type Query"):
        assert word in text


def test_every_field_of_the_schema_is_described() -> None:
    schema = next(path for path in PAGES if path.suffix == ".graphql").read_text().splitlines()
    before = ""
    for line in schema:
        if line.startswith("  ") and not line.lstrip().startswith(('"', "}", ")")) and ":" in line:
            assert before.strip().endswith('"""'), line
        before = line


def test_links_of_the_documents_lead_somewhere() -> None:
    root = Path(__file__).parent.parent
    for document in [*root.glob("*.md"), *root.glob("docs/*.md")]:
        for part in document.read_text().split("](")[1:]:
            target = part.split(")")[0].split("#")[0]
            if target and "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"
