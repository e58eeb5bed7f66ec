"""Opening pictures of unknown origin: known formats only, and never more pixels than are sane."""

from __future__ import annotations

import io
import warnings

import pillow_heif
from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")
MAX_PIXELS = 64_000_000
"""A file of some kilobytes can ask for gigabytes of pixels; telephones make 50 million."""

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class TooManyPixelsError(Exception):
    """The header promises more than `MAX_PIXELS`."""


def opened(data: bytes) -> Image.Image:
    """The picture with only its header read; close it, or load it.

    Raises:
        TooManyPixelsError: it would not be sane to decode it.
        Exception: it is no picture, or damaged: decoders raise whatever they stumble over.
    """
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooManyPixelsError from error
