"""Draws a display formula with matplotlib's own TeX parser. Slow to import; use it in a thread."""

from __future__ import annotations

import io
import re

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

BACKGROUND, INK = "#313338", "#f2f3f5"
"""Discord's dark theme; on the light one the picture is a dark card."""
FONT_SIZE = 20
DPI = 160
PADDING_INCHES = 0.18
WIDEST_INCHES = 14
"""Above this the formula would be too small to read on a phone."""
LINE_GAP_INCHES = 0.14

_ENVIRONMENT = re.compile(
    r"\\(?:begin|end)\{(?:aligned|align\*?|equation\*?|gather(?:ed|\*)?|split|multline\*?)\}"
)
_LINE = re.compile(r"\\\\(?:\[[^\]]*\])?")
_SPELLINGS = {
    # What mathtext does not know, in words that it does.
    r"\\[dc]?frac\b": r"\\dfrac",  # as TeX sets fractions on display
    r"\\tfrac\b": r"\\frac",
    r"\\(?:text|textrm|mbox)\b": r"\\mathrm",
    r"\\textbf\b|\\boldsymbol\b|\\bm\b": r"\\mathbf",
    r"\\(?:implies|Longrightarrow)\b": r"\\Rightarrow",
    r"\\iff\b": r"\\Leftrightarrow",
    r"\\le\b": r"\\leq",
    r"\\ge\b": r"\\geq",
    r"\\ne\b": r"\\neq",
    r"\\[bB]ig+[lr]?\b": "",
    r"\\(?:displaystyle|limits|nonumber|notag)\b": "",
    r"\\(?:label|tag)\{[^{}]*\}": "",
    r"\\lvert|\\rvert": "|",
    r"\\!": "",
}
_LAST_SIGN = "\u2bff"
"""Beyond it begin CJK, emoji and other scripts; for these mathtext would draw dummies."""
_WORDS = re.compile(r"(\\mathrm\{)([^{}]*)(\})")


def draw_formula(latex: str) -> bytes | None:
    """A PNG of the formula, or None when mathtext cannot set it or it gets too wide.

    Raises:
        ValueError: mathtext does not know a command.
    """
    lines = [line for line in map(_in_mathtext, _LINE.split(latex)) if line.strip()]
    if not lines or max(latex) > _LAST_SIGN:
        return None
    figure = Figure(figsize=(1, 1), dpi=DPI, facecolor=BACKGROUND)
    FigureCanvasAgg(figure)
    texts = []
    top = widest = 0.0
    for line in lines:
        # The figure is one inch each way, so positions are in inches.
        text = figure.text(
            0, -top, f"${line}$", color=INK, fontsize=FONT_SIZE, math_fontfamily="cm", va="top"
        )
        extent = text.get_window_extent()
        top += extent.height / DPI + LINE_GAP_INCHES
        widest = max(widest, extent.width / DPI)
        texts.append(text)
    if widest > WIDEST_INCHES:
        return None
    target = io.BytesIO()
    figure.savefig(
        target,
        format="png",
        bbox_inches="tight",
        pad_inches=PADDING_INCHES,
        bbox_extra_artists=texts,
    )
    return target.getvalue()


def _in_mathtext(line: str) -> str:
    line = _ENVIRONMENT.sub(" ", line).replace("&", "").replace("\n", " ")
    for spelling, known in _SPELLINGS.items():
        line = re.sub(spelling, known, line)
    # In TeX the words of \text keep their spaces; mathtext needs them spelled out.
    return _WORDS.sub(lambda w: w[1] + w[2].replace(" ", r"\ ") + w[3], line).strip()
