"""People's pictures, made ready for a model: upright, without what they tell of their owner."""

from __future__ import annotations

import io
import threading
from collections.abc import Collection
from contextlib import nullcontext

from PIL import ExifTags, Image

from bot.chat.content import ImagePart
from bot.errors import QuestionError
from bot.i18n import _
from bot.pictures.measuring import measure
from bot.pictures.opening import MAX_PIXELS, TooManyPixelsError, opened
from bot.pictures.shrinking import LARGE_PIXELS, MAX_SIDE, fitted, lighter, reduced
from bot.pictures.workshop import in_workshop

MAX_BYTES = 7_000_000
"""One provider's limit for a picture inside a request."""

# What may stay in a file that is passed on byte for byte: nothing of it speaks of people, places
# or devices.
_HARMLESS = frozenset(
    {
        "icc_profile", "transparency", "gamma", "srgb", "chromaticity", "aspect", "interlace",
        "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "adobe", "adobe_transform",
        "progressive", "progression", "loop", "background", "timestamp", "duration", "mp",
    }
)  # fmt: skip
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""
_LARGE_ONE = threading.Lock()
"""One large picture at a time: each takes up to 256 MB, however small its file is."""
_LOSSLESS = frozenset({"PNG", "GIF", "BMP", "TIFF"})
_QUALITY = 92


async def prepare(data: bytes, *, accepts: Collection[str], alt: str, name: str) -> ImagePart:
    """Make a picture that a person sent ready for a model that `accepts` these MIME types.

    It comes upright, without EXIF, XMP and IPTC, at most `MAX_SIDE` pixels wide or high, in a type
    the model takes; of moving pictures the first frame. What is so already stays byte for byte.

    Raises:
        QuestionError: it cannot be decoded, or not sanely; `name` is named.
    """
    ready = await in_workshop(_prepare, data, frozenset(accepts), name)
    made = measure(ready)
    if made is None:
        raise QuestionError(_damaged(name))
    return ImagePart(ready, made.mime_type, alt, name, made.width, made.height)


def looks_like_vector(data: bytes) -> bool:
    """Whether the bytes begin like an SVG drawing."""
    head = data[:1_024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith(b"<svg") or (
        head.startswith((b"<?xml", b"<!doctype svg")) and b"<svg" in head
    )


def _prepare(data: bytes, accepts: frozenset[str], name: str) -> bytes:
    try:
        with opened(data) as image:
            is_large = image.width * image.height > LARGE_PIXELS
            with _LARGE_ONE if is_large else nullcontext():
                return _ready(image, data, accepts)
    except TooManyPixelsError:
        raise QuestionError(
            _("{name} has too many pixels. I take pictures of up to {limit} megapixels.").format(
                name=name, limit=MAX_PIXELS // 1_000_000
            )
        ) from None
    except Exception as error:  # damaged files make decoders raise whatever
        raise QuestionError(_damaged(name)) from error


def _ready(image: Image.Image, data: bytes, accepts: frozenset[str]) -> bytes:
    kind = image.format or ""
    mime_type = Image.MIME[kind]
    moving = getattr(image, "n_frames", 1) > 1
    fits = max(image.size) <= MAX_SIDE and len(data) <= MAX_BYTES
    if image.width * image.height > LARGE_PIXELS:
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG is then decoded smaller
    image.load()  # also the end of the file, where more may be written
    orientation = 1 if kind == "HEIF" else image.getexif().get(ExifTags.Base.Orientation, 1)
    upright = orientation == 1
    if mime_type in accepts and upright and fits and not moving:
        if image.info.keys() <= _HARMLESS:
            return data
        if kind == "JPEG":
            out = io.BytesIO()
            icc = image.info.get("icc_profile")
            image.save(out, "JPEG", quality="keep", comment=b"", icc_profile=icc)
            return out.getvalue()
    picture = reduced(image, MAX_SIDE)
    if (turn := _TURNS.get(orientation)) is not None:
        info = picture.info
        picture = picture.transpose(turn)
        picture.info = info
    picture = fitted(picture, MAX_SIDE)
    encoded = _encoded(picture, lossless=kind in _LOSSLESS)
    return encoded if len(encoded) <= MAX_BYTES else lighter(picture, MAX_BYTES) or encoded


def _encoded(picture: Image.Image, *, lossless: bool) -> bytes:
    """PNG or JPEG, which every model takes."""
    out = io.BytesIO()
    icc = picture.info.get("icc_profile")
    if lossless or picture.mode == "RGBA":
        picture.save(out, "PNG", icc_profile=icc)
    else:
        picture.save(out, "JPEG", quality=_QUALITY, subsampling=0, icc_profile=icc)
    return out.getvalue()


def _damaged(name: str) -> str:
    return _(
        "{name} cannot be read as a picture: it is damaged or of a kind I do not know. "
        "Send it as PNG or JPEG."
    ).format(name=name)
