"""What members do to replies: stop them, delete them, press buttons twice."""

from __future__ import annotations

import random

from bot.playground.discord import ApiError, Message
from bot.playground.discord.default_world import ADA_ID
from tests.weather.pages import buttons
from tests.weather.questions import Asked, Kind
from tests.weather.scene import Scene

SHARE = 0.12
"""How many questions somebody meddles with."""
_EARLY_SHARE = 0.5
_ENDED = ("again", "retry")
_PATIENCE_SECONDS = 30.0


async def meddle(scene: Scene, asked: Asked, dice: random.Random) -> None:
    """Do one thing to a reply while it grows or when it has ended, if it can be done there."""
    if asked.kind is Kind.PRIVATE:
        return
    try:
        if dice.random() < _EARLY_SHARE:
            message = await _shown_with(scene, asked, "stop", *_ENDED)
            await dice.choice((_stop, _delete, _delete_question))(scene, asked, message)
        else:
            message = await _shown_with(scene, asked, *_ENDED)
            await dice.choice((_delete, _again, _again_twice, _go_on_twice))(scene, asked, message)
    except (ApiError, TimeoutError):
        return  # The message or its button is gone, or there never was one.


async def _stop(scene: Scene, asked: Asked, message: Message) -> None:
    if "stop" in buttons(message):
        await scene.press(asked, message, "stop")


async def _delete(scene: Scene, asked: Asked, message: Message) -> None:
    asked.deleted = True
    await scene.discord.person(ADA_ID).delete(message.id)


async def _delete_question(scene: Scene, asked: Asked, _message: Message) -> None:
    if asked.interaction is None:
        scene.world.delete_message(scene.world.message(asked.event_id))


async def _again(scene: Scene, asked: Asked, message: Message) -> None:
    button = "again" if "again" in buttons(message) else "retry"
    await scene.again(asked, message, button)


async def _again_twice(scene: Scene, asked: Asked, message: Message) -> None:
    await _again(scene, asked, message)
    await _again(scene, asked, message)


async def _go_on_twice(scene: Scene, asked: Asked, message: Message) -> None:
    if "continue" in buttons(message):
        await scene.go_on(asked, message)
        await scene.press(asked, message, "continue")


async def _shown_with(scene: Scene, asked: Asked, *names: str) -> Message:
    """Wait for a page of the reply under which one of these buttons is.

    Raises:
        TimeoutError: it was refused with a sentence, or is not shown for long.
    """

    def there() -> Message | None:
        for message in scene.world.messages(asked.channel_id):
            refused = not (message.components or message.is_thinking)
            if _belongs(message, asked) and (refused or buttons(message).keys() & set(names)):
                return message
        return None

    found = await scene.world.wait_for(there, _PATIENCE_SECONDS)
    if found is None or not found.components:
        raise TimeoutError
    return found


def _belongs(message: Message, asked: Asked) -> bool:
    if message.interaction is not None:
        return message.interaction.id == asked.event_id
    return message.reference is not None and message.reference.message_id == asked.event_id
