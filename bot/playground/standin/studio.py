"""Takes a drawing order: decides the shape, lets it be painted, and packs it as a reply part."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from typing import Any

from PIL import Image

from bot.playground.standin.gemini_wire import ImageConfig
from bot.playground.standin.heard import Heard
from bot.playground.standin.models import ImageModel
from bot.playground.standin.painting import paint
from bot.playground.standin.repainting import repaint

_JPEG_QUALITY = 88
_MARK = b"drawn by the offline stand-in"


def draw_part(
    heard: Heard,
    kind: ImageModel | None,
    config: ImageConfig | None,
    sign: Callable[[bytes], str] | None,
    picture_bytes: int | None = None,
) -> dict[str, Any]:
    """Draw what was asked as an `inlineData` part. Slow: meant to run in a thread."""
    kind = kind or ImageModel(sizes=("1K",))
    config = config or ImageConfig()
    ratio, before, lettered = config.aspect_ratio, None, False
    if heard.latest_picture is not None:
        with Image.open(io.BytesIO(heard.latest_picture.data)) as opened:
            before = opened.convert("RGB")
            lettered = opened.info.get("comment") == _MARK
        # An edit keeps the shape of the last picture unless another one is asked for.
        ratio = ratio or kind.nearest_ratio(before.width, before.height)
    size = kind.pixels(ratio, config.image_size)
    if before is None:
        image = paint(heard.prompt, size)
    else:
        image = repaint(before, heard.prompt, size, lettered=lettered)
    out = io.BytesIO()
    encoding = kind.mime_type.removeprefix("image/")
    image.save(out, encoding, quality=_JPEG_QUALITY, comment=_MARK)
    data = out.getvalue()
    if picture_bytes is not None and encoding == "jpeg":
        data = _filled_up(data, picture_bytes)
    part: dict[str, Any] = {
        "inlineData": {"mimeType": kind.mime_type, "data": base64.b64encode(data).decode()}
    }
    if sign is not None:
        part["thoughtSignature"] = sign(data)
    return part


def _filled_up(jpeg: bytes, size: int) -> bytes:
    """The same picture with bytes behind its end, which nobody reads, until it has that size."""
    return jpeg + os.urandom(max(0, size - len(jpeg)))
