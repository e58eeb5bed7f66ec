import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.playground.discord import LoopbackDiscord, composing
from bot.playground.discord.bodies import MessageBody
from bot.playground.discord.default_world import ADA_ID, GENERAL_ID, MIRA_DM_ID, MIRA_ID
from bot.playground.discord.errors import invalid_form, unknown_message
from bot.playground.web.tab import sentence
from tests.playground.web.conftest import PageClient

ASK = {
    "id": "77",
    "name": "ask",
    "description": "Ask",
    "options": [
        {"name": "prompt", "type": 3, "required": True, "description": "What"},
        {"name": "file", "type": 11, "description": "A file"},
        {"name": "who", "type": 6, "description": "Somebody"},
    ],
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class TabClient:
    """A tab's side of the WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.unread: list[dict[str, Any]] = []

    async def until(self, kind: str, **facts: Any) -> dict[str, Any]:
        """Take the next news of that kind with those facts; the rest stays unread."""
        async with asyncio.timeout(5):
            while True:
                for told in self.unread:
                    if told["kind"] == kind and facts.items() <= told.items():
                        self.unread.remove(told)
                        return told
                self.unread.append(await self._socket.receive_json())

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"op": op, "re": self._number, **fields})
        return await self.until("answer", re=self._number)


@pytest.fixture
async def tab(page: PageClient) -> AsyncIterator[TabClient]:
    async with page.ws_connect(f"/socket?person={MIRA_ID}") as socket:
        client = TabClient(socket)
        await client.until("welcome")
        yield client


async def test_the_page_comes_with_a_policy_that_allows_nothing_from_elsewhere(page: PageClient):
    async with page.get("/") as response:
        assert "<title>Liaocord playground</title>" in await response.text()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]


async def test_the_banner_says_who_answers(page: PageClient):
    async with page.get("/about") as response:
        assert await response.json() == {"banner": "Nobody answers", "offline": True}


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
    ids=["rebound-name", "other-site", "no-site"],
)
async def test_other_sites_in_the_same_browser_are_kept_out(
    page: PageClient, headers: dict[str, str]
):
    for path in ("/", "/socket"):
        async with page.get(path, headers=headers) as response:
            assert response.status == 403


async def test_a_tab_is_welcomed_with_what_its_person_sees(page: PageClient):
    async with page.ws_connect(f"/socket?person={MIRA_ID}") as socket:
        welcome = await TabClient(socket).until("welcome")
    assert welcome["me"] == {"id": str(MIRA_ID), "name": "Mira", "bot": False, "role": "member"}
    assert [person["role"] for person in welcome["people"]] == ["member", "admin"]
    places = {channel["id"]: channel for channel in welcome["channels"]}
    assert places[str(GENERAL_ID)]["name"] == "general"
    assert places[str(MIRA_DM_ID)]["direct"] is True
    assert sum(channel["direct"] for channel in places.values()) == 1


async def test_a_written_message_is_shown_as_html(tab: TabClient):
    await tab.ask("open", channel=str(GENERAL_ID))
    await tab.ask("send", channel=str(GENERAL_ID), content="Hi **you** <b>")
    told = await tab.until("message")
    assert told["fresh"] is True
    assert told["message"]["html"] == ('<div class="line">Hi <strong>you</strong> &lt;b&gt;</div>')
    assert told["message"]["author"]["name"] == "Mira"
    assert told["message"]["can_edit"] is True


async def test_opening_a_channel_shows_what_was_said(
    tab: TabClient, discord_server: LoopbackDiscord
):
    ada = discord_server.person(ADA_ID)
    first = await ada.send(GENERAL_ID, "first")
    await ada.send(GENERAL_ID, "second", reply_to=first.id)
    answer = await tab.ask("open", channel=str(GENERAL_ID))
    assert [message["text"] for message in answer["messages"]] == ["first", "second"]
    assert answer["messages"][1]["reply"]["text"] == "first"


async def test_a_reply_grows_and_vanishes_live(tab: TabClient, discord_server: LoopbackDiscord):
    await tab.ask("open", channel=str(GENERAL_ID))
    world = discord_server.world
    channel = world.channel(GENERAL_ID)
    reply = composing.post(world, channel, world.bot.id, MessageBody(content="Hel"), {})
    assert (await tab.until("message"))["message"]["text"] == "Hel"
    composing.edit(world, reply, MessageBody(content="Hello"))
    grown = await tab.until("message")
    assert (grown["fresh"], grown["message"]["edited"]) == (False, True)
    world.delete_message(reply)
    assert await tab.until("gone") == {"kind": "gone", "id": str(reply.id)}


async def test_news_of_other_channels_is_only_a_mark(
    tab: TabClient, discord_server: LoopbackDiscord
):
    await tab.ask("open", channel=str(MIRA_DM_ID))
    await discord_server.person(ADA_ID).send(GENERAL_ID, "psst")
    assert (await tab.until("unread"))["channel"] == str(GENERAL_ID)


async def test_another_persons_dm_is_never_told(tab: TabClient, discord_server: LoopbackDiscord):
    world = discord_server.world
    await discord_server.person(ADA_ID).send(world.dm_with(ADA_ID).id, "secret")
    await tab.ask("send", channel=str(GENERAL_ID), content="later")
    assert (await tab.until("unread"))["channel"] == str(GENERAL_ID)
    assert not [news for news in tab.unread if news["kind"] in ("unread", "message")]
    assert "error" in await tab.ask("open", channel=str(world.dm_with(ADA_ID).id))


async def test_a_picked_file_goes_with_the_message_and_can_be_fetched(
    page: PageClient, tab: TabClient
):
    async with page.post("/uploads?name=a.png", data=PNG) as response:
        upload = (await response.json())["id"]
    await tab.ask("open", channel=str(GENERAL_ID))
    await tab.ask("send", channel=str(GENERAL_ID), content="", uploads=[upload])
    told = await tab.until("message")
    (file,) = told["message"]["attachments"]
    assert (file["width"], file["kind"], file["bytes"]) == (1, "image", len(PNG))
    async with page.get(file["url"]) as response:
        assert (await response.read(), response.content_type) == (PNG, "image/png")


async def test_files_that_could_run_in_the_page_are_only_downloads(
    page: PageClient, tab: TabClient
):
    async with page.post("/uploads?name=a.html", data=b"<script>") as response:
        upload = (await response.json())["id"]
    await tab.ask("open", channel=str(GENERAL_ID))
    await tab.ask("send", channel=str(GENERAL_ID), content="", uploads=[upload])
    told = await tab.until("message")
    async with page.get(told["message"]["attachments"][0]["url"]) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_a_file_above_the_limit_is_refused_in_plain_words(page: PageClient):
    for size in (10 * 1024 * 1024 + 1, 12 * 1024 * 1024):
        async with page.post("/uploads?name=a", data=_chunks(size)) as response:
            assert response.status == 413
            assert (await response.json())["error"] == "A file may have up to 10 MB."


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 65536):
        yield bytes(min(65536, size - start))


@pytest.mark.parametrize("path", ["/files/1/2/a.png", "/files/x/y/a.png"])
async def test_an_unknown_attachment_is_not_found(page: PageClient, path: str):
    async with page.get(path) as response:
        assert response.status == 404


async def test_a_command_that_nobody_acknowledges_fails(
    page: PageClient, tab: TabClient, discord_server: LoopbackDiscord
):
    discord_server.world.set_commands(None, [ASK])
    answer = await tab.ask("open", channel=str(GENERAL_ID))
    assert [command["name"] for command in answer["commands"]] == ["ask"]
    async with page.post("/uploads?name=a.txt", data=b"words") as response:
        upload = (await response.json())["id"]
    options = {"prompt": "Hi", "file": upload, "who": str(ADA_ID)}
    started = await tab.ask("run", channel=str(GENERAL_ID), command="ask", options=options)
    assert started["state"] == "pending"
    told = await tab.until("interaction", state="failed")
    assert told["id"] == started["interaction"]


async def test_a_choice_in_a_select_goes_to_the_bot(
    tab: TabClient, discord_server: LoopbackDiscord
):
    world = discord_server.world
    options = [{"label": "Fast", "value": "fast"}, {"label": "Thorough", "value": "thorough"}]
    menu = {"type": 3, "custom_id": "model", "options": options}
    body = MessageBody(content="?", components=[{"type": 1, "components": [menu]}])
    offer = composing.post(world, world.channel(GENERAL_ID), world.bot.id, body, {})
    fields = {"message": str(offer.id), "menu": "model"}
    started = await tab.ask("select", **fields, values=["thorough"])
    assert started["state"] == "pending"
    (asked,) = world.interactions.values()
    assert asked.data["values"] == ["thorough"]
    answer = await tab.ask("select", **fields, values=["slow"])
    assert answer["error"] == "This is not one of the options."


async def test_a_refusal_is_told_in_words(tab: TabClient, discord_server: LoopbackDiscord):
    discord_server.world.set_commands(None, [ASK])
    answer = await tab.ask("run", channel=str(GENERAL_ID), command="ask", options={})
    assert answer["error"] == "This option is required."
    gone = {"prompt": "Hi", "file": "gone"}
    answer = await tab.ask("run", channel=str(GENERAL_ID), command="ask", options=gone)
    assert answer["error"] == "The file is no longer here. Please attach it again."
    assert "error" in await tab.ask("open", channel="12")
    assert "error" in await tab.ask("edit", message="x", content="y")


async def test_a_request_that_is_none_does_no_harm(
    tab: TabClient, caplog: pytest.LogCaptureFixture
):
    await tab.send_text("{")
    assert "error" not in await tab.ask("open", channel=str(GENERAL_ID))
    assert "nobody understands" in caplog.text


async def test_a_tab_can_become_somebody_else(tab: TabClient):
    await tab.ask("become", person=str(ADA_ID))
    welcome = await tab.until("welcome")
    assert welcome["me"]["name"] == "Ada"
    await tab.ask("open", channel=str(GENERAL_ID))
    await tab.ask("send", channel=str(GENERAL_ID), content="Hi")
    told = await tab.until("message")
    assert told["message"]["author"]["name"] == "Ada"


def test_the_innermost_sentence_of_a_refusal_is_shown():
    assert sentence(invalid_form("a.b", "CODE", "Too long.")) == "Too long."
    assert sentence(unknown_message()) == "Unknown Message"
