"""The two threads that all slow work on pictures is done in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

# More would hold more decoded pictures in memory, and not be faster on a small machine.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")


async def in_workshop(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Do something slow while the event loop goes on."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, lambda: work(*args, **kwargs))
