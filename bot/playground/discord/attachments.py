"""The files people and the bot uploaded, behind URLs that look signed and end."""

from __future__ import annotations

import hashlib
import hmac
import io
import mimetypes
import re
import secrets
import time
from urllib.parse import urlencode

from PIL import Image, UnidentifiedImageError

from bot.playground.discord.state import Attachment, Upload

_NOT_IN_FILENAMES = re.compile(r"[^\w.\-]+", re.ASCII)


class AttachmentStore:
    """Keeps files and signs their URLs.

    The query is Discord's: `ex` is the end and `is` the start as hexadecimal Unix time, `hm` the
    signature. A whole second is the finest that it can say.
    """

    def __init__(self, url_seconds: float) -> None:
        self.base_url = ""
        """The server's address, once it has one."""
        self._url_seconds = url_seconds
        self._files: dict[int, Attachment] = {}
        self._key = secrets.token_bytes(16)

    def add(self, attachment_id: int, channel_id: int, upload: Upload) -> Attachment:
        """Keep a file; the name is put into the form Discord gives it."""
        width, height = _pixels(upload.data)
        attachment = Attachment(
            attachment_id,
            channel_id,
            _NOT_IN_FILENAMES.sub("_", upload.name) or "unknown",
            _content_type(upload),
            upload.data,
            upload.description,
            width,
            height,
        )
        self._files[attachment_id] = attachment
        return attachment

    def url(self, attachment: Attachment) -> str:
        """Return an address that works from now until its time is over."""
        issued = time.time()
        ends = int(issued + self._url_seconds)
        path = f"/attachments/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
        query = {"ex": f"{ends:x}", "is": f"{int(issued):x}", "hm": self._sign(path, ends)}
        return f"{self.base_url}{path}?{urlencode(query)}"

    def fetch(self, path: str, attachment_id: int, ends: str, signature: str) -> Attachment | None:
        """Find the file behind a URL; None when it is unknown, over, or not what was signed."""
        try:
            until = int(ends, 16)
        except ValueError:
            return None
        genuine = hmac.compare_digest(signature, self._sign(path, until))
        return self._files.get(attachment_id) if genuine and time.time() < until else None

    def forget(self, attachment: Attachment) -> None:
        """Let go of a file."""
        self._files.pop(attachment.id, None)

    def _sign(self, path: str, ends: int) -> str:
        return hmac.new(self._key, f"{path}?{ends}".encode(), hashlib.sha256).hexdigest()


def _content_type(upload: Upload) -> str:
    """Go by the name first, as Discord does: clients send `application/octet-stream` for all."""
    guessed, _encoding = mimetypes.guess_type(upload.name)
    return guessed or upload.content_type or "application/octet-stream"


def _pixels(data: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return None, None
