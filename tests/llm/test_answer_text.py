from __future__ import annotations

import base64
import itertools
import random

import pytest

from bot.chat.events import Event, ImageReady, ReasoningDelta, TextDelta
from bot.llm.answer_text import AnswerText

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


def sorted_out(
    *pieces: str, hides_think_tag: bool = False
) -> tuple[str, str, list[tuple[bytes, str]]]:
    """Text, thoughts and pictures of an answer."""
    content = AnswerText(hides_think_tag=hides_think_tag)
    events: list[Event] = [event for piece in pieces for event in content.feed(piece)]
    events += content.end()
    return (
        "".join(event.text for event in events if isinstance(event, TextDelta)),
        "".join(event.text for event in events if isinstance(event, ReasoningDelta)),
        [(e.image.data, e.image.alt) for e in events if isinstance(e, ImageReady)],
    )


STORIES = [
    pytest.param("Just an answer! [a](b) ![", "Just an answer! [a](b) ![", "", [], id="plain"),
    pytest.param("    indented", "    indented", "", [], id="indented code"),
    pytest.param("<think>\nHm.\n</think>\n\nYes.", "Yes.", "\nHm.\n", [], id="thoughts"),
    pytest.param("\n<think></think>Yes.", "Yes.", "", [], id="no thoughts"),
    pytest.param("<think>a</think>\n<think>b</think>c", "c", "ab", [], id="thoughts twice"),
    pytest.param("<think>cut of", "", "cut of", [], id="only thoughts"),
    pytest.param("Use <think> and </think>.", "Use <think> and </think>.", "", [], id="quoted"),
    pytest.param("<thin ice", "<thin ice", "", [], id="nearly a tag"),
    pytest.param(f"A ![fox]({URI}) B", "A  B", "", [(PNG, "fox")], id="picture"),
    pytest.param(f'![]({URI} "t")', "", "", [(PNG, "")], id="picture with a title"),
    pytest.param(f"![a]({URI})![b]({URI})", "", "", [(PNG, "a"), (PNG, "b")], id="two pictures"),
    pytest.param(f"![a]({URI[:40]}", "", "", [], id="picture cut off"),
    pytest.param(
        "![a](https://x.test/data:image/a.png)!",
        "![a](https://x.test/data:image/a.png)!",
        "",
        [],
        id="picture by address",
    ),
    pytest.param("<think>![x]</think>!", "!", "![x]", [], id="marks in thoughts"),
    pytest.param("wow!![a] (b)", "wow!![a] (b)", "", [], id="marks in text"),
]


@pytest.mark.parametrize(("content", "text", "thoughts", "pictures"), STORIES)
def test_content_is_sorted_the_same_however_it_is_cut(
    content: str, text: str, thoughts: str, pictures: list[tuple[bytes, str]]
) -> None:
    expected = (text, thoughts, pictures)
    assert sorted_out(content) == expected
    assert sorted_out(*content) == expected
    for seed in range(20):
        dice = random.Random(seed)
        cuts = sorted(dice.randrange(len(content) + 1) for _ in range(4))
        edges = [0, *cuts, len(content)]
        assert sorted_out(*(content[a:b] for a, b in itertools.pairwise(edges))) == expected


def test_thoughts_of_a_whole_reply_end_at_a_lonely_closing_tag() -> None:
    assert sorted_out("Hm.\n</think>\n\nYes.") == ("Yes.", "Hm.\n", [])


@pytest.mark.parametrize("pieces", [["Hm.</think>Yes."], list("Hm.</think>Yes.")])
def test_a_missing_opening_tag_is_supplied_where_models_are_known_for_it(pieces: list[str]) -> None:
    assert sorted_out(*pieces, hides_think_tag=True) == ("Yes.", "Hm.", [])


def test_words_without_any_tag_turn_out_to_be_the_answer() -> None:
    text, _, _ = sorted_out("Ye", "s.", hides_think_tag=True)
    assert text == "Yes."


def test_no_tag_is_missing_once_thoughts_came_in_their_own_field() -> None:
    content = AnswerText(hides_think_tag=True)
    content.expect_answer()
    assert content.feed("Yes.") == [TextDelta("Yes.")]


def test_ordinary_text_is_not_held_back() -> None:
    content = AnswerText()
    assert [content.feed(word) for word in ("Hello", " there, ", "a < b")] == [
        [TextDelta("Hello")],
        [TextDelta(" there, ")],
        [TextDelta("a < b")],
    ]


def test_a_long_bracket_is_not_held_back_for_ever() -> None:
    content = AnswerText()
    events = [e for _ in range(300) for e in content.feed("![" + "word " * 10)]
    assert events
