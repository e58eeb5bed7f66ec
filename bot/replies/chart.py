"""Spending as a picture: a bar for each day, a colour for each model."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, timedelta

SHOWN_MODELS = 7
_SIZE = (8.0, 4.0)
_DPI = 150
_BACKGROUND, _INK, _GRID = "#ffffff", "#2e3338", "#d7dadf"
_COLOURS = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#edc948", "#9c9ca3",
)  # fmt: skip


def spending_chart(
    spending: Mapping[str, Mapping[date, float]],
    first: date,
    last: date,
    *,
    title: str,
    others: str,
) -> bytes:
    """A PNG of credits by day; models beyond the dearest few are one colour, called `others`.

    Slow: meant to run in a thread.
    """
    # Half a second and 60 MB that most replies never need.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    named = list(spending.items())
    rows = [(model, [found.get(day, 0.0) for day in days]) for model, found in named[:SHOWN_MODELS]]
    if len(named) > SHOWN_MODELS:
        rest = [sum(found.get(day, 0.0) for _name, found in named[SHOWN_MODELS:]) for day in days]
        rows.append((others, rest))
    figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor=_BACKGROUND, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bottom = [0.0] * len(days)
    positions = list(range(len(days)))
    for (model, amounts), colour in zip(rows, _COLOURS, strict=False):
        # A dollar sign would begin a formula.
        axes.bar(positions, amounts, bottom=bottom, color=colour, label=model.replace("$", r"\$"))
        bottom = [below + amount for below, amount in zip(bottom, amounts, strict=True)]
    step = max(1, len(days) // 10)
    axes.set_xticks(positions[::step], [f"{day:%m-%d}" for day in days[::step]])
    axes.set_title(title.replace("$", r"\$"), color=_INK, loc="left")
    axes.tick_params(colors=_INK)
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    if rows:
        axes.legend(frameon=False, fontsize="small", labelcolor=_INK)
    out = io.BytesIO()
    canvas.print_png(out)  # type: ignore[no-untyped-call]
    return out.getvalue()
