"""Logging, configured once: for people on a terminal, JSON lines elsewhere.

Nothing that people or models wrote gets into it. Our own modules log ids, counts and reasons.
Libraries log whatever they have at hand, so they are heard from WARNING on only, and of an
exception its message stands in the log only where we know what such messages hold.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import discord

from bot.errors import AccessError, BotError, ConversationError, QuestionError, QuotaError
from bot.redaction import conceal, on_one_line, without_secrets

OURS = "bot"
"""Above all loggers of ours."""

_TELLING = (
    BotError,
    OSError,
    AssertionError,
    AttributeError,
    ImportError,
    NameError,
    RuntimeError,
    TypeError,
    sqlite3.Error,
)
"""Exceptions whose messages speak of the program or the machine. Others quote what they choked on:
the key that was not there, the text that is no number, the row that a database refused."""
_FOR_MEMBERS = (QuestionError, ConversationError, AccessError, QuotaError)
"""Ours, but a sentence for a member, which may quote them."""
_MOST_CAUSES = 8
_QUIETER = {
    # In debug mode it warns of slow callbacks, with what they were called with.
    "asyncio": logging.ERROR,
    # They read what models and people made, and warn of what they do not understand in it.
    "matplotlib": logging.CRITICAL,
    "pylatexenc": logging.CRITICAL,
    "PIL": logging.CRITICAL,
}

log = logging.getLogger(__name__)


def said(error: BaseException) -> str:
    """An exception in one line, without anything that people or models wrote."""
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else (f"{kind.__module__}.{kind.__qualname__}")
    )
    if isinstance(error, discord.HTTPException):
        return f"{name}: status={error.status} code={error.code}"
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(state, str):  # a database's five characters for what went wrong
        return f"{name}: sqlstate={state}"
    is_telling = isinstance(error, _TELLING) and not isinstance(error, _FOR_MEMBERS)
    told = str(error) if is_telling else ""
    return f"{name}: {told}" if told else name


def traced(error: BaseException) -> str:
    """The traceback of an exception and of what caused it, in the order of their happening."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen and len(seen) < _MOST_CAUSES:
        yield from _lines(cause, seen)
        yield "which led to:" if error.__cause__ else "and while that was handled:"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
    yield _safe(said(error))
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions[:_MOST_CAUSES]:
            for line in _lines(inner, seen):
                yield f"  | {line}"


def _safe(text: str) -> str:
    return on_one_line(without_secrets(text))


class SafeFormatter(logging.Formatter):
    """One line for each record, and more for a traceback, each of them set in."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text."""
        time = self.formatTime(record, self.datefmt)
        line = f"{time} {record.levelname:7} {record.name}  {message(record)}"
        return "\n    ".join([line, *traceback_of(record).splitlines()])


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message and, for errors, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message(record),
        }
        if trace := traceback_of(record):
            line["traceback"] = trace
        return json.dumps(line, ensure_ascii=False)


def message(record: logging.LogRecord) -> str:
    """What a record says, on one line and without secrets."""
    args = record.args
    if isinstance(args, tuple):
        args = tuple(_argument(value) for value in args)
    try:
        return _safe(str(record.msg) % args if args else str(record.msg))
    except (TypeError, ValueError, KeyError):
        return _safe(str(record.msg))  # a mistake in the call must not cost the line


def _argument(value: Any) -> Any:
    if isinstance(value, BotError) and not isinstance(value, _FOR_MEMBERS):
        return str(value)
    return said(value) if isinstance(value, BaseException) else value


def traceback_of(record: logging.LogRecord) -> str:
    """The traceback that belongs to a record; empty where there is none."""
    error = record.exc_info[1] if record.exc_info else None
    return "" if error is None else traced(error)


def configure(level: str, style: str | None, secrets: Iterable[str] = ()) -> None:
    """Send the log to standard error, without these secrets; `style` is `text`, `json`, or None to
    choose by terminal."""
    for secret in secrets:
        conceal(secret)
    handler = logging.StreamHandler(sys.stderr)
    as_json = style == "json" or (style is None and not sys.stderr.isatty())
    handler.setFormatter(JSONFormatter() if as_json else SafeFormatter())
    # Libraries' own lines are about their plumbing, and below WARNING they hold payloads: what
    # people wrote.
    libraries = max(logging.WARNING, logging.getLevelName(level))
    logging.basicConfig(level=libraries, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(level)
    for name, its_level in _QUIETER.items():
        logging.getLogger(name).setLevel(its_level)
    sys.excepthook = _last_words


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what fails in the loop without anybody waiting for it.

    The loop's own line would show the task, and with it the exception's whole message.
    """
    loop.set_exception_handler(_unheard)


def _unheard(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    told = str(context.get("message", "something failed")).partition("\n")[0]
    log.error("in the event loop: %s", told, exc_info=error)


def _last_words(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("the bot ended by an error", exc_info=(kind, error, trace))
