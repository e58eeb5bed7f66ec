"""What a caller said to the stand-in, in the same words for both dialects."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture somebody sent, or one the stand-in drew earlier."""

    data: bytes = field(repr=False)
    mime_type: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One question with what came before it."""

    model: str
    prompt: str
    """The words of the last user turn."""
    earlier: tuple[str, ...] = ()
    """The words of the user turns before it, oldest first."""
    pictures: tuple[Picture, ...] = ()
    """The pictures of the last user turn."""
    files: tuple[str, ...] = ()
    """Names or kinds of the other files of the last user turn."""
    latest_picture: Picture | None = None
    """The newest picture anywhere in the conversation: what an edit starts from."""
    tools: frozenset[str] = frozenset()
    """The names of the functions the model may call."""
    search_offered: bool = False
    thoughts_wanted: bool = False
    reasons: bool = False
    """Whether the model thinks before it answers, asked or not."""
