"""The panel over real sockets, real counting, and keys that nobody finds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.content import Speaker
from bot.chat.preferences import Lists
from bot.chat.quota import Holder, Limit, Measure, Period
from bot.playground.discord import Message, interactions
from bot.playground.discord.components import walk
from bot.playground.discord.default_world import (
    ADA_ID,
    GENERAL_ID,
    GUILD_ID,
    MIRA_ID,
    PICTURES_ID,
    READ_ONLY_ID,
)
from bot.playground.discord.state import InteractionKind

KEY = "sk-server-secret-0123456789"


async def ask(weather, command: str, **options):
    """Use a command as Ada; the bot's answer to it."""
    asked = await weather.ada.run(GENERAL_ID, f"config {command}", options)
    return await answered(weather, asked)


async def answered(weather, asked):
    assert await asked.acknowledged()
    if asked.modal is not None:
        return asked
    await weather.until(lambda: asked.original is not None and not asked.original.is_thinking)
    return asked.original


def parts(message):
    return [part for part in walk(message.components) if "custom_id" in part]


def part(message, what: str) -> str:
    ids: list[str] = [each["custom_id"] for each in parts(message)]
    return next(custom_id for custom_id in ids if custom_id.startswith(f"panel:{what}:"))


def words(message: Message) -> str:
    told = [str(p.get("content", "")) for p in walk(message.components)]
    return "\n".join([message.content, *told])


async def choose(weather, panel, what: str, *values: str):
    edits = len(panel.history)
    await weather.ada.select(panel.id, part(panel, what), values)
    await weather.until(lambda: len(panel.history) > edits)


async def press(weather, panel, what: str):
    """Press a button that opens a form."""
    return await answered(weather, await weather.ada.press(panel.id, part(panel, what)))


async def submit(weather, panel, form, **values):
    edits = len(panel.history)
    await weather.ada.submit(form, values)
    await weather.until(lambda: len(panel.history) > edits)


async def test_a_command_and_the_panel_bear_that_discords_answer_is_lost(weather):
    faults = weather.discord.faults
    async with weather.bot():
        faults.drop("POST", "/interactions/*/*/callback", times=1, after=True)
        shown = await ask(weather, "show")
        assert "gpt-4o" in words(shown)
        panel = await ask(weather, "panel")
        faults.drop("POST", "/interactions/*/*/callback", times=1, after=True)
        await choose(weather, panel, "model", "gpt-5.4")
        assert "`gpt-5.4` (set for the server)" in words(panel)


async def test_the_panel_sets_everything_and_works_after_a_restart(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        assert panel.is_ephemeral
        assert "Chat model: `gpt-4o` (the bot's default)" in words(panel)
        await choose(weather, panel, "model", "gpt-5.4")
        assert "`gpt-5.4` (set for the server)" in words(panel)
    async with weather.bot():
        await choose(weather, panel, "place", str(PICTURES_ID))
        await choose(weather, panel, "page", "display")
        form = await press(weather, panel, "form")
        await submit(weather, panel, form, max_pages="2", footer=["on"])
        assert "Messages a reply may take: `2` (set for this channel)" in words(panel)
        assert "Model and tokens under replies: on (set for this channel)" in words(panel)
        await weather.mention("hi")
        await weather.until(lambda: weather.chats())
    assert weather.chats()[0].body["model"] == "gpt-5.4"


async def test_two_admins_at_the_panel_do_not_overwrite_each_other(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "memory")
        form = await press(weather, panel, "form")
        await ask(weather, "context", messages=7)
        await submit(weather, panel, form, context_messages="9")
        assert "Somebody changed this meanwhile" in words(panel)
        assert "Memory in questions: `7`" in words(panel)


async def test_a_number_that_does_not_fit_is_explained_in_the_panel(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "manner")
        form = await press(weather, panel, "form")
        await submit(weather, panel, form, temperature="9")
        assert "Temperature cannot be 9" in words(panel)


async def test_the_panels_forms_name_choices_in_words(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "memory")
        form = (await press(weather, panel, "form")).modal
        [scope] = [p for p in walk(form["components"]) if p.get("custom_id") == "context_scope"]
        assert [option["label"] for option in scope["options"]] == [
            "inherit",
            "the talk of the channel",
            "each member's talk",
            "a chain of replies",
        ]


async def test_roles_are_limited_and_models_are_searched_in_the_panel(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        form = await press(weather, panel, "search")
        await submit(weather, panel, form, words="haiku")
        menu = next(p for p in parts(panel) if p["custom_id"].startswith("panel:model:"))
        assert [o["value"] for o in menu["options"]] == ["inherit", "claude-haiku-4-5"]
        await choose(weather, panel, "page", "lists")
        asked = await weather.ada.select(panel.id, part(panel, "member"), [str(MIRA_ID)])
        form = await answered(weather, asked)
        await submit(
            weather, panel, form, verdict=["allow"], measure=["requests"], amount="3",
            period=["hour"],
        )  # fmt: skip
        assert f"<@{MIRA_ID}>: allowed" in words(panel)
        assert f"<@{MIRA_ID}>: 3 questions per hour" in words(panel)


async def test_long_lists_hide_neither_each_other_nor_what_was_changed(weather):
    lists = Lists(
        tuple(Rule(Subject.MEMBER, 10**18 + n, Verdict.DENY) for n in range(110)),
        tuple(Allowance(10**18 + n % 5, f"model-{n}") for n in range(200)),
        (Limit(Holder.SERVER, 0, Measure.REQUESTS, Period.DAY, 7),),
    )
    async with weather.bot() as bot:
        await bot.policy.change(
            GUILD_ID, lambda old: replace(old, lists=lists), Speaker(ADA_ID, "ada")
        )
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "lists")
        asked = await weather.ada.select(panel.id, part(panel, "member"), [str(MIRA_ID)])
        await submit(weather, panel, await answered(weather, asked), verdict=["allow"])
        told = words(panel)
        assert "**Changed**" in told
        assert f"Access (new): <@{MIRA_ID}>: allowed" in told
        assert "All members together: 7 questions per day" in told
        assert len(re.findall(r"… and \d+ more: `/config export` has all\.", told)) == 2
        form = await answered(
            weather, await weather.ada.select(panel.id, part(panel, "role"), [str(GUILD_ID)])
        )
        await submit(weather, panel, form, model="o3")
        assert "⚠ A list can have 200 entries at most." in words(panel)


async def test_the_panel_leads_to_balance_log_export_and_reset(weather):
    async with weather.bot(secrets_key=Fernet.generate_key().decode()):
        panel = await ask(weather, "panel")
        await choose(weather, panel, "model", "gpt-5.4")
        await choose(weather, panel, "page", "keeping")
        told = [
            await answered(weather, await weather.ada.press(panel.id, part(panel, what)))
            for what in ("log", "export", "reset")
        ]
        assert "Chat model: not set → `gpt-5.4`" in told[0].content
        assert json.loads(told[1].attachments[0].data)["server"] == {"chat_model": "gpt-5.4"}
        assert "Chat model: `gpt-5.4` → not set" in told[2].content
        await choose(weather, panel, "page", "keys")
        pressed = await weather.ada.press(panel.id, part(panel, "balance"))
        assert "whose books are" in (await answered(weather, pressed)).content


async def test_a_warning_of_low_credit_gets_its_channel_and_amount_in_the_panel(weather):
    async with weather.bot(secrets_key=Fernet.generate_key().decode()):
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "keeping")
        form = (await press(weather, panel, "form")).modal
        fields = [p["custom_id"] for p in walk(form["components"]) if "custom_id" in p]
        assert fields == ["time_zone", "retention_days"]
        await choose(weather, panel, "page", "keys")
        assert next(p for p in parts(panel) if ":warn:" in p["custom_id"])["disabled"]
        await weather.ada.submit(await ask(weather, "authcode"), {"authcode": KEY})
        await weather.until(lambda: len(own(weather)) == 1)
        await choose(weather, panel, "page", "keys")
        asked = await weather.ada.select(panel.id, part(panel, "warn"), [str(GENERAL_ID)])
        form = await answered(weather, asked)
        await submit(weather, panel, form, warn_below="2,5")
        assert "Warning below so many credits: `2.5` (set for the server)" in words(panel)
        assert f"Channel for the warning: <#{GENERAL_ID}> (set for the server)" in words(panel)
        await submit(weather, panel, form, warn_below="")
        assert "Not set: Warning below so many credits, Channel for the warning" in words(panel)
        asked = await weather.ada.select(panel.id, part(panel, "warn"), [str(READ_ONLY_ID)])
        form = await answered(weather, asked)
        refused = await answered(weather, await weather.ada.submit(form, {"warn_below": "2"}))
        assert "I may not write in" in refused.content


async def test_the_panel_takes_every_kind_of_channel_that_the_commands_take(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        [show] = [c for c in await weather.ada.commands(GENERAL_ID) if c["name"] == "config"]
        [command] = [c for c in show["options"] if c["name"] == "show"]
        place = next(p for p in parts(panel) if ":place:" in p["custom_id"])
        assert set(place["channel_types"]) == set(command["options"][0]["channel_types"])


async def test_access_and_quotas_are_reset_in_the_panel(weather):
    async with weather.bot():
        await ask(weather, "access deny", member=MIRA_ID)
        await ask(weather, "quota", requests=7)
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "lists")
        told = [
            await answered(weather, await weather.ada.press(panel.id, part(panel, what)))
            for what in ("unlist", "unlimit")
        ]
        assert f"Access (gone): <@{MIRA_ID}>: denied" in told[0].content
        assert "Quota" not in told[0].content
        assert "Quota (gone): All members together: 7 questions per day" in told[1].content


async def test_a_role_is_given_a_model_in_the_panel(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        await choose(weather, panel, "page", "lists")
        asked = await weather.ada.select(panel.id, part(panel, "role"), [str(GUILD_ID)])
        await submit(weather, panel, await answered(weather, asked), model="o3")
        assert f"<@&{GUILD_ID}>: `o3`" in words(panel)


async def test_the_panel_never_exceeds_discords_limits_however_many_models_there_are(weather):
    async with weather.bot() as bot:
        bot.models.learn([f"model-{number}" for number in range(500)])
        panel = await ask(weather, "panel")
        for _page in range(3):
            edits = len(panel.history)
            await weather.ada.press(panel.id, part(panel, "on"))
            await weather.until(lambda edits=edits: len(panel.history) > edits)
        menu = next(p for p in parts(panel) if p["custom_id"].startswith("panel:model:"))
        assert len(menu["options"]) == 25
        assert len(list(walk(panel.components))) <= 40


@pytest.mark.parametrize(
    "custom_id",
    [
        "panel:model:chat:0:0:",
        "panel:keyless:keys:0:0:",
        "panel:form:display:0:0:",
        "apply",
    ],
)
async def test_a_member_who_calls_the_parts_by_hand_is_refused(weather, custom_id):
    async with weather.bot():
        if custom_id == "apply":
            await ask(weather, "display", pages=3, channel=PICTURES_ID)
            panel = await ask(weather, "reset", what="everything")
            [custom_id] = [p["custom_id"] for p in parts(panel) if "apply" in p["custom_id"]]
        else:
            panel = await ask(weather, "panel")
        changes = (await ask(weather, "log")).content
        kind = 3 if ":model:" in custom_id else 2
        data = {"custom_id": custom_id, "component_type": kind, "values": ["o3"]}
        forged = interactions.open_interaction(
            weather.discord.world,
            InteractionKind.COMPONENT,
            user_id=MIRA_ID,
            channel_id=GENERAL_ID,
            data=data,
            source=panel,
        )
        await weather.until(lambda: forged.messages)
        message = forged.messages[-1]
        assert "Manage Server" in message.content
        assert message.is_ephemeral
        assert (await ask(weather, "log")).content == changes


async def test_an_admin_cannot_set_anything_for_a_channel_of_another_server(weather):
    async with weather.bot():
        panel = await ask(weather, "panel")
        forged = interactions.open_interaction(
            weather.discord.world,
            InteractionKind.COMPONENT,
            user_id=ADA_ID,
            channel_id=GENERAL_ID,
            data={
                "custom_id": f"panel:model:chat:{10**18}:0:",
                "component_type": 3,
                "values": ["o3"],
            },
            source=panel,
        )
        await weather.until(lambda: forged.messages)
        assert "not here any more" in forged.messages[-1].content
        assert "Nothing was changed" in (await ask(weather, "log")).content


async def test_of_many_at_once_exactly_as_many_as_the_quota_are_answered(weather):
    async with weather.bot():
        await ask(weather, "quota", requests=5)
        await ask(weather, "use", member_replies=20)
        for number in range(12):
            await weather.mention(f"question {number}")
        await weather.until(
            lambda: (
                sum("limit for all members" in m.content for m in weather.replies()) == 7
                and len(weather.chats()) == 5
            )
        )
    assert len(weather.chats()) == 5


async def test_no_byte_of_a_key_is_in_the_database_the_log_or_an_export(weather):
    keys = Fernet.generate_key().decode()
    async with weather.process(SECRETS_KEY=keys, LOG_LEVEL="DEBUG") as bot:
        form = await ask(weather, "authcode")
        await weather.ada.submit(form, {"authcode": KEY})
        await weather.until(lambda: len(own(weather)) == 1)
        assert f"`…{KEY[-4:]}`" in own(weather)[0].content
        await weather.mention("hi")
        await weather.until(lambda: weather.chats())
        assert weather.chats()[0].headers["Authorization"] == f"Bearer {KEY}"
        [file] = (await ask(weather, "export")).attachments
        assert json.loads(file.data) == {"version": 1}
        told = [(await ask(weather, name)).content for name in ("show", "log")]
    database = Path(weather.database_url.removeprefix("sqlite:///"))
    stored = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    logged = "\n".join(bot.log_lines())
    assert len(stored) > 10_000
    assert "replied guild=" in logged
    for place in (stored, logged.encode(), "".join(told).encode(), file.data):
        for secret in (KEY, KEY[:12], keys, weather.discord.token):
            assert secret.encode() not in place


def own(weather):
    """What the bot has said to Ada alone about keys."""
    seen = weather.replies(viewer=ADA_ID)
    return [m for m in seen if re.search(r"uses the auth code", m.content)]


async def test_a_key_goes_with_its_server(weather):
    async with weather.bot(secrets_key=Fernet.generate_key().decode()) as bot:
        form = await ask(weather, "authcode")
        await weather.ada.submit(form, {"authcode": KEY})
        await weather.until(lambda: len(own(weather)) == 1)
        assert await bot.policy.with_keys()
        [guild] = bot.guilds
        [(_name, removed)] = [
            listener
            for listener in bot.cogs["Servers"].get_listeners()
            if listener[0] == "on_guild_remove"
        ]
        await removed(guild)
        assert await bot.policy.with_keys() == []
