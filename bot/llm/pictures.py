"""Pictures on the wire: base64, data URIs, and what the bytes say they are."""

from __future__ import annotations

import binascii

import pybase64

from bot.chat.content import ImagePart
from bot.pictures.measuring import measure


def image_type(data: bytes) -> str | None:
    """The MIME type that the first bytes show, or None when they show no known picture."""
    match data[:4]:
        case b"\x89PNG":
            return "image/png"
        case b"GIF8":
            return "image/gif"
        case b"RIFF" if data[8:12] == b"WEBP":
            return "image/webp"
        case start if start.startswith(b"\xff\xd8\xff"):
            return "image/jpeg"
    match data[4:12]:
        case b"ftypheic" | b"ftypheix":
            return "image/heic"
        case b"ftypmif1" | b"ftypheif":
            return "image/heif"
        case b"ftypavif":
            return "image/avif"
    return None


def true_type(data: bytes, declared: str) -> str:
    """The type to name for these bytes: senders often declare a wrong one, which is refused."""
    return image_type(data) or declared


def picture(data: bytes, declared: str = "", alt: str = "") -> ImagePart | None:
    """The bytes as a picture, measured; None when they are none. `declared` is the sender's type
    for them, which counts only where we know nothing better."""
    known = measure(data)
    if known is not None:
        return ImagePart(data, known.mime_type, alt, width=known.width, height=known.height)
    mime_type = true_type(data, declared)
    return ImagePart(data, mime_type, alt) if data and mime_type.startswith("image/") else None


def decoded(text: str | memoryview) -> bytes | None:
    """The bytes that base64 stands for; None when it is damaged.

    Some gateways use the URL-safe alphabet or drop the padding.
    """
    try:
        return pybase64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raw = (text if isinstance(text, str) else str(text, "ascii", "replace")).strip()
    raw = raw.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return pybase64.b64decode(raw + "=" * (-len(raw) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def data_uri(data: bytes, mime_type: str) -> str:
    """The bytes as a `data:` URI."""
    return f"data:{mime_type};base64,{pybase64.b64encode_as_string(data)}"


def picture_from_uri(uri: str, alt: str = "") -> ImagePart | None:
    """Decode a picture given as a base64 `data:` URI; None when it is not one, or damaged."""
    head, comma, body = uri.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        return None
    data = decoded(body)
    declared = head.removeprefix("data:").removesuffix(";base64").partition(";")[0]
    return None if data is None else picture(data, declared, alt)
