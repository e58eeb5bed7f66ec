"""What goes wrong in a soak, drawn at random: at the gateway, at Discord, on the way, by people."""

from __future__ import annotations

import random

from bot.playground.discord import LoopbackDiscord
from bot.playground.standin import Fault, StandInGateway

GATEWAY_SHARE = 0.20
"""How many questions come with a fault of the gateway."""
DISCORD_SHARE = 0.10
CONNECTION_SHARE = 0.01
_STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 499, 500, 502, 503, 504, 520, 524)
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
_ERROR_EVENT = b'data: {"error": {"message": "upstream broke", "type": "server_error"}}\n\n'
_BARE = b'{"error": {"message": "asked to fail", "type": "server_error", "code": "asked_to_fail"}}'
_ROUTES = (
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/*/messages/*"),
    ("POST", "/channels/*/typing"),
    ("PATCH", "/webhooks/*/*/messages/@original"),
)
_FOLLOW_UP = ("POST", "/webhooks/*/*")
_CALLBACK = ("POST", "/interactions/*/*/callback")
_AT_GATEWAY = tuple(
    f"gateway: {name}"
    for name in (
        "status",
        "status with HTML",
        "status, empty",
        "200 with HTML",
        "200, empty",
        "cut",
        "cut before anything",
        "ended early",
        "error in the stream",
        "error at once",
        "broken JSON",
        "late",
        "stall",
        "in pieces",
        "no DONE",
        "CRLF",
        "comments",
    )
)
_AT_DISCORD = tuple(
    f"Discord: {name}"
    for name in (
        "429",
        "429 for all",
        "5xx",
        "5xx after the work",
        "dropped",
        "dropped after the work",
        "slow",
        "slow after the work",
        "callback 5xx",
        "callback dropped",
        "callback dropped after the work",
        "callback slow",
        "message event twice",
        "interaction event twice",
    )
)
_ON_THE_WAY = tuple(
    f"connection: {name}" for name in ("dropped", "asked to reconnect", "closed", "session lost")
)


class Troubles:
    """Makes trouble by name, or at random: always the same for the same dice."""

    def __init__(
        self, dice: random.Random, discord: LoopbackDiscord, gateway: StandInGateway
    ) -> None:
        self._dice = dice
        self._discord = discord
        self._gateway = gateway
        self.made: dict[str, int] = {}
        """How often each was made."""

    async def with_question(self) -> None:
        """Perhaps make something go wrong around the next question."""
        if self._dice.random() < GATEWAY_SHARE:
            await self.make(self._dice.choice(_AT_GATEWAY))
        if self._dice.random() < DISCORD_SHARE:
            await self.make(self._dice.choice(_AT_DISCORD))
        if self._dice.random() < CONNECTION_SHARE:
            await self.make(self._dice.choice(_ON_THE_WAY))

    async def make(self, name: str) -> None:
        """Order one trouble."""
        self.made[name] = self.made.get(name, 0) + 1
        if name in _AT_GATEWAY:
            self._gateway.faults.add(self._gateway_fault(name), path="/v1")
        elif name in _AT_DISCORD:
            self._trouble_discord(name)
        else:
            await self._break_connection(name)

    def over(self) -> None:
        """Let the sun shine: what was ordered and has not struck yet will not."""
        self._discord.faults.clear()
        self._gateway.faults.clear()

    def _gateway_fault(self, name: str) -> Fault:
        dice = self._dice
        after = dice.randint(1, 15)
        match name:
            case "gateway: status":
                status = dice.choice(_STATUSES)
                headers = {"Retry-After": "1"} if status == 429 else {}
                return Fault(status=status, body=_BARE, headers=headers)
            case "gateway: status with HTML":
                return Fault(status=502, body=_HTML, content_type="text/html")
            case "gateway: status, empty":
                return Fault(status=dice.choice((500, 503)))
            case "gateway: 200 with HTML":
                return Fault(status=200, body=_HTML, content_type="text/html")
            case "gateway: 200, empty":
                return Fault(status=200, content_type="text/event-stream")
            case "gateway: cut":
                return Fault(cut_after_events=after)
            case "gateway: cut before anything":
                return Fault(cut_after_events=0)
            case "gateway: ended early":
                return Fault(cut_after_events=after, drops_connection=False)
            case "gateway: error in the stream":
                return _said(after, _ERROR_EVENT)
            case "gateway: error at once":
                return _said(0, _ERROR_EVENT)
            case "gateway: broken JSON":
                return _said(after, b'data: {"choices": [\n\n')
            case "gateway: late":
                return Fault(first_byte_delay_seconds=dice.uniform(1, 5))
            case "gateway: stall":
                return Fault(stall_after_events=after, stall_seconds=dice.uniform(2, 6))
            case "gateway: in pieces":
                return Fault(piece_bytes=dice.randint(1, 40))
            case "gateway: no DONE":
                return Fault(drop_done=True)
            case "gateway: CRLF":
                return Fault(crlf=True)
            case _:
                return Fault(prelude=b": keep-alive\n\n" * 3)

    def _trouble_discord(self, name: str) -> None:
        dice, faults = self._dice, self._discord.faults
        times = 1 if "callback" in name else dice.randint(1, 3)
        after = name.endswith("after the work")
        # Follow-ups know no nonce: nobody can repeat one that may have done its work.
        method, path = dice.choice(_ROUTES if after else (*_ROUTES, _FOLLOW_UP))
        if "callback" in name:
            method, path = _CALLBACK
        match name.removesuffix(" after the work"):
            case "Discord: 429":
                faults.limit(method, path)
            case "Discord: 429 for all":
                faults.limit(method, path, everywhere=True)
            case "Discord: 5xx" | "Discord: callback 5xx":
                status = dice.choice((500, 502, 503))
                faults.fail(method, path, status, times=times, after=after)
            case "Discord: dropped" | "Discord: callback dropped":
                faults.drop(method, path, times=times, after=after)
            case "Discord: slow" | "Discord: callback slow":
                faults.delay(method, path, dice.uniform(0.5, 4), times=times, after=after)
            case "Discord: message event twice":
                faults.duplicate("MESSAGE_CREATE")
            case _:
                faults.duplicate("INTERACTION_CREATE")

    async def _break_connection(self, name: str) -> None:
        gateway = self._discord.gateway
        match name:
            case "connection: dropped":
                gateway.drop()
            case "connection: asked to reconnect":
                gateway.ask_to_reconnect()
            case "connection: closed":
                await gateway.close(4000)
            case _:
                gateway.forget_sessions()
                gateway.drop()


def _said(after: int, words: bytes) -> Fault:
    return Fault(cut_after_events=after, final_bytes=words, drops_connection=False)
