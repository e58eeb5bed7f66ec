"""Files as Discord takes them: within the place's limit, named plainly, with alt text."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass, field

import discord
from PIL import Image, UnidentifiedImageError

from bot.chat.content import ImagePart
from bot.i18n import _

FILES_PER_MESSAGE = 10
"""Discord's limit."""
REQUEST_BYTES = 25 * 1024 * 1024
"""Discord's limit for all files of one request together."""
ALT_LENGTH = 1_024
"""Discord's limit."""
ANSWER_NAME = "answer.md"
_NAME_LENGTH = 60
_ENVELOPE_BYTES = 64 * 1024  # multipart framing and the message itself
_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
# Each step loses a little more; WebP keeps transparency.
_QUALITIES = (90, 80, 65)
_SHRINK = 0.75
_SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class Upload:
    """A file ready to be attached, as often as it takes."""

    data: bytes = field(repr=False)
    name: str
    alt: str = ""

    def file(self) -> discord.File:
        """A fresh file for one call; discord.py closes it afterwards."""
        return discord.File(
            io.BytesIO(self.data), self.name, description=self.alt[:ALT_LENGTH] or None
        )


def fits(image: ImagePart, max_bytes: int) -> bool:
    """Whether the picture can go as it is."""
    return len(image.data) <= _allowed(max_bytes)


def as_upload(image: ImagePart, number: int) -> Upload:
    """The picture as it is; `number` is its place among the reply's pictures, from 1."""
    return Upload(image.data, _name(image, number, image.data), image.alt)


async def shrink(image: ImagePart, number: int, max_bytes: int) -> Upload | None:
    """Re-encode the picture in a thread until it fits; None when it cannot be made to."""
    data = await asyncio.to_thread(_encode_within, image.data, _allowed(max_bytes))
    return None if data is None else Upload(data, _name(image, number, data), image.alt)


def text_upload(text: str, max_bytes: int) -> Upload:
    """An answer as a Markdown file; where it is too long, its end is cut off and that said."""
    data = text.encode(errors="replace")
    allowed = _allowed(max_bytes)
    if len(data) > allowed:
        last_line = _("[The rest does not fit into a file here.]")
        end = f"\n\n{last_line}\n".encode()
        kept = data[: max(0, allowed - len(end))].decode(errors="ignore")
        data = kept.encode() + end
    return Upload(data, ANSWER_NAME)


def take_request(uploads: list[Upload], room: int) -> list[Upload]:
    """The uploads, in order, that one request can carry beside `FILES_PER_MESSAGE - room` files."""
    taken: list[Upload] = []
    left = REQUEST_BYTES - _ENVELOPE_BYTES
    for upload in uploads[:room]:
        left -= len(upload.data)
        if left < 0 and taken:
            break
        taken.append(upload)
    return taken


def _allowed(max_bytes: int) -> int:
    return min(max_bytes, REQUEST_BYTES - _ENVELOPE_BYTES)


def _encode_within(data: bytes, max_bytes: int) -> bytes | None:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
    while min(picture.size) >= _SMALLEST_SIDE:
        for quality in _QUALITIES:
            encoded = io.BytesIO()
            if picture.mode == "RGBA":
                picture.save(encoded, "WEBP", quality=quality)
            else:
                picture.save(encoded, "JPEG", quality=quality, optimize=True)
            if encoded.tell() <= max_bytes:
                return encoded.getvalue()
        width, height = picture.size
        picture = picture.resize((max(1, int(width * _SHRINK)), max(1, int(height * _SHRINK))))
    return None


def _name(image: ImagePart, number: int, data: bytes) -> str:
    """Say what the picture is in plain ASCII, as `attachment://` links demand."""
    source = image.name.rsplit(".", 1)[0] or image.alt
    words = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:_NAME_LENGTH].strip("-")
    return f"{words or 'picture'}-{number}.{_extension(data, image.mime_type)}"


def _extension(data: bytes, mime_type: str) -> str:
    # The bytes know better than the type that came with them.
    if data.startswith(b"\x89PNG"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"GIF8"):
        return "gif"
    return _EXTENSIONS.get(mime_type, "png")
