from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.custom_ids import TARGET, used


def answer_to(*lines: str) -> str:
    """The beginning of what a member reads who uses a part or form that they made up."""
    with TARGET.around():
        outcome: Any = used("\n".join(lines).encode())
    return str(outcome[-1])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["panel:form:models:0:0:"], "This can only be set"),
        (["panel:place:chat:0:0:", "x"], "This channel is not"),
        (["panel:place:chat:0:0:", "٣"], "This channel is not"),
        (["panel:place:chat:0:0:", "9" * 5_000], "This channel is not"),
        (["panel:role:lists:0:0:", "x\n"], "Choose a role"),
        (["panel:member:lists:0:0:", "9" * 20], "Choose a role"),
        (["panel:here:lists:8:0:"], "This channel is not"),
        (["panel:warn:keys:0:0:", "0"], "Choose a text"),
        (["panel:warn:keys:0:0:", "9"], "This channel is not"),
        (["panel:warning:keys:0:0:0", "warn_below=5"], "Choose a text"),
        (["panel:warning:keys:0:0:x", "warn_below=5"], "This channel is not"),
        (["panel:whom:lists:0:0:role5", "verdict=x"], "I do not know this"),
        (["panel:whom:lists:0:0:role" + "9" * 20, "verdict=deny"], "I do not know this"),
        (["panel:whom:lists:0:0:role" + "9" * 19, "verdict=deny"], "I do not know this"),
        (["panel:whom:lists:0:0:server9", "measure=tokens"], "I do not know this"),
        (["panel:whom:lists:0:0:role5", "measure=x"], "I do not know this"),
        (["panel:whom:lists:0:0:role5", "measure=tokens", "period=x"], "I do not know this"),
    ],
)
def test_what_is_forged_is_answered_in_words(lines: list[str], words: str) -> None:
    assert answer_to(*lines).startswith(words)


def test_what_somebody_searches_for_stays_on_one_line_of_the_ids() -> None:
    assert answer_to("panel:find:chat:0:0:", "words= GPT \x0b 4O ") == "done"
