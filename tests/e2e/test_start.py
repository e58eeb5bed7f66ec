from __future__ import annotations

import asyncio
import os
import sys

import pytest

from bot.settings import Settings


async def start(weather, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run `python -m bot` in a process of its own until it ends; (exit code, standard error)."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in Settings.model_fields
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env={**inherited, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(process.communicate(), 30)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return process.returncode, stderr.decode()


@pytest.fixture
def environment(weather) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": weather.discord.token,
        "DISCORD_API_URL": weather.discord.api_url,
        "LIAOBOTS_AUTH_CODE": "code",
        "LIAOBOTS_BASE_URL": weather.gateway.url,
        "LIAOBOTS_BACKUP_URLS": weather.gateway.url,
        "DATABASE_URL": weather.database_url,
        "LOG_FORMAT": "text",
    }


async def test_missing_and_wrong_settings_are_told_all_at_once(weather):
    code, told = await start(
        weather, DISCORD_TOKEN="a token", LOG_LEVEL="loud", DATABASE_URL="mysql://x"
    )
    assert code == 2
    names = [line.split(" ")[0] for line in told.splitlines()]
    assert names == ["DISCORD_TOKEN", "LIAOBOTS_AUTH_CODE", "DATABASE_URL", "LOG_LEVEL"]


async def test_a_wrong_token_is_one_line(weather, environment):
    code, told = await start(weather, **environment | {"DISCORD_TOKEN": "no.such.token"})
    assert code == 2
    assert told.splitlines()[-1].startswith("Discord does not accept DISCORD_TOKEN")
    assert "Traceback" not in told
    assert "no.such.token" not in told


async def test_a_wrong_auth_code_is_one_line(weather, environment):
    code, told = await start(weather, **environment | {"LIAOBOTS_AUTH_CODE": "wrong-code"})
    assert code == 2
    assert told.splitlines()[-1].startswith("The gateway does not accept LIAOBOTS_AUTH_CODE")
    assert "Traceback" not in told
    assert "wrong-code" not in told


async def test_an_unreachable_discord_is_one_line(weather, environment):
    nowhere = {"DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}
    code, told = await start(weather, **environment | nowhere)
    assert code == 2
    assert "Discord cannot be reached" in told.splitlines()[-1]
    assert "Traceback" not in told


async def test_an_unreachable_gateway_is_a_warning_and_the_bot_goes_on(weather, caplog):
    async with weather.bot(liaobots_base_url="http://127.0.0.1:9"):
        assert "no gateway host could be reached" in caplog.text
        await weather.mention("hi")
        await weather.until(
            lambda: [r for r in weather.replies() if "cannot be reached" in r.content]
        )


async def test_what_is_missing_in_the_portal_is_said_in_plain_words(weather, caplog):
    async with weather.bot():
        assert "Message Content Intent is off" in caplog.text


async def test_migrate_brings_a_database_up_to_date_without_discord(weather, environment):
    code, told = await start(weather, "migrate", **environment | {"DISCORD_TOKEN": "x.y.z"})
    assert (code, told) == (0, "")


async def test_sigterm_ends_growing_replies_visibly(weather):
    weather.gateway.text = "word " * 2000
    async with weather.process(SHUTDOWN_GRACE_SECONDS="0") as bot:
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and weather.replies()[0].content)
        bot.terminate()
        assert await bot.ended() == 0
    last = weather.replies()[-1]
    assert "Interrupted" in last.content
    assert last.components[0]["components"][0]["label"] == "Retry"
