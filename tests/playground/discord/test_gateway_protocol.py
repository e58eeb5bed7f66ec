"""The gateway as a bare socket meets it, where discord.py would not misbehave for us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.discord import LoopbackDiscord, LoopbackSettings, Person
from bot.playground.discord.default_world import MIRA_DM_ID

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def socket(server: LoopbackDiscord) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as opened:
        hello = await opened.receive_json()
        assert hello["op"] == 10
        yield opened


def identify(server: LoopbackDiscord, **changes: object) -> dict[str, Any]:
    return {"op": 2, "d": {"token": server.token, "intents": 1 << 12} | changes}


async def closed_with(socket: Socket) -> int | None:
    while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        continue
    return socket.close_code


async def test_a_heartbeat_is_answered_before_anything_else(socket: Socket):
    await socket.send_json({"op": 1, "d": None})
    assert (await socket.receive_json())["op"] == 11


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param("{", 4002, id="not JSON"),
        pytest.param('{"op": 2, "d": {}}', 4002, id="an IDENTIFY without a token"),
        pytest.param('{"op": 99, "d": null}', 4001, id="an unknown opcode"),
        pytest.param('{"op": 3, "d": {}}', 4003, id="a presence before IDENTIFY"),
    ],
)
async def test_a_wrong_frame_closes_with_its_code(socket: Socket, frame: str, code: int):
    await socket.send_str(frame)
    assert await closed_with(socket) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"token": "wrong"}, 4004, id="wrong token"),
        pytest.param({"shard": [2, 2]}, 4010, id="a shard that there is not"),
        pytest.param({"intents": 1 << 1}, 4014, id="the members intent"),
    ],
)
async def test_a_wrong_identify_closes_with_its_code(
    server: LoopbackDiscord, socket: Socket, changes: dict[str, object], code: int
):
    await socket.send_json(identify(server, **changes))
    assert await closed_with(socket) == code


async def test_a_second_identify_closes(server: LoopbackDiscord, socket: Socket):
    await socket.send_json(identify(server))
    await socket.send_json(identify(server))
    assert await closed_with(socket) == 4005


@pytest.mark.parametrize("settings", [LoopbackSettings(heartbeat_seconds=0.02)])
async def test_a_client_without_heartbeats_is_let_go(socket: Socket):
    assert await closed_with(socket) == 4009


async def test_a_session_that_was_given_up_cannot_be_resumed(
    server: LoopbackDiscord, socket: Socket
):
    await socket.send_json(identify(server))
    ready = await socket.receive_json()
    await socket.close(code=1000)
    resume = {"token": server.token, "session_id": ready["d"]["session_id"], "seq": ready["s"]}
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as again:
        await again.receive_json()
        await again.send_json({"op": 6, "d": resume})
        answer = await again.receive_json()
    assert (answer["op"], answer["d"]) == (9, False)


async def test_a_resume_replays_what_came_after_the_number_it_names(
    server: LoopbackDiscord, socket: Socket, mira: Person
):
    await socket.send_json(identify(server))
    ready = await socket.receive_json()
    for number in range(3):
        await mira.send(MIRA_DM_ID, f"{number}")
    await socket.close(code=4000)
    resume = {"token": server.token, "session_id": ready["d"]["session_id"], "seq": ready["s"] + 1}
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as again:
        await again.receive_json()
        await again.send_json({"op": 6, "d": resume})
        frames = [await again.receive_json() for _ in range(3)]
    assert [frame["s"] for frame in frames] == [ready["s"] + 2, ready["s"] + 3, ready["s"] + 4]
    assert [frame["d"].get("content") for frame in frames] == ["1", "2", None]
    assert frames[-1]["t"] == "RESUMED"
