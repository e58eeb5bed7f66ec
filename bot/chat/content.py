"""What people and models say, as plain values that know neither wire nor database."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person in Discord: the snowflake and the name the others see."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture; `alt` describes it for those who cannot see it."""

    data: bytes = field(repr=False)
    mime_type: str
    alt: str = ""
    name: str = ""
    """The file name it came with, when a person attached it."""
    width: int = 0
    height: int = 0
    """Pixels, as the bytes say; 0 where nobody looked."""
    take: int = 0
    """Which of its message's `natives` it belongs to."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A document, sound or film that goes to the model as bytes. Text files become TextParts."""

    data: bytes = field(repr=False)
    mime_type: str
    name: str


Part = TextPart | ImagePart | FilePart


@dataclass(frozen=True, slots=True)
class Native:
    """A model's answer as its dialect spelled it, to be sent back unchanged.

    Only the adapter that wrote `parts` reads it. Thought signatures in it are bound to the model
    and the host, so both are kept beside it. The bytes of its pictures are left out: they are the
    message's ImageParts of the same `take`, in their order.
    """

    dialect: str
    model: str
    host: str
    parts: bytes = field(repr=False)
    """JSON array of the dialect's parts."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]
    speaker: Speaker | None = None
    """Set for turns of people in places where several may speak."""
    natives: tuple[Native, ...] = ()
    """One for each call that made the turn: several when pictures were asked for at once."""

    @property
    def native(self) -> Native | None:
        """The one native form, when one call made the whole turn."""
        return self.natives[0] if len(self.natives) == 1 else None

    @property
    def text(self) -> str:
        """All words of the turn."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def images(self) -> tuple[ImagePart, ...]:
        """All pictures of the turn."""
        return tuple(part for part in self.parts if isinstance(part, ImagePart))
