"""What authenticates comes from variables, or from the files that they name."""

import re
from pathlib import Path

import pytest

from graph.errors import CredentialsError
from modelkin.credentials import credentials, hub_token
from modelkin.settings import Settings

VARIABLES = (
    "NEO4J_USERNAME",
    "NEO4J_PASSWORD",
    "NEO4J_PASSWORD_FILE",
    "NEO4J_AUTH_FILE",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
)


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_no_variable_no_credentials() -> None:
    assert credentials() is None
    assert hub_token(Settings()) is None


def test_a_password_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(file))
    with pytest.raises(CredentialsError, match=re.escape(str(file))):
        credentials()
    file.write_text("\n")
    with pytest.raises(CredentialsError, match="is empty"):
        credentials()
    file.write_text(" from a file \n")
    assert credentials() == ("neo4j", "from a file")
    monkeypatch.setenv("NEO4J_PASSWORD", "from a variable")
    monkeypatch.setenv("NEO4J_USERNAME", "alice")
    assert credentials() == ("alice", "from a variable")


def test_a_name_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_USERNAME", "alice")
    with pytest.raises(CredentialsError, match="NEO4J_USERNAME is set without a password"):
        credentials()


def test_the_file_that_neo4j_s_image_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("NEO4J_AUTH_FILE", str(file))
    file.write_text("neo4j/correct horse\n")
    assert credentials() == ("neo4j", "correct horse")
    file.write_text("alice/correct horse")
    assert credentials() == ("alice", "correct horse")
    monkeypatch.setenv("NEO4J_USERNAME", "bob")
    assert credentials() == ("bob", "correct horse")
    monkeypatch.setenv("NEO4J_PASSWORD", "from a variable")
    assert credentials() == ("bob", "from a variable")


@pytest.mark.parametrize("text", ["", "hunter22", "neo4j/", "/hunter22", "neo4j/hunter/22", "none"])
def test_an_auth_file_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "secret"
    monkeypatch.setenv("NEO4J_AUTH_FILE", str(file))
    file.write_text(text)
    with pytest.raises(CredentialsError, match=r"does not hold neo4j/PASSWORD") as raised:
        credentials()
    assert "hunter" not in str(raised.value)


def test_a_token_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    monkeypatch.setenv("HF_TOKEN_PATH", str(file))
    with pytest.raises(CredentialsError, match=f"HF_TOKEN_PATH {re.escape(str(file))}.*No such"):
        hub_token(Settings())
    file.write_text("")
    assert hub_token(Settings()) is None
    file.write_text("hf_from-a-file\n")
    assert hub_token(Settings()) == "hf_from-a-file"
    monkeypatch.setenv("HF_TOKEN", "hf_from-a-variable")
    assert hub_token(Settings()) == "hf_from-a-variable"
    monkeypatch.setenv("HF_TOKEN", "")
    file.write_bytes(b"\xff")
    with pytest.raises(CredentialsError, match="it is not UTF-8 text"):
        hub_token(Settings())
