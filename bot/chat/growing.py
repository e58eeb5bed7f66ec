"""An answer while it is being written: what has arrived so far, in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.chat.content import ImagePart, Message, Native, Part, Role, TextPart
from bot.chat.endings import Halt
from bot.chat.events import SourcesFound, ToolCalled, Usage
from bot.chat.turns import Answer, Ending


@dataclass(slots=True)
class Growing:
    """What has arrived of one answer, perhaps by several calls at once (its takes)."""

    usage: Usage | None = None
    """Of the calls that have ended."""
    model: str = ""
    """The model that says it answered."""
    tool_calls: list[ToolCalled] = field(default_factory=list)
    reading: asyncio.Task[Ending] | None = None
    halt: Halt | None = None
    keeping: set[asyncio.Future[None]] = field(default_factory=set)
    """Pictures on their way into the memory and onto the reply."""
    ordered: set[int] = field(default_factory=set)
    """The calls (takes) for pictures that may have been charged, and have not ended."""
    _parts: list[Part] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _natives: dict[int, Native] = field(default_factory=dict)
    _sources: dict[int, SourcesFound] = field(default_factory=dict)

    def write(self, text: str) -> None:
        """Add text behind what is there."""
        self._words.append(text)

    def attach(self, image: ImagePart) -> None:
        """Add a picture behind what is there."""
        self._end_words()
        self._parts.append(image)

    def keep_native(self, take: int, native: Native) -> None:
        """Keep one call's own form."""
        self._natives[take] = native

    def cite(self, take: int, found: SourcesFound) -> SourcesFound:
        """Set one call's sources; returns those of all calls."""
        self._sources[take] = found
        return self._all_sources()

    def add_usage(self, usage: Usage | None) -> None:
        """Count one more call."""
        if usage is not None:
            self.usage = usage if self.usage is None else self.usage + usage

    @property
    def text(self) -> str:
        """The words so far."""
        kept = [part.text for part in self._parts if isinstance(part, TextPart)]
        return "".join([*kept, *self._words])

    @property
    def has_text(self) -> bool:
        """Whether there are words to be read."""
        return bool(self.text.strip())

    @property
    def images(self) -> Sequence[ImagePart]:
        """The pictures so far."""
        return [part for part in self._parts if isinstance(part, ImagePart)]

    @property
    def images_used(self) -> int:
        """The pictures so far, and those that nobody will see although they may be charged."""
        return len(self.images) + len(self.ordered - {image.take for image in self.images})

    @property
    def native_model(self) -> str:
        """The model whose own form is kept; empty when none is."""
        return next((native.model for native in self._natives.values()), "")

    def stop(self, why: Halt) -> None:
        """Let go of the model; what has arrived so far stays."""
        if self.halt is None:
            self.halt = why
            if self.reading is not None and not self.reading.done():
                self.reading.cancel()

    async def settled(self) -> None:
        """Wait until every picture that arrived is kept."""
        if self.keeping:
            await asyncio.wait(self.keeping)

    def answer(self, model: str) -> Answer:
        """What is to be remembered; `model` is the one that was asked."""
        self._end_words()
        takes = {take: place for place, take in enumerate(sorted(self._natives))}
        parts = [
            replace(part, take=takes.get(part.take, len(takes)))
            if isinstance(part, ImagePart)
            else part
            for part in self._parts
        ]
        natives = tuple(self._natives[take] for take in takes)
        message = Message(Role.ASSISTANT, tuple(parts), natives=natives)
        sources = self._all_sources() if self._sources else None
        return Answer(message, self.usage, sources, self.model or model)

    def _all_sources(self) -> SourcesFound:
        found = self._sources.values()
        return SourcesFound(
            tuple(dict.fromkeys(source for each in found for source in each.sources)),
            tuple(dict.fromkeys(search for each in found for search in each.suggestions)),
        )

    def _end_words(self) -> None:
        if text := "".join(self._words):
            self._parts.append(TextPart(text))
        self._words.clear()
