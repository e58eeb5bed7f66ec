"""Attachments come from Discord's hosts only, whatever a link says and whatever answers."""

from __future__ import annotations

import asyncio
import gzip
from unittest.mock import Mock

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import cdn
from bot.cdn import CdnFiles, LinkExpiredError, NotFetchedError, cdn_files


def attachment(url: str) -> discord.Attachment:
    data = {"id": 1, "filename": "a.png", "size": 3, "url": url, "proxy_url": url}
    return discord.Attachment(data=data, state=Mock())  # type: ignore[arg-type]


@pytest.fixture
async def host():
    """A CDN on this machine; the paths that were asked for."""
    asked: list[str] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        match request.match_info["name"]:
            case "a.png":
                return web.Response(body=b"abc")
            case "moved.png":
                raise web.HTTPFound("/a.png")
            case "bomb.png":
                packed = gzip.compress(bytes(10_000_000))
                return web.Response(body=packed, headers={"Content-Encoding": "gzip"})
            case "expired.png":
                raise web.HTTPNotFound
            case "forbidden.png":
                raise web.HTTPForbidden
            case "broken.png":
                raise web.HTTPInternalServerError
            case "silent.png":
                await asyncio.Event().wait()
        # Endless, and without saying so.
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65_536))

    app = web.Application()
    app.router.add_get("/{name}", serve)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    server.asked = asked  # type: ignore[attr-defined]
    yield server
    await server.close()


async def read(host, name: str) -> bytes:
    async with cdn_files(str(host.make_url("/api/v10"))) as files:
        return await files.read(attachment(str(host.make_url(f"/{name}"))), 1_000_000)


async def test_a_discord_on_this_machine_keeps_its_own_files(host):
    assert await read(host, "a.png") == b"abc"


async def test_a_redirect_is_not_followed(host):
    with pytest.raises(NotFetchedError, match="status=302"):
        await read(host, "moved.png")
    assert host.asked == ["/moved.png"]


@pytest.mark.parametrize("name", ["expired.png", "forbidden.png"])
async def test_a_link_that_has_expired_is_told_apart(host, name):
    with pytest.raises(LinkExpiredError):
        await read(host, name)


@pytest.mark.parametrize(("name", "why"), [("broken.png", "500"), ("endless.png", "TooLarge")])
async def test_what_is_not_the_file_is_refused(host, name, why):
    with pytest.raises(NotFetchedError, match=why):
        await read(host, name)


async def test_nothing_is_unpacked_on_the_way(host):
    assert len(await read(host, "bomb.png")) < 100_000


async def test_nobody_waits_for_ever(host, monkeypatch):
    monkeypatch.setattr(cdn, "SECONDS", 0.05)
    with pytest.raises(NotFetchedError, match="TimeoutError"):
        await read(host, "silent.png")


class NoSession:
    """Fails the test when anything is fetched."""

    def get(self, url, **_more):
        pytest.fail(f"{url} was fetched")


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://evil@cdn.discordapp.com/a.png",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://discord.com/api/v10/users/@me",
        "http://127.0.0.1:8080/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "//cdn.discordapp.com/a.png",
        "/a.png",
        "https://[::1/a.png",
        "",
    ],
)
async def test_nothing_is_fetched_from_elsewhere(url):
    files = CdnFiles(NoSession())  # type: ignore[arg-type]
    with pytest.raises(NotFetchedError, match="not a link to Discord's files"):
        await files.read(attachment(url), 10)


@pytest.mark.parametrize("host", ["cdn.discordapp.com", "media.discordapp.net"])
async def test_discords_hosts_are_asked_without_following_redirects(host):
    asked = []

    class Session:
        def get(self, url, **more):
            asked.append((str(url), more))
            raise TimeoutError

    files = CdnFiles(Session())  # type: ignore[arg-type]
    with pytest.raises(NotFetchedError):
        await files.read(attachment(f"https://{host}/attachments/1/2/a.png?ex=1&hm=2"), 10)
    url = f"https://{host}/attachments/1/2/a.png?ex=1&hm=2"
    assert asked == [(url, {"allow_redirects": False})]
