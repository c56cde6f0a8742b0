"""The directory of a local Neo4j: its configuration, its first password, its log."""

import fcntl
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from graph.errors import StoreError

_CONF = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size={pagecache_mb}m
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
# half a gigabyte less on disk for two databases that are still empty
db.tx_log.preallocate=false
# a stop takes half a second instead of ten: after the databases are closed, each of two
# listeners would wait five seconds for a last connection
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
# an internal setting may be gone in another version, and is then passed over
server.config.strict_validation.enabled=false
"""


def holds_database(home: Path) -> bool:
    """Whether a Neo4j was started on this directory before, so that it has a password."""
    return (home / "data" / "databases" / "system").is_dir()


def check_unused(home: Path) -> None:
    """Look whether a server runs on a directory.

    Neo4j looks too, but takes 15 seconds, and by then its configuration is rewritten.

    Raises
    ------
    StoreError
        One does.
    """
    try:
        lock = (home / "data" / "databases" / "store_lock").open("r+b")
    except (FileNotFoundError, NotADirectoryError):
        return
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"another Neo4j is running on {home}: stop it, or choose another --data"
            ) from None


def prepare(home: Path, *, port: int, pagecache_mb: int) -> None:
    """Make the folders and write the configuration; the log begins anew.

    Parameters
    ----------
    home
        The directory; made where it is missing.
    port
        The Bolt port, on 127.0.0.1.
    pagecache_mb
        Memory for the store's pages, in MiB.
    """
    home.mkdir(parents=True, exist_ok=True)
    for name in ("conf", "data", "logs", "run", "plugins", "import"):
        (home / name).mkdir(exist_ok=True, mode=0o700)
    conf = _CONF.format(port=port, pagecache_mb=pagecache_mb)
    (home / "conf" / "neo4j.conf").write_text(conf, encoding="utf-8")
    log_file(home).write_bytes(b"")


def environment(home: Path) -> dict[str, str]:
    """Environment of a Neo4j process: this one's, without the password that may be in it."""
    others = {name: v for name, v in os.environ.items() if not name.startswith("NEO4J_")}
    return others | {"NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def set_password(home: Path, password: str, java: list[str]) -> None:
    """Set the password of the user ``neo4j`` before the first start.

    Parameters
    ----------
    home
        A prepared directory that holds no database.
    password
        Eight or more printable characters.
    java
        The command that runs a class of Neo4j's.

    Raises
    ------
    StoreError
        neo4j-admin fails.
    """
    # neo4j-admin wants the password as an argument, where every user of the machine could see
    # it; its parser also takes arguments from a file, each quoted, an @ at the start doubled.
    # Its complaint about arguments (exit code 64) stays unseen, for it repeats them.
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    if escaped.startswith("@"):
        escaped = f"@{escaped}"
    with tempfile.NamedTemporaryFile("w", dir=home / "run", encoding="utf-8") as file:
        file.write(f'"{escaped}"\n')
        file.flush()
        admin = [*java, "org.neo4j.cli.AdminTool", "dbms", "set-initial-password", "--"]
        done = subprocess.run(
            [*admin, f"@{file.name}"],
            env=environment(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    if done.returncode:
        reason = "" if done.returncode == os.EX_USAGE else f": {_reason(done.stderr)}"
        raise StoreError(
            f"neo4j-admin could set no password in {home} (exit code {done.returncode}){reason}"
        )


def log_file(home: Path) -> Path:
    """Where the server's own output goes."""
    return home / "logs" / "console.log"


def last_words(home: Path) -> str:
    """Find the line of the log that says why a server failed."""
    with suppress(FileNotFoundError):
        return _reason(log_file(home).read_text(encoding="utf-8", errors="replace"))
    return "it left no log"


def _reason(output: str) -> str:
    """Find the innermost cause in what a Java program said, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and line[0] != "\t"]
    for mark in ("Caused by: ", " ERROR "):
        for line in reversed(lines):
            if mark in line:
                return line.split(mark, 1)[1]
    return lines[-1] if lines else "it said nothing"
