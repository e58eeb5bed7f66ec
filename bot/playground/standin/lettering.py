"""Writes a prompt's words onto a picture, with Pillow's built-in font."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter, ImageFont

_TAG = "offline stand-in"
_LINES_MAX = 2


def letter(image: Image.Image, words: str) -> Image.Image:
    """Put the words along the lower edge and the stand-in's mark into the upper right corner."""
    unit = max(6.0, min(image.size) / 100)
    layer = Image.new("RGBA", image.size)
    draw = ImageDraw.Draw(layer)
    margin = unit * 3
    _pill(draw, _TAG, unit, image.width - margin, margin)
    font = ImageFont.load_default(size=unit * 4.2)
    lines = _wrap(draw, _drawable(words), font, image.width - 4 * margin)
    if lines:
        line_height = unit * 5.4
        wide = max(draw.textlength(line, font=font) for line in lines)
        top = image.height - margin - line_height * len(lines) - unit * 2
        box = (margin, top, margin + wide + unit * 5, image.height - margin)
        draw.rounded_rectangle(box, unit * 2, fill=(8, 10, 24, 118))
        for number, line in enumerate(lines):
            spot = (margin + unit * 2.5, top + unit + line_height * (number + 0.5))
            draw.text(spot, line, font=font, fill=(255, 255, 255, 238), anchor="lm")
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def wipe(image: Image.Image) -> Image.Image:
    """Blur the places where words of ours may stand, so that new ones can be read there."""
    unit = max(6.0, min(image.size) / 100)
    mask = Image.new("L", image.size)
    draw = ImageDraw.Draw(mask)
    draw.rectangle((0, image.height - unit * 17, *image.size), 255)
    draw.rectangle((image.width - unit * 30, 0, image.width, unit * 9), 255)
    mask = mask.filter(ImageFilter.GaussianBlur(unit))
    blurred = image.filter(ImageFilter.GaussianBlur(unit * 6))
    return Image.composite(blurred, image, mask)


def _pill(draw: ImageDraw.ImageDraw, text: str, unit: float, right: float, top: float) -> None:
    font = ImageFont.load_default(size=unit * 2.3)
    wide = draw.textlength(text, font=font) + unit * 3
    tall = unit * 4.2
    draw.rounded_rectangle((right - wide, top, right, top + tall), tall / 2, fill=(8, 10, 24, 96))
    middle = (right - wide / 2, top + tall / 2)
    draw.text(middle, text, font=font, fill=(255, 255, 255, 220), anchor="mm")


def _drawable(words: str) -> str:
    # The built-in font has Latin letters only; others would show as boxes.
    kept = "".join(sign if " " <= sign < "\u0180" else " " for sign in words.replace("\u2019", "'"))
    return " ".join(kept.split())


def _wrap(
    draw: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    wide: float,
) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= wide or not lines[-1]:
            lines[-1] = longer
        elif len(lines) == _LINES_MAX:
            lines[-1] += " …"
            break
        else:
            lines.append(word)
    while lines[-1] and draw.textlength(lines[-1], font=font) > wide:
        lines[-1] = lines[-1][:-2] + "…"
    return [line for line in lines if line]
