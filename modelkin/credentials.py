"""The user name and password of a Neo4j, as the environment gives them.

Nothing else reads these variables, and no message says what they hold.
"""

import os
from pathlib import Path

from graph.errors import CredentialsError

DEFAULT_USERNAME = "neo4j"
"""The user that every Neo4j starts with."""


def credentials() -> tuple[str, str] | None:
    """User name and password for Neo4j.

    The name is ``NEO4J_USERNAME`` (default ``neo4j``). The password is ``NEO4J_PASSWORD``
    or, where that is empty, what the file ``NEO4J_PASSWORD_FILE`` holds, without the white
    space around it.

    Returns
    -------
    tuple of str, or None
        None where no variable is set.

    Raises
    ------
    CredentialsError
        The password file cannot be read or is empty, or there is a name without a password.
    """
    username = os.environ.get("NEO4J_USERNAME", "")
    password = os.environ.get("NEO4J_PASSWORD", "")
    file = os.environ.get("NEO4J_PASSWORD_FILE", "")
    if not password and file:
        password = _read(Path(file))
    if password:
        return username or DEFAULT_USERNAME, password
    if username:
        raise CredentialsError(
            "NEO4J_USERNAME is set without a password: set NEO4J_PASSWORD or NEO4J_PASSWORD_FILE"
        )
    return None


def _read(file: Path) -> str:
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CredentialsError(f"NEO4J_PASSWORD_FILE {file} cannot be read: {reason}") from None
    if not password:
        raise CredentialsError(f"NEO4J_PASSWORD_FILE {file} is empty: write the password into it")
    return password
