"""The table of faults names tests that are there, and all tests of faults stand in it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def named() -> set[str]:
    lines = (ROOT / "docs" / "reliability.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][2:]
    assert {len(row) for row in rows} == {3}
    return {row[2].strip("`") for row in rows}


def defined(path: Path) -> set[str]:
    name = path.relative_to(ROOT).as_posix()
    return {f"{name}::{test}" for test in re.findall(r"^def (test_\w+)", path.read_text(), re.M)}


def test_each_fault_has_a_test_that_exists() -> None:
    found = named()
    assert len(found) > 20
    files = {test.partition("::")[0] for test in found}
    assert found <= set().union(*(defined(ROOT / file) for file in files))


def test_each_test_of_a_fault_stands_in_the_table() -> None:
    tests = [
        path for path in Path(__file__).parent.glob("test_faults_*.py") if path != Path(__file__)
    ]
    assert len(tests) == 3
    assert set().union(*map(defined, tests)) <= named()
