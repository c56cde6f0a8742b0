"""Who holds a store: names of owners, and whether an owner still lives."""

import hashlib
import os
import secrets
import socket
import time
from pathlib import Path

from graph.store.port import LEASE_S

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def new_owner() -> str:
    """Return a name for this process that is not used twice: ``host/pid/random``."""
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(8)}"


def _host() -> str:
    """Name where a process number means one process: containers may share a host's name."""
    name = socket.gethostname()
    try:
        place = f"{_BOOT_ID.read_text()} {_PROCESSES.readlink()}"
    except OSError:  # no Linux
        return name
    return f"{name}-{hashlib.blake2s(place.encode(), digest_size=4).hexdigest()}"


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this host that has ended."""
    host, pid, _ = owner.split("/")
    if host != _host():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def uptime_ms() -> int:
    """Return the milliseconds of a clock that all processes of this machine share and nobody sets.

    It starts anew with the machine.
    """
    return time.monotonic_ns() // 1_000_000


def lasts(expires: int, now: int) -> bool:
    """Tell whether a lease holds; one that ends later than one can is from before a restart."""
    return now < expires <= now + LEASE_S * 1000


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_run_id(kind: str) -> str:
    """Return an id that sorts by time, such as ``20260822T101500123-crawl-1f0c``."""
    now = now_ms()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now / 1000))
    return f"{stamp}{now % 1000:03d}-{kind}-{secrets.token_hex(2)}"
