"""Draws a table with Pillow in the colours of Discord's dark theme. Use it in a thread."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from bot.replies.tables import Align, Table, from_markdown

BACKGROUND, ZEBRA, HEADER, LINE, INK = "#313338", "#383a40", "#1e1f22", "#4e5058", "#f2f3f5"
FONT_SIZE = 26
"""Pixels; twice the size of Discord's text, for screens of phones."""
COLUMN_PIXELS = 420
"""Longer cells are wrapped."""
PADDING_X, PADDING_Y, LINE_PIXELS = 18, 12, 36
WIDEST, HIGHEST = 2_400, 4_000
"""Pixels; larger pictures are unreadable in the chat, and the list does better."""

# Fonts with CJK characters, where distributions put them; matplotlib itself brings none.
_SYSTEM_FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_CJK_FONTS = ("NotoSansCJK-{}.ttc", "NotoSansCJKsc-{}.otf", "NotoSansSC-{}.otf")

Word = tuple[str, int]
"""Some text and the number of the font that has its characters."""


class _Typeface:
    """A font and what it falls back on, for one weight."""

    def __init__(self, paths: list[Path]) -> None:
        self.fonts = [ImageFont.truetype(str(path), FONT_SIZE) for path in paths]
        self._charmaps = [frozenset(FT2Font(str(path)).get_charmap()) for path in paths]

    def runs(self, text: str) -> list[Word]:
        """The text in stretches of one font.

        Raises:
            LookupError: no font has one of the characters.
        """
        runs: list[Word] = []
        for character in text:
            number = self._font_of(character)
            if runs and runs[-1][1] == number:
                runs[-1] = (runs[-1][0] + character, number)
            else:
                runs.append((character, number))
        return runs

    def width(self, text: str) -> float:
        """Pixels the text takes."""
        return sum(self.fonts[number].getlength(run) for run, number in self.runs(text))

    def _font_of(self, character: str) -> int:
        for number, charmap in enumerate(self._charmaps):
            if ord(character) in charmap:
                return number
        raise LookupError(f"no glyph for U+{ord(character):04X}")


@cache
def _typefaces() -> tuple[_Typeface, _Typeface]:
    """The regular and the bold face."""
    bundled = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return (
        _Typeface([bundled / "DejaVuSans.ttf", *_cjk("Regular")]),
        _Typeface([bundled / "DejaVuSans-Bold.ttf", *_cjk("Bold")]),
    )


def _cjk(weight: str) -> Iterator[Path]:
    for name in _CJK_FONTS:
        for root in _SYSTEM_FONTS:
            if found := next(root.rglob(name.format(weight)), None):
                yield found
                return


def draw_table(source: str) -> bytes | None:
    """A PNG of the table, or None when it gets too large.

    Raises:
        LookupError: no font has one of the characters.
    """
    table = from_markdown(source)
    regular, bold = _typefaces()
    rows = [
        [_wrap(cell, bold if number == 0 else regular) for cell in row]
        for number, row in enumerate((table.header, *table.rows))
    ]
    widths = [
        max(
            (bold if number == 0 else regular).width(line)
            for number, row in enumerate(rows)
            for line in row[column]
        )
        for column in range(len(table.header))
    ]
    heights = [max(len(cell) for cell in row) * LINE_PIXELS + 2 * PADDING_Y for row in rows]
    size = round(sum(widths)) + 2 * PADDING_X * len(widths), sum(heights)
    if size[0] > WIDEST or size[1] > HIGHEST:
        return None
    picture = Image.new("RGB", size, BACKGROUND)
    canvas = ImageDraw.Draw(picture)
    top = 0
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        fill = HEADER if number == 0 else ZEBRA if number % 2 == 0 else BACKGROUND
        canvas.rectangle((0, top, size[0], top + height), fill=fill)
        _draw_row(canvas, row, top, widths, table, bold if number == 0 else regular)
        top += height
    _draw_lines(canvas, widths, heights[0], size)
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def _draw_row(
    canvas: ImageDraw.ImageDraw,
    row: list[list[str]],
    top: int,
    widths: list[float],
    table: Table,
    face: _Typeface,
) -> None:
    left = float(PADDING_X)
    for cell, width, align in zip(row, widths, table.aligns, strict=True):
        for index, line in enumerate(cell):
            space = width - face.width(line)
            at = left + {Align.LEFT: 0, Align.CENTER: space / 2, Align.RIGHT: space}[align]
            # All fonts of a line share its baseline.
            baseline = top + PADDING_Y + index * LINE_PIXELS + round(LINE_PIXELS * 0.75)
            for run, number in face.runs(line):
                canvas.text((at, baseline), run, INK, face.fonts[number], anchor="ls")
                at += face.fonts[number].getlength(run)
        left += width + 2 * PADDING_X


def _draw_lines(
    canvas: ImageDraw.ImageDraw, widths: list[float], header: int, size: tuple[int, int]
) -> None:
    left = 0.0
    for width in widths[:-1]:
        left += width + 2 * PADDING_X
        canvas.line((left, 0, left, size[1]), LINE)
    canvas.line((0, header, size[0], header), LINE, 2)


def _wrap(text: str, face: _Typeface) -> list[str]:
    """Break a cell's text at spaces, between CJK characters, or else anywhere."""
    lines = [""]
    for word in _words(text):
        if lines[-1] and face.width((lines[-1] + word).rstrip()) > COLUMN_PIXELS:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        for character in word if face.width(word) > COLUMN_PIXELS else [word]:
            if lines[-1] and face.width((lines[-1] + character).rstrip()) > COLUMN_PIXELS:
                lines.append("")
            lines[-1] += character
    return [line.rstrip() for line in lines]


def _words(text: str) -> Iterator[str]:
    word = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in {"W", "F"}
        if word and wide:
            yield word
            word = ""
        word += character
        if wide or character == " ":
            yield word
            word = ""
    if word:
        yield word
