"""Edits a picture visibly: the light, the colour or the weather that the words ask for."""

from __future__ import annotations

import random
import re

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from bot.playground.standin.lettering import letter, wipe
from bot.playground.standin.painting import glow, stars

_TINTS = {
    "red": (214, 70, 60),
    "orange": (240, 150, 70),
    "yellow": (244, 214, 90),
    "green": (80, 180, 110),
    "blue": (70, 120, 220),
    "purple": (140, 90, 200),
    "pink": (240, 140, 180),
}


def repaint(
    before: Image.Image, prompt: str, size: tuple[int, int], *, lettered: bool
) -> Image.Image:
    """Draw a variation of a picture as the prompt says, its words included.

    `lettered` says that the picture bears words of ours already: they are wiped out first.
    """
    image = ImageOps.fit(before, size, Image.Resampling.LANCZOS)
    if lettered:
        image = wipe(image)
    chance = random.Random(prompt)
    words = set(re.findall(r"[a-z]+", prompt.lower()))
    changed = image
    if words & {"night", "dark", "darker", "moon", "midnight"}:
        changed = _night(changed, chance)
    if words & {"sunset", "dusk", "evening", "warm", "warmer", "dawn"}:
        changed = _tint(changed, (255, 150, 84), 0.45)
    if words & {"snow", "snowy", "winter", "cold"}:
        changed = _snow(changed, chance)
    if words & {"gray", "grey", "monochrome", "black"}:
        changed = ImageOps.autocontrast(changed.convert("L"), cutoff=1).convert("RGB")
    if words & {"bright", "brighter", "sunny", "day"}:
        changed = ImageEnhance.Brightness(changed).enhance(1.3)
    for name in sorted(words & set(_TINTS)):
        changed = _tint(changed, _TINTS[name], 0.5)
    if changed is image:
        changed = _shift_hue(image, chance.randint(40, 215))
    return letter(changed, prompt)


def _tint(image: Image.Image, colour: tuple[int, int, int], share: float) -> Image.Image:
    coloured = ImageOps.colorize(image.convert("L"), "black", "white", mid=colour)
    return Image.blend(image, coloured, share)


def _night(image: Image.Image, chance: random.Random) -> Image.Image:
    dark = ImageChops.multiply(image, Image.new("RGB", image.size, (62, 80, 150)))
    dark = ImageEnhance.Contrast(dark).enhance(1.1)
    stars(dark, chance, count=160, below=0.42)
    spot = (round(image.width * chance.uniform(0.15, 0.8)), round(image.height * 0.16))
    short = min(image.size)
    dark = glow(dark, spot, round(short * 0.3), (96, 108, 150))
    radius = short * 0.045
    box = (spot[0] - radius, spot[1] - radius, spot[0] + radius, spot[1] + radius)
    ImageDraw.Draw(dark).ellipse(box, (240, 240, 224))
    return dark


def _snow(image: Image.Image, chance: random.Random) -> Image.Image:
    pale = ImageEnhance.Color(ImageEnhance.Brightness(image).enhance(1.12)).enhance(0.5)
    flakes = Image.new("L", image.size)
    draw = ImageDraw.Draw(flakes)
    unit = min(image.size) / 500
    for _ in range(420):
        x, y = chance.random() * image.width, chance.random() * image.height
        radius = unit * chance.choice((0.8, 1.2, 1.8, 2.8))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), chance.randint(120, 250))
    flakes = flakes.filter(ImageFilter.GaussianBlur(unit * 0.6))
    pale.paste(Image.new("RGB", image.size, "white"), (0, 0), flakes)
    return pale


def _shift_hue(image: Image.Image, degrees: int) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    hue = hue.point([(level + degrees) % 256 for level in range(256)])
    return Image.merge("HSV", (hue, saturation, value)).convert("RGB")
