"""What a picture is, by its header alone."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags, Image

from bot.pictures.opening import opened

_TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that swap width and height."""
# Formats whose orientation stands in the header; a PNG would have to be decoded to find it, and
# HEIF and AVIF come upright out of their decoders.
_ORIENTED = frozenset({"JPEG", "WEBP", "TIFF"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What a picture's header says of it."""

    mime_type: str
    width: int
    height: int
    """Pixels as the picture is looked at, upright."""


def measure(data: bytes) -> Measured | None:
    """Read a picture's header, no pixel of it; None when it is no picture that we know."""
    try:
        with opened(data) as image:
            width, height = image.size
            if image.format in _ORIENTED and _orientation(image) in _TURNED:
                width, height = height, width
            return Measured(Image.MIME[image.format or ""], width, height)
    except Exception:  # noqa: BLE001 - see `opened`
        return None


def _orientation(image: Image.Image) -> int:
    found = image.getexif().get(ExifTags.Base.Orientation, 1)
    return found if isinstance(found, int) else 1
