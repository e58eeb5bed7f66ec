"""What people attach, as parts of a question; what a model cannot take is named, never dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import chain

import aiohttp
import discord

from bot.cdn import Files, LinkExpiredError, NotFetchedError
from bot.chat.content import FilePart, Part, TextPart
from bot.chat.names import plain
from bot.chat.profiles import Profile
from bot.client import Bot
from bot.errors import QuestionError
from bot.i18n import _
from bot.pictures.measuring import measure
from bot.pictures.preparing import looks_like_vector, prepare

MAX_FILE_BYTES = 10 * 1024 * 1024
"""Discord's own limit for most members; a gateway takes about 13 MB in one request."""
MAX_PICTURE_BYTES = 20 * 1024 * 1024
"""Pictures are made smaller before they are sent."""
MAX_FETCHED_BYTES = 3 * MAX_PICTURE_BYTES
"""Of all files of one question; they are in memory together."""
MAX_TOTAL_BYTES = 13_000_000
ALT_LENGTH = 1_024
"""Discord's limit."""
MAX_TEXT_BYTES = 400_000
"""About 100,000 tokens."""
_PICTURE_ENDINGS = (
    "png", "jpg", "jpeg", "webp", "gif", "bmp", "heic", "heif", "avif", "tif", "tiff", "svg",
)  # fmt: skip

Refetch = Callable[[], Awaitable[list[discord.Attachment]]]
"""Gets the message anew, because its links have expired."""


@dataclass(slots=True)
class Attached:
    """The parts that go to the model, and sentences about those that do not."""

    parts: list[Part] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def files_of(message: discord.Message) -> list[discord.Attachment]:
    """What is attached to a message, or to what it forwards."""
    forwarded = (snapshot.attachments for snapshot in message.message_snapshots)
    return [*message.attachments, *chain.from_iterable(forwarded)]


def is_picture(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be a picture; its bytes have the last word."""
    kind = (attachment.content_type or "").partition("/")[0]
    return kind == "image" or attachment.filename.lower().endswith(_PICTURE_ENDINGS)


async def collect(
    bot: Bot,
    member: discord.abc.User,
    attachments: Iterable[discord.Attachment],
    profile: Profile,
    *,
    refetch: Refetch | None = None,
) -> Attached:
    """Download what the model can take, pictures made ready for it, when it is the member's turn.

    Raises:
        QuestionError: a file is too large, damaged, or could not be fetched.
        QuotaError: too many questions of theirs wait for that.
    """
    found = list(attachments)
    for attachment in found:
        if attachment.size > (limit := _limit(attachment)):
            raise QuestionError(
                _("{name} is too large: {size} MB. I read files of up to {limit} MB.").format(
                    name=_shown(attachment),
                    size=_megabytes(attachment.size),
                    limit=_megabytes(limit),
                )
            )
    if sum(attachment.size for attachment in found) > MAX_FETCHED_BYTES:
        raise _too_large_together(MAX_FETCHED_BYTES)
    attached = Attached()
    if not found:
        return attached
    weight = 0
    async with bot.reading.turn(member.id):
        for attachment in found:
            part = await _part(attachment, await _bytes(bot.files, attachment, refetch), profile)
            if isinstance(part, str):
                attached.notices.append(part)
                continue
            attached.parts.append(part)
            weight += 0 if isinstance(part, TextPart) else len(part.data)
            if weight > MAX_TOTAL_BYTES:
                raise _too_large_together(MAX_TOTAL_BYTES)
    return attached


def _limit(attachment: discord.Attachment) -> int:
    return MAX_PICTURE_BYTES if is_picture(attachment) else MAX_FILE_BYTES


def _too_large_together(limit: int) -> QuestionError:
    return QuestionError(
        _("These files are too large together. Up to {limit} MB fit one question.").format(
            limit=_megabytes(limit)
        )
    )


async def pictures(
    bot: Bot,
    member: discord.abc.User,
    attachments: Iterable[discord.Attachment],
    profile: Profile,
    *,
    refetch: Refetch | None = None,
) -> Attached:
    """Download pictures for a model that makes pictures; those beyond its limit are named.

    Raises:
        QuestionError: a file is no picture, or what `collect` raises.
    """
    found = list(attachments)
    for attachment in found:
        if not is_picture(attachment):
            raise QuestionError(
                _("{name} is no picture. Send PNG, JPEG or WebP.").format(name=_shown(attachment))
            )
    taken = found[: profile.max_references]
    attached = await collect(bot, member, taken, profile, refetch=refetch)
    attached.notices += [
        _("{name} was left out: this model takes {count} pictures.").format(
            name=_shown(attachment), count=profile.max_references
        )
        for attachment in found[profile.max_references :]
    ]
    return attached


async def _bytes(files: Files, attachment: discord.Attachment, refetch: Refetch | None) -> bytes:
    """Read a file; a link that has expired is replaced once.

    Raises:
        QuestionError: it cannot be had.
    """
    try:
        try:
            return await files.read(attachment, _limit(attachment))
        except LinkExpiredError:
            if refetch is None:
                raise
        for fresh in await refetch():
            if fresh.id == attachment.id:
                return await files.read(fresh, _limit(attachment))
    except (NotFetchedError, discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        raise QuestionError(_unfetched(attachment)) from error
    raise QuestionError(_unfetched(attachment))


def _unfetched(attachment: discord.Attachment) -> str:
    return _("I could not fetch {name} from Discord. Send it again.").format(
        name=_shown(attachment)
    )


async def _part(attachment: discord.Attachment, data: bytes, profile: Profile) -> Part | str:
    """The file as the model can take it, or the sentence that says why it cannot.

    Raises:
        QuestionError: a picture that cannot be decoded.
    """
    name, shown = _name(attachment), _shown(attachment)
    if measure(data) is not None or (is_picture(attachment) and not looks_like_vector(data)):
        if not profile.vision:
            return _("{name} was left out: this model does not read such pictures.").format(
                name=shown
            )
        alt = plain(attachment.description or "", ALT_LENGTH)
        picture = await prepare(data, accepts=profile.input_types, alt=alt, name=shown)
        return replace(picture, name=name)
    if looks_like_vector(data) and profile.makes_images:
        raise QuestionError(
            _("{name} is a drawing of lines, which I cannot read. Send it as PNG.").format(
                name=shown
            )
        )
    if data.startswith(b"%PDF-"):
        mime_type = "application/pdf"
    else:
        mime_type = (attachment.content_type or "").partition(";")[0].strip().lower()
        text = _text(data)
        if text is not None:
            if len(data) > MAX_TEXT_BYTES:
                return _("{name} was left out: the text is too long.").format(name=shown)
            return TextPart(f"[file: {name}]\n{text}")
    if profile.takes(mime_type):
        return FilePart(data, mime_type, name)
    return _("{name} was left out: this model does not read such files.").format(name=shown)


def _text(data: bytes) -> str | None:
    """The words of a text file; None when the bytes are not text."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _name(attachment: discord.Attachment) -> str:
    """One visible line, as models read it."""
    return plain(attachment.filename) or str(attachment.id)


def _shown(attachment: discord.Attachment) -> str:
    """The name in a sentence, where Discord would take an underscore for markup."""
    return discord.utils.escape_markdown(_name(attachment))


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:.0f}" if size >= 9_500_000 else f"{size / 1_048_576:.1f}"
