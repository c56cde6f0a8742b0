"""Random queries of the schema, by schemathesis: each is answered, and so is the next one."""

import os
import re
import shutil
from pathlib import Path

from tests.isolated import run
from tests.served import Served

SCHEMATHESIS = "schemathesis==4.32.5"
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
EACH = 140
"""Queries of each field of the root."""


def test_random_queries_are_answered(api: Served, tmp_path: Path) -> None:
    shutil.copy(HOOKS, tmp_path)
    told = run(
        *("--from", SCHEMATHESIS, "st", "--config-file", os.devnull, "--no-color"),
        *("run", f"{api.client.base_url}/graphql", "--checks", "is_answered"),
        *("--phases", "fuzzing", "--mode", "positive", "--max-examples", str(EACH)),
        *("--seed", "1", "--suppress-health-check", "all", "--warnings", "off"),
        at=tmp_path,
        SCHEMATHESIS_HOOKS=HOOKS.stem,
    )
    passed = re.search(r"(\d+) generated, (\d+) passed", told)
    assert passed, told
    assert int(passed[1]) == int(passed[2]) >= 2000
    api.lives()
