import pytest

from bot.playground.discord import Attachment, Message
from bot.playground.web.markdown import Names
from bot.playground.web.views import attachment, component, plain


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


@pytest.mark.parametrize(
    ("content_type", "data", "preview"),
    [
        pytest.param("text/markdown", b"# Title", "# Title", id="text"),
        pytest.param("application/json", b"{}", "{}", id="json"),
        pytest.param("text/plain", "é".encode() * 800, "é" * 750, id="beginning"),
        pytest.param("text/plain", b"x" + "é".encode() * 800, "x" + "é" * 749, id="cut-character"),
        pytest.param("text/plain", "你好".encode("gbk"), None, id="other-encoding"),
        pytest.param("text/plain", b"a\0b", None, id="binary"),
        pytest.param("application/zip", b"PK", None, id="archive"),
    ],
)
def test_a_text_file_is_shown_with_its_beginning(
    content_type: str, data: bytes, preview: str | None
):
    file = Attachment(2, 1, "answer.md", content_type, data)
    assert attachment(Message(1, 1, 1), file)["preview"] == preview
