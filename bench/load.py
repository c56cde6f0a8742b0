"""Load on a GraphQL server, by wrk: a generator that takes a few microseconds a request.

`wrk <https://github.com/wg/wrk>`_ must be installed (``apt install wrk``).
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Load(NamedTuple):
    """What came of a load.

    Attributes
    ----------
    rate
        Requests a second.
    median_ms, p99_ms
        Milliseconds until an answer was whole.
    requests
        How many.
    """

    rate: float
    median_ms: float
    p99_ms: float
    requests: int


def body(query: str, variables: dict[str, Any]) -> str:
    """Return what asks a query."""
    return json.dumps({"query": query, "variables": variables})


def load(port: int, bodies: Sequence[str], connections: int, seconds: float) -> Load:
    """Post bodies in turn to ``/graphql``, over connections that stay open, for some seconds.

    Raises
    ------
    SystemExit
        When wrk is not installed, or an answer was none, not 200, or took 30 seconds.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("install wrk: apt install wrk")
    script = Path(__file__).with_name("load.lua")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(bodies) + "\n")
        file.flush()
        options = f"-t1 -c{connections} -d{max(1, round(seconds))}s --timeout 30s -s".split()
        asked = [str(script), f"http://127.0.0.1:{port}/graphql", "--", file.name]
        command = ["wrk", *options, *asked]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(told.rstrip().rpartition("\n")[2])
    if found["failed"]:
        raise SystemExit(f"{found['failed']} of {found['requests']} requests failed")
    rate = found["requests"] / found["seconds"]
    return Load(rate, found["median_ms"], found["p99_ms"], found["requests"])


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def wait_until_ready(port: int, path: str) -> None:
    """Wait until a server answers a GET with 200.

    Raises
    ------
    SystemExit
        When it does not within a minute.
    """
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\naccept: */*\r\nconnection: close\r\n\r\n"
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(request.encode())
                if connection.recv(100).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the server at port {port} does not get ready")


def processor_s(pid: int) -> float:
    """Return the seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
