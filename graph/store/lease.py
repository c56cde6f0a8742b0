"""Who holds a store: names of owners, and whether an owner still lives."""

import os
import secrets
import socket
import time


def new_owner() -> str:
    """Return a name for this process that is not used twice: ``host/pid/random``."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this host that has ended."""
    host, pid, _ = owner.split("/")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def now_ms() -> int:
    """Return the milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_run_id(kind: str) -> str:
    """Return an id that sorts by time, such as ``20260822T101500123-crawl-1f0c``."""
    now = now_ms()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now / 1000))
    return f"{stamp}{now % 1000:03d}-{kind}-{secrets.token_hex(2)}"
