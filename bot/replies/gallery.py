"""The pictures and files of one reply on their way to Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial

from bot.chat.content import ImagePart
from bot.i18n import _
from bot.pictures.measuring import measure
from bot.replies.files import (
    Upload,
    as_upload,
    drawing_name,
    fits,
    picture_name,
    shrink,
    take_request,
    text_upload,
)

_SHRINK_AFTER_REFUSAL = 0.5
_TRIES = 2


Size = tuple[int, int]
"""Width and height in pixels; zeros when they are not known."""


@dataclass(slots=True)
class _Made:
    """One of the answer's own pictures: how large it is, and how large it was sent."""

    number: int
    size: Size
    sent: Size | None = None
    """Set when it had to be encoded anew."""


@dataclass(slots=True)
class _Item:
    number: int
    smaller: Callable[[int], Awaitable[Upload | None]]
    """Makes an upload of at most so many bytes."""
    upload: Upload | None = None
    refusals: int = 0
    made: _Made | None = None


class Gallery:
    """Keeps pictures in order until a message carries them.

    Those that are too large are made smaller in a thread; `changed` is called when one is ready,
    `dropped` when one cannot be shown at all.
    """

    def __init__(
        self,
        max_bytes: int,
        changed: Callable[[], None],
        dropped: Callable[[], None],
        variant: int = 1,
    ) -> None:
        self._max_bytes = max_bytes
        self._variant = variant
        self._changed = changed
        self._dropped = dropped
        self._count = 0
        self._own = 0
        self._pictures: list[_Made] = []
        self._waiting: list[_Item] = []
        self._text: _Item | None = None
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
        """How many no message carries yet."""
        return len(self._waiting)

    def add(self, image: ImagePart) -> int:
        """Take one of the answer's own pictures; returns its number among all files, from 1."""
        self._own += 1
        made = _Made(self._own, _size(image))
        self._pictures.append(made)
        return self._hang(image, picture_name(image, made.number, self._variant), made)

    def add_drawing(self, image: ImagePart, kind: str) -> int:
        """Take a drawing of something in the answer's text; returns its number likewise."""
        return self._hang(image, drawing_name(kind, self._count + 1), None)

    def notes(self) -> list[str]:
        """What is to be said about the answer's own pictures."""
        sizes = dict.fromkeys(made.size for made in self._pictures if all(made.size))
        lines = []
        if sizes:
            line = ", ".join(map(_spelled, sizes))
            if len(self._pictures) > 1:
                line = _("{count} pictures: {sizes}").format(count=len(self._pictures), sizes=line)
            lines.append(line)
        for made in self._pictures:
            if made.sent is not None:
                lines.append(self._note_of(made, made.sent))
        return lines

    def _note_of(self, made: _Made, sent: Size) -> str:
        if sent == made.size:
            sentence = _("Picture {number} was compressed to fit the upload limit here.")
        else:
            sentence = _("Picture {number} was made smaller, {size}, to fit the upload limit here.")
        return sentence.format(number=made.number, size=_spelled(sent))

    def _hang(self, image: ImagePart, name: str, made: _Made | None) -> int:
        self._count += 1
        item = _Item(self._count, partial(shrink, image, name), made=made)
        self._waiting.append(item)
        if fits(image, self._max_bytes):
            item.upload = as_upload(image, name)
        else:
            self._shrink(item, self._max_bytes)
        return item.number

    def add_text(self, text: str) -> None:
        """Take the answer's whole text as a file."""

        async def smaller(max_bytes: int) -> Upload:
            return text_upload(text, max_bytes)

        self._count += 1
        self._text = _Item(self._count, smaller, text_upload(text, self._max_bytes))
        self._waiting.append(self._text)

    def withdraw_text(self) -> None:
        """Leave the answer's text out again, if no message carries it yet."""
        if self._text in self._waiting:
            self._waiting.remove(self._text)
            self._count -= 1

    def next(self, room: int, through: int) -> list[Upload]:
        """Those up to the number `through` that the next call can carry, in order."""
        ready: list[Upload] = []
        for item in self._waiting:
            if item.upload is None or item.number > through:
                break
            ready.append(item.upload)
        return take_request(ready, room) if ready else ready

    def left_after(self, pages: Iterable[tuple[int, int]]) -> int:
        """How many find no room on pages of so much room, each for those up to a number."""
        numbers = [item.number for item in self._waiting]
        for room, through in pages:
            fitting = sum(number <= through for number in numbers)
            del numbers[: min(room, fitting)]
        return len(numbers)

    def sent(self, count: int) -> None:
        """The first `count` are on a message."""
        del self._waiting[:count]

    def refused(self, count: int) -> None:
        """Discord found the first `count` too large: make them smaller, or give up."""
        for item in self._waiting[:count]:
            item.refusals += 1
            if item.refusals >= _TRIES or item.upload is None:
                self._drop(item)
                continue
            size = len(item.upload.data)
            item.upload = None
            self._shrink(item, int(size * _SHRINK_AFTER_REFUSAL))

    def _shrink(self, item: _Item, max_bytes: int) -> None:
        task = asyncio.create_task(self._make_smaller(item, max_bytes))
        self._tasks.add(task)
        task.add_done_callback(self._prepared)

    async def _make_smaller(self, item: _Item, max_bytes: int) -> None:
        item.upload = await item.smaller(max_bytes)
        if item.upload is None:
            self._drop(item)
        elif item.made is not None:
            known = measure(item.upload.data)
            item.made.sent = (known.width, known.height) if known else item.made.size

    def _prepared(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._changed()

    def _drop(self, item: _Item) -> None:
        self._waiting.remove(item)
        if item.made is not None:
            self._pictures.remove(item.made)
        self._dropped()


def _size(image: ImagePart) -> Size:
    if image.width and image.height:
        return image.width, image.height
    known = measure(image.data)
    return (known.width, known.height) if known else (0, 0)


def _spelled(size: Size) -> str:
    return f"{size[0]} × {size[1]}"
