import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from neo4j import GraphDatabase

from graph.errors import CredentialsError, StoreError, UsageError
from graph.progress import Progress
from modelkin import neo4j_command, neo4j_home, neo4j_jars
from modelkin.local_neo4j import LocalNeo4j
from tests.neo4j_server import Neo4jServer, free_port

ROOT = Path(__file__).parents[1]
PASSWORD = "correct horse"

COMMAND = """
import sys
from pathlib import Path
from modelkin.neo4j_command import run

sys.exit(run(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_PASSWORD_FILE", "NEO4J_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def python(code: str, *arguments: str | Path | int) -> Iterator[subprocess.Popen[str]]:
    """Run code in a process of its own, which does not outlive the block."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str], start: str = "") -> str:
    """Read lines up to one that starts so."""
    assert process.stdout is not None
    for text in process.stdout:
        if text.startswith(start):
            return text.removesuffix("\n")
    assert process.stderr is not None
    pytest.fail(f"no line {start!r}, but: {process.stderr.read()}")


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def unused(data: Path) -> bool:
    try:
        neo4j_home.check_unused(data)
    except StoreError:
        return False
    return True


def names(url: str, password: str) -> list[str]:
    with GraphDatabase.driver(url, auth=("neo4j", password)) as driver:
        found = driver.execute_query("MATCH (p:Probe) RETURN p.name AS name", database_="neo4j")
    return [record["name"] for record in found.records]


def test_a_data_directory_from_its_first_start_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "a directory"
    port = free_port()
    url = f"bolt://127.0.0.1:{port}"

    # a first start, with a generated password, of a command that is killed
    with python(COMMAND, data, port) as command:
        password = line(command, "export NEO4J_PASSWORD=").partition("=")[2]
        assert line(command, "export MODELKIN_STORE=") == f"export MODELKIN_STORE={url}"
        assert not unused(data)
        with GraphDatabase.driver(url, auth=("neo4j", password)) as driver:
            driver.execute_query("CREATE (:Probe {name: 'kept'})", database_="neo4j")
        command.kill()
        assert command.communicate() == ("", "")
    until(lambda: unused(data))

    # no password, and another password
    with pytest.raises(UsageError, match=r"has a password already: set NEO4J_PASSWORD.*--data"):
        neo4j_command.run(data, port)
    other = LocalNeo4j(data, port=port, password="another password")
    with pytest.raises(CredentialsError, match=r"another password.*NEO4J_PASSWORD"):
        other.start()
    assert not other.running
    assert unused(data)

    # the right one, from a thread that ends before the server does
    server = LocalNeo4j(data, port=port, password=password)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        assert server.url == url
        assert server.running
        pid = server.pid or 0
        assert os.getpgid(pid) == os.getpgid(0)
        assert names(url, password) == ["kept"]
        with pytest.raises(StoreError, match=r"another Neo4j is running on .*--data"):
            LocalNeo4j(data, port=free_port(), password=password).start()
    finally:
        server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

    # the command, ended by SIGTERM
    (tmp_path / "secret").write_text(f"{password}\n")
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(tmp_path / "secret"))
    with python(COMMAND, data, port) as command:
        assert line(command).endswith(f" is ready: {url}")
        assert line(command) == f"export MODELKIN_STORE={url}"
        command.terminate()
        assert command.communicate() == ("", "")
        assert command.returncode == 143
    assert unused(data)

    for file in data.rglob("*"):
        assert not file.is_file() or password.encode() not in file.read_bytes()


def test_ctrl_c_while_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", PASSWORD)
    log = neo4j_home.log_file(tmp_path)
    with python(COMMAND, tmp_path, free_port()) as command:
        until(lambda: log.exists() and "Starting..." in log.read_text())
        command.send_signal(signal.SIGINT)
        assert command.communicate() == ("", "")
        assert command.returncode == 0
    assert unused(tmp_path)


def test_the_shared_server_answers(neo4j_server: Neo4jServer) -> None:
    auth = (neo4j_server.username, neo4j_server.password)
    with GraphDatabase.driver(neo4j_server.url, auth=auth) as driver:
        found = driver.execute_query("CALL dbms.components() YIELD name", database_="neo4j")
    assert [record["name"] for record in found.records] == ["Neo4j Kernel"]


def test_a_server_that_dies_at_its_start(tmp_path: Path) -> None:
    server = LocalNeo4j(tmp_path, port=free_port(), password=PASSWORD, heap_mb=1)
    with pytest.raises(StoreError, match=r"ended at its start: .*heap"):
        server.start()
    assert not server.running


def test_a_setting_that_neo4j_refuses(tmp_path: Path) -> None:
    server = LocalNeo4j(tmp_path, port=free_port(), password=PASSWORD, pagecache_mb=-1)
    with pytest.raises(StoreError, match=r"-1m"):
        server.start()


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=re.escape(str(tmp_path / "file"))):
        LocalNeo4j(tmp_path / "file", port=free_port(), password=PASSWORD).start()


@pytest.mark.parametrize("password", ["", "1234567", "one line\nand another"])
def test_a_password_that_neo4j_refuses(tmp_path: Path, password: str) -> None:
    with pytest.raises(UsageError, match="8 or more printable characters"):
        LocalNeo4j(tmp_path, password=password)


def test_a_user_that_neo4j_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"one user, neo4j.*not to alice"):
        LocalNeo4j(tmp_path, username="alice", password=PASSWORD)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} cannot be had.*--port"):
            neo4j_command.run(tmp_path / "neo4j", port)
    assert not (tmp_path / "neo4j").exists()


def test_a_missing_extra(tmp_path: Path) -> None:
    blocked = f"import sys; sys.modules['jgo'] = None\n{COMMAND}"
    with python(blocked, tmp_path / "neo4j", free_port()) as command:
        _, errors = command.communicate()
    assert "UsageError: a local Neo4j needs jgo" in errors
    assert "pip install 'modelkin[neo4j-local]'" in errors


def test_a_version_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot download org\.neo4j:neo4j:5\.0\.0-none"):
        neo4j_jars.install("5.0.0-none", tmp_path, lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["neo4j-5.0.0-none.lock"]


def test_two_installs_at_once_download_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the remains of a process that was killed while it installed
    (tmp_path / "neo4j-1.part" / "jars").mkdir(parents=True)
    (tmp_path / "neo4j-1.part" / "jars" / "half.jar").touch()
    both_ask = threading.Event()
    downloads = []

    def download(version: str, work: Path, on_progress: Progress) -> Path:
        downloads.append(version)
        both_ask.wait()
        (work / "jars").mkdir(parents=True)
        (work / "jars" / "whole.jar").touch()
        return work / "jars"

    monkeypatch.setattr(neo4j_jars, "download", download)
    homes: list[Path] = []

    def install() -> None:
        homes.append(neo4j_jars.install("1", tmp_path, lambda *_: None))

    threads = [threading.Thread(target=install) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: bool(downloads))
    both_ask.set()
    for thread in threads:
        thread.join()
    assert downloads == ["1"]
    assert homes == [tmp_path / "neo4j-1"] * 2
    assert [path.name for path in homes[0].iterdir()] == ["whole.jar"]


def test_an_install_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(version: str, work: Path, on_progress: Progress) -> Path:
        (work / "jars").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(neo4j_jars, "download", download)
    with pytest.raises(KeyboardInterrupt):
        neo4j_jars.install("1", tmp_path, lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["neo4j-1.lock"]
