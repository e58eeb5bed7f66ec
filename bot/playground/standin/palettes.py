"""Colours and scenes for pictures, chosen by the prompt's words or else by chance."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """The light of a landscape: sky from top to horizon, the sun, and the nearest ground."""

    sky: tuple[RGB, ...]
    sun: RGB
    ground: RGB
    stars: bool = False


PALETTES = {
    "dawn": Palette(
        ((38, 52, 108), (126, 96, 150), (236, 150, 132), (255, 214, 160)),
        (255, 240, 206),
        (32, 30, 62),
    ),
    "day": Palette(
        ((46, 126, 204), (116, 186, 232), (198, 228, 240), (246, 240, 218)),
        (255, 250, 226),
        (26, 66, 72),
    ),
    "sunset": Palette(
        ((44, 28, 84), (150, 48, 104), (242, 104, 80), (255, 190, 92)),
        (255, 226, 150),
        (36, 14, 48),
    ),
    "night": Palette(
        ((6, 10, 32), (16, 26, 66), (36, 54, 108), (84, 102, 152)),
        (238, 242, 255),
        (5, 9, 24),
        stars=True,
    ),
    "mint": Palette(
        ((22, 88, 108), (62, 152, 148), (150, 212, 182), (240, 244, 206)),
        (255, 252, 224),
        (10, 46, 52),
    ),
    "snow": Palette(
        ((108, 140, 182), (168, 192, 220), (216, 226, 238), (246, 238, 236)),
        (255, 252, 246),
        (70, 92, 128),
    ),
    "desert": Palette(
        ((62, 132, 182), (152, 186, 192), (246, 206, 152), (252, 182, 116)),
        (255, 244, 208),
        (128, 54, 34),
    ),
}

_LIGHT_WORDS = {
    "night": "night moon midnight dark star stars",
    "sunset": "sunset evening dusk fire autumn red orange",
    "dawn": "dawn sunrise morning pink purple",
    "snow": "snow winter ice frozen polar penguin",
    "desert": "desert dune dunes sand camel savanna",
    "mint": "forest tree trees jungle green spring garden",
    "day": "day noon sky summer blue beach",
}
_SCENE_WORDS = {
    "space": "space planet planets galaxy universe astronaut rocket mars saturn nebula",
    "city": "city town street skyline tokyo london paris york building buildings cyberpunk neon",
    "sea": "sea ocean lake water river beach island boat ship fish whale coast wave waves",
    "mountains": "mountain mountains hill hills snow ice desert dune dunes road valley alps",
    "forest": "forest tree trees jungle woods fox bear deer owl squirrel",
}
_SCENES = ("mountains", "sea", "forest", "city", "space")


def choose(prompt: str) -> tuple[str, Palette, random.Random]:
    """The scene, its light and the chance that draws it; the same words give the same picture."""
    chance = random.Random(prompt)
    words = set(re.findall(r"[a-z]+", prompt.lower()))

    def named(table: dict[str, str]) -> list[str]:
        return [name for name, known in table.items() if words & set(known.split())]

    scene = (named(_SCENE_WORDS) or [chance.choice(_SCENES)])[0]
    light = (named(_LIGHT_WORDS) or [chance.choice(sorted(PALETTES))])[0]
    return scene, PALETTES[light], chance


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """A colour between two; `share` is how much of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
