"""What files as sources share: their name in a run, and the error when one cannot be read."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from graph.errors import InputError


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say it in one line when a file cannot be read.

    Raises
    ------
    InputError
        In place of an OSError of the block.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot read {path}: {reason}; check the path") from error


def version_of(path: Path) -> str:
    """Return the path, the size and the time of the last change.

    A crawl of a file that has changed has another name, so it does not go on in the middle.

    Raises
    ------
    InputError
        When there is no such file.
    """
    with readable(path):
        told = path.stat()
    changed = datetime.fromtimestamp(told.st_mtime, UTC).isoformat(timespec="seconds")
    return f"{path} ({told.st_size} bytes, {changed})"
