"""Draws a landscape for a prompt with Pillow: sky, light, ridges, water, city or space."""

from __future__ import annotations

import random
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bot.playground.standin.lettering import letter
from bot.playground.standin.palettes import RGB, Palette, choose, mix

# Painted at twice the size for smooth edges, but never larger than this; then resized.
_CANVAS_MAX = 2048
_HORIZON = 0.64


def paint(prompt: str, size: tuple[int, int]) -> Image.Image:
    """Draw the prompt's picture in that size, its words included."""
    scale = min(2.0, _CANVAS_MAX / max(size))
    canvas = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    scene, palette, chance = choose(prompt)
    image = (
        _space(canvas, chance) if scene == "space" else _landscape(canvas, scene, palette, chance)
    )
    image = _grain(image).resize(size, Image.Resampling.LANCZOS)
    return letter(image, prompt)


def gradient(size: tuple[int, int], colours: tuple[RGB, ...]) -> Image.Image:
    """A vertical blend of colours, top to bottom."""
    steps = 256
    strip = Image.new("RGB", (1, steps))
    for step in range(steps):
        position = step / (steps - 1) * (len(colours) - 1)
        index = min(int(position), len(colours) - 2)
        strip.putpixel((0, step), mix(colours[index], colours[index + 1], position - index))
    return strip.resize(size, Image.Resampling.BICUBIC)


def glow(image: Image.Image, centre: tuple[int, int], radius: int, colour: RGB) -> Image.Image:
    """Add soft light around a point."""
    if radius < 1:
        return image
    falloff = ImageChops.invert(Image.radial_gradient("L")).resize((radius * 2, radius * 2))
    # Pillow's gradient is 181 from the middle of an edge; light must be gone there.
    falloff = falloff.point([round((max(0, level - 74) / 181) ** 2 * 255) for level in range(256)])
    light = Image.new("RGB", image.size)
    corner = (centre[0] - radius, centre[1] - radius)
    light.paste(Image.new("RGB", falloff.size, colour), corner, falloff)
    return ImageChops.screen(image, light)


def stars(image: Image.Image, chance: random.Random, *, count: int, below: float = 1.0) -> None:
    """Sprinkle stars over the upper part of a picture."""
    draw = ImageDraw.Draw(image)
    unit = max(image.size) / 1600
    for _ in range(count):
        x, y = chance.random() * image.width, chance.random() ** 1.4 * image.height * below
        radius = unit * chance.choice((0.5, 0.7, 0.9, 1.6))
        level = chance.randint(130, 255)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), (level, level, 255))


def _landscape(
    size: tuple[int, int], scene: str, palette: Palette, chance: random.Random
) -> Image.Image:
    width, height = size
    horizon = round(height * _HORIZON)
    image = gradient((width, horizon), palette.sky)
    canvas = Image.new("RGB", size, palette.sky[-1])
    canvas.paste(image, (0, 0))
    if palette.stars:
        stars(canvas, chance, count=260, below=_HORIZON * 0.9)
    centre = (round(width * chance.uniform(0.2, 0.8)), round(height * chance.uniform(0.24, 0.46)))
    canvas = _sun(canvas, centre, palette)
    canvas = _clouds(canvas, palette, chance)
    haze, near = palette.sky[-1], palette.ground
    if scene == "city":
        for layer in range(3):
            _skyline(canvas, chance, mix(haze, near, 0.3 + 0.32 * layer), layer, palette)
        return canvas
    layers = 2 if scene == "sea" else 5
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = _HORIZON - 0.2 + (0.2 if scene == "sea" else 0.46) * depth
        colour = mix(haze, near, (0.5 if scene == "sea" else 0.92) * depth)
        line = ridge(width, height, chance, base=base, relief=0.16 - 0.07 * depth)
        _fill_below(canvas, line, colour, haze)
        if scene == "forest" and layer >= 2:
            _trees(canvas, line, colour, chance, size_share=0.035 + 0.05 * (layer - 2))
    if scene == "sea":
        canvas = _water(canvas, horizon, palette, chance, centre)
    _birds(canvas, chance, mix(haze, near, 0.8))
    return canvas


def _sun(image: Image.Image, centre: tuple[int, int], palette: Palette) -> Image.Image:
    short = min(image.size)
    image = glow(image, centre, round(short * 0.75), mix((0, 0, 0), palette.sun, 0.45))
    image = glow(image, centre, round(short * 0.26), mix((0, 0, 0), palette.sun, 0.6))
    radius = short * 0.062
    x, y = centre
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), palette.sun)
    return image


def _clouds(image: Image.Image, palette: Palette, chance: random.Random) -> Image.Image:
    width, height = image.size
    mask = Image.new("L", image.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(chance.randint(3, 6)):
        x, y = chance.random() * width, height * chance.uniform(0.08, 0.45)
        long = width * chance.uniform(0.12, 0.3)
        for _ in range(7):
            dx, dy = chance.uniform(-long, long), chance.uniform(-0.008, 0.008) * height
            half, thick = long * chance.uniform(0.25, 0.6), height * chance.uniform(0.004, 0.012)
            draw.ellipse((x + dx - half, y + dy - thick, x + dx + half, y + dy + thick), 120)
    mask = mask.filter(ImageFilter.GaussianBlur(min(image.size) * 0.008))
    image.paste(Image.new("RGB", image.size, mix(palette.sky[-1], palette.sun, 0.5)), (0, 0), mask)
    return image


def ridge(
    width: int, height: int, chance: random.Random, *, base: float, relief: float
) -> list[tuple[float, float]]:
    """A mountain line by midpoint displacement, from the left edge to the right one."""
    heights = [chance.uniform(-1, 1), chance.uniform(-1, 1)]
    rough = 1.0
    while len(heights) < 513:
        finer = [heights[0]]
        for left, right in pairwise(heights):
            finer += [(left + right) / 2 + chance.uniform(-rough, rough) * 0.6, right]
        heights, rough = finer, rough * 0.52
    step = width / (len(heights) - 1)
    return [(index * step, height * (base + relief * level)) for index, level in enumerate(heights)]


def _fill_below(
    image: Image.Image, line: list[tuple[float, float]], colour: RGB, haze: RGB
) -> None:
    width, height = image.size
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).polygon([*line, (width, height), (0, height)], 255)
    top = max(0, min(height - 1, round(min(y for _, y in line))))
    # Mist gathers towards the foot of each range.
    body = gradient((width, height - top), (colour, mix(colour, haze, 0.3)))
    image.paste(body, (0, top), mask.crop((0, top, width, height)))


def _trees(
    image: Image.Image,
    line: list[tuple[float, float]],
    colour: RGB,
    chance: random.Random,
    *,
    size_share: float,
) -> None:
    draw = ImageDraw.Draw(image)
    tall = min(image.size) * size_share
    for x, y in line[:: max(1, round(size_share * 90))]:
        top = tall * chance.uniform(0.6, 1.25)
        shade = mix(colour, (0, 0, 0), chance.uniform(0.05, 0.25))
        x += chance.uniform(-tall, tall) * 0.2
        for tier in range(4):
            foot = y + top * 0.15 - top * tier * 0.25
            half = top * (0.3 - 0.06 * tier)
            draw.polygon([(x - half, foot), (x + half, foot), (x, foot - top * 0.45)], shade)


def _water(
    image: Image.Image,
    horizon: int,
    palette: Palette,
    chance: random.Random,
    sun: tuple[int, int],
) -> Image.Image:
    width, height = image.size
    depth = height - horizon
    mirror = image.crop((0, max(0, horizon - depth), width, horizon))
    mirror = mirror.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, depth))
    mirror = mirror.filter(ImageFilter.GaussianBlur(min(image.size) * 0.006))
    tint = gradient((width, depth), (palette.sky[1], palette.ground))
    image.paste(Image.blend(mirror, tint, 0.5), (0, horizon))
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(260):
        nearness = chance.random() ** 1.6
        y = horizon + nearness * depth
        beside = chance.gauss(0, 0.05 + 0.22 * nearness)
        glitter = chance.random() < 0.55
        x = sun[0] + beside * width if glitter else chance.random() * width
        half = width * (0.008 + 0.035 * nearness) * chance.uniform(0.4, 1)
        thick = max(1, round(height * 0.0022 * (0.4 + nearness)))
        alpha = 120 if glitter else 46
        draw.line((x - half, y, x + half, y), (*palette.sun, alpha), thick)
    return image


def _skyline(
    image: Image.Image, chance: random.Random, colour: RGB, layer: int, palette: Palette
) -> None:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    lit = mix(palette.sun, (255, 196, 96), 0.6)
    x = -width * 0.02
    while x < width:
        wide = min(image.size) * chance.uniform(0.05, 0.11) * (1 + layer * 0.35)
        top = height * (chance.uniform(0.3, 0.62) + 0.13 * layer)
        draw.rectangle((x, top, x + wide, height), colour)
        if chance.random() < 0.35:
            draw.rectangle((x + wide * 0.3, top - height * 0.025, x + wide * 0.7, top), colour)
        if chance.random() < 0.25:
            mast = x + wide / 2
            draw.line((mast, top - height * 0.07, mast, top), colour, max(1, width // 500))
        pane = min(image.size) * 0.0085 * (1 + layer * 0.3)
        row = top + pane * 1.5
        while row < height:
            column = x + pane * 1.2
            while column < x + wide - pane * 1.6:
                if chance.random() < (0.5 if palette.stars else 0.26):
                    glass = mix(colour, lit, chance.uniform(0.35, 0.95))
                    draw.rectangle((column, row, column + pane * 0.8, row + pane * 1.1), glass)
                column += pane * 2
            row += pane * 2.4
        x += wide + chance.uniform(0, 0.012) * width


def _space(size: tuple[int, int], chance: random.Random) -> Image.Image:
    width, height = size
    short = min(size)
    image = gradient(size, ((6, 6, 22), (20, 12, 48), (10, 18, 48)))
    hues: list[RGB] = [(96, 30, 120), (24, 76, 146), (150, 46, 96), (20, 110, 120)]
    for _ in range(9):
        spot = (round(chance.random() * width), round(chance.random() * height))
        image = glow(image, spot, round(short * chance.uniform(0.25, 0.7)), chance.choice(hues))
    stars(image, chance, count=520)
    for _ in range(6):
        spot = (round(chance.random() * width), round(chance.random() * height))
        image = glow(image, spot, round(short * 0.035), (210, 220, 255))
    centre = (round(width * chance.uniform(0.36, 0.64)), round(height * chance.uniform(0.38, 0.54)))
    return _planet(image, centre, round(short * chance.uniform(0.19, 0.26)), chance)


def _planet(
    image: Image.Image, centre: tuple[int, int], radius: int, chance: random.Random
) -> Image.Image:
    tones: list[tuple[RGB, RGB, RGB]] = [
        ((236, 190, 140), (196, 120, 92), (250, 222, 180)),
        ((116, 190, 214), (58, 112, 176), (196, 232, 232)),
        ((222, 150, 186), (130, 90, 170), (246, 206, 214)),
    ]
    tone = chance.choice(tones)
    image = glow(image, centre, round(radius * 1.7), mix((0, 0, 0), tone[0], 0.45))
    bands = tuple(mix(chance.choice(tone), tone[0], chance.random() * 0.6) for _ in range(9))
    ball = gradient((radius * 2, radius * 2), bands).rotate(18, Image.Resampling.BICUBIC)
    # Light from the upper left, the far side in shadow.
    lit = Image.radial_gradient("L").resize((round(radius * 3.4), round(radius * 3.4)))
    start, end = round(radius * 1.1), round(radius * 1.1) + radius * 2
    lit = lit.crop((start, start, end, end))
    dark = Image.new("RGB", ball.size, (8, 6, 24))
    ball = Image.composite(dark, ball, lit.point([min(255, round(v * 1.15)) for v in range(256)]))
    mask = Image.new("L", ball.size)
    ImageDraw.Draw(mask).ellipse((0, 0, radius * 2 - 1, radius * 2 - 1), 255)
    corner = (centre[0] - radius, centre[1] - radius)
    rings = _rings(image.size, centre, radius)
    image.paste(Image.new("RGB", image.size, tone[2]), (0, 0), rings)
    image.paste(ball, corner, mask)
    # The near half of the rings passes in front of the ball.
    front = Image.new("L", image.size)
    front.paste(rings.crop((0, centre[1], *image.size)), (0, centre[1]))
    image.paste(Image.new("RGB", image.size, tone[2]), (0, 0), front)
    return image


def _rings(size: tuple[int, int], centre: tuple[int, int], radius: int) -> Image.Image:
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for step, alpha in enumerate((70, 130, 40, 150, 90)):
        across = radius * (1.45 + 0.11 * step)
        down = across * 0.2
        x, y = centre
        box = (x - across, y - down, x + across, y + down)
        draw.ellipse(box, outline=alpha, width=max(1, round(radius * 0.07)))
    return mask.filter(ImageFilter.GaussianBlur(max(1, radius * 0.008)))


def _birds(image: Image.Image, chance: random.Random, colour: RGB) -> None:
    draw = ImageDraw.Draw(image)
    short = min(image.size)
    x, y = image.width * chance.uniform(0.15, 0.7), image.height * chance.uniform(0.16, 0.34)
    for _ in range(chance.randint(3, 7)):
        wing = short * chance.uniform(0.007, 0.014)
        bx, by = x + chance.gauss(0, short * 0.06), y + chance.gauss(0, short * 0.03)
        pen = max(1, round(short * 0.0022))
        draw.arc((bx - wing * 2, by - wing, bx, by + wing), 200, 340, colour, pen)
        draw.arc((bx, by - wing, bx + wing * 2, by + wing), 200, 340, colour, pen)


def _grain(image: Image.Image) -> Image.Image:
    noise = Image.effect_noise(image.size, 18).convert("RGB")
    return Image.blend(image, ImageChops.overlay(image, noise), 0.35)
