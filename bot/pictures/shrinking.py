"""Making pictures lighter: better compressed first, then with fewer pixels."""

from __future__ import annotations

import io
import math
from dataclasses import replace

from PIL import Image, ImageOps

from bot.chat.content import ImagePart
from bot.pictures.measuring import measure
from bot.pictures.opening import opened
from bot.pictures.workshop import in_workshop

MAX_SIDE = 3_072
"""Pixels; models see no more in a larger picture."""

LARGE_PIXELS = 16_000_000
"""More is shrunk before anything else is done with it."""
_STRIP_ROWS = 64

_QUALITIES = (92, 82)
_QUALITY_WHEN_SMALLER = 82
_SMALLEST_SIDE = 64
_TRIES = 6
_SAFETY = 0.92
"""A resized picture holds more detail a pixel than the estimate thinks."""


def encode_within(data: bytes, max_bytes: int) -> bytes | None:
    """Re-encode a picture until it has at most so many bytes; None when that cannot be done.

    Slow: for threads. WebP keeps transparency, everything else becomes JPEG; the colour profile
    stays.
    """
    try:
        with opened(data) as image:
            ImageOps.exif_transpose(image, in_place=True)
            return lighter(flattened(image), max_bytes)
    except Exception:  # noqa: BLE001 - damaged files make decoders raise whatever
        return None


def lighter(picture: Image.Image, max_bytes: int) -> bytes | None:
    """Encode RGB or RGBA pixels within so many bytes, as large as possible."""
    encoded = b""
    for quality in _QUALITIES:
        encoded = _encode(picture, quality)
        if len(encoded) <= max_bytes:
            return encoded
    for _ in range(_TRIES):
        scale = min(0.9, math.sqrt(max_bytes / len(encoded)) * _SAFETY)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        if min(width, height) < _SMALLEST_SIDE:
            return None
        icc = picture.info.get("icc_profile")
        picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        picture.info["icc_profile"] = icc
        encoded = _encode(picture, _QUALITY_WHEN_SMALLER)
        if len(encoded) <= max_bytes:
            return encoded
    return None


def flattened(image: Image.Image) -> Image.Image:
    """The first frame in 8 bits a channel, with transparency if it has any; nothing else is kept
    but the colour profile."""
    icc = image.info.get("icc_profile")
    image.load()
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        # `convert` would clip at 255 instead of scaling.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
        icc = None
    elif image.mode in ("CMYK", "LAB", "YCbCr", "HSV", "F", "I"):
        icc = None  # It describes channels that are gone.
    picture = image.convert("RGBA" if image.has_transparency_data else "RGB")
    picture.info = {"icc_profile": icc} if icc else {}
    return picture


def reduced(image: Image.Image, side: int) -> Image.Image:
    """What `flattened` makes of a picture, with fewer pixels where it has far more than so many on
    its longer side.

    It is done strip by strip: each step for the whole of a large picture would be another copy of
    hundreds of megabytes.
    """
    image.load()
    width, height = image.size
    factor = max(image.size) // side
    if factor < 2 or width * height <= LARGE_PIXELS:
        return flattened(image)
    rows = factor * _STRIP_ROWS
    strips = [
        flattened(image.crop((0, top, width, min(height, top + rows)))).reduce(factor)
        for top in range(0, height, rows)
    ]
    picture = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        picture.paste(strip, (0, number * _STRIP_ROWS))
    picture.info = strips[0].info
    return picture


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture with at most so many pixels on its longer side."""
    if max(picture.size) <= side:
        return picture
    info = picture.info
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    picture = picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture.info = info
    return picture


async def scaled(image: ImagePart, max_bytes: int) -> ImagePart:
    """The picture with at most so many bytes and `MAX_SIDE` pixels; itself if it is so already,
    or if it cannot be made smaller."""
    known = measure(image.data)
    if known is None:
        return image
    if len(image.data) <= max_bytes and max(known.width, known.height) <= MAX_SIDE:
        return image
    data = await in_workshop(_scale, image.data, max_bytes)
    made = measure(data) if data else None
    if data is None or made is None:
        return image
    return replace(image, data=data, mime_type=made.mime_type, width=made.width, height=made.height)


def _scale(data: bytes, max_bytes: int) -> bytes | None:
    try:
        with opened(data) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))
            ImageOps.exif_transpose(image, in_place=True)
            return lighter(fitted(flattened(image), MAX_SIDE), max_bytes)
    except Exception:  # noqa: BLE001 - damaged files make decoders raise whatever
        return None


def _encode(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    icc = picture.info.get("icc_profile") or None
    if picture.mode == "RGBA":
        picture.save(out, "WEBP", quality=quality, method=2, icc_profile=icc or b"")
    else:
        picture.save(out, "JPEG", quality=quality, subsampling=0, icc_profile=icc)
    return out.getvalue()
