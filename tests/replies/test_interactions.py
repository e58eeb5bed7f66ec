from __future__ import annotations

import io
import math
from datetime import datetime, timedelta
from typing import Any

import discord
import pytest

from bot.replies.errors import DirectMessagesClosedError, ExpiredError
from bot.replies.interactions import MARGIN_SECONDS, TOKEN_LIFE, InteractionPlace
from bot.replies.pacing import EditBudget
from bot.replies.places import Paint
from bot.replies.windows import Bucket
from tests.replies.clock import FakeClock
from tests.replies.loopback import ANN, DM_ID, LoopbackDiscord, loopback

ORIGINAL = "/webhooks/1/secret-token/messages/@original"
FOLLOWUPS = "/webhooks/1/secret-token"
GUILD_ID = 9
WRITE = discord.Permissions(view_channel=True, send_messages=True)
READ = discord.Permissions(view_channel=True)


@pytest.fixture
async def world(monkeypatch):
    async with loopback(monkeypatch, EditBudget(FakeClock())) as (server, client):
        yield server, client


@pytest.fixture
def server(world) -> LoopbackDiscord:
    found: LoopbackDiscord = world[0]
    return found


@pytest.fixture
def client(world) -> discord.Client:
    found: discord.Client = world[1]
    return found


def interaction(
    client: discord.Client, *, granted: discord.Permissions | None = None
) -> discord.Interaction[Any]:
    """A deferred slash command as the gateway delivers it: in a DM, or in a server if `granted`."""
    data: Any = {
        "id": str(discord.utils.time_snowflake(discord.utils.utcnow())),
        "application_id": "1",
        "type": 2,
        "token": "secret-token",
        "version": 1,
        "channel_id": "7",
        "channel": {"id": "7", "type": 1, "flags": 0},
        "user": ANN,
        "attachment_size_limit": 20_000_000,
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 1,
        "app_permissions": "0",
        "data": {"id": "3", "name": "ask", "type": 1},
    }
    if granted is not None:
        data |= {"guild_id": str(GUILD_ID), "app_permissions": str(granted.value), "context": 0}
        data["member"] = {
            "user": data.pop("user"),
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "permissions": "0",
            "flags": 0,
        }
    return discord.Interaction(data=data, state=client._connection)


def view() -> discord.ui.View:
    made = discord.ui.View(timeout=None)
    made.add_item(discord.ui.Button(label="Stop", url="https://example.org"))
    return made


def file(name: str) -> discord.File:
    return discord.File(io.BytesIO(b"x"), name)


class WallClock:
    """A time of day that the test moves."""

    def __init__(self) -> None:
        self.time = discord.utils.utcnow()

    def __call__(self) -> datetime:
        return self.time


class TestWhileTheTokenLives:
    async def test_the_first_page_fills_the_deferred_response(self, server, client):
        place = InteractionPlace(interaction(client))
        page = (await place.post(Paint("one", [file("a.png")], view()), nonce="-")).id
        await place.edit(page, Paint("two"))
        paths = {(request.method, request.path) for request in server.requests}
        assert paths == {("PATCH", ORIGINAL)}
        assert server.messages[str(page)]["content"] == "two"
        assert [a["filename"] for a in server.messages[str(page)]["attachments"]] == ["a.png"]

    async def test_further_pages_are_followups_as_private_as_the_first(self, server, client):
        place = InteractionPlace(interaction(client), ephemeral=True)
        await place.post(Paint("one"), nonce="-")
        page = (await place.post(Paint("two"), nonce="-")).id
        assert server.last.path == FOLLOWUPS
        assert server.last.body["flags"] & discord.MessageFlags(ephemeral=True).value
        await place.edit(page, Paint("three"))
        assert server.last.path == f"{FOLLOWUPS}/messages/{page}"

    async def test_a_followup_can_be_deleted(self, server, client):
        place = InteractionPlace(interaction(client))
        await place.post(Paint("one"), nonce="-")
        page = (await place.post(Paint("two"), nonce="-")).id
        await place.delete(page)
        assert (server.last.method, server.last.path) == ("DELETE", f"{FOLLOWUPS}/messages/{page}")

    async def test_it_knows_its_own_limits(self, client):
        place = InteractionPlace(interaction(client))
        assert place.max_file_bytes == 20_000_000
        assert place.posting == place.editing == Bucket.webhook("secret-token")
        assert place.typing_bucket is None

    async def test_an_ended_token_is_told_apart(self, server, client):
        server.refusals = [(401, 50027)]
        with pytest.raises(ExpiredError):
            await InteractionPlace(interaction(client)).post(Paint("one"), nonce="-")

    async def test_the_asker_is_told_by_an_ephemeral_followup(self, server, client):
        await InteractionPlace(interaction(client)).tell_asker("Sorry.")
        assert server.last.path == FOLLOWUPS
        assert server.last.body["flags"] == discord.MessageFlags(ephemeral=True).value


class TestTheTokensEnd:
    async def test_it_is_near_some_time_before_discord_closes(self, client):
        now = WallClock()
        asked = interaction(client)
        place = InteractionPlace(asked, now=now)
        now.time = asked.expires_at - timedelta(seconds=MARGIN_SECONDS + 10)
        assert place.seconds_left == pytest.approx(10)

    async def test_a_clock_that_runs_ahead_does_not_end_it_at_once(self, client):
        now = WallClock()
        now.time += timedelta(hours=1)
        left = InteractionPlace(interaction(client), now=now).seconds_left
        assert left == pytest.approx(TOKEN_LIFE.total_seconds() - MARGIN_SECONDS)

    async def test_where_the_bot_may_write_it_edits_the_same_messages_itself(self, server, client):
        place = InteractionPlace(interaction(client, granted=WRITE))
        page = (await place.post(Paint("one", [file("a.png")]), nonce="-")).id
        assert await place.hand_over()
        assert place.seconds_left == math.inf
        assert (place.posting, place.editing) == (Bucket.create(7), Bucket.edit(7))
        await place.edit(page, Paint("two", [file("b.png")]))
        assert server.last.path == f"/channels/7/messages/{page}"
        names = [a["filename"] for a in server.messages[str(page)]["attachments"]]
        assert names == ["a.png", "b.png"]

    async def test_an_answer_that_has_not_begun_comes_in_a_new_message(self, server, client):
        place = InteractionPlace(interaction(client, granted=WRITE))
        assert await place.hand_over()
        assert server.last.path == ORIGINAL
        assert server.last.body["content"] == "The answer follows in a new message."
        await place.post(Paint("one"), nonce="5.0")
        assert server.last.path == "/channels/7/messages"

    @pytest.mark.parametrize(
        ("granted", "ephemeral"), [(WRITE, True), (READ, False)], ids=["ephemeral", "read only"]
    )
    async def test_elsewhere_it_says_so_and_goes_on_by_direct_message(
        self, server, client, granted, ephemeral
    ):
        place = InteractionPlace(interaction(client, granted=granted), ephemeral=ephemeral)
        page = (await place.post(Paint("one", view=view()), nonce="-")).id
        assert not await place.hand_over()
        shown = server.messages[str(page)]
        assert shown["content"] == "one\n-# The rest of the answer follows by direct message."
        assert shown["components"] == []
        await place.post(Paint("one two"), nonce="5.1")
        assert server.last.path == f"/channels/{DM_ID}/messages"
        assert place.channel_id == DM_ID

    async def test_under_a_full_page_it_is_said_in_a_followup(self, server, client):
        place = InteractionPlace(interaction(client), ephemeral=True)
        await place.post(Paint("x" * 1_990), nonce="-")
        await place.hand_over()
        assert server.last.path == FOLLOWUPS
        assert "follows by direct message" in server.last.body["content"]

    async def test_a_last_word_that_comes_too_late_does_not_stop_the_rest(self, server, client):
        place = InteractionPlace(interaction(client), ephemeral=True)
        await place.post(Paint("one"), nonce="-")
        server.refusals = [None, (401, 50027)]
        assert not await place.hand_over()
        await place.post(Paint("one two"), nonce="5.1")
        assert server.last.path == f"/channels/{DM_ID}/messages"

    async def test_closed_direct_messages_can_still_be_mentioned_in_time(self, server, client):
        place = InteractionPlace(interaction(client), ephemeral=True)
        await place.post(Paint("one"), nonce="-")
        await place.hand_over()
        server.refusals = [(403, 50007)]
        with pytest.raises(DirectMessagesClosedError):
            await place.post(Paint("one two"), nonce="5.1")
        await place.tell_asker("I cannot write to you.")
        assert server.last.path == FOLLOWUPS

    async def test_afterwards_the_asker_is_told_by_direct_message(self, server, client):
        server.refusals = [(401, 50027)]
        await InteractionPlace(interaction(client)).tell_asker("Sorry.")
        assert server.last.path == f"/channels/{DM_ID}/messages"
