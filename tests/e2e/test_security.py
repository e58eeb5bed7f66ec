"""Attacks over real sockets."""

from __future__ import annotations

import json

import pytest

from bot import log
from bot.playground.discord.default_world import GENERAL_ID
from bot.playground.standin import Fault

QUESTION = "my cat Momo hides under Zanzibar street"
ANSWER = "Then Momo is surely hungry in Zanzibar."


@pytest.mark.usefixtures("log_as_it_was")
async def test_nothing_that_people_or_models_wrote_is_logged_even_at_debug(weather, capsys):
    """Not when all is well, not when the gateway quotes the question in its refusal, and not
    when Discord quotes the answer in its own."""
    weather.gateway.text = ANSWER
    spelt = QUESTION.replace(" ", "_")
    refusal = json.dumps(
        {"error": {"message": f"Invalid prompt: {QUESTION}", "code": spelt, "type": QUESTION}}
    )
    log.configure("DEBUG", "json")
    async with weather.bot():
        await weather.mention(QUESTION, files=[("Momo.txt", QUESTION.encode(), "text/plain")])
        await weather.until(lambda: [r for r in weather.replies() if ANSWER in r.content])
        for status in (503, 400):
            named = {"x-request-id": spelt}
            weather.gateway.faults.add(Fault(status, refusal.encode(), headers=named))
        await weather.mention(QUESTION)
        await weather.until(lambda: len(weather.replies()) == 2)
        refused = weather.discord.faults.fail(
            "POST", f"/channels/{GENERAL_ID}/messages", 400, code=50035, message=ANSWER, times=1
        )
        await weather.mention(QUESTION)
        await weather.until(lambda: refused.hits)
    logged = capsys.readouterr().err
    assert "asking again" in logged
    assert "model failed" in logged
    assert "detail=Invalid prompt[removed]" in logged
    assert "reply lost" in logged
    assert logged.count("replied guild=") == 3
    assert "Momo" not in logged
    assert "Zanzibar" not in logged
