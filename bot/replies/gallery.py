"""The pictures of one reply on their way to Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.chat.content import ImagePart
from bot.replies.files import Upload, as_upload, fits, shrink, take_request

_SHRINK_AFTER_REFUSAL = 0.5
_TRIES = 2


@dataclass(slots=True)
class _Picture:
    image: ImagePart
    number: int
    max_bytes: int
    upload: Upload | None = None
    refusals: int = 0


class Gallery:
    """Keeps pictures in order until a message carries them.

    Those that are too large are made smaller in a thread; `changed` is called when one is ready,
    `dropped` when one cannot be shown at all.
    """

    def __init__(
        self, max_bytes: int, changed: Callable[[], None], dropped: Callable[[], None]
    ) -> None:
        self._max_bytes = max_bytes
        self._changed = changed
        self._dropped = dropped
        self._count = 0
        self._waiting: list[_Picture] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def empty(self) -> bool:
        """Whether the reply has had no picture at all."""
        return not self._count

    @property
    def preparing(self) -> bool:
        """Whether a picture is still being made smaller."""
        return bool(self._tasks)

    @property
    def waiting(self) -> int:
        """How many pictures no message carries yet."""
        return len(self._waiting)

    def add(self, image: ImagePart) -> None:
        """Take a picture."""
        self._count += 1
        picture = _Picture(image, self._count, self._max_bytes)
        self._waiting.append(picture)
        self._prepare(picture)

    def next(self, room: int) -> list[Upload]:
        """The pictures, in order, that the next call can carry beside those a message has."""
        ready: list[Upload] = []
        for picture in self._waiting:
            if picture.upload is None:
                break
            ready.append(picture.upload)
        return take_request(ready, room) if ready else ready

    def sent(self, count: int) -> None:
        """The first `count` pictures are on a message."""
        del self._waiting[:count]

    def refused(self, count: int) -> None:
        """Discord found the first `count` pictures too large: make them smaller, or give up."""
        for picture in self._waiting[:count]:
            picture.refusals += 1
            if picture.refusals >= _TRIES or picture.upload is None:
                self._drop(picture)
                continue
            picture.max_bytes = int(len(picture.upload.data) * _SHRINK_AFTER_REFUSAL)
            picture.upload = None
            self._prepare(picture)

    def _prepare(self, picture: _Picture) -> None:
        if fits(picture.image, picture.max_bytes):
            picture.upload = as_upload(picture.image, picture.number)
            return
        task = asyncio.create_task(self._shrink(picture))
        self._tasks.add(task)
        task.add_done_callback(self._prepared)

    async def _shrink(self, picture: _Picture) -> None:
        picture.upload = await shrink(picture.image, picture.number, picture.max_bytes)
        if picture.upload is None:
            self._drop(picture)

    def _prepared(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed()

    def _drop(self, picture: _Picture) -> None:
        self._waiting.remove(picture)
        self._dropped()
