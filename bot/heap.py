"""The C library's heap: one for all threads, and what is free there goes back to the system.

glibc gives threads heaps of their own, and each keeps what bursts of replies have left free between
what is still used (https://man7.org/linux/man-pages/man3/mallopt.3.html, `M_ARENA_MAX`).
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

TRIM_SECONDS = 60.0
M_ARENA_MAX = -8
"""glibc's number for it, from its `malloc.h`."""


def share() -> None:
    """Have all threads use one heap, where the C library can; for those that start from now on."""
    if _mallopt is not None:
        _mallopt(M_ARENA_MAX, 1)


async def trim() -> None:
    """Give free memory back, where the C library can; takes milliseconds, in a thread."""
    if _malloc_trim is not None:
        await asyncio.to_thread(_malloc_trim, 0)


def _find(name: str) -> Callable[..., int] | None:
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return None
    return found


_malloc_trim = _find("malloc_trim")
_mallopt = _find("mallopt") if _malloc_trim else None
"""Of glibc only: what the numbers mean elsewhere is not known."""
