"""Files a person has picked on the page, on their way into a message."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from bot.playground.discord import Upload

# The oldest files go first; those that were sent live on as attachments.
_KEPT_BYTES_MAX = 200 * 1024 * 1024


class Uploads:
    """The newest files, by an id that cannot be guessed."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, Upload] = OrderedDict()

    def add(self, upload: Upload) -> str:
        """Keep a file and return its id."""
        upload_id = secrets.token_urlsafe(12)
        self._files[upload_id] = upload
        while sum(len(kept.data) for kept in self._files.values()) > _KEPT_BYTES_MAX:
            self._files.popitem(last=False)
        return upload_id

    def get(self, upload_id: str) -> Upload | None:
        """Find a file; None when it is not (or no longer) here.

        It stays, so that a message that was refused can be sent again.
        """
        return self._files.get(upload_id)
