"""The models the stand-in offers, and what the image models among them take."""

from __future__ import annotations

import re
from dataclasses import dataclass

CHAT_MODELS = (
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-5.4",
    "gpt-5.5",
    "o3",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
    "deepseek-reasoner",
    "gemini-3-pro-preview",
    "gemini-3.8-flash",
)

_COMMON_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_ALL_RATIOS = (*_COMMON_RATIOS, "1:4", "4:1", "1:8", "8:1")

# Documented pixels at 1K; 512 is half, 2K double, 4K quadruple.
_PIXELS = {
    "1:1": (1024, 1024),
    "2:3": (848, 1264),
    "3:4": (896, 1200),
    "4:5": (928, 1152),
    "9:16": (768, 1376),
    "9:21": (672, 1584),
    "1:4": (512, 2048),
    "1:8": (384, 3072),
}
_PIXELS_2_5 = {
    **_PIXELS,
    "2:3": (832, 1248),
    "3:4": (864, 1184),
    "4:5": (896, 1152),
    "9:16": (768, 1344),
    "9:21": (672, 1536),
}
_SCALE = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}


@dataclass(frozen=True, slots=True)
class ImageModel:
    """What one family of image models takes and makes."""

    sizes: tuple[str, ...]
    """Empty: the `imageSize` field itself is refused."""
    ratios: tuple[str, ...] = _COMMON_RATIOS
    thinking_levels: tuple[str, ...] = ()
    mime_type: str = "image/jpeg"
    free_pixels: tuple[int, int] = (1024, 1024)
    """At 1K, when the caller leaves the ratio to the model."""
    older: bool = False
    """The 2.5 generation: slightly different pixel sizes, no thought signatures."""

    def pixels(self, ratio: str | None, size: str | None) -> tuple[int, int]:
        """Width and height of a picture."""
        width, height = self._base(ratio) if ratio else self.free_pixels
        scale = _SCALE[size or "1K"]
        return round(width * scale), round(height * scale)

    def nearest_ratio(self, width: int, height: int) -> str:
        """The ratio that an edit of a picture of this shape keeps."""

        def distance(ratio: str) -> float:
            across, down = self._base(ratio)
            return abs(across / down - width / height)

        return min(self.ratios, key=distance)

    def _base(self, ratio: str) -> tuple[int, int]:
        table = _PIXELS_2_5 if self.older else _PIXELS
        if ratio in table:
            return table[ratio]
        across, down = ratio.split(":")
        height, width = table[f"{down}:{across}"]
        return width, height


_PRO = ImageModel(sizes=("1K", "2K", "4K"), free_pixels=(1408, 768))
IMAGE_MODELS = {
    "gemini-3-pro-image-preview": _PRO,
    "gemini-3-pro-image": _PRO,
    "nano-banana-pro-preview": _PRO,
    "gemini-3.1-flash-image": ImageModel(
        sizes=("512", "1K", "2K", "4K"), ratios=_ALL_RATIOS, thinking_levels=("minimal", "high")
    ),
    "gemini-3.1-flash-image-preview": ImageModel(
        sizes=("512", "1K", "2K", "4K"), ratios=_ALL_RATIOS, thinking_levels=("minimal", "high")
    ),
    "gemini-3.1-flash-lite-image": ImageModel(sizes=("1K",), thinking_levels=("minimal", "high")),
    "gemini-nano-banana-2.1": ImageModel(
        sizes=("1K", "2K", "4K"), ratios=_ALL_RATIOS, thinking_levels=("minimal", "medium", "high")
    ),
    "gemini-2.5-flash-image": ImageModel(sizes=(), mime_type="image/png", older=True),
}


def image_model(model: str) -> ImageModel | None:
    """What that model takes, or None when it makes no pictures."""
    if model in IMAGE_MODELS:
        return IMAGE_MODELS[model]
    return _PRO if re.search("image|banana", model) else None


def is_known(model: str) -> bool:
    """Any id is served except empty ones and those that ask to be unknown."""
    return bool(model) and not re.search("unknown|nope", model, re.IGNORECASE)


_ALWAYS_REASONS = re.compile(r"o[134](-|$)|gpt-5(-(mini|nano|pro))?$|gpt-5\.\d-pro|.*codex")
_REASONS_UNLESS_NONE = re.compile(r"gpt-5\.[5-9]|gpt-[6-9]")
_REASONS_WHEN_ASKED = re.compile(r"gpt-5\.[1-4](-mini|-nano)?$")


def reasons(model: str, effort: str | None) -> bool:
    """Whether an OpenAI model thinks first, and so refuses sampling parameters."""
    if _ALWAYS_REASONS.match(model):
        return True
    if _REASONS_UNLESS_NONE.match(model):
        return effort != "none"
    if _REASONS_WHEN_ASKED.match(model):
        return effort not in (None, "none")
    return False


def takes_effort(model: str) -> bool:
    """Whether `reasoning_effort` is known to the model."""
    return not re.match(r"gpt-4|chatgpt-|gpt-5-chat", model)


def thinks_aloud(model: str) -> bool:
    """Whether the gateway shows the model's reasoning without being asked."""
    return bool(re.search(r"deepseek-r|reasoner|thinking", model))
