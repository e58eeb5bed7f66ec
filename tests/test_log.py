"""The log: one record a line, no secrets, and nothing that people or models wrote."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
from base64 import urlsafe_b64encode

import discord
import pytest
from sqlalchemy.exc import IntegrityError

from bot import log, redaction
from bot.errors import AuthCodeError, QuestionError, Upstream
from bot.keyring import Keyring
from bot.log import JSONFormatter, SafeFormatter
from bot.redaction import conceal, on_one_line, without_secrets

WORDS = "my cat is called Momo"


pytestmark = pytest.mark.usefixtures("log_as_it_was")


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("bot.x", logging.INFO, __file__, 1, message, args, info)


def fail_with(error: Exception) -> None:
    raise error


def raised(error: Exception) -> Exception:
    try:
        fail_with(error)
    except Exception as caught:  # noqa: BLE001 - whatever the test wants
        return caught
    raise AssertionError


HOSTILE = "a\nERROR bot.app  hacked\r\x1b[2K\x00\u2028b\u202egnp.\u2066c\u200bd\U000e0041\ud800"


def test_a_value_cannot_begin_hide_or_turn_a_line_of_text():
    line = SafeFormatter().format(record("server %s", HOSTILE))
    assert line.splitlines() == [line]
    assert line.endswith(
        r"server a\nERROR bot.app  hacked\r\x1b[2K\x00\u2028b\u202egnp.\u2066c\u200bd"
        r"\U000e0041\ud800"
    )


def test_neither_can_it_in_json():
    line = JSONFormatter().format(record("server %s", HOSTILE))
    assert line.splitlines() == [line]
    assert not set(line) & set("\u202e\u2066\u200b\u2028\ud800\x1b")
    assert json.loads(line)["message"].endswith(r"\U000e0041\ud800")


def test_lines_of_a_traceback_are_set_in_so_that_none_looks_like_a_record():
    error = raised(OSError("12:00:00 INFO bot\n12:00:00 INFO bot.app  ready"))
    first, *others = SafeFormatter().format(record("failed", error=error)).splitlines()
    assert first.endswith("failed")
    assert all(line.startswith("    ") for line in others)
    assert others[-1] == r"    OSError: 12:00:00 INFO bot\n12:00:00 INFO bot.app  ready"
    assert any("in fail_with: raise error" in line for line in others)


# Put together here, so that nobody takes them for real ones.
FERNET_KEY = urlsafe_b64encode(bytes(range(32))).decode()
BOT_TOKEN = ".".join(("MTE4" * 6, "GaBcDe", "x1_-" * 9))
API_KEYS = ["sk-" + "a1B2" * 5, "AIza" + "Sy1_" * 8]


@pytest.mark.parametrize(
    "secret",
    [BOT_TOKEN, FERNET_KEY, "gAAAAA" + "b-_1" * 20 + "==", *API_KEYS],
    ids=["bot token", "Fernet key", "sealed", "sk", "AIza"],
)
def test_what_looks_like_a_secret_is_taken_out(secret):
    assert without_secrets(f"got {secret}, sorry") == "got [secret], sorry"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abcd1234", "Authorization: Bearer [secret]"),
        ("{'Authorization': 'Bot abc.def'}", "{'Authorization': 'Bot [secret]'}"),
        ("x-goog-api-key=hunter22 next", "x-goog-api-key=[secret] next"),
        ('"api_key": "hunter22"', '"api_key": "[secret]"'),
        ("DISCORD_TOKEN=hunter22", "DISCORD_TOKEN=[secret]"),
        ("postgresql://bot:hunter2@db/x", "postgresql://bot:[secret]@db/x"),
        (
            "POST https://discord.com/api/v10/webhooks/123456789012345678/aW50ZXJhY3Rpb246x_-y/m",
            "POST https://discord.com/api/v10/webhooks/123456789012345678/[secret]/m",
        ),
        ("tokens=400 pictures=1 the bot continues", "tokens=400 pictures=1 the bot continues"),
    ],
)
def test_what_stands_where_secrets_stand_is_taken_out(text, shown):
    assert without_secrets(text) == shown


def test_known_secrets_are_taken_out_also_of_tracebacks():
    log.configure("INFO", "json", ["operators own code", "operators own", "short", ""])
    error = raised(OSError("cannot send operators own code"))
    line = JSONFormatter().format(record("with %s", "operators own code", error=error))
    assert "operators own" not in line
    assert json.loads(line)["message"] == "with [secret]"
    assert without_secrets("a short one") == "a short one"


def test_a_servers_own_code_is_known_from_when_it_is_entered_or_opened():
    keyring = Keyring([FERNET_KEY])
    sealed = keyring.seal("a servers own code")
    assert without_secrets("a servers own code") == "[secret]"
    redaction._known.clear()
    keyring.open(sealed)
    assert without_secrets("a servers own code") == "[secret]"


class Answer:
    status, reason = 400, "Bad Request"


REFUSED = {
    "code": 50035,
    "message": WORDS,
    "errors": {"content": {"_errors": [{"message": WORDS}]}},
}


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            discord.HTTPException(Answer(), REFUSED),
            "discord.errors.HTTPException: status=400 code=50035",
        ),
        (KeyError(WORDS), "KeyError"),
        (ValueError(f"no number: {WORDS}"), "ValueError"),
        (UnicodeEncodeError("ascii", WORDS, 0, 1, "no"), "UnicodeEncodeError"),
        (QuestionError(WORDS), "bot.errors.QuestionError"),
        (Exception(WORDS), "Exception"),
        (
            IntegrityError("INSERT", {"text": WORDS}, Exception(f"Failing row: {WORDS}")),
            "sqlalchemy.exc.IntegrityError",
        ),
        (sqlite3.OperationalError("disk I/O error"), "sqlite3.OperationalError: disk I/O error"),
        (TypeError("no such argument"), "TypeError: no such argument"),
        (AuthCodeError(upstream=Upstream(status=401)), "bot.errors.AuthCodeError: status=401"),
    ],
)
def test_what_people_wrote_is_in_no_exception_that_is_logged(error, shown):
    """Neither as a traceback, nor as what led to it, nor as an argument."""
    outer = RuntimeError("outer")
    outer.__cause__ = raised(error)
    for formatter in (SafeFormatter(), JSONFormatter()):
        for entry in (
            record("failed", error=raised(error)),
            record("failed", error=outer),
            record("failed: %s", error),
            record("failed", error=ExceptionGroup("several", [error])),
        ):
            assert WORDS not in formatter.format(entry)
    assert log.said(error) == shown


async def test_a_task_that_nobody_waits_for_is_logged_without_its_words(capsys):
    log.configure("INFO", "json")
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    log.watch(loop)

    async def fail() -> None:
        raise ValueError(WORDS)

    try:
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        del task
        line = json.loads(capsys.readouterr().err)
    finally:
        loop.set_exception_handler(before)
    assert line["message"] == "in the event loop: Task exception was never retrieved"
    assert line["traceback"].endswith("ValueError")


def test_what_ends_the_bot_is_logged_without_its_words(capsys):
    log.configure("INFO", "json")
    sys.excepthook(ValueError, raised(ValueError(WORDS)), None)
    told = capsys.readouterr().err
    assert json.loads(told)["message"] == "the bot ended by an error"
    assert WORDS not in told


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_libraries_are_heard_from_warnings_on_whatever_the_level(level):
    log.configure(level, "text")
    for name in ("discord.http", "discord.gateway", "aiohttp.client", "aiosqlite", "asyncio",
                 "sqlalchemy.engine", "PIL.PngImagePlugin", "a.library"):  # fmt: skip
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
    for name in ("asyncio", "matplotlib.mathtext", "pylatexenc.latex2text", "PIL.TiffImagePlugin"):
        assert not logging.getLogger(name).isEnabledFor(logging.WARNING)
    assert logging.getLogger("bot.app").getEffectiveLevel() == logging.getLevelName(level)


def test_a_mistake_in_a_log_call_does_not_cost_the_line():
    assert SafeFormatter().format(record("%d things", "no")).endswith("%d things")


def test_ordinary_text_stays_as_it_is():
    conceal("hunter22hunter22")
    text = "ready as Liaocord#1 in 3 servers, größer 李雷 👍"
    assert on_one_line(without_secrets(text)) == text
