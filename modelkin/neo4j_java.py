"""The command line of a Neo4j server, as a process that ends with its parent."""

import os
import sys
from pathlib import Path

_OPTIONS = (
    "-XX:+UseG1GC",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.disable.jmx=true",
    "-Dio.netty.tryReflectionSetAccessible=true",
)

# Becomes Java, once it has asked the kernel (PR_SET_PDEATHSIG is 1) to send it SIGTERM when
# its parent ends, in whatever way: that request outlives the exec.
_TIED_TO_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def server_command(java: list[str], home: Path, *, heap_mb: int) -> list[str]:
    """Command that runs a server in the foreground.

    Parameters
    ----------
    java
        The command that runs a class of Neo4j's.
    home
        A prepared directory.
    heap_mb
        The most memory for queries, in MiB.

    Returns
    -------
    list of str
        On Linux, to be started by a thread that lives as long as the server shall: the kernel
        takes the end of that thread for the end of the parent. Elsewhere, a parent that is
        killed leaves its server running.
    """
    command = [
        *java,
        f"-Xms{min(512, heap_mb)}m",
        f"-Xmx{heap_mb}m",
        *_OPTIONS,
        "org.neo4j.server.CommunityEntryPoint",
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
        "--console-mode",
    ]
    if sys.platform == "linux":
        command[:0] = [sys.executable, "-I", "-S", "-c", _TIED_TO_PARENT, str(os.getpid())]
    return command
