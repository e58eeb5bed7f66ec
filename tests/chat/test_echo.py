"""What a log says of a failed question holds nothing of the question."""

from __future__ import annotations

import pytest

from bot.chat.content import Message, Role, TextPart
from bot.chat.echo import without_echo
from bot.chat.ports import ChatRequest


def asked(*texts: str) -> ChatRequest:
    messages = [Message(Role.USER, (TextPart(text),)) for text in texts]
    return ChatRequest("gpt-4o", messages, system="Be kind to the owls.")


@pytest.mark.parametrize(
    ("said", "detail", "logged"),
    [
        ("hi", "Rate limit reached for the model", "Rate limit reached for the model"),
        (
            "my password is hunter2",
            "Invalid prompt: 'My password\n is hunter2' was refused",
            "Invalid prompt: '[removed]' was refused",
        ),
        ("I live in Elm Street 7, Kent", "near: Elm Street 7, Kent", "near: [removed]"),
        ("\u6211\u7684\u5bc6\u7801\u662f\u732b", "\u654f\u611f\u8bcd: \u5bc6\u7801\u662f\u732b!",
         "\u654f\u611f\u8bcd: [removed]!"),
        ("x", "be kind to the owls. no.", "[removed] no."),
        ("the request", "the request is too long", "the request is too long"),
        ("stra\u00dfe am Markt 5", "STRASSE AM MARKT 5 unknown", "[removed] unknown"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_what_was_said_is_taken_out_and_the_reason_stays(said, detail, logged):
    assert without_echo(detail, asked("earlier", said)) == logged


def test_a_question_of_a_hundred_thousand_words_is_looked_through_quickly():
    said = "ab " * 200_000
    assert without_echo("ac " * 100, asked(said)) == " ".join(["ac"] * 100)
