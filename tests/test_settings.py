"""Caches: where they are, and what is said where they cannot be."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from pydantic import ValidationError

from graph.errors import UsageError
from modelkin.settings import Settings, default_cache


@pytest.fixture
def no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing can be made, not even by root; temporary files go elsewhere."""
    file = tmp_path / "file"
    file.touch()
    for name in ("MODELKIN_CACHE", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(file))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return file


def test_the_cache_of_a_user_with_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "there" / "yet"))
    assert default_cache() == tmp_path / "not" / "there" / "yet" / "modelkin"
    assert list(tmp_path.iterdir()) == []


def test_the_cache_of_a_user_without_a_home(no_directory: Path) -> None:
    cache = default_cache()
    assert cache == no_directory.parent / "temporary" / f"modelkin-{os.getuid()}"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert default_cache() == cache


def test_somebody_else_s_cache_is_not_used(
    no_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = default_cache()
    user = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: user)
    cache.rename(cache.with_name(f"modelkin-{user}"))
    with pytest.raises(UsageError, match="belongs to another user; set MODELKIN_CACHE"):
        default_cache()


def test_a_cache_that_cannot_be_is_told(
    no_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELKIN_CACHE", str(no_directory / "cache"))
    with pytest.raises(ValidationError, match="nothing can be written there"):
        Settings()
    command = [sys.executable, "-m", "modelkin", "status"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"modelkin: MODELKIN_CACHE is '{no_directory}/cache'")


def test_kernels_are_cached_there_too(no_directory: Path) -> None:
    code = "from modelkin.cli import _settings; _settings(None); import numba"
    command = [sys.executable, "-c", f"{code}; print(numba.config.CACHE_DIR)"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout == f"{default_cache()}/kernels\n"
