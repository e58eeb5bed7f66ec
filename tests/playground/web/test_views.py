import pytest

from bot.playground.web.markdown import Names
from bot.playground.web.views import component, plain


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        ("**bold** and *it*, snake_case", "bold and it, snake_case"),
        ("# Title\n- one\n> two", "Title one two"),
        ("```py\nx = 1\n```", "x = 1"),
        ("<@1> in <#2>", "@Mira in #general"),
        ("it was ||the butler||", "it was ▇▇▇"),
    ],
)
def test_a_preview_is_one_line_that_gives_no_spoiler_away(text: str, preview: str):
    assert plain(text, Names(users={1: "Mira"}, channels={2: "general"})) == preview


def test_text_inside_components_becomes_html_at_any_depth():
    text = {"type": 10, "content": "**a**"}
    shown = component({"type": 17, "components": [text]}, Names())
    assert shown["components"][0]["html"] == '<div class="line"><strong>a</strong></div>'
