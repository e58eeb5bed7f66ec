"""Pictures on the wire: what their first bytes say they are, and data URIs."""

from __future__ import annotations

import base64
import binascii

from bot.chat.content import ImagePart


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


def data_uri(data: bytes, mime_type: str) -> str:
    """The bytes as a `data:` URI."""
    return f"data:{mime_type};base64,{base64.b64encode(data).decode('ascii')}"


def picture_from_uri(uri: str, alt: str = "") -> ImagePart | None:
    """Decode a picture given as a base64 `data:` URI; None when it is not one, or damaged."""
    head, comma, body = uri.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        return None
    try:
        # Some gateways use the URL-safe alphabet or drop the padding.
        raw = body.strip().replace("-", "+").replace("_", "/")
        data = base64.b64decode(raw + "=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return None
    declared = head.removeprefix("data:").removesuffix(";base64").partition(";")[0]
    mime_type = true_type(data, declared)
    if not data or not mime_type.startswith("image/"):
        return None
    return ImagePart(data, mime_type, alt=alt)
