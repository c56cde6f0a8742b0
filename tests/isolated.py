"""Tools of other packages, each installed for its command alone."""

import os
import subprocess
import sys
from pathlib import Path

UV = Path(sys.executable).with_name("uv")


def run(*command: str, at: Path, **environment: str) -> str:
    """Run a command of a package in a directory; return what it prints, or fail with it."""
    left = {"VIRTUAL_ENV", "PYTHONPATH"}
    given = {name: value for name, value in os.environ.items() if name not in left}
    done = subprocess.run(
        [UV, "tool", "run", "--python", sys.executable, *command],
        cwd=at,
        env=given | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
