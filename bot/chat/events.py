"""What happens while a model answers, in the same words for both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.content import ImagePart, Native


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's visible thinking; never part of the answer. May be empty text."""

    text: str


@dataclass(frozen=True, slots=True)
class ImageReady:
    """A finished picture, never a draft."""

    image: ImagePart


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model wants one of the request's tools used; comes whole, before `Finished`."""

    name: str
    arguments: Mapping[str, object]
    """As decoded from JSON; empty when the model wrote none that can be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page the answer rests on."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class SearchSuggestion:
    """A search the provider obliges us to show beside a grounded answer, with its own link."""

    query: str
    url: str


@dataclass(frozen=True, slots=True)
class SourcesFound:
    """Where the answer comes from; each event replaces the one before."""

    sources: tuple[Source, ...]
    suggestions: tuple[SearchSuggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; 0 where it did not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    """Visible and hidden output together."""
    reasoning_tokens: int = 0
    cached_tokens: int = 0

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, slots=True)
class UsageReported:
    """What the call used so far; the last event counts."""

    usage: Usage


class FinishReason(StrEnum):
    """Why a model ended, in our words."""

    STOP = "stop"
    LENGTH = "length"
    """Cut by the output limit."""
    FILTERED = "filtered"
    """Withheld or cut by the provider's filter."""
    NO_IMAGE = "no_image"
    """A picture was asked for and none was made."""
    OTHER = "other"
    """The provider gave no usable reason and nothing visible came."""
    UNCONFIRMED = "unconfirmed"
    """`[DONE]` came without a finish reason: probably complete."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The model has ended by itself. A stream that ends without this event was cut off."""

    reason: FinishReason
    vendor_reason: str = ""
    """The provider's own word, for the log and for the member's sentence on filters."""
    message: str = ""
    """The provider's human words, when it gave any."""
    native: Native | None = None
    model: str = ""
    """The model that says it answered; may differ from the one asked."""
    request_id: str = ""


Event = (
    TextDelta | ReasoningDelta | ImageReady | ToolCalled | SourcesFound | UsageReported | Finished
)
