"""What members do to replies: stop them, delete them, press buttons twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine
from typing import Any

from bot.playground.discord import ApiError, Message
from bot.playground.discord.default_world import ADA_ID
from tests.weather.pages import buttons
from tests.weather.questions import Asked, Kind
from tests.weather.scene import Scene

SHARE = 0.12
"""How many questions somebody meddles with."""
_PATIENCE_SECONDS = 15.0


async def meddle(scene: Scene, asked: Asked, dice: random.Random) -> None:
    """Do one thing to a reply, if it still can be done when its time has come."""
    deeds: list[Callable[[Scene, Asked], Coroutine[Any, Any, None]]] = [
        _stop,
        _delete_question,
        _delete_reply,
        _delete_after,
        _give_again,
        _give_again_twice,
        _go_on_twice,
    ]
    try:
        await dice.choice(deeds)(scene, asked)
    except (ApiError, TimeoutError, KeyError):
        return  # The message or its button is gone, or there never was one.


async def _stop(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "stop")
    await scene.press(asked, message, "stop")


async def _delete_question(scene: Scene, asked: Asked) -> None:
    if asked.interaction is None:
        scene.world.delete_message(scene.world.message(asked.event_id))


async def _delete_reply(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "stop")
    await _delete(scene, asked, message)


async def _delete_after(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "again", "retry")
    await _delete(scene, asked, message)


async def _give_again(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "again", "retry")
    await scene.again(asked, message, "again" if "again" in buttons(message) else "retry")


async def _give_again_twice(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "again", "retry")
    button = "again" if "again" in buttons(message) else "retry"
    await scene.again(asked, message, button)
    await scene.again(asked, message, button)


async def _go_on_twice(scene: Scene, asked: Asked) -> None:
    message = await _shown_with(scene, asked, "continue")
    await scene.go_on(asked, message)
    await scene.press(asked, message, "continue")


async def _delete(scene: Scene, asked: Asked, message: Message) -> None:
    asked.deleted = True
    await scene.discord.person(ADA_ID).delete(message.id)


async def _shown_with(scene: Scene, asked: Asked, *names: str) -> Message:
    """Wait for a page of the reply under which one of these buttons is."""
    if asked.kind is Kind.PRIVATE:
        raise TimeoutError("nobody else sees it")

    def there() -> Message | None:
        for message in scene.world.messages(asked.channel_id):
            if _belongs(message, asked) and buttons(message).keys() & set(names):
                return message
        return None

    found = await scene.world.wait_for(there, _PATIENCE_SECONDS)
    assert found is not None
    return found


def _belongs(message: Message, asked: Asked) -> bool:
    if message.interaction is not None:
        return message.interaction.id == asked.event_id
    return message.reference is not None and message.reference.message_id == asked.event_id
