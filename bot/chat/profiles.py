"""Facts about models, as data. Adapters and commands ask the profile, never the name.

The facts come from the gateway reference, sections 1.2, 2.2, 2.8 and 5. Unknown ids get careful
defaults: new OpenAI ids are treated as GPT-5.6, other vendors may try everything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache


class Dialect(StrEnum):
    """Which of the gateway's two dialects a model is asked in."""

    OPENAI = "openai"
    GEMINI = "gemini"


class Sampling(Enum):
    """Whether a model takes `temperature` and `top_p`."""

    ALWAYS = "always"
    WITHOUT_REASONING = "without reasoning"
    """Only while it does not reason: refused otherwise."""
    NEVER = "never"


class Thinking(Enum):
    """How the Gemini dialect spells the amount of thinking."""

    NONE = "none"
    """No `thinkingConfig` at all."""
    LEVEL = "level"
    BUDGET = "budget"


EFFORTS = ("none", "minimal", "low", "medium", "high")
"""What a member can ask for, in rising order."""

OPENAI_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
GEMINI_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
PDF = frozenset({"application/pdf"})
OPENAI_AUDIO = frozenset({"audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp3"})
GEMINI_AUDIO = OPENAI_AUDIO | {
    "audio/aiff", "audio/aac", "audio/ogg", "audio/flac", "audio/m4a", "audio/mp4",
}  # fmt: skip
GEMINI_VIDEO = frozenset(
    {
        "video/mp4", "video/mpeg", "video/mov", "video/quicktime", "video/avi", "video/x-flv",
        "video/mpg", "video/webm", "video/wmv", "video/3gpp",
    }
)  # fmt: skip

COMMON_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
ALL_RATIOS = (*COMMON_RATIOS, "1:4", "4:1", "1:8", "8:1")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one family of models takes and makes."""

    dialect: Dialect
    window_tokens: int = 128_000
    input_types: frozenset[str] = OPENAI_IMAGES | PDF
    """MIME types of the files it reads; text files are words and always fit."""

    makes_images: bool = False
    aspect_ratios: tuple[str, ...] = ()
    image_sizes: tuple[str, ...] = ()
    """Empty: the size cannot be chosen and is not sent."""
    max_references: int = 0
    """Pictures that a request for a picture may bring along."""

    searches: bool = False
    """Whether the provider's web search can be asked for."""
    tools: bool = True
    """Whether it surely takes tools to call; unknown vendors are not asked to."""
    efforts: tuple[str, ...] = ()
    """Reasoning efforts it accepts; empty: the setting is not sent."""
    reasons_by_default: bool = False
    thinking: Thinking = Thinking.NONE
    sampling: Sampling = Sampling.ALWAYS
    max_temperature: float = 2.0
    temperature_or_top_p: bool = False
    """Refuses the two together."""

    token_limit_field: str = "max_tokens"
    system_role: bool = True
    """False: system text goes into the first user turn."""
    streams: bool = True
    stream_usage: bool = False
    """Whether `stream_options.include_usage` is surely safe. Off everywhere: some hosts refuse
    the field, most send usage without it."""
    hides_think_tag: bool = False
    """Known to begin its answer with thoughts whose opening `<think>` the server swallowed."""

    @property
    def vision(self) -> bool:
        """Whether pictures can be part of a question."""
        return "image/png" in self.input_types

    def takes(self, mime_type: str) -> bool:
        """Whether a file of this type can be part of a question."""
        return mime_type in self.input_types

    def effort(self, asked: str | None) -> str | None:
        """The accepted effort nearest to the asked one; None when nothing should be sent."""
        if asked not in EFFORTS or not self.efforts:
            return None
        wanted = EFFORTS.index(asked)
        # Of two equally near efforts the greater one is kept: too little thought costs more.
        return min(
            self.efforts,
            key=lambda effort: (abs(EFFORTS.index(effort) - wanted), -EFFORTS.index(effort)),
        )

    def takes_sampling(self, effort: str | None) -> bool:
        """Whether `temperature` and `top_p` are accepted at this reasoning effort."""
        match self.sampling:
            case Sampling.ALWAYS:
                return True
            case Sampling.NEVER:
                return False
            case Sampling.WITHOUT_REASONING:
                reasons = self.reasons_by_default if effort is None else effort != "none"
                return not reasons


_LOW_TO_HIGH = ("low", "medium", "high")

# OpenAI's own models.
_GPT = Profile(Dialect.OPENAI)
_GPT_BLIND = replace(_GPT, input_types=frozenset())
_O = replace(
    _GPT,
    window_tokens=200_000,
    efforts=_LOW_TO_HIGH,
    reasons_by_default=True,
    sampling=Sampling.NEVER,
    token_limit_field="max_completion_tokens",
)
_O_EARLY = replace(
    _O,
    window_tokens=128_000,
    input_types=frozenset(),
    efforts=(),
    system_role=False,
    tools=False,
)
_GPT5 = replace(_O, window_tokens=400_000, efforts=("minimal", *_LOW_TO_HIGH))
_GPT5_FIXED = replace(_GPT5, efforts=_LOW_TO_HIGH)
"""Minor versions that always reason: chat, codex and pro."""
_GPT51 = replace(
    _GPT5,
    efforts=("none", *_LOW_TO_HIGH),
    reasons_by_default=False,
    sampling=Sampling.WITHOUT_REASONING,
)
_GPT55 = replace(_GPT51, window_tokens=1_050_000, reasons_by_default=True)

# Claude behind the OpenAI façade; thinking is not switched from here.
_CLAUDE = replace(_GPT, window_tokens=200_000, max_temperature=1.0)
_CLAUDE4 = replace(_CLAUDE, temperature_or_top_p=True)
_CLAUDE4_LONG = replace(_CLAUDE4, window_tokens=1_000_000)
_CLAUDE5 = replace(_CLAUDE, window_tokens=1_000_000, sampling=Sampling.NEVER)

_OTHER = replace(_GPT, efforts=_LOW_TO_HIGH, tools=False)
_OTHER_BLIND = replace(_OTHER, input_types=frozenset())

# Gemini text models.
_GEMINI = Profile(
    Dialect.GEMINI,
    window_tokens=1_048_576,
    input_types=GEMINI_IMAGES | PDF | GEMINI_AUDIO | GEMINI_VIDEO,
    searches=True,
)
_GEMINI25 = replace(_GEMINI, efforts=EFFORTS, reasons_by_default=True, thinking=Thinking.BUDGET)
_GEMINI3 = replace(
    _GEMINI,
    efforts=_LOW_TO_HIGH,
    reasons_by_default=True,
    thinking=Thinking.LEVEL,
    sampling=Sampling.NEVER,  # values below 1 cause loops; later generations refuse them
)
_GEMINI3_FLASH = replace(_GEMINI3, efforts=("minimal", *_LOW_TO_HIGH))

# Models that make pictures, in the Gemini dialect.
_PAINTER = Profile(
    Dialect.GEMINI,
    window_tokens=65_536,
    input_types=GEMINI_IMAGES,
    makes_images=True,
    tools=False,
    aspect_ratios=COMMON_RATIOS,
    image_sizes=("1K", "2K", "4K"),
    max_references=14,
    searches=True,
    reasons_by_default=True,
    sampling=Sampling.NEVER,
)
_PAINTER_OLD = replace(
    _PAINTER,
    window_tokens=32_768,
    image_sizes=(),
    max_references=3,
    searches=False,
    reasons_by_default=False,
    sampling=Sampling.ALWAYS,
)
_BANANA2 = replace(
    _PAINTER,
    window_tokens=131_072,
    input_types=GEMINI_IMAGES | GEMINI_VIDEO,
    aspect_ratios=ALL_RATIOS,
    image_sizes=("512", "1K", "2K", "4K"),
    efforts=("minimal", "high"),
    thinking=Thinking.LEVEL,
)
_BANANA2_LITE = replace(
    _BANANA2,
    window_tokens=65_536,
    input_types=GEMINI_IMAGES,
    aspect_ratios=COMMON_RATIOS,
    image_sizes=("1K",),
    searches=False,
)
_BANANA21 = replace(_BANANA2, image_sizes=("1K", "2K", "4K"), efforts=("minimal", "medium", "high"))

# Pictures of other vendors come through the OpenAI dialect, where nothing about them can be set.
_OTHER_PAINTER = replace(_GPT, makes_images=True, max_references=3, tools=False)

_FAMILIES: tuple[tuple[str, Profile], ...] = (
    # The first pattern that fits decides: special cases stand above their family.
    ("gemini-2.5-flash-image*", _PAINTER_OLD),
    ("gemini-2.0-*image*", _PAINTER_OLD),
    ("gemini-3.1-flash-lite-image*", _BANANA2_LITE),
    ("gemini-3.1-flash-image*", _BANANA2),
    ("gemini-nano-banana-2.1*", _BANANA21),
    ("*banana*", _PAINTER),
    ("gemini*image*", _PAINTER),
    ("*image*", _OTHER_PAINTER),
    ("dall-e*", _OTHER_PAINTER),
    ("gemini-1.5*", _GEMINI),
    ("gemini-2.0*", _GEMINI),
    ("gemini-2.5-pro*", replace(_GEMINI25, efforts=("minimal", *_LOW_TO_HIGH))),
    ("gemini-2.5-flash-lite*", replace(_GEMINI25, reasons_by_default=False)),
    ("gemini-2.5*", _GEMINI25),
    ("gemini-3-pro*", replace(_GEMINI3, efforts=("low", "high"))),
    ("gemini-3*-pro*", _GEMINI3),
    ("gemini-3-flash*", _GEMINI3_FLASH),
    ("gemini-3.[1-6]-flash*", _GEMINI3_FLASH),
    ("gemini*", _GEMINI3),
    ("o1-mini*", _O_EARLY),
    ("o1-preview*", _O_EARLY),
    ("o3-mini*", replace(_O, input_types=frozenset())),
    ("o[0-9]*", _O),
    ("gpt-3.5*", replace(_GPT_BLIND, window_tokens=16_385)),
    ("gpt-4-turbo*", _GPT),
    ("gpt-4.1*", replace(_GPT, window_tokens=1_047_576)),
    ("gpt-4o*audio*", replace(_GPT_BLIND, input_types=OPENAI_AUDIO)),
    ("gpt-4o*search*", replace(_GPT_BLIND, sampling=Sampling.NEVER, tools=False)),
    ("gpt-4o*", _GPT),
    ("gpt-4*", replace(_GPT_BLIND, window_tokens=8_192)),
    ("chatgpt-*", _GPT),
    ("gpt-oss*", _OTHER_BLIND),
    ("gpt-audio*", replace(_GPT_BLIND, input_types=OPENAI_AUDIO)),
    ("gpt-5-chat*", _GPT),
    ("gpt-5", _GPT5),
    ("gpt-5-*", _GPT5),
    ("gpt-5.*-chat*", replace(_GPT5_FIXED, window_tokens=128_000)),
    ("gpt-5.*-codex*", _GPT5_FIXED),
    ("gpt-5.[1-3]-pro*", _GPT5_FIXED),
    ("gpt-5.*-pro*", replace(_GPT5_FIXED, window_tokens=1_050_000)),
    ("gpt-5.[1-3]*", _GPT51),
    ("gpt-5.4-mini*", _GPT51),
    ("gpt-5.4-nano*", _GPT51),
    ("gpt-5.4*", replace(_GPT51, window_tokens=1_050_000)),
    ("gpt-*", _GPT55),
    ("claude-[23]*", _CLAUDE),
    ("claude-opus-4[-.][789]*", _CLAUDE5),
    ("claude-sonnet-4[-.][56]*", _CLAUDE4_LONG),
    ("claude-*-4*", _CLAUDE4),
    ("claude-*-[5-9]*", _CLAUDE5),
    ("claude-*", replace(_CLAUDE, sampling=Sampling.NEVER)),
    ("deepseek-r1*", replace(_OTHER_BLIND, hides_think_tag=True)),
    ("deepseek-v4*", replace(_OTHER_BLIND, window_tokens=1_000_000, tools=True)),
    ("deepseek*", _OTHER_BLIND),
    ("qwq*", replace(_OTHER_BLIND, hides_think_tag=True)),
    ("qwen*thinking*", replace(_OTHER, hides_think_tag=True)),
    ("kimi-k2*", replace(_OTHER, window_tokens=256_000, tools=True)),
    ("grok-4.3*", replace(_OTHER, window_tokens=1_000_000, tools=True)),
    ("grok-4*", replace(_OTHER, window_tokens=256_000, tools=True)),
    ("llama-3*", _OTHER_BLIND),
    ("*", _OTHER),
)

KNOWN_CHAT_MODELS = (
    "gpt-4o", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.5", "gpt-5.6-sol",
    "gpt-5.6-terra", "gpt-5.6-luna", "claude-sonnet-4-6", "claude-sonnet-5", "claude-opus-4-8",
    "claude-opus-5", "claude-haiku-4-5", "gemini-3-pro-preview", "gemini-3.1-pro-preview",
    "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.6-flash", "gemini-3.7-flash",
    "gemini-3.8-flash", "gemini-3.1-flash-lite", "gemini-flash-latest",
)  # fmt: skip
KNOWN_IMAGE_MODELS = (
    "gemini-3-pro-image-preview", "gemini-3-pro-image", "gemini-nano-banana-2.1",
    "gemini-3.1-flash-image", "gemini-3.1-flash-lite-image", "gemini-2.5-flash-image",
)  # fmt: skip


@lru_cache(maxsize=512)
def profile_of(model: str) -> Profile:
    """What is known of this model id."""
    # Some gateways put the vendor in front: `google/gemini-3-pro-preview`.
    name = model.strip().lower().rpartition("/")[2]
    return next(facts for pattern, facts in _FAMILIES if fnmatchcase(name, pattern))


_SIZES = {"512": "512", "512PX": "512", "0.5K": "512", "1K": "1K", "2K": "2K", "4K": "4K"}


def normalize_size(size: str) -> str:
    """Spell a picture size as the provider does: an upper-case K, and `512` without one.

    Raises:
        ValueError: no provider knows such a size.
    """
    try:
        return _SIZES[size.strip().upper()]
    except KeyError:
        raise ValueError(f"unknown picture size: {size!r}") from None
