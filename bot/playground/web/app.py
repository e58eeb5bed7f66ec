"""The playground's page: its files, its uploads and attachments, and a WebSocket for each tab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from aiohttp import web
from yarl import URL

from bot.i18n import _
from bot.playground.discord import ApiError, LoopbackDiscord, Upload
from bot.playground.web import views
from bot.playground.web.tab import Tab
from bot.playground.web.uploads import Uploads

STATIC = Path(__file__).parent / "static"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_INLINE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

# Nothing from elsewhere, no inline script or style: a message can never become more than text.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(server: LoopbackDiscord, *, banner: str, offline: bool = True) -> web.Application:
    """Build the page over a loopback Discord.

    Args:
        server: Its world is shown, and its people act.
        banner: One sentence on who answers: the real gateway or the offline stand-in.
        offline: Whether it is the stand-in; the page marks it by a colour as well.
    """
    page = _Page(server, banner, offline=offline)
    app = web.Application(
        middlewares=[_guard], client_max_size=server.settings.max_file_bytes + 1024 * 1024
    )
    app.router.add_get("/", page.index)
    app.router.add_get("/about", page.about)
    app.router.add_get("/socket", page.socket)
    app.router.add_post("/uploads", page.upload)
    app.router.add_get("/files/{message}/{attachment}/{name}", page.file)
    app.router.add_static("/static", STATIC)
    return app


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer this machine's own page only.

    Another site in the same browser could reach the port, also under a name of its own that
    resolves to 127.0.0.1; it can forge neither `Host` nor `Origin`.
    """
    try:
        host = URL(f"http://{request.host}")
    except ValueError:
        raise web.HTTPForbidden from None
    origin = request.headers.get("Origin")
    if host.host not in _LOOPBACK or (origin is not None and URL(origin) != host):
        raise web.HTTPForbidden(text=_("The playground answers its own page only."))
    response = await handler(request)
    if not response.prepared:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
    return response


class _Page:
    """The handlers."""

    def __init__(self, server: LoopbackDiscord, banner: str, *, offline: bool) -> None:
        self._server = server
        self._world = server.world
        self._about = {"banner": banner, "offline": offline}
        self._uploads = Uploads()

    async def index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html")

    async def about(self, _request: web.Request) -> web.Response:
        return _json(self._about)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        people = [user.id for user in self._world.users.values() if not user.bot]
        wanted = request.query.get("person", "")
        viewer = int(wanted) if wanted.isdecimal() and int(wanted) in people else min(people)
        await Tab(self._server, self._uploads, socket, viewer=viewer).run()
        return socket

    async def upload(self, request: web.Request) -> web.Response:
        """Take one file as the request's body, its name in the query."""
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            data = None
        if data is None or len(data) > self._server.settings.max_file_bytes:
            limit = self._server.settings.max_file_bytes // (1024 * 1024)
            return _json({"error": _("A file may have up to {limit} MB.").format(limit=limit)}, 413)
        name = request.query.get("name", "file")[-200:]
        upload = Upload(name, data, request.content_type)
        return _json({"id": self._uploads.add(upload)})

    async def file(self, request: web.Request) -> web.Response:
        """Send an attachment's bytes; only pictures are shown in place."""
        wanted = request.match_info["message"], request.match_info["attachment"]
        if not all(part.isdecimal() for part in wanted):
            raise web.HTTPNotFound
        try:
            message = self._world.message(int(wanted[0]))
        except ApiError:
            raise web.HTTPNotFound from None
        for file in message.attachments:
            if file.id == int(wanted[1]):
                inline = file.content_type in _INLINE_TYPES
                return web.Response(
                    body=file.data,
                    content_type=file.content_type if inline else "application/octet-stream",
                    headers={
                        "Content-Disposition": "inline" if inline else "attachment",
                        # The bytes behind an attachment's id never change.
                        "Cache-Control": "private, max-age=3600, immutable",
                    },
                )
        raise web.HTTPNotFound


def _json(body: views.Json, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )
