"""Every path of this Discord."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord.rest import account, channels, commands, files, interactions, messages
from bot.playground.discord.rest.pipeline import BASE, Handler, api
from bot.playground.discord.rest.requests import PARTS, Parts

GATEWAY_PATH = "/gateway"

_CHANNEL = "/channels/{channel_id}"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
_WEBHOOK = "/webhooks/{application_id}/{token}"

_ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "/gateway", account.read_gateway),
    ("GET", "/gateway/bot", account.read_bot_gateway),
    ("GET", "/users/@me", account.read_me),
    ("GET", "/users/{user_id}", account.read_user),
    ("POST", "/users/@me/channels", account.open_dm),
    ("GET", "/applications/@me", account.read_application),
    ("GET", "/oauth2/applications/@me", account.read_application),
    ("GET", "/guilds/{guild_id}", account.read_guild),
    ("GET", "/guilds/{guild_id}/members/{user_id}", account.read_member),
    ("GET", _COMMANDS, commands.read_commands),
    ("PUT", _COMMANDS, commands.replace_commands),
    ("GET", _GUILD_COMMANDS, commands.read_commands),
    ("PUT", _GUILD_COMMANDS, commands.replace_commands),
    ("GET", _CHANNEL, channels.read_channel),
    ("PATCH", _CHANNEL, channels.edit_channel),
    ("DELETE", _CHANNEL, channels.delete_channel),
    ("POST", f"{_CHANNEL}/typing", channels.start_typing),
    ("POST", f"{_CHANNEL}/threads", channels.start_thread),
    ("POST", f"{_MESSAGE}/threads", channels.start_thread_on_message),
    ("PUT", f"{_CHANNEL}/thread-members/{{user_id}}", channels.join_thread),
    ("GET", f"{_CHANNEL}/messages", messages.list_messages),
    ("POST", f"{_CHANNEL}/messages", messages.create_message),
    ("GET", _MESSAGE, messages.read_message),
    ("PATCH", _MESSAGE, messages.edit_message),
    ("DELETE", _MESSAGE, messages.delete_message),
    ("POST", "/interactions/{interaction_id}/{token}/callback", interactions.respond),
    ("POST", _WEBHOOK, interactions.follow_up),
    ("GET", f"{_WEBHOOK}/messages/{{message_id}}", interactions.read_message),
    ("PATCH", f"{_WEBHOOK}/messages/{{message_id}}", interactions.edit_message),
    ("DELETE", f"{_WEBHOOK}/messages/{{message_id}}", interactions.delete_message),
]


def build_app(parts: Parts) -> web.Application:
    """Put the API, the gateway and the CDN on one host."""
    # A request may be a little larger than its files; the exact limit is the handlers' to keep.
    room = 2 * parts.world.settings.max_request_bytes
    app = web.Application(middlewares=[api], client_max_size=room)
    app[PARTS] = parts
    for method, path, handler in _ROUTES:
        app.router.add_route(method, f"{BASE}{path}", handler)
    app.router.add_get(
        "/attachments/{channel_id}/{attachment_id}/{filename}", files.read_attachment
    )
    app.router.add_get(GATEWAY_PATH, parts.gateway.handle)
    return app
