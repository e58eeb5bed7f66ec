"""Files as Discord takes them: within the place's limit, named plainly, with alt text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import discord

from bot.byte_file import ByteFile
from bot.chat.content import ImagePart
from bot.i18n import _
from bot.pictures.measuring import measure
from bot.pictures.shrinking import encode_within
from bot.pictures.workshop import in_workshop

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
    "image/avif": "avif",
}
# Words of a picture's name never hold an underscore, names of drawings always do.
_PICTURE_NAME = re.compile(r"[a-z0-9-]+-(\d{1,3})(?:v(\d{1,9}))?\.(?:png|jpg|webp|gif|avif)")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file ready to be attached, as often as it takes."""

    data: bytes = field(repr=False)
    name: str
    alt: str = ""

    def file(self) -> discord.File:
        """A fresh file for one call; discord.py closes it afterwards."""
        return discord.File(
            ByteFile(self.data), self.name, description=self.alt[:ALT_LENGTH] or None
        )


def fits(image: ImagePart, max_bytes: int) -> bool:
    """Whether the picture can go as it is."""
    return len(image.data) <= _allowed(max_bytes)


def as_upload(image: ImagePart, name: str) -> Upload:
    """The picture byte for byte, with whatever marks of its origin it carries."""
    return Upload(image.data, f"{name}.{_extension(image.data, image.mime_type)}", image.alt)


async def shrink(image: ImagePart, name: str, max_bytes: int) -> Upload | None:
    """Re-encode the picture in a thread until it fits; None when it cannot be made to."""
    data = await in_workshop(encode_within, image.data, _allowed(max_bytes))
    if data is None:
        return None
    return Upload(data, f"{name}.{_extension(data, image.mime_type)}", image.alt)


def picture_name(image: ImagePart, number: int, variant: int = 1) -> str:
    """What the picture shows in plain ASCII, as `attachment://` links demand, its number among the
    answer's own pictures, and which answer to its question that is, unless it is the first."""
    source = image.name.rsplit(".", 1)[0] or image.alt
    words = re.sub(r"[^a-z0-9]+", "-", source[:ALT_LENGTH].lower()).strip("-")
    name = f"{words[:_NAME_LENGTH].strip('-') or 'picture'}-{number}"
    return name if variant == 1 else f"{name}v{variant}"


def drawing_name(kind: str, number: int) -> str:
    """The name of a drawing that the bot made of an answer's text."""
    return f"{kind}_{number}"


def picture_number(filename: str) -> int | None:
    """Which of its answer's own pictures a file is; None for files that are none."""
    found = _PICTURE_NAME.fullmatch(filename)
    return int(found[1]) if found else None


def picture_variant(filename: str) -> int | None:
    """Which answer to its question brought a picture; None for files that are none."""
    found = _PICTURE_NAME.fullmatch(filename)
    return int(found[2] or 1) if found else None


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


def _extension(data: bytes, mime_type: str) -> str:
    # The bytes know better than the type that came with them.
    known = measure(data)
    return _EXTENSIONS.get(known.mime_type if known else mime_type, "png")
