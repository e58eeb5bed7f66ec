"""Rate limits and faults, as an unmodified client and as bare HTTP meet them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from bot.playground.discord import LoopbackDiscord, LoopbackSettings, Person, Window
from bot.playground.discord.default_world import BOT_ID, BOTS_ID, GENERAL_ID, MIRA_DM_ID
from tests.playground.discord.client import Client, until

SHORT = LoopbackSettings(
    create_window=Window(2, 0.2), edit_window=Window(2, 0.2), webhook_window=Window(2, 0.2)
)


@pytest.fixture
async def http(server: LoopbackDiscord) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def post(
    http: aiohttp.ClientSession, server: LoopbackDiscord, channel_id: int = GENERAL_ID
) -> aiohttp.ClientResponse:
    url = f"{server.api_url}/channels/{channel_id}/messages"
    async with http.post(url, json={"content": "hello"}) as response:
        await response.read()
        return response


async def test_every_answer_has_exactly_the_content_type_the_client_looks_for(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    assert (await post(http, server)).headers["Content-Type"] == "application/json"
    assert (await post(http, server, 1)).headers["Content-Type"] == "application/json"


async def test_a_request_without_the_token_is_refused(server: LoopbackDiscord):
    async with aiohttp.ClientSession() as nobody:
        assert (await post(nobody, server)).status == 401


async def test_a_path_that_does_not_exist_is_not_found(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    async with http.get(f"{server.api_url}/nothing/here") as response:
        assert response.status == 404
        assert (await response.json())["code"] == 0


@pytest.mark.parametrize("body", ["{", '{"content": 5}', '{"message_reference": {}}'])
async def test_a_malformed_body_is_refused(
    server: LoopbackDiscord, http: aiohttp.ClientSession, body: str
):
    url = f"{server.api_url}/channels/{GENERAL_ID}/messages"
    headers = {"Content-Type": "application/json"}
    async with http.post(url, data=body, headers=headers) as response:
        assert response.status == 400


async def test_the_headers_count_down_and_name_the_bucket(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    first = await post(http, server)
    second = await post(http, server)
    assert first.headers["X-RateLimit-Limit"] == "5"
    assert [r.headers["X-RateLimit-Remaining"] for r in (first, second)] == ["4", "3"]
    assert 0 < float(second.headers["X-RateLimit-Reset-After"]) <= 5
    assert first.headers["X-RateLimit-Bucket"] == second.headers["X-RateLimit-Bucket"]


async def test_the_sixth_message_in_five_seconds_is_refused_in_its_channel_only(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    statuses = [(await post(http, server)).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert (await post(http, server, BOTS_ID)).status == 200


async def test_a_429_carries_what_the_client_needs_to_wait(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    url = f"{server.api_url}/channels/{GENERAL_ID}/messages"
    for _ in range(5):
        await post(http, server)
    async with http.post(url, json={"content": "one too many"}) as refused:
        body = await refused.json()
    assert refused.headers["Via"]
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False
    assert [refusal.scope for refusal in server.limits.refusals] == ["user"]


async def test_creating_and_editing_are_counted_apart_under_one_bucket_id(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    created = [await post(http, server) for _ in range(5)][-1]
    message = server.world.messages(GENERAL_ID)[-1]
    url = f"{server.api_url}/channels/{GENERAL_ID}/messages/{message.id}"
    async with http.patch(url, json={"content": "edited"}) as edited:
        assert edited.status == 200
    assert edited.headers["X-RateLimit-Remaining"] == "4"
    assert edited.headers["X-RateLimit-Bucket"] == created.headers["X-RateLimit-Bucket"]


@pytest.mark.parametrize("settings", [LoopbackSettings(global_window=Window(3, 60))])
async def test_the_global_limit_holds_over_all_channels(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    answers = [await post(http, server, channel) for channel in [GENERAL_ID, BOTS_ID] * 2]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["X-RateLimit-Global"] == "true"
    assert [refusal.scope for refusal in server.limits.refusals] == ["global"]


@pytest.mark.parametrize("settings", [LoopbackSettings(global_window=Window(0, 60))])
async def test_interaction_endpoints_are_outside_the_global_limit(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    url = f"{server.api_url}/webhooks/{BOT_ID}/no-such-token/messages/@original"
    async with http.get(url) as response:
        assert response.status == 404
        assert (await response.json())["code"] == 10015


@pytest.mark.parametrize("settings", [SHORT])
async def test_the_client_waits_by_the_headers_and_meets_no_429(
    server: LoopbackDiscord, client: Client
):
    for number in range(4):
        await client.text_channel(GENERAL_ID).send(str(number))
    assert len(server.world.messages(GENERAL_ID)) == 4
    assert server.limits.refusals == []


@pytest.mark.parametrize("settings", [SHORT])
async def test_the_client_gets_over_a_429(server: LoopbackDiscord, client: Client):
    # The client does not know of what another process with its token has used up.
    for _ in range(2):
        server.limits.admit(
            "POST", "/channels/{channel_id}/messages", {"channel_id": str(GENERAL_ID)}
        )
    await client.text_channel(GENERAL_ID).send("at last")
    assert len(server.limits.refusals) == 1
    assert [m.content for m in server.world.messages(GENERAL_ID)] == ["at last"]


async def test_an_injected_failure_strikes_as_often_as_it_is_told(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    fault = server.faults.fail("POST", "/channels/*/messages", 503, times=2)
    assert [(await post(http, server)).status for _ in range(3)] == [503, 503, 200]
    assert fault.hits == 2
    assert len(server.journal.with_status(503)) == 2


async def test_a_pattern_stands_for_one_segment(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    server.faults.fail("POST", "/channels/*", 500)
    assert (await post(http, server)).status == 200


async def test_a_refusal_of_automod_reaches_the_bot(server: LoopbackDiscord, client: Client):
    server.faults.fail("PATCH", "/channels/*/messages/*", 400, code=200000, message="AutoMod")
    sent = await client.text_channel(GENERAL_ID).send("fine")
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="not fine")
    assert refused.value.code == 200000


async def test_after_a_failed_answer_the_nonce_keeps_the_message_single(
    server: LoopbackDiscord, client: Client, monkeypatch: pytest.MonkeyPatch
):
    async def at_once(seconds: float) -> None:
        """Leave out the pause before the client's retry."""

    server.faults.fail("POST", "/channels/*/messages", 502, after=True)
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", at_once)
        await client.text_channel(GENERAL_ID).send("once")
    assert len(server.world.messages(GENERAL_ID)) == 1


async def test_a_dropped_connection_is_an_error_of_the_connection(
    server: LoopbackDiscord, client: Client
):
    server.faults.drop("POST", "/channels/*/messages")
    with pytest.raises((aiohttp.ClientError, OSError)):
        await client.text_channel(GENERAL_ID).send("lost")
    assert server.world.messages(GENERAL_ID) == []
    assert [e.status for e in server.journal.find("POST", "/channels/*/messages")] == [0]


async def test_a_connection_dropped_after_the_work_leaves_the_work_done(
    server: LoopbackDiscord, client: Client
):
    server.faults.drop("POST", "/channels/*/messages", after=True)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await client.text_channel(GENERAL_ID).send("arrived")
    assert [m.content for m in server.world.messages(GENERAL_ID)] == ["arrived"]


async def test_a_delayed_request_waits_and_others_do_not(
    server: LoopbackDiscord, client: Client, mira: Person
):
    sent = await client.text_channel(GENERAL_ID).send("old")
    server.faults.delay("PATCH", "/channels/*/messages/*", 60)
    slow = asyncio.create_task(sent.edit(content="new"))
    await client.text_channel(BOTS_ID).send("meanwhile")
    await mira.send(MIRA_DM_ID, "hello")
    await until(lambda: len(client.heard) == 3)
    assert server.world.message(sent.id).content == "old"
    slow.cancel()


async def test_a_cleared_sky_lets_everything_through(
    server: LoopbackDiscord, http: aiohttp.ClientSession
):
    server.faults.fail("*", "/channels/*/messages", 500, times=100)
    server.faults.clear()
    assert (await post(http, server)).status == 200
