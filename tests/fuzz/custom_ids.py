"""Custom ids of buttons, selects, panels and forms: whoever forges one gets a sentence at most."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.chat import preferences
from bot.chat.models import Catalogue
from bot.chat.policy import Defaults, Policy
from bot.cogs import (
    _modals,
    _panel_parts,
    _picture_buttons,
    _proposals,
    buttons,
    config,
    edit,
)
from bot.cogs._panel import Spot, spot_of
from bot.cogs._turn_items import TurnItem
from bot.cogs.errors import words_for
from bot.errors import BotError
from tests.fakes import FakeClock, MemoryPreferences
from tests.fuzz.moving import LARGEST_ID, TARGET as IMPORT
from tests.fuzz.target import Target

_T = TypeVar("_T")
CHANNEL = 7
"""The only channel of the server."""
LONGEST_ID = 100
"""Discord's limit."""
REGISTERING = (_panel_parts, buttons, config)
"""What only has to be imported for its items and patterns to be known."""
ITEMS: list[Any] = [
    *TurnItem.__subclasses__(),
    _proposals.ApplyButton,
    _proposals.DiscardButton,
]
# They wait for the store and for Discord's messages. By name: extensions are loaded more than once.
_SKIPPED = {edit.edit.__name__, _picture_buttons._enlarge_chosen.__name__}


class _Response:
    """Notes what a handler answers."""

    type = None

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def is_done(self) -> bool:
        return bool(self.shown)

    async def defer(self, **_options: object) -> None:
        self.shown.append(None)

    async def edit_message(self, **answer: Any) -> None:
        self.shown.append(answer.get("view"))

    async def send_modal(self, form: discord.ui.Modal) -> None:
        self.shown.append(form)


class _Interaction(SimpleNamespace):
    """An admin who presses what they made up."""

    async def edit_original_response(self, **answer: Any) -> None:
        self.response.shown.append(answer.get("view"))


def _interaction(custom_id: str, lines: list[str]) -> Any:
    """Lines with `=` fill in a form's fields, others are what was chosen."""
    policy = Policy(Defaults("gpt-4o", "gpt-image-1"), MemoryPreferences(), FakeClock())
    guild = SimpleNamespace(
        id=1, name="Server", get_channel=lambda i: SimpleNamespace(id=i) if i == CHANNEL else None
    )
    fields = [line.partition("=") for line in lines if "=" in line]
    return _Interaction(
        client=SimpleNamespace(
            policy=policy,
            models=Catalogue(),
            keyring=SimpleNamespace(check=lambda: None),
            account=SimpleNamespace(),
        ),
        guild=guild,
        guild_id=1,
        channel=SimpleNamespace(id=CHANNEL),
        channel_id=CHANNEL,
        permissions=SimpleNamespace(manage_guild=True, manage_messages=True),
        user=SimpleNamespace(id=11, display_name="mira"),
        response=_Response(),
        type=discord.InteractionType.component,
        extras={},
        data={
            "custom_id": custom_id,
            "values": [line for line in lines if "=" not in line],
            "components": [{"custom_id": name, "value": value} for name, _, value in fields],
        },
    )


def used(data: bytes) -> Hashable:
    custom_id, *lines = data.decode("utf-8", "replace").split("\n")
    for item in ITEMS:
        if found := item.__discord_ui_compiled_template__.fullmatch(custom_id):
            return item.__name__, _check_item(item, found)
    matches = [
        (kind, pattern.fullmatch(custom_id), handler)
        for kind, handlers in (("form", _modals._handlers), ("part", _modals._presses))
        for pattern, handler in handlers.items()
    ]
    known = [(kind, match, handler) for kind, match, handler in matches if match]
    assert len(known) <= 1, "two handlers for one id"
    if not known:
        return "unknown"
    [(kind, match, handler)] = known
    if handler.__name__ in _SKIPPED:
        return "skipped"
    interaction = _interaction(custom_id, lines)
    spot = _spot(interaction, match)
    outcome = _use(interaction, handler, match, kind)
    layer = _done(interaction.client.policy.configuration(1))
    assert set(layer.places) <= {CHANNEL}, "settings of a place that is not here"
    lists = layer.lists
    ids = [rule.subject_id for rule in lists.access] + [limit.holder_id for limit in lists.quotas]
    assert all(number <= LARGEST_ID for number in ids), "an id that nobody can have"
    assert all(limit.holder_id == 0 for limit in lists.quotas if limit.holder == "server")
    for shown in interaction.response.shown:
        for inner in _ids_of(shown):
            assert 0 < len(inner) <= LONGEST_ID, "an id too long for Discord"
            if inner.startswith(("panel:", "persona:")):
                assert _is_known(inner), "an id that nobody understands"
    return match.re.pattern[:16], spot and spot.page in preferences.FIELDS, outcome


def _check_item(item: Any, found: re.Match[str]) -> str:
    made = _done(item.from_custom_id(SimpleNamespace(), SimpleNamespace(), found))
    assert len(made.custom_id) <= LONGEST_ID, "an id too long for Discord"
    assert item.__discord_ui_compiled_template__.fullmatch(made.custom_id), "no round trip"
    turn = getattr(made, "turn_id", 0)
    assert 0 <= turn <= LARGEST_ID, "an id that no turn can have"
    return str(len(str(turn)) > 9)


def _spot(interaction: Any, match: re.Match[str]) -> Spot | None:
    if "offset" not in match.groupdict():
        return None
    try:
        spot = spot_of(interaction, match)
    except BotError:
        return None
    assert spot.place in (0, CHANNEL), "a place that is not here"
    assert len(spot.custom_id("everywhere")) <= LONGEST_ID
    return spot


def _use(interaction: Any, handler: Any, match: re.Match[str], kind: str) -> str:
    """What became of it: anything but a sentence for the member is a finding."""
    data = interaction.data
    if kind == "form":
        values = dict(_modals._filled_in(data["components"]))
        work: Coroutine[Any, Any, None] = handler(interaction, match, values)
    else:
        work = handler(interaction, match)
    try:
        _done(work)
    except (BotError, app_commands.AppCommandError) as error:
        words = words_for(error)
        assert words, "no sentence for the member"
        assert len(words) <= 600, "a long sentence"
        return words[:20]
    return "done"


def _ids_of(shown: Any) -> Iterator[str]:
    for item in shown.walk_children() if shown is not None else ():
        if custom_id := getattr(item, "custom_id", None):
            yield custom_id
    if isinstance(shown, discord.ui.Modal):
        yield shown.custom_id


def _is_known(custom_id: str) -> bool:
    patterns: list[re.Pattern[str]] = [*_modals._presses, *_modals._handlers]
    return any(pattern.fullmatch(custom_id) for pattern in patterns)


def _done(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.get_event_loop().run_until_complete(work)


def _pressed(custom_id: str) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        data = (custom_id * (size // len(custom_id))).encode()

        def press() -> None:
            with _in_loop():
                used(data)

        return press

    return make


_PARTS = (
    "page", "place", "everywhere", "back", "on", "model", "search", "form", "persona", "key",
    "keyless", "log", "export", "reset", "role", "member", "server", "here", "find", "set", "whom",
    "warn", "warning", "unlist", "unlimit",
)  # fmt: skip
_PAGES = ("chat", "image", "lists", "keys", "models", "manner", "memory", "display", "use", "x")


def _seeds() -> Iterator[bytes]:
    for part in _PARTS:
        yield Spot("manner").custom_id(part).encode()
        yield Spot("chat", CHANNEL, 24, "gpt").custom_id(part).encode()
        yield Spot("lists", 0, 0, "role5").custom_id(part).encode() + b"\nverdict=allow\nmodel=x"
    yield b"panel:whom:lists:0:0:member9\nmeasure=tokens\namount=5\nperiod=day"
    yield b"panel:set:manner:0:0:\ntemperature=0,5\nmax_tokens=7"
    yield b"panel:model:chat:0:0:\ngpt-4o"
    yield b"panel:place:chat:0:0:\n7"
    yield b"panel:warn:keys:0:0:\n7"
    yield b"panel:warning:keys:0:0:7\nwarn_below=5"
    for item in ITEMS:
        name = item.__discord_ui_compiled_template__.pattern.partition(":")[0]
        yield f"{name}:7".encode()
    yield b"variant:7:-1:2:3"
    yield b"apply:0123456789abcdef"
    yield b"enlarge:7:8"
    yield b"edit:7"


@contextmanager
def _in_loop() -> Iterator[None]:
    """An event loop for the library's views, which make futures, and for the handlers."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with IMPORT.around():
            yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


TARGET = Target(
    "custom ids",
    used,
    seeds=list(_seeds()),
    dictionary=[
        *(part.encode() for part in _PARTS), *(page.encode() for page in _PAGES),
        *(word.encode() for word in preferences.FIELDS), b":", b"::", b"0", b"7", b"-1", b"1",
        b"9" * 5, b"9" * 18, b"9" * 20, b"\xd9\xa1", "\u0661".encode() * 18, b"\n", b"panel:", b"=",
        b"role7", b"member" + b"9" * 20, b"server0", b"server9", b"place7", b"\nverdict=deny",
        b"\nverdict=x", b"\nmeasure=credits", b"\nmeasure=x", b"\nperiod=month", b"\nperiod=x",
        b"\namount=1e9", b"\namount=nan", b"\namount=-1", b"\namount=1e400", b"\nmodel=gpt-4o",
        b"\nwords=gpt", b"\nwords=" + "İ".encode() * 30, b"\ntemperature=nan", b"\nmax_tokens=7",
        b"\ntop_p=inf", b"\nlanguage=de", b"\ntime_zone=x", b"\nfooter=on", b"\nfooter=x",
        b"inherit", b"gpt-image-1", b"\ninherit", b"keeping", "字".encode(), b"`", b"<@1>",
    ],
    growing={
        text: _pressed(text)
        for text in (":", "7", "panel:", "panel:page:chat:0:0:", "variant:7:1:", "٣", "\n", "=")
    },
    size=20_000,
    around=_in_loop,
)  # fmt: skip
