# ruff: noqa: RUF001  # Signs of mathematics are meant.
from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies as st
from PIL import Image

from bot.replies.drawing import draw
from bot.replies.maths import (
    formula_drawing,
    is_maths,
    subscript,
    superscript,
    to_unicode,
)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"x^2 + y_1", "x² + y₁"),
        (r"\frac{a+b}{2a}", "(a + b)/(2a)"),
        (r"\frac12", "1/2"),
        (r"\sqrt{x}+\sqrt[3]{2y}", "√x + ∛(2y)"),
        (r"\sum_{i=1}^{n} i^2 \le \infty", "∑ᵢ₌₁ⁿ i² ≤ ∞"),
        (r"e^{i\pi}+1=0", "e^(iπ) + 1 = 0"),
        (r"\text{if } x \in \mathbb{R}", "if x ∈ ℝ"),
        (r"O(n\log n)", "O(n log n)"),
        (r"\log_2 n", "log₂ n"),
        (r"10^{-3}", "10⁻³"),
        (r"\begin{aligned} a &= b \\ c &= d\end{aligned}", "a = b\nc = d"),
        (r"\unknown x", "unknown x"),
        (r"\$5", "$5"),
        ("x^", "x"),
        ("", ""),
    ],
)
def test_formulas_are_readable_in_plain_text(latex: str, expected: str):
    assert to_unicode(latex) == expected


@given(st.text(r"ab12\{}^_&$%#~ +=frsqt", max_size=30))
def test_no_formula_is_too_broken_to_show(latex: str):
    assert isinstance(to_unicode(latex), str)


@pytest.mark.parametrize("text", ["x", "n", "a+b", "f(x)", "2n", "x, y", r"\alpha", "x=5", "-1"])
def test_formulas_are_recognised(text: str):
    assert is_maths(text)


@pytest.mark.parametrize(
    "text", ["", "5 and ", "HOME/bin:", "5/mo vs 7", "note", "20 million or", "not this"]
)
def test_words_and_prices_are_no_formulas(text: str):
    assert not is_maths(text)


def test_scripts_without_a_unicode_form_are_spelled_out():
    assert (superscript("q"), superscript("n+ξ"), subscript("B")) == ("^q", "^(n+ξ)", "_B")


async def test_a_formula_is_drawn_as_a_png():
    image = await draw(formula_drawing(r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a} \text{ if } a \ne 0"))
    assert image is not None
    assert image.alt == "x = (-b ± √(b²-4ac))/(2a) if a ≠ 0"
    with Image.open(io.BytesIO(image.data)) as picture:
        assert picture.width > picture.height > 50
        assert picture.convert("RGB").getpixel((2, 2)) == (0x31, 0x33, 0x38)


async def test_lines_of_a_formula_stand_under_each_other():
    one = await draw(formula_drawing("a = b"))
    two = await draw(formula_drawing(r"\begin{aligned} a &= b \\ c &= d \end{aligned}"))
    assert one is not None
    assert two is not None
    with Image.open(io.BytesIO(one.data)) as low, Image.open(io.BytesIO(two.data)) as high:
        assert high.height > low.height * 1.3


@pytest.mark.parametrize(
    "latex",
    [
        pytest.param(r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", id="a matrix"),
        pytest.param(r"\frac{", id="broken"),
        pytest.param("x+" * 200 + "x", id="too wide"),
        pytest.param(r"\text{中文} = x", id="characters the font lacks"),
    ],
)
async def test_what_cannot_be_set_is_left_to_the_fallback(latex: str):
    assert await draw(formula_drawing(latex)) is None


@pytest.mark.parametrize(
    "text", ["x" + "1" * 60 + ".", "f" + "(1, 2)" * 20 + ";", "a" + " 1" * 40 + "é1;"]
)
def test_words_with_many_digits_are_told_from_formulas_at_once(text: str):
    assert not is_maths(text)


@pytest.mark.parametrize("open_", ["\\frac{", "\\sqrt[", "\\frac{\\sqrt["])
def test_groups_that_never_end_are_given_up_at_once(open_: str):
    assert to_unicode(open_ * 60)


def test_half_a_formula_is_read_as_if_it_ended_there():
    assert to_unicode(r"\sqrt{x_{1") == "√(x₁)"
