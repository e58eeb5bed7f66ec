"""What can go wrong between a reply and Discord, in the few classes that are handled differently.

PlaceError(BotError)
├── ReplyLostError          nobody can read the reply any more: stop the model
│   ├── GoneError               message deleted
│   │   └── ChannelGoneError        the whole channel deleted
│   ├── ForbiddenError          the bot may no longer see or write there
│   │   └── DirectMessagesClosedError   the member takes none from the bot
│   └── ExpiredError            the interaction's token is over
├── RefusedError            Discord will not have this content; `automod` when a rule said so
├── UneditableError         this message takes no more edits, a new one may be sent
├── UploadTooLargeError     the files are larger than the place allows
└── TransientError          worth another try
    └── ReplyingForbiddenError  the same without replying to the question
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import BotError

NETWORK_ERRORS = (
    discord.HTTPException,
    discord.RateLimited,
    aiohttp.ClientError,
    TimeoutError,
    ConnectionError,
)
"""Everything discord.py lets through when a call fails."""


class PlaceError(BotError):
    """A call to Discord on behalf of a reply failed."""


class ReplyLostError(PlaceError):
    """Nobody can read the reply any more."""


class GoneError(ReplyLostError):
    """The message was deleted."""


class ChannelGoneError(GoneError):
    """The whole channel was deleted."""


class ForbiddenError(ReplyLostError):
    """The bot may no longer see the channel or write there."""


class DirectMessagesClosedError(ForbiddenError):
    """The member takes no direct messages from the bot."""


class ExpiredError(ReplyLostError):
    """The interaction's token is over."""


class RefusedError(PlaceError):
    """Discord will not have this content."""

    def __init__(self, message: str = "", *, automod: bool = False) -> None:
        super().__init__(message)
        self.automod = automod


class UneditableError(PlaceError):
    """The message takes no more edits: in an archived thread, written by another user, or an old
    one that was edited too often."""


class UploadTooLargeError(PlaceError):
    """The files are larger than the place allows."""


class TransientError(PlaceError):
    """Discord or the way to it is troubled for the moment."""


class ReplyingForbiddenError(TransientError):
    """The bot may send here, but not reply: that needs the channel's history."""


# Discord's JSON error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes
_BY_CODE: dict[int, type[PlaceError]] = {
    10003: ChannelGoneError,
    10008: GoneError,  # unknown message
    10015: ExpiredError,  # unknown webhook, which is how an old token may look
    10062: ExpiredError,  # unknown interaction
    30046: UneditableError,  # a message older than an hour, edited too often
    40005: UploadTooLargeError,
    50001: ForbiddenError,
    50005: UneditableError,  # written by another user, as by the application of an old token
    50007: DirectMessagesClosedError,
    50013: ForbiddenError,
    50027: ExpiredError,
    50083: UneditableError,  # archived thread: sending unarchives it, editing does not
    160002: ReplyingForbiddenError,
}
_AUTOMOD = {200000, 200001}


def classify(error: BaseException) -> PlaceError:
    """Say in our words what one of `NETWORK_ERRORS` means."""
    if not isinstance(error, discord.HTTPException):
        return TransientError(type(error).__name__)
    # The code names the trouble; the text may quote content and stays out.
    told = f"status={error.status} code={error.code}"
    if error.code in _AUTOMOD:
        return RefusedError(told, automod=True)
    if known := _BY_CODE.get(error.code):
        return known(told)
    match error.status:
        case 401 | 403:
            return ForbiddenError(told)
        case 404:
            return GoneError(told)
        case 413:
            return UploadTooLargeError(told)
        case 400:
            return RefusedError(told)
        case _:
            return TransientError(told)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what discord.py raises inside as one of ours."""
    try:
        yield
    except NETWORK_ERRORS as error:
        raise classify(error) from error


@contextmanager
def noting_refusals(log: logging.Logger, what: str) -> Iterator[None]:
    """Translate as well, and only note what Discord refuses for good.

    Raises:
        TransientError: Discord is in trouble.
    """
    try:
        with translated():
            yield
    except TransientError:
        raise
    except PlaceError as error:
        log.info("%s %s", what, error)
