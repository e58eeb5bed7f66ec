"""What goes wrong in a soak, drawn at random: at the gateway, at Discord, on the way, by people."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

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
    ("POST", "/webhooks/*/*"),
)
_CALLBACK = ("POST", "/interactions/*/*/callback")


class Troubles:
    """Makes trouble, always the same for the same dice."""

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
            name, fault = self._gateway_fault()
            self._gateway.faults.add(fault, path="/v1")
            self._count(f"gateway: {name}")
        if self._dice.random() < DISCORD_SHARE:
            self._at_discord()
        if self._dice.random() < CONNECTION_SHARE:
            await self._on_the_way()

    def over(self) -> None:
        """Let the sun shine: what was ordered and has not struck yet will not."""
        self._discord.faults.clear()
        self._gateway.faults.clear()

    def _gateway_fault(self) -> tuple[str, Fault]:
        dice = self._dice
        after = dice.randint(1, 15)
        status = dice.choice(_STATUSES)
        headers = {"Retry-After": "1"} if status == 429 else {}
        kinds: Sequence[tuple[str, Fault]] = (
            ("status", Fault(status=status, body=_BARE, headers=headers)),
            ("status, HTML", Fault(status=502, body=_HTML, content_type="text/html")),
            ("status, empty", Fault(status=dice.choice((500, 503)))),
            ("200 with HTML", Fault(status=200, body=_HTML, content_type="text/html")),
            ("200, empty", Fault(status=200, content_type="text/event-stream")),
            ("cut", Fault(cut_after_events=after)),
            ("cut before anything", Fault(cut_after_events=0)),
            ("ended early", Fault(cut_after_events=after, drops_connection=False)),
            ("error in the stream", _said(after, _ERROR_EVENT)),
            ("error at once", _said(0, _ERROR_EVENT)),
            ("broken JSON", _said(after, b'data: {"choices": [\n\n')),
            ("late", Fault(first_byte_delay_seconds=dice.uniform(1, 5))),
            ("stall", Fault(stall_after_events=after, stall_seconds=dice.uniform(2, 6))),
            ("in pieces", Fault(piece_bytes=dice.randint(1, 40))),
            ("no DONE", Fault(drop_done=True)),
            ("CRLF", Fault(crlf=True)),
            ("comments", Fault(prelude=b": keep-alive\n\n" * 3)),
        )
        return dice.choice(kinds)

    def _at_discord(self) -> None:
        dice, faults = self._dice, self._discord.faults
        method, path = dice.choice(_ROUTES)
        times = dice.randint(1, 3)
        kinds: Sequence[tuple[str, Callable[[], object]]] = (
            ("429", lambda: faults.fail(method, path, 429)),
            ("5xx", lambda: faults.fail(method, path, dice.choice((500, 502, 503)), times=times)),
            (
                "5xx after the work",
                lambda: faults.fail(method, path, 502, times=times, after=True),
            ),
            ("dropped", lambda: faults.drop(method, path, times=times)),
            ("dropped after the work", lambda: faults.drop(method, path, times=times, after=True)),
            ("slow", lambda: faults.delay(method, path, dice.uniform(0.5, 4), times=times)),
            (
                "slow after the work",
                lambda: faults.delay(method, path, dice.uniform(0.5, 4), times=times, after=True),
            ),
            ("message event twice", lambda: faults.duplicate("MESSAGE_CREATE")),
            ("interaction event twice", lambda: faults.duplicate("INTERACTION_CREATE")),
            ("callback 5xx", lambda: faults.fail(*_CALLBACK, 503)),
            ("callback dropped", lambda: faults.drop(*_CALLBACK)),
            ("callback dropped after the work", lambda: faults.drop(*_CALLBACK, after=True)),
            ("callback slow", lambda: faults.delay(*_CALLBACK, dice.uniform(1, 4), times=1)),
        )
        name, strike = dice.choice(kinds)
        strike()
        self._count(f"Discord: {name}")

    async def _on_the_way(self) -> None:
        gateway = self._discord.gateway
        match self._dice.randrange(4):
            case 0:
                gateway.drop()
                self._count("connection: dropped")
            case 1:
                gateway.ask_to_reconnect()
                self._count("connection: asked to reconnect")
            case 2:
                await gateway.close(4000)
                self._count("connection: closed")
            case _:
                gateway.forget_sessions()
                gateway.drop()
                self._count("connection: session lost")

    def _count(self, name: str) -> None:
        self.made[name] = self.made.get(name, 0) + 1


def _said(after: int, words: bytes) -> Fault:
    return Fault(cut_after_events=after, final_bytes=words, drops_connection=False)
