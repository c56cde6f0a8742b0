"""Memory of a server that swaps snapshots for weeks: what is free is given back, without halts.

glibc gives each thread a pool of its own, and returns of a pool only what is free at its end. Kept
answers lie between what snapshots were worked out with, so that pools grew with each snapshot.
Another C library is left as it is.
"""

import contextlib
import ctypes
import gc

import pyarrow as pa

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # as malloc.h has it

_LARGE = 1 << 20
"""Bytes of the smallest block that is returned as it is freed."""


def compact() -> None:
    """Have all threads share one pool, and large blocks lie in none. For a process that begins.

    The bound of large blocks would rise with each one that is freed.
    """
    with contextlib.suppress(OSError, AttributeError):
        glibc = ctypes.CDLL(None)
        glibc.mallopt(_M_ARENA_MAX, 1)
        glibc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


def keep() -> None:
    """Never search what there is now for cycles again: what the process was built of.

    To search a schema, a hundred thousand objects, halts all requests for a tenth of a second.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Return to the system what is free, also between what is kept."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
