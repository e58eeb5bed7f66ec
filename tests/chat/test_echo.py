"""What a log says of a failed question holds nothing of the question."""

from __future__ import annotations

import pytest

from bot.chat.content import Message, Role, TextPart
from bot.chat.echo import unechoed, without_echo
from bot.chat.ports import ChatRequest
from bot.errors import BlockedError, RejectedError, Upstream


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


SAID = "My husband hits me - what shall I do?"


@pytest.mark.parametrize(
    "word",
    [
        "my_husband_hits_me_what_shall_i_do",
        "my-husband-hits-me",
        "policy:husband.hits.me",
        "MyHusbandHitsMe",
        "code/7/husbandhitsme",
    ],
)
@pytest.mark.parametrize("field", ["code", "request_id"])
def test_a_code_or_an_id_that_spells_what_was_said_is_left_out(field, word):
    upstream = unechoed(RejectedError(upstream=Upstream(**{field: word})), asked("earlier", SAID))
    assert upstream == Upstream()


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "husband", "what_shall", "", "402"])
def test_a_code_that_says_something_else_stays(code):
    known = Upstream("gateway.test", 429, code, "2026112212345678", detail="Slow down")
    assert unechoed(RejectedError(upstream=known), asked("earlier", SAID)) == known


def test_of_what_a_filter_found_nothing_is_told():
    error = BlockedError(upstream=Upstream(code="content_filter", detail="me"))
    assert unechoed(error, asked(SAID)) == Upstream(code="content_filter")


def test_a_code_is_looked_for_in_a_long_question_quickly():
    error = RejectedError(upstream=Upstream(code="ac" * 40))
    assert unechoed(error, asked("ab " * 200_000)).code
