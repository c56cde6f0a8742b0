"""API keys: a file of names and hashes, so that whoever reads it cannot ask with a key.

A line is a name, a space and the SHA-256 of the key in hexadecimal; empty lines and those that
begin with ``#`` are passed over. The file is read again when it changes, so that a key whose line
is removed is refused within seconds.
"""

import hmac
import re
import secrets
import time
from hashlib import sha256
from pathlib import Path

import structlog

from graph.errors import InputError, UsageError

LOOK_S = 1.0
"""Seconds between looks whether the file has changed."""

_RANDOM_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_HASH = re.compile(r"[0-9a-f]{64}")

_log = structlog.get_logger()


class Keys:
    """The keys that a file names.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        When it cannot be read, or a line is not a name and a hash.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _state(path)
        self._hashes = _read(path)
        self._next_look = time.monotonic() + LOOK_S

    def name(self, key: str) -> str | None:
        """Return whose key it is, or None."""
        self._look()
        # All are compared, each in constant time, so that the time taken tells nothing of them.
        asked, found = _hash(key), None
        for name, known in self._hashes.items():
            if hmac.compare_digest(known, asked):
                found = name
        return found

    def _look(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_S
        try:
            state = _state(self._path)
            if state != self._seen:
                self._hashes = _read(self._path)
                self._seen = state
        except InputError as error:
            _log.error("the API keys cannot be read again; the former stay", error=str(error))


def add_key(path: Path, name: str) -> str:
    """Make a key, append its name and hash to a file, and return it: it is kept nowhere.

    The file is made if it is not there, for its owner's eyes alone.

    Raises
    ------
    UsageError
        When the name is taken, or is not 1 to 64 letters, digits, dots, dashes, underscores or @.
    InputError
        When the file is not one of keys, or cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot name a key: use 1 to 64 of the characters A-Z a-z 0-9 . _ @ -"
        )
    key = f"mk_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    try:
        path.touch(mode=0o600)
        if name in _read(path):
            raise UsageError(
                f"{path} has a key named {name}: choose another name, or remove its line"
            )
        text = path.read_text()
        with path.open("a") as file:
            file.write("\n" * (text[-1:] not in {"", "\n"}) + f"{name} {_hash(key)}\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return key


def _hash(key: str) -> str:
    # A slow hash makes guessing passwords dear; a key of 256 random bits cannot be guessed at any
    # speed, and a slow hash would only let strangers keep the server busy.
    return sha256(key.encode()).hexdigest()


def _state(path: Path) -> tuple[int, int, int]:
    try:
        told = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    return told.st_ino, told.st_mtime_ns, told.st_size


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path} cannot be read: {reason}") from None
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, known = line.strip().partition(" ")
        if not _NAME.fullmatch(name) or not _HASH.fullmatch(known):
            raise InputError(
                f"{path} line {number} is not a name and a SHA-256 in hexadecimal: write such lines"
                " by 'modelkin key NAME'"
            )
        if name in hashes:
            raise InputError(f"{path} line {number} names {name} again: remove one of its lines")
        hashes[name] = known
    return hashes
