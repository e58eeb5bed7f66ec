"""Whether work grows with its input, and not with the square of it."""

from __future__ import annotations

import time
from collections.abc import Callable

FACTOR = 8
"""How much larger the larger input is."""
PATIENCE = 3
"""How many times more than in proportion it may cost: caches, garbage, a busy machine."""
_MEASURABLE = 0.02
"""CPU seconds; less than that says nothing."""


def grows_too_fast(make: Callable[[int], Callable[[], object]], size: int) -> str:
    """In a sentence, how much more 8 times the input costs, if that is far more than 8 times as
    much; empty if it is not. What looks bad is measured twice more."""
    small = large = 0.0
    for _ in range(3):
        small, large = _cost(make(size)), _cost(make(size * FACTOR))
        if large <= max(small, _MEASURABLE / FACTOR) * FACTOR * PATIENCE:
            return ""
    return f"{small:.3f} s for {size}, {large:.3f} s for {size * FACTOR}"


def _cost(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
