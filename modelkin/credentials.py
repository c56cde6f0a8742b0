"""What authenticates at a Neo4j and at the Hub, from the environment or from files it names.

Nothing else reads these files, and no message says what they hold.
"""

import os
from pathlib import Path

from graph.errors import CredentialsError
from modelkin.settings import Settings

DEFAULT_USERNAME = "neo4j"
"""The user that every Neo4j starts with."""


def credentials() -> tuple[str, str] | None:
    """User name and password for Neo4j.

    The password is ``NEO4J_PASSWORD`` or, where that is empty, what the file
    ``NEO4J_PASSWORD_FILE`` holds, without the white space around it. Where neither is set,
    the file ``NEO4J_AUTH_FILE`` holds ``user/password``, as Neo4j's container image wants it.
    The name is ``NEO4J_USERNAME``, or the user of that file, or ``neo4j``.

    Returns
    -------
    tuple of str, or None
        None where no variable is set.

    Raises
    ------
    CredentialsError
        A file cannot be read, or holds no password, or there is a name without a password.
    """
    username = os.environ.get("NEO4J_USERNAME", "")
    user = DEFAULT_USERNAME
    password = os.environ.get("NEO4J_PASSWORD", "")
    if not password and (file := os.environ.get("NEO4J_PASSWORD_FILE", "")):
        password = _read("NEO4J_PASSWORD_FILE", file)
        if not password:
            raise CredentialsError(
                f"NEO4J_PASSWORD_FILE {file} is empty: write the password into it"
            )
    if not password and (file := os.environ.get("NEO4J_AUTH_FILE", "")):
        user, _, password = _read("NEO4J_AUTH_FILE", file).partition("/")
        if not user or not password or "/" in password:
            raise CredentialsError(
                f"NEO4J_AUTH_FILE {file} does not hold neo4j/PASSWORD: write user and password"
                " into it, with one slash between them"
            )
    if password:
        return username or user, password
    if username:
        raise CredentialsError(
            "NEO4J_USERNAME is set without a password: set NEO4J_PASSWORD, NEO4J_PASSWORD_FILE"
            " or NEO4J_AUTH_FILE"
        )
    return None


def hub_token(settings: Settings) -> str | None:
    """Access token for the Hub: ``HF_TOKEN`` or, where that is empty, what a file holds.

    Returns
    -------
    str or None
        None where there is none: neither variable is set, or the file ``HF_TOKEN_PATH`` is
        empty.

    Raises
    ------
    CredentialsError
        The file cannot be read.
    """
    token = settings.hub_token.get_secret_value() if settings.hub_token else ""
    if not token and settings.hub_token_path:
        token = _read("HF_TOKEN_PATH", settings.hub_token_path)
    return token or None


def _read(variable: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CredentialsError(f"{variable} {file} cannot be read: {reason}") from None
