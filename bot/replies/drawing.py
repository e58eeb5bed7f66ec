"""Pictures of what Discord's Markdown cannot show: wide tables and display formulas."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from bot.chat.content import ImagePart

log = logging.getLogger(__name__)


class DrawingKind(Enum):
    """What is to be drawn."""

    TABLE = "table"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class Drawing:
    """Something in the answer that is better seen as a picture."""

    kind: DrawingKind
    source: str
    """A Markdown table, or a formula in LaTeX."""
    alt: str
    """The same in words, at most `ALT_LIMIT` characters."""
    fallback: str
    """Whole lines of Discord Markdown to show instead when there is no picture."""


ALT_LIMIT = 1_024
"""Discord's limit for the description of an attachment."""


# One thread: neither FreeType's faces nor matplotlib's text parser may be used by two at once.
_easel = ThreadPoolExecutor(1, thread_name_prefix="drawing")


async def draw(drawing: Drawing) -> ImagePart | None:
    """Draw it as a PNG in a thread, one at a time; None when that cannot be done well."""
    data = await asyncio.get_running_loop().run_in_executor(_easel, _png, drawing)
    if data is None:
        return None
    return ImagePart(data, "image/png", alt=drawing.alt)


def _png(drawing: Drawing) -> bytes | None:
    # Imported here, in the thread: matplotlib takes half a second and 50 MB, and most answers
    # need no picture.
    try:
        match drawing.kind:
            case DrawingKind.TABLE:
                from bot.replies.table_picture import draw_table

                return draw_table(drawing.source)
            case DrawingKind.FORMULA:
                from bot.replies.formula_picture import draw_formula

                return draw_formula(drawing.source)
            case _:
                assert_never(drawing.kind)
    except Exception as error:  # noqa: BLE001  # A missing picture must never cost the answer.
        log.warning("could not draw a %s: %s", drawing.kind.value, type(error).__name__)
        return None
