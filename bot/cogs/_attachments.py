"""What people attach, as parts of a question; what a model cannot take is named, never dropped."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import aiohttp
import discord
from PIL import Image, UnidentifiedImageError

from bot.chat.content import FilePart, ImagePart, Part, TextPart
from bot.chat.profiles import Profile
from bot.errors import QuestionError
from bot.i18n import _

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Discord's own limit for most members; a gateway takes about 13 MB in one request."""
MAX_TOTAL_BYTES = 13_000_000
MAX_TEXT_BYTES = 400_000
"""About 100,000 tokens."""

PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


@dataclass(slots=True)
class Attached:
    """The parts that go to the model, and sentences about those that do not."""

    parts: list[Part] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


async def collect(attachments: Iterable[discord.Attachment], profile: Profile) -> Attached:
    """Download what the model can take.

    Raises:
        QuestionError: a file is too large, or could not be fetched.
    """
    found = list(attachments)
    for attachment in found:
        if attachment.size > MAX_FILE_BYTES:
            raise QuestionError(
                _("{name} is too large: {size} MB. I read files of up to {limit} MB.").format(
                    name=_name(attachment),
                    size=_megabytes(attachment.size),
                    limit=_megabytes(MAX_FILE_BYTES),
                )
            )
    if sum(attachment.size for attachment in found) > MAX_TOTAL_BYTES:
        raise QuestionError(
            _("These files are too large together. Up to {limit} MB fit one question.").format(
                limit=_megabytes(MAX_TOTAL_BYTES)
            )
        )
    attached = Attached()
    for attachment in found:
        try:
            data = await attachment.read()
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            raise QuestionError(
                _("I could not fetch {name} from Discord. Send it again.").format(
                    name=_name(attachment)
                )
            ) from error
        part = _part(attachment, data, profile)
        if isinstance(part, str):
            attached.notices.append(part)
        else:
            attached.parts.append(part)
    return attached


def _part(attachment: discord.Attachment, data: bytes, profile: Profile) -> Part | str:
    """The file as the model can take it, or the sentence that says why it cannot."""
    name = _name(attachment)
    mime_type = picture_type(data)
    if mime_type is not None:
        if profile.takes(mime_type):
            return ImagePart(data, mime_type, alt=attachment.description or "", name=name)
        return _("{name} was left out: this model does not read such pictures.").format(name=name)
    if data.startswith(b"%PDF-"):
        mime_type = "application/pdf"
    else:
        mime_type = (attachment.content_type or "").partition(";")[0].strip().lower()
        text = _text(data)
        if text is not None:
            if len(data) > MAX_TEXT_BYTES:
                return _("{name} was left out: the text is too long.").format(name=name)
            return TextPart(f"[file: {name}]\n{text}")
    if profile.takes(mime_type):
        return FilePart(data, mime_type, name)
    return _("{name} was left out: this model does not read such files.").format(name=name)


def picture_type(data: bytes) -> str | None:
    """The MIME type of a picture by its bytes; None for anything else. Decodes no pixel."""
    try:
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as image:
            return image.get_format_mimetype()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _text(data: bytes) -> str | None:
    """The words of a text file; None when the bytes are not text."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _name(attachment: discord.Attachment) -> str:
    return discord.utils.escape_markdown(" ".join(attachment.filename.split()))


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:.0f}" if size >= 9_500_000 else f"{size / 1_048_576:.1f}"
