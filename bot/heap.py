"""The C library's heap: what is free there goes back to the system.

glibc keeps what bursts of replies have left free between what is still used, some megabytes more
after every hard minute (https://man7.org/linux/man-pages/man3/malloc_trim.3.html).
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

TRIM_SECONDS = 60.0


async def trim() -> None:
    """Give free memory back, where the C library can; takes milliseconds, in a thread."""
    if _malloc_trim is not None:
        await asyncio.to_thread(_malloc_trim, 0)


def _find() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return None
    return found


_malloc_trim = _find()
