from __future__ import annotations

import base64
import itertools
import random

import pytest
from hypothesis import given, strategies as st

from bot.chat.events import ImageReady, ReasoningDelta, TextDelta
from bot.llm.answer_text import AnswerText
from bot.llm.linked import Found, ImageLinked
from tests.fuzz.growth import grows_too_fast

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


def sorted_out(
    *pieces: str, hides_think_tag: bool = False
) -> tuple[str, str, list[tuple[bytes, str]]]:
    """Text, thoughts and pictures of an answer."""
    content = AnswerText(hides_think_tag=hides_think_tag)
    events: list[Found] = [event for piece in pieces for event in content.feed(piece)]
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
    pytest.param(f"See {URI} there", "See  there", "", [(PNG, "")], id="bare data URI"),
    pytest.param(f'<img src="{URI}">', '<img src="">', "", [(PNG, "")], id="picture in HTML"),
    pytest.param(f"```\n{URI}\n```", "```\n\n```", "", [(PNG, "")], id="data URI in code"),
    pytest.param(f"a {URI[:-3]}!!", "a !!", "", [], id="damaged"),
    pytest.param("data: image, data:image", "data: image, data:image", "", [], id="nearly a URI"),
    pytest.param("https://a.test/b", "https://a.test/b", "", [], id="an address of a page"),
    pytest.param(
        "a https://a.test/b.png\n", "a https://a.test/b.png\n", "", [], id="in a sentence"
    ),
    pytest.param(
        "```\nhttps://a.test/b.png\n![a](https://a.test/c.png)\n```",
        "```\nhttps://a.test/b.png\n![a](https://a.test/c.png)\n```",
        "",
        [],
        id="addresses in code",
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


@pytest.mark.parametrize(
    ("content", "text", "linked"),
    [
        ("A ![a](https://x.test/a) B", "A  B", [("https://x.test/a", "a")]),
        ('![](<https://x.test/a_(1).png> "t")', "", [("https://x.test/a_(1).png", "")]),
        (
            "One:\n https://x.test/a.PNG?b=c \ntwo",
            "One:\n \ntwo",
            [("https://x.test/a.PNG?b=c", "")],
        ),
        ("https://x.test/a.webp", "", [("https://x.test/a.webp", "")]),
        ("![a](ftp://x.test/a.png)", "![a](ftp://x.test/a.png)", []),
        ("`![a](https://x.test/a)`", "`![a](https://x.test/a)`", []),
    ],
)
def test_pictures_that_are_only_linked_to_are_found_however_they_are_cut(
    content: str, text: str, linked: list[tuple[str, str]]
) -> None:
    for size in (1, 2, 3, 5, 7, len(content)):
        sorter = AnswerText()
        pieces = [content[at : at + size] for at in range(0, len(content), size)]
        events = [event for piece in pieces for event in sorter.feed(piece)] + sorter.end()
        words = "".join(event.text for event in events if isinstance(event, TextDelta))
        found = [(e.url, e.alt) for e in events if isinstance(e, ImageLinked)]
        assert (words, found) == (text, linked)


@given(st.text(alphabet="![]()`~\n dat:imge/htps.png;base64,A", max_size=80), st.integers(1, 9))
def test_text_is_sorted_the_same_however_it_is_cut(content: str, size: int) -> None:
    def told(pieces: list[str]) -> list[tuple[str, str]]:
        sorter = AnswerText()
        events = [event for piece in pieces for event in sorter.feed(piece)] + sorter.end()
        found: list[tuple[str, str]] = []
        for event in events:
            if isinstance(event, TextDelta):
                before = found.pop()[1] if found and found[-1][0] == "text" else ""
                found.append(("text", before + event.text))
            else:
                found.append((type(event).__name__, getattr(event, "url", "")))
        return found

    assert told([content[at : at + size] for at in range(0, len(content), size)]) == told([content])


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_picture_behind_a_very_long_description_is_still_no_text(size: int) -> None:
    content = f"![{'long ' * 500}]({URI})"
    text, _, pictures = sorted_out(*(content[i : i + size] for i in range(0, len(content), size)))
    assert "base64" not in text
    assert [data for data, _alt in pictures] == [PNG]


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


@pytest.mark.parametrize(
    "content",
    ["<think></think>", "</think>\n", "![a](https://x.test/a)", "https://x.test/a.png\n", "![",
     '![a](https://x "', f"{URI} ", "https://x\n", "`!["],
)  # fmt: skip
def test_an_answer_in_one_piece_costs_time_in_proportion(content: str) -> None:
    def make(size: int):
        text = content * (size // len(content))
        return lambda: sorted_out(text)

    assert not grows_too_fast(make, 12_000)


def test_blanks_before_an_answer_cost_time_in_proportion() -> None:
    assert not grows_too_fast(lambda size: lambda: sorted_out(*" " * size, "a"), 10_000)


def test_a_picture_that_begins_in_the_description_of_another_is_found() -> None:
    sorter = AnswerText()
    events = sorter.feed("![a ![b](https://x.test/b)") + sorter.end()
    assert events == [
        TextDelta("![a "),
        ImageLinked("https://x.test/b", "b", "![b](https://x.test/b)"),
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        # Nothing of what follows a picture that turns out to be none is lost.
        ("![a](data:image/t,nk>\nYes", ">\nYes"),
        # A picture stands on one line.
        ("![a](\nhttps://x.test/a )", "![a](\nhttps://x.test/a )"),
        # A picture in the address itself is no code that anybody could read.
        ("~~~\n![a](data:image/://x.png\n~~~\n", "~~~\n\n~~~\n"),
    ],
)
def test_what_surrounds_a_broken_picture_is_the_same_however_it_is_cut(
    content: str, text: str
) -> None:
    for size in range(1, len(content) + 1):
        pieces = (content[at : at + size] for at in range(0, len(content), size))
        assert sorted_out(*pieces) == (text, "", [])


@pytest.mark.parametrize("size", range(1, 15))
def test_a_title_with_a_lone_bracket_is_no_picture_however_it_is_cut(size: int) -> None:
    text = '![a](https://x "))t")<![a](http\ns://x "t")'
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert sorted_out(*pieces) == sorted_out(text)
