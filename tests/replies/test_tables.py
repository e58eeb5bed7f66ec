from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from bot.replies.drawing import Drawing, DrawingKind, draw
from bot.replies.markdown_references import References
from bot.replies.markup import ZERO_WIDTH_SPACE
from bot.replies.tables import (
    FITTING_COLUMNS,
    Align,
    Table,
    aligned_lines,
    from_markdown,
    is_delimiter,
    plain_cell,
    read_table,
    show_table,
    to_markdown,
    width,
)


def show(header: str, delimiter: str, *rows: str) -> str | Drawing:
    return show_table(read_table(header, delimiter, list(rows)), References())


def drawing(header: str, *rows: str) -> Drawing:
    table = show(header, "-|" * (header.count("|") - 1), *rows)
    assert isinstance(table, Drawing)
    return table


def test_columns_are_aligned_as_the_delimiter_says():
    shown = show("| L | C | R |", "|:--|:-:|--:|", "| left | mid | right |", "| a | b | c |")
    assert shown == (
        "```\nL    |  C  |     R\n-----+-----+------\nleft | mid | right\na    |  b  |     c\n```\n"
    )


def test_wide_characters_count_twice():
    assert show("|名|n|", "|-|-|", "|日本|1|", "|abc|2|") == (
        "```\n名   | n\n-----+--\n日本 | 1\nabc  | 2\n```\n"
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("**a** *b* `c*` ~~d~~ __e__", "a b c* d e"),
        ("[text](https://x.y)", "text"),
        ("$x^2$ and $5", "x² and $5"),
        ("a<br>b", "a b"),
        ("\\*a\\*", "*a*"),
        ("snake_case_x 2*3*4", "snake_case_x 2*3*4"),
    ],
)
def test_a_cell_is_reduced_to_its_words(cell: str, expected: str):
    assert plain_cell(cell, References()) == expected


def test_a_cell_cannot_break_out_of_the_code_block():
    shown = show("|a|b|", "|-|-|", "| x ``` y | z |")
    assert isinstance(shown, str)
    assert shown.count("```") == 2
    assert f"`{ZERO_WIDTH_SPACE}`" in shown


def test_short_rows_are_filled_and_long_ones_lose_nothing():
    table = read_table("|a|b|", "|-|-|", ["|1|", "|1|`x|y`|"])
    assert table.rows == (("1", ""), ("1", "`x|y`"))


def test_an_escaped_pipe_is_part_of_its_cell():
    assert read_table(r"|a \| b|c|", "|-|-|", []).header == ("a | b", "c")


@pytest.mark.parametrize("line", ["|---|", "--|--", "| :-: | -: |", "|:-"])
def test_delimiters_are_recognised(line: str):
    assert is_delimiter(line)


@pytest.mark.parametrize("line", ["---", "| a |", "|:|", "| - - |", ""])
def test_other_lines_are_no_delimiters(line: str):
    assert not is_delimiter(line)


def test_a_table_too_wide_becomes_a_drawing_and_a_list():
    table = drawing("|Name|About|", f"|**A**|{'long ' * 12}|", "|B|[x](https://x.y)|")
    assert table.kind is DrawingKind.TABLE
    assert table.alt.startswith("Name, About; A, long long")
    assert table.fallback == (
        f"- **Name:** **A**\n  **About:** {('long ' * 12).strip()}\n"
        "- **Name:** B\n  **About:** [x](https://x.y)\n"
    )


_cells = st.text(st.characters(categories=["L", "N", "P", "So"]), min_size=1, max_size=12)


@given(st.lists(st.lists(_cells, min_size=3, max_size=3), min_size=1, max_size=5))
def test_a_table_is_read_back_from_its_source(rows: list[list[str]]):
    header, *body = (tuple(cell.replace("\\", "") or "x" for cell in row) for row in rows)
    table = Table(header, (Align.LEFT, Align.CENTER, Align.RIGHT), tuple(body))
    assert from_markdown(to_markdown(table)) == table


@given(st.lists(st.lists(st.text("aä日👍 ", min_size=1, max_size=8), min_size=2, max_size=2)))
def test_the_bars_stand_under_each_other(rows: list[list[str]]):
    body = tuple(tuple(cell.strip() or "x" for cell in row) for row in rows)
    lines = aligned_lines(Table(("h", "日本"), (Align.LEFT, Align.LEFT), body))
    assert len({width(line.replace("+", "|").split("|")[0]) for line in lines}) == 1


def test_fitting_tables_are_no_wider_than_a_phone():
    shown = show("|a|b|", "|-|-|", f"|{'x' * (FITTING_COLUMNS - 4)}|y|")
    assert isinstance(shown, str)
    assert isinstance(show("|a|b|", "|-|-|", f"|{'x' * (FITTING_COLUMNS - 3)}|y|"), Drawing)


async def test_a_wide_table_is_drawn_as_a_png():
    image = await draw(drawing("|Name|Value|", f"|a|{'many words ' * 10}|", "|b|x²|"))
    assert image is not None
    assert image.mime_type == "image/png"
    assert image.alt.startswith("Name, Value; a, many words")
    with Image.open(io.BytesIO(image.data)) as picture:
        assert picture.width > picture.height > 100


async def test_a_table_with_characters_no_font_has_is_not_drawn():
    assert await draw(drawing("|Name|Value|", f"|\U0010fffd|{'x' * 60}|")) is None


async def test_a_table_too_large_for_a_picture_is_not_drawn():
    assert await draw(drawing("|a|b|", *[f"|{'x' * 60}|y|"] * 200)) is None
