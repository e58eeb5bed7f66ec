"""The C library's heap: one for all threads, without large blocks, and what is free goes back.

glibc gives threads heaps of their own, and after the first large block that is freed it puts such
blocks into the heap as well; each burst of replies then leaves holes between what is still used
(https://man7.org/linux/man-pages/man3/mallopt.3.html, `M_ARENA_MAX`, `M_MMAP_THRESHOLD`).
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

TRIM_SECONDS = 20.0
M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
"""glibc's numbers for them, from its `malloc.h`."""
LARGE_BYTES = 128 * 1024
"""Where glibc's own threshold starts; set by hand, it stays."""


def configure() -> None:
    """Keep the heap small where the C library can, for threads that start from now on."""
    if _mallopt is not None:
        _mallopt(M_ARENA_MAX, 1)
        _mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


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
