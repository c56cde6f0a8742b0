"""The command ``modelkin neo4j``: a Neo4j in the foreground, until it is told to end."""

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from graph.errors import StoreError, UsageError
from modelkin.credentials import DEFAULT_USERNAME, credentials
from modelkin.local_neo4j import LocalNeo4j, require_extra
from modelkin.neo4j_home import holds_database, last_words

EXIT_SIGTERM = 143
"""Exit code of a command that SIGTERM ended: 128 and the signal's number."""


def run(data: Path, port: int) -> int:
    """Run a Neo4j until Ctrl-C or SIGTERM.

    User and password are those of the environment. Where it has none, a new data directory
    gets a generated password, which is printed and kept nowhere.

    Parameters
    ----------
    data
        The server's directory: database, configuration and logs.
    port
        The Bolt port, on 127.0.0.1.

    Returns
    -------
    int
        The exit code: 0 after Ctrl-C, 143 after SIGTERM.

    Raises
    ------
    UsageError
        No password for a data directory that has one; a port in use; a missing extra.
    CredentialsError
        Another password than the data directory's.
    StoreError
        The server cannot be installed or started, or ended by itself.
    """
    terminated = False

    def terminate(_signal: int, _frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        raise KeyboardInterrupt

    require_extra()  # before a password is shown that nothing would have
    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        username, password = credentials() or _generated(data)
        with _progress() as show:
            server = LocalNeo4j(
                data, port=port, username=username, password=password, on_progress=show
            )
            server.start()
        try:
            print(f"Neo4j {server.version} is ready: {server.url}")
            print(f"export MODELKIN_STORE={server.url}", flush=True)
            code = server.wait()
        finally:
            server.stop()
        raise StoreError(f"Neo4j ended by itself (exit code {code}): {last_words(data)}")
    except KeyboardInterrupt:
        return EXIT_SIGTERM if terminated else 0
    finally:
        signal.signal(signal.SIGTERM, previous)


def _generated(data: Path) -> tuple[str, str]:
    if holds_database(data):
        raise UsageError(
            f"the Neo4j in {data} has a password already: set NEO4J_PASSWORD to it, "
            "or choose another --data"
        )
    password = secrets.token_urlsafe(18)
    # before the start, for whoever interrupts it may have a data directory with this password
    print(f"The password of the new Neo4j in {data}, shown this once:")
    print(f"export NEO4J_PASSWORD={password}", flush=True)
    return DEFAULT_USERNAME, password


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show on stderr how far a download is, and give the function that takes the news."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    # disabled where nobody watches, for an empty line would be left of it there
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("Starting Neo4j", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield show
