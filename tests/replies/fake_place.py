"""A place that remembers what its readers saw, and does what the test tells it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

import discord
from discord.utils import MISSING

from bot.replies.errors import GoneError, PlaceError, UploadTooLargeError
from bot.replies.places import Paint, Posted
from bot.replies.windows import Bucket
from tests.replies.clock import FakeClock


@dataclass
class ShownMessage:
    """A message as its readers see it."""

    content: str
    files: list[str] = field(default_factory=list)
    buttons: str = ""
    edits: int = 0


@dataclass
class FakePlace:
    """Answers after `latency` seconds; `failures` are raised first, one a call."""

    clock: FakeClock
    channel_id: int = 7
    adopted: tuple[int, ...] = ()
    reserved: int | None = None
    ends_at: float = math.inf
    """When `hand_over` is due."""
    keeps_messages: bool = True
    """Whether the same messages are edited on after it."""
    max_file_bytes: int = 10_000_000
    latency: float = 0.05
    messages: dict[int, ShownMessage] = field(default_factory=dict)
    history: list[tuple[float, str]] = field(default_factory=list)
    """Every state that was ever visible, with its time."""
    data: dict[str, bytes] = field(default_factory=dict)
    """The bytes of each file, by its name."""
    nonces: list[str] = field(default_factory=list)
    typed: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What the asker was told apart from the reply."""
    failures: list[PlaceError | None] = field(default_factory=list)
    lost_after_work: list[PlaceError] = field(default_factory=list)
    """Raised one a call after the call has done its work."""
    by_nonce: dict[str, int] = field(default_factory=dict)
    gate: asyncio.Event | None = None
    """Holds every call back until it is set."""
    calls_under_way: int = 0
    most_calls_at_once: int = 0

    def __post_init__(self) -> None:
        self.posting = Bucket.create(self.channel_id)
        self.editing = Bucket.edit(self.channel_id)
        self.typing_bucket: Bucket | None = Bucket.typing(self.channel_id)

    @property
    def seconds_left(self) -> float:
        return self.ends_at - self.clock.now()

    @property
    def pages(self) -> list[str]:
        """What a reader sees now."""
        return [message.content for message in self.messages.values()]

    @property
    def last(self) -> ShownMessage:
        return list(self.messages.values())[-1]

    async def post(self, paint: Paint, *, nonce: str) -> Posted:
        if nonce in self.by_nonce:
            await self._travel(paint)
            known = self.messages[self.by_nonce[nonce]]
            return Posted(self.by_nonce[nonce], known.content, len(known.files))
        lost = self.lost_after_work.pop(0) if self.lost_after_work else None
        await self._travel(paint)
        self.nonces.append(nonce)
        message_id = 100 + len(self.nonces)
        self.by_nonce[nonce] = message_id
        self.messages[message_id] = ShownMessage(paint.content or "")
        self._apply(message_id, paint)
        if lost is not None:
            raise lost
        return Posted(message_id, paint.content or "", len(paint.files))

    async def read(self, message_id: int) -> str:
        return self.messages[message_id].content

    async def edit(self, message_id: int, paint: Paint) -> None:
        await self._travel(paint)
        if message_id not in self.messages:
            raise GoneError
        self.messages[message_id].edits += 1
        self._apply(message_id, paint)
        if self.lost_after_work:
            raise self.lost_after_work.pop(0)

    async def delete(self, message_id: int) -> None:
        await self._travel(Paint(None))
        if message_id not in self.messages:
            raise GoneError
        del self.messages[message_id]

    async def type(self) -> None:
        self.typed.append(self.clock.now())

    async def hand_over(self) -> bool:
        await self.clock.sleep(self.latency)
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        self.ends_at = math.inf
        return self.keeps_messages

    async def tell_asker(self, sentence: str) -> None:
        self.told.append(sentence)

    def _apply(self, message_id: int, paint: Paint) -> None:
        message = self.messages[message_id]
        if paint.content is not None:
            message.content = paint.content
        message.files += [file.filename for file in paint.files]
        self.data |= {file.filename: file.fp.read() for file in paint.files}
        if paint.view is not MISSING:
            message.buttons = _labels(paint.view)
        assert message.content.strip() or message.files, "Discord refuses an empty message"
        self.history.append((self.clock.now(), message.content))

    def _next_failure(self, paint: Paint) -> PlaceError | None:
        if isinstance(self.failures[0], UploadTooLargeError) and not paint.files:
            return None
        return self.failures.pop(0)

    async def _travel(self, paint: Paint) -> None:
        self.calls_under_way += 1
        self.most_calls_at_once = max(self.most_calls_at_once, self.calls_under_way)
        try:
            if self.gate is not None:
                await self.gate.wait()
            await self.clock.sleep(self.latency)
            if self.failures and (failure := self._next_failure(paint)) is not None:
                raise failure
        finally:
            self.calls_under_way -= 1


def _labels(view: discord.ui.View | None) -> str:
    items = view.children if view is not None else []
    return " ".join(item.label or "" for item in items if isinstance(item, discord.ui.Button))
