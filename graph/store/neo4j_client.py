"""The driver behind one door: sessions, retries, limits in time, and its errors as ours."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import neo4j
from neo4j import GraphDatabase, ResultSummary
from neo4j import ManagedTransaction as Transaction
from neo4j.exceptions import (
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
)

from graph.errors import CredentialsError, StoreError, StoreUrlError
from graph.store.neo4j_cypher import Chunked

__all__ = ["Client", "Transaction", "change", "run"]

CONNECT_S = 10
"""Seconds for a TCP connection."""

ACQUIRE_S = 20
"""Seconds for a connection that is ready: TCP, TLS, handshake and log-in together."""

RETRY_S = 60
"""Seconds for which a transaction is tried again after a transient error, such as a server that
starts anew."""

RETRY_GROWTH = 1.3
"""By which each wait before such a try is longer than the last, from a second on: doubled, the
later ones would be slept through long after the server is back."""

TRANSACTION_S = 300
"""Seconds after which the server ends a transaction, so that no lock is held or waited for
longer; a batch takes about one."""

IDLE_S = 30
"""Seconds without use after which a connection is tested first: firewalls drop idle ones."""

RESENDS = 3
"""How often a transaction is sent again when the connection broke in its commit."""

CHUNK_ROWS = 20_000
"""Nodes of a chunk that is read: one record, of a list for each column."""

READERS = 4
"""Chunks that are read side by side: the server takes a core for each."""

FETCH_RECORDS = 8
"""Records that are sent ahead: ours are a whole chunk of columns, or 1 MiB of a snapshot."""

T = TypeVar("T")


class Client:
    """One database of one server or cluster.

    Parameters
    ----------
    url
        ``neo4j://`` or ``bolt://``, or their ``+s`` and ``+ssc``.
    credentials
        User name and password; None for a server without authentication.
    database
        The database's name.

    Raises
    ------
    StoreUrlError
        When the driver cannot read the URL.
    """

    def __init__(self, url: str, credentials: tuple[str, str] | None, database: str) -> None:
        self.url = url
        self._authenticated = credentials is not None
        self._database = database
        # Shared by all sessions, so that on a cluster each sees what the others wrote.
        self._bookmarks = GraphDatabase.bookmark_manager()
        with self.errors():
            self._driver = GraphDatabase.driver(
                url,
                auth=credentials,
                connection_timeout=CONNECT_S,
                connection_acquisition_timeout=ACQUIRE_S,
                max_transaction_retry_time=RETRY_S,
                retry_delay_multiplier=RETRY_GROWTH,
                liveness_check_timeout=IDLE_S,
                # An empty database would warn of each label that it has not seen yet.
                notifications_min_severity="OFF",
                user_agent="modelkin",
            )

    def probe(self, statement: str) -> neo4j.Record | None:
        """Read a record, without the retries that make a missing server take a minute to notice."""
        with (
            self.errors(),
            self._session(neo4j.READ_ACCESS) as session,
            session.begin_transaction(timeout=TRANSACTION_S) as transaction,
        ):
            return transaction.run(statement).single()

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a function in a reading transaction; it may run more than once."""
        return self._again(neo4j.READ_ACCESS, work)

    def chunks(self, chunked: Chunked) -> Iterator[neo4j.Record]:
        """Read by chunk, each in a transaction of its own, some of them side by side."""
        with ThreadPoolExecutor(READERS) as readers:
            waiting: deque[Future[neo4j.Record]] = deque()
            for after, last in self._windows(chunked.last):
                work = _single(chunked.chunk, after=after, last=last)
                waiting.append(readers.submit(self.read, work))
                if len(waiting) > READERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _windows(self, statement: str) -> Iterator[tuple[str, str]]:
        """Yield after which key each chunk begins, and its last one."""
        after = ""
        while last := self.read(_single(statement, after=after, rows=CHUNK_ROWS))["last"]:
            yield after, last
            after = last

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run an idempotent function in a writing transaction; it may run more than once."""
        return self._again(neo4j.WRITE_ACCESS, work)

    def _again(self, access: str, work: Callable[[Transaction], T]) -> T:
        """Run a transaction, again if need be.

        When the connection breaks in the commit, nobody knows whether it took effect, and the
        driver leaves it there. What is idempotent can be sent again.
        """
        with self.errors():
            for _ in range(RESENDS):
                with contextlib.suppress(IncompleteCommit):
                    return self._once(access, work)
            return self._once(access, work)

    def _once(self, access: str, work: Callable[[Transaction], T]) -> T:
        limited = neo4j.unit_of_work(timeout=TRANSACTION_S)(work)
        with self._session(access) as session:
            if access == neo4j.READ_ACCESS:
                return session.execute_read(limited)
            return session.execute_write(limited)

    def close(self) -> None:
        """Close all connections."""
        self._driver.close()

    def _session(self, access: str) -> neo4j.Session:
        return self._driver.session(
            database=self._database,
            default_access_mode=access,
            bookmark_manager=self._bookmarks,
            fetch_size=FETCH_RECORDS,
        )

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the driver's errors into ours; none of them shows credentials."""
        try:
            yield
        except ConfigurationError as error:
            raise StoreUrlError(
                f"the store URL {self.url} cannot be used: {error}; give bolt://HOST:7687 or"
                " neo4j://HOST:7687"
            ) from error
        except ServiceUnavailable as error:
            raise StoreError(self._unreachable(error)) from error
        except ValueError as error:
            # so the driver says that a port is no number
            if "resolve" not in str(error):
                raise
            raise StoreError(self._unreachable(error)) from error
        except Neo4jError as error:
            refused = (error.code or "").startswith("Neo.ClientError.Security.")
            raise (self._refused(error) if refused else self._failed(error)) from error
        except DriverError as error:
            raise StoreError(
                f"the connection to {self.url} failed: {_line(error)}; run again when the server"
                " answers"
            ) from error

    def _unreachable(self, error: BaseException) -> str:
        scheme, _, address = self.url.partition("://")
        plain, _, secure = scheme.partition("+")
        mend = "start the server, or mend the address in --store"
        if secure:
            mend += f"; if it speaks without TLS, use {plain}://{address}"
        else:
            mend += f"; if it speaks TLS, use {plain}+s://{address}"
        return f"no Neo4j answers at {self.url} ({_line(error)}); {mend}"

    def _refused(self, error: Neo4jError) -> CredentialsError:
        variables = "NEO4J_USERNAME and NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE)"
        if not self._authenticated:
            return CredentialsError(f"{self.url} asks for credentials; set {variables}")
        code = (error.code or "").rpartition(".")[2]
        if code == "Forbidden":
            return CredentialsError(
                f"the user may not do this in the database {self._database!r} of {self.url}; give"
                f" {variables} of one who may read and write it"
            )
        mend = f"check {variables}"
        if code == "AuthenticationRateLimit":
            mend += ", and wait some seconds: it locks a user for a while after wrong passwords"
        return CredentialsError(f"{self.url} refuses the user name or password; {mend}")

    def _failed(self, error: Neo4jError) -> StoreError:
        code = error.code or ""
        if code.startswith("Neo.ClientError.Database."):
            return StoreError(
                f"{self.url} has no database {self._database!r}; create it, or name another one"
            )
        mend = "see the server's log"
        if "MemoryPool" in code or "OutOfMemory" in code:
            mend = "give the server more heap or a larger dbms.memory.transaction.total.max"
        elif code.startswith(("Neo.DatabaseError.", "Neo.TransientError.")):
            mend = "check the server's log and its free disk space, then run again"
        return StoreError(f"{self.url} failed: {_line(error)}; {mend}")


def run(statement: str, **values: Any) -> Callable[[Transaction], ResultSummary]:
    """Return a function for a transaction that runs one statement."""
    return lambda transaction: transaction.run(statement, values).consume()


def _single(statement: str, **values: Any) -> Callable[[Transaction], neo4j.Record]:
    return lambda transaction: transaction.run(statement, values).single(strict=True)


def change(transaction: Transaction, statement: str, rows: Sequence[Any]) -> int:
    """Run a statement on rows, if there are any, and return how much it changed."""
    if not rows:
        return 0
    counters = transaction.run(statement, rows=rows).consume().counters
    return (
        counters.nodes_created
        + counters.nodes_deleted
        + counters.relationships_created
        + counters.relationships_deleted
        + counters.properties_set
    )


def _line(error: BaseException) -> str:
    """Return the innermost message as one line: what the driver wraps around it says less."""
    if isinstance(error, Neo4jError):
        return f"{error.message} ({error.code})"
    while True:
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
        if inner is None:
            break
        error = inner
    return " ".join(str(error).split()) or type(error).__name__
