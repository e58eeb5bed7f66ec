"""Discord's bad days, each by its name, over sockets: one reply or a few, and one thing goes wrong.

Not here because they are tested elsewhere: a token that ends in mid-reply, a channel deleted in
mid-reply (`tests/e2e/test_long_replies.py`), a message event that comes twice, a plain RESUME, a
reply that a moderator deletes (`tests/e2e/test_replies.py`), uploads that fail
(`tests/e2e/test_pictures.py`), refusals and AutoMod (`tests/replies/test_trouble.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from bot.playground.discord import Channel, Message
from bot.playground.discord.default_world import BOT_ID, GUILD_ID
from bot.playground.discord.state import ChannelKind, Overwrite, Permission, ThreadState
from bot.playground.standin import Fault, Outcome
from tests.weather.judge import after_crash
from tests.weather.pages import Shelf, buttons, text_of
from tests.weather.questions import Asked, Kind
from tests.weather.scene import Scene

WORDS = 60
PATIENCE_SECONDS = 30.0
POST = ("POST", "/channels/*/messages")
EDIT = ("PATCH", "/channels/*/messages/*")
ORIGINAL = ("PATCH", "/webhooks/*/*/messages/@original")
CALLBACK = ("POST", "/interactions/*/*/callback")

_NOTHING_MORE_SECONDS = 1.0
_CHANNELS = 4
_REFUSAL = b'{"error": {"message": "no", "code": "bad_request"}}'

Scenario = Callable[[Scene], Awaitable[list[str]]]


async def global_limit(scene: Scene) -> list[str]:
    """Two 429 of the limit for the whole bot, while four replies grow."""
    scene.discord.faults.limit(*EDIT, everywhere=True, times=2)
    for number in range(4):
        await _ask(scene, channel=number)
    return await _all_whole(scene)


async def route_limit(scene: Scene) -> list[str]:
    """429 for the first page and for an edit."""
    scene.discord.faults.limit(*POST)
    scene.discord.faults.limit(*EDIT)
    await _ask(scene)
    return await _all_whole(scene)


async def storm_on_posts(scene: Scene) -> list[str]:
    """5xx answers to the first page, before and after the work."""
    scene.discord.faults.fail(*POST, 503)
    scene.discord.faults.fail(*POST, 502, times=2, after=True)
    await _ask(scene)
    return await _all_whole(scene)


async def storm_on_edits(scene: Scene) -> list[str]:
    """5xx answers to edits, in a channel and behind a token."""
    asked = [await _ask(scene), await _ask(scene, Kind.ASK)]
    await _grows(scene, asked)
    scene.discord.faults.fail(*EDIT, 500, times=2)
    scene.discord.faults.fail(*ORIGINAL, 502, times=2)
    return await _all_whole(scene)


async def dropped_after_a_post(scene: Scene) -> list[str]:
    """The connection breaks when the first page is there already; it is not posted twice."""
    scene.discord.faults.drop(*POST, after=True)
    await _ask(scene)
    return await _all_whole(scene)


async def short_answer_dropped_after_its_post(scene: Scene) -> list[str]:
    """As before, but the answer has ended when the post is repeated: Discord gives back the message
    that is there, with the text of the first one."""
    scene.discord.faults.drop(*POST, after=True)
    await _ask(scene, words=10)
    return await _all_whole(scene)


async def dropped_edits(scene: Scene) -> list[str]:
    """The connection breaks before and after edits."""
    await _grows(scene, [await _ask(scene)])
    scene.discord.faults.drop(*EDIT)
    scene.discord.faults.drop(*EDIT, after=True)
    return await _all_whole(scene)


async def dropped_after_the_deferral(scene: Scene) -> list[str]:
    """The connection breaks when a command is acknowledged already."""
    scene.discord.faults.drop(*CALLBACK, after=True)
    await _ask(scene, Kind.ASK)
    return await _all_whole(scene)


async def session_lost(scene: Scene) -> list[str]:
    """The gateway forgets the session in mid-reply."""
    await _grows(scene, [await _ask(scene)])
    await _away(scene, forget=True)
    await scene.until(lambda: scene.world.bot_online, PATIENCE_SECONDS)
    return await _all_whole(scene)


async def asked_while_the_session_was_lost(scene: Scene) -> list[str]:
    """A question comes while the bot is away, and no RESUME brings it."""
    await _away(scene, forget=True)
    await _ask(scene)
    return await _all_whole(scene)


async def broken_before_ready(scene: Scene) -> list[str]:
    """The session is lost, and the connection of the new one breaks between IDENTIFY and READY."""
    scene.discord.gateway.broken_identifies = 1
    await _away(scene, forget=True)
    await _ask(scene)
    return await _all_whole(scene)


async def asked_while_reconnecting(scene: Scene) -> list[str]:
    """A question comes while the bot is away; the RESUME brings it, and every event twice."""
    await _grows(scene, [await _ask(scene)])
    scene.discord.faults.duplicate("MESSAGE_CREATE", times=2)
    await _away(scene)
    await _ask(scene, channel=1)
    return await _all_whole(scene)


async def asked_to_reconnect(scene: Scene) -> list[str]:
    """RECONNECT in mid-reply."""
    await _grows(scene, [await _ask(scene)])
    scene.discord.gateway.ask_to_reconnect()
    await _ask(scene, channel=1)
    return await _all_whole(scene)


async def repeated_interaction(scene: Scene) -> list[str]:
    """A command's event comes twice."""
    scene.discord.faults.duplicate("INTERACTION_CREATE")
    await _ask(scene, Kind.ASK)
    return await _all_whole(scene)


async def closed_channel(scene: Scene) -> list[str]:
    """The bot loses a channel in mid-reply: it stops trying, tells the asker, and lets go."""
    asked = await _ask(scene, words=400)
    await _grows(scene, [asked])
    channel = scene.world.channel(asked.channel_id)
    channel.overwrites.append(
        Overwrite(BOT_ID, is_member=True, deny=Permission.VIEW_CHANNEL),
    )
    refused = len(scene.discord.journal.with_status(403))
    direct = scene.world.dm_with(asked.asker_id).id
    async with asyncio.timeout(PATIENCE_SECONDS):
        await scene.gateway.calls[-1].ended.wait()
    await scene.until(lambda: scene.world.messages(direct), PATIENCE_SECONDS)
    await asyncio.sleep(_NOTHING_MORE_SECONDS)
    channel.overwrites.clear()
    found = []
    if (tries := len(scene.discord.journal.with_status(403)) - refused) > 1:
        found.append(f"tried {tries} times in a channel that is closed to it")
    if scene.gateway.calls[-1].outcome is not Outcome.ABANDONED:
        found.append("the gateway was not let go")
    told = [message.content for message in scene.world.messages(direct)]
    if len(told) != 1 or "may no longer write" not in told[0]:
        found.append(f"the asker was told {told}")
    return found


async def archived_thread(scene: Scene) -> list[str]:
    """A thread is archived in mid-reply: the rest follows in a new message."""
    parent = scene.channels[0]
    thread = scene.world.add_channel(
        Channel(
            scene.world.ids.next(),
            ChannelKind.PUBLIC_THREAD,
            "a thread",
            guild_id=GUILD_ID,
            parent_id=parent,
            thread=ThreadState(owner_id=BOT_ID),
        )
    )
    asked = await scene.ask(Kind.MENTION, scene.members[0], thread.id, WORDS)
    await _grows(scene, [asked])
    assert thread.thread is not None
    thread.thread.archived = True
    scene.world.update_channel(thread)
    return await _all_whole(scene)


async def question_deleted(scene: Scene) -> list[str]:
    """The question is deleted before its answer comes."""
    scene.discord.faults.delay(*POST, 0.3, times=1)
    asked = await _ask(scene)
    scene.world.delete_message(scene.world.message(asked.event_id))
    return await _all_whole(scene)


async def regenerate_twice(scene: Scene) -> list[str]:
    """Regenerate is pressed twice at once: there is one more answer."""
    asked = await _ask(scene, words=20)
    found = await _all_whole(scene)
    message = _pages(scene, asked)[-1]
    await scene.again(asked, message, "again")
    await scene.press(asked, message, "again")
    await _answers(scene, asked, 2)
    return found + await _all_whole(scene)


async def continue_twice(scene: Scene) -> list[str]:
    """Continue is pressed twice at once: there is one continuation."""
    asked = await _ask(scene, words=20, cut=True)
    found = await _all_whole(scene)
    message = _pages(scene, asked)[-1]
    button = buttons(message)["continue"]
    member = scene.discord.person(asked.asker_id)
    further = await scene.go_on(asked, message)
    await member.press(message.id, button)
    await _answers(scene, further, 1)
    return found + await _all_whole(scene)


async def retry_twice(scene: Scene) -> list[str]:
    """Retry is pressed twice at once: there is one more answer, in the same place."""
    scene.gateway.faults.add(Fault(status=400, body=_REFUSAL))
    asked = await _ask(scene, words=20)
    await scene.until(
        lambda: (pages := _pages(scene, asked)) and "retry" in buttons(pages[-1]), PATIENCE_SECONDS
    )
    message = _pages(scene, asked)[-1]
    await scene.again(asked, message, "retry")
    await scene.press(asked, message, "retry")
    await _answers(scene, asked, 2)
    return await _all_whole(scene)


SCENARIOS: dict[str, Scenario] = {
    scenario.__name__.replace("_", " "): scenario
    for scenario in (
        global_limit,
        route_limit,
        storm_on_posts,
        storm_on_edits,
        dropped_after_a_post,
        short_answer_dropped_after_its_post,
        dropped_edits,
        dropped_after_the_deferral,
        session_lost,
        asked_while_the_session_was_lost,
        broken_before_ready,
        asked_while_reconnecting,
        asked_to_reconnect,
        repeated_interaction,
        closed_channel,
        archived_thread,
        question_deleted,
        regenerate_twice,
        continue_twice,
        retry_twice,
    )
}


async def play(scene: Scene, name: str) -> list[str]:
    """Play one scenario with a bot that is connected; what was wrong."""
    scene.channels = scene.make_channels(_CHANNELS)
    try:
        found = await SCENARIOS[name](scene)
    except TimeoutError:
        found = ["what was waited for did not happen"]
    finally:
        scene.discord.faults.clear()
        scene.gateway.faults.clear()
    try:
        await scene.until(lambda: scene.world.bot_online, PATIENCE_SECONDS)
    except TimeoutError:
        found.append("the bot did not come back")
    scene.forget()
    return found


async def _ask(
    scene: Scene,
    kind: Kind = Kind.MENTION,
    *,
    channel: int = 0,
    words: int = WORDS,
    cut: bool = False,
) -> Asked:
    return await scene.ask(kind, scene.members[0], scene.channels[channel], words, cut=cut)


def _pages(scene: Scene, asked: Asked) -> list[Message]:
    return Shelf(scene.world, scene.asked, scene.memory.read()).of(asked)


async def _grows(scene: Scene, asked: list[Asked]) -> None:
    """Wait until all of these show some text and can be stopped."""

    def grow() -> bool:
        shelf = Shelf(scene.world, scene.asked, scene.memory.read())
        replies = [shelf.of(question) for question in asked]
        return all(pages and "stop" in buttons(pages[-1]) and text_of(pages) for pages in replies)

    await scene.until(grow, PATIENCE_SECONDS)


async def _answers(scene: Scene, asked: Asked, count: int) -> None:
    """Wait until a question has so many answers."""
    await scene.until(
        lambda: len(scene.memory.read().of(asked.event_id)) >= count, PATIENCE_SECONDS
    )


async def _away(scene: Scene, *, forget: bool = False) -> None:
    """Break the bot's connection and wait until Discord has noticed."""
    if forget:
        scene.discord.gateway.forget_sessions()
    scene.discord.gateway.drop()
    await scene.until(lambda: not scene.world.bot_online, PATIENCE_SECONDS)


async def _all_whole(scene: Scene) -> list[str]:
    """Wait until every reply is as it should be; what is not after a while."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = after_crash(scene.world, scene.asked, scene.memory.read())
        if not found or time.monotonic() > until:
            return found
        await asyncio.sleep(0.05)
