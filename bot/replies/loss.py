"""A reply that can no longer be shown where it was, and what its asker is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.i18n import _
from bot.replies.errors import (
    ChannelGoneError,
    DirectMessagesClosedError,
    ForbiddenError,
    PlaceError,
    ReplyLostError,
)
from bot.replies.places import Place

log = logging.getLogger(__name__)


class Loss:
    """Whether no more of the answer can be shown, and why."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.error: PlaceError | None = None
        self._callback: Callable[[], None] | None = None

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call this once it is so; at once if it is so already."""
        self._callback = callback
        if self.event.is_set():
            callback()

    def note(self, error: PlaceError | None, channel_id: int) -> None:
        """It is so, because of that error if there is one."""
        if error is not None:
            self.error = error
            level = logging.INFO if isinstance(error, ReplyLostError) else logging.WARNING
            name = type(error).__name__
            log.log(level, "reply lost channel=%d why=%s %s", channel_id, name, error)
        self.event.set()
        if self._callback is not None:
            self._callback()


def loss_sentence(loss: PlaceError, channel_id: int) -> str:
    """The sentence for the asker; empty when they know, or when somebody wanted it so.

    A moderator who deletes a reply needs no comment.
    """
    match loss:
        case DirectMessagesClosedError():
            return _(
                "The rest of the answer could not be delivered: "
                "you take no direct messages from me."
            )
        case ForbiddenError():
            return _(
                "I may no longer write in {channel}, so your answer there is not complete."
            ).format(channel=f"<#{channel_id}>")
        case ChannelGoneError():
            return _("The channel of your question is gone, so it could not be answered there.")
        case _:
            return ""


async def tell_asker(place: Place, loss: PlaceError) -> None:
    """Tell the asker why the answer is not complete, if that can be done."""
    sentence = loss_sentence(loss, place.channel_id)
    if not sentence:
        return
    try:
        await place.tell_asker(sentence)
    except PlaceError as error:
        log.debug("asker not told channel=%d %s", place.channel_id, error)
