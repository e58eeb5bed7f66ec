from __future__ import annotations

import pytest

from bot.chat.events import FinishReason
from bot.llm.finish import finish_reason

STOP, LENGTH, FILTERED = FinishReason.STOP, FinishReason.LENGTH, FinishReason.FILTERED


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("stop", STOP),
        ("STOP", STOP),
        ("end_turn", STOP),
        ("eos", STOP),
        ("tool_calls", STOP),
        ("FINISH_REASON_UNSPECIFIED", STOP),
        ("a word of next year", STOP),
        ("", STOP),
        ("OTHER", STOP),
        ("MALFORMED_FUNCTION_CALL", STOP),
        ("length", LENGTH),
        ("MAX_TOKENS", LENGTH),
        ("max_tokens", LENGTH),
        ("content_filter", FILTERED),
        ("content-filter", FILTERED),
        ("SAFETY", FILTERED),
        ("RECITATION", FILTERED),
        ("LANGUAGE", FILTERED),
        ("BLOCKLIST", FILTERED),
        ("PROHIBITED_CONTENT", FILTERED),
        ("SPII", FILTERED),
        ("IMAGE_SAFETY", FILTERED),
        ("IMAGE_PROHIBITED_CONTENT", FILTERED),
        ("IMAGE_RECITATION", FILTERED),
        ("MODEL_ARMOR", FILTERED),
        ("NO_IMAGE", FinishReason.NO_IMAGE),
    ],
)
def test_a_vendors_word_is_translated(word: str, expected: FinishReason) -> None:
    assert finish_reason(word, visible=True, wanted_image=False, has_image=False) is expected


@pytest.mark.parametrize("word", ["stop", "IMAGE_OTHER", "OTHER", "tool_calls", ""])
def test_an_ordinary_end_without_anything_visible_is_other(word: str) -> None:
    reason = finish_reason(word, visible=False, wanted_image=False, has_image=False)
    assert reason is FinishReason.OTHER


@pytest.mark.parametrize("word", ["STOP", "IMAGE_OTHER", ""])
def test_words_instead_of_the_wanted_picture_are_no_image(word: str) -> None:
    reason = finish_reason(word, visible=True, wanted_image=True, has_image=False)
    assert reason is FinishReason.NO_IMAGE


def test_a_cut_by_length_stays_one_when_nothing_is_visible() -> None:
    reason = finish_reason("MAX_TOKENS", visible=False, wanted_image=True, has_image=False)
    assert reason is LENGTH
