"""What server admins decide, and that it holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import discord
import matplotlib.backends.backend_agg  # noqa: F401 - takes seconds, which a simulated Discord has not
import pytest

from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.account import Balance, Charged
from bot.chat.content import Speaker
from bot.chat.events import Finished, FinishReason, TextDelta, Usage, UsageReported
from bot.cogs._config_lists import of_lists, with_allowance, with_rules
from bot.cogs._config_moving import LOG_PAGE
from bot.keyring import Keyring
from tests.cogs.conftest import labels


def asked(stage):
    return stage.services.model.requests[-1]


def configuration(stage):
    return stage.services.preferences.configurations[stage.guild.id]


async def config(stage, command: str, who=None, where=None, **options):
    result = await (who or stage.ada).slash(where or stage.general, f"config {command}", **options)
    assert result.ephemeral
    return result.response


# Settings.


async def test_sampling_reaches_the_model_and_is_taken_back(stage):
    await config(stage, "sampling", temperature=0.3, max_tokens=900, reasoning="low", search="on")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    request = asked(stage)
    assert (request.temperature, request.max_tokens, request.reasoning) == (0.3, 900, "low")
    assert request.search
    await config(stage, "sampling", temperature=-1, max_tokens=0, reasoning="inherit")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert (asked(stage).temperature, asked(stage).max_tokens) == (None, None)


async def test_a_value_that_the_model_does_not_take_is_told_at_once(stage):
    await config(stage, "model", chat="o3")
    response = await config(stage, "sampling", temperature=0.3)
    assert "`o3` does not take temperature" in response.content


async def test_a_category_holds_for_its_channels_until_one_says_otherwise(stage):
    category = stage.guild.create_category("Talk")
    inside = stage.guild.create_text_channel("inside", category=category)
    await config(stage, "model", chat="gpt-5.4", channel=category)
    await stage.mira.send(inside, f"{stage.me} hi")
    assert asked(stage).model == "gpt-5.4"
    response = await config(stage, "show", channel=inside)
    assert "`gpt-5.4` (set for the category)" in response.content
    await config(stage, "model", chat="o3", channel=inside)
    await stage.mira.send(inside, f"{stage.me} hi")
    assert asked(stage).model == "o3"


async def test_a_thread_goes_by_its_channel(stage):
    await config(stage, "model", chat="o3", channel=stage.general)
    channel = stage.env.bot.get_channel(stage.general.id)
    await channel.create_thread(name="talk", type=discord.ChannelType.public_thread)
    await stage.mira.send(stage.general.threads[0], f"{stage.me} hi")
    assert asked(stage).model == "o3"


async def test_members_cannot_choose_the_model_where_admins_do_not_want_it(stage):
    await config(stage, "model", members_choose="off")
    result = await stage.mira.slash(stage.general, "ask", prompt="hi", model="o3")
    assert "cannot choose the model" in result.response.content
    assert not stage.services.model.requests


async def test_the_footer_names_the_model_and_its_tokens(stage):
    await config(stage, "display", footer="on")
    usage = UsageReported(Usage(input_tokens=1_000, output_tokens=234))
    stage.services.model.script = [TextDelta("Hi."), usage, Finished(FinishReason.STOP)]
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert stage.reply().content == "Hi.\n-# gpt-4o · 1,234 tokens"


async def test_each_member_can_have_a_memory_of_their_own(stage):
    await config(stage, "context", scope="member")
    await stage.mira.send(stage.general, f"{stage.me} I am Mira")
    await stage.eve.send(stage.general, f"{stage.me} who am I?")
    assert len(asked(stage).messages) == 1
    await stage.mira.send(stage.general, f"{stage.me} who am I?")
    assert len(asked(stage).messages) == 3


async def test_a_chain_of_replies_can_be_what_is_remembered(stage):
    await config(stage, "context", scope="replies")
    await stage.mira.send(stage.general, f"{stage.me} one")
    first = stage.reply()
    await stage.mira.send(stage.general, f"{stage.me} two")
    assert len(asked(stage).messages) == 1
    await stage.mira.send(stage.general, f"{stage.me} more", reply_to=first)
    assert [turn.text for turn in asked(stage).messages] == ["mira: one", "Hello!", "mira: more"]


async def test_the_memory_can_be_made_shorter(stage):
    await config(stage, "context", messages=1)
    for word in ("one", "two", "three"):
        await stage.mira.send(stage.general, f"{stage.me} {word}")
    assert len(asked(stage).messages) == 3


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("use", {"time_zone": "Berlin"}, "no time zone Berlin. Name region and city, such as"),
        ("display", {"language": "German"}, "I do not speak German. Possible: en."),
        ("display", {"language": "de"}, "I do not speak de. Possible: en."),
        ("display", {"language": "../../etc"}, "I do not speak ../../etc."),
        ("model", {"chat": "o3\n\u202e# x"}, "Chat model cannot be o3 # x"),
        ("context", {"tokens": 20}, "Memory in tokens cannot be 20. Possible: a number from 500"),
        ("model", {"image": "gpt-4o"}, "makes no pictures"),
        ("model", {"chat": "dall-e-3"}, "only makes pictures"),
        ("sampling", {}, "Choose at least one thing"),
        ("access allow", {}, "Choose a role, a member or a channel"),
        ("quota", {}, "Say how many"),
    ],
)
async def test_what_cannot_be_is_explained_and_nothing_is_saved(stage, command, options, words):
    response = await config(stage, command, **options)
    assert words in response.content
    assert stage.services.preferences.logged == []


async def test_what_only_a_server_has_is_named_as_that_when_it_is_set_for_a_channel(stage):
    response = await config(stage, "use", time_zone="Europe/Berlin", channel=stage.other)
    assert response.content == "Time zone can only be set for the whole server."
    assert stage.services.preferences.logged == []


async def test_a_variety_of_english_is_english(stage):
    await config(stage, "display", language="en-GB")
    assert configuration(stage).server.language == "en-GB"


# Persona.


async def test_a_persona_is_seen_before_it_is_saved_and_filled_in_for_each_question(stage):
    form = await stage.ada.slash(stage.general, "config persona")
    shown = await stage.ada.submit_modal(
        form, {"persona": "You are the owl of {server}, talking to {user} in {channel}."}
    )
    assert "the owl of Home" in shown.response.content
    assert stage.services.preferences.logged == []
    await stage.ada.click(shown.response, label="Save")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert asked(stage).system.startswith("You are the owl of Home, talking to mira in general.")


async def test_a_persona_is_previewed_with_the_time_and_the_channel_that_it_is_for(stage):
    zone = ZoneInfo("Asia/Kathmandu")  # never shows the minutes of UTC
    await config(stage, "use", time_zone=zone.key)
    form = await stage.ada.slash(stage.general, "config persona", channel=stage.other)
    before = datetime.now(zone)
    shown = await stage.ada.submit_modal(form, {"persona": "It is {time} in {channel}."})
    after = datetime.now(zone)
    possible = {f"It is {now:%H:%M} in other." for now in (before, after)}
    assert possible.intersection(shown.response.content.splitlines())


async def test_a_categorys_persona_is_previewed_in_one_of_its_channels(stage):
    category = stage.guild.create_category("Talk")
    stage.guild.create_text_channel("inside", category=category)
    form = await stage.ada.slash(stage.general, "config persona", channel=category)
    shown = await stage.ada.submit_modal(form, {"persona": "You live in {channel}."})
    assert "You live in inside." in shown.response.content


async def test_the_second_of_two_admins_sees_what_changed_and_saves_nothing(stage):
    form = await stage.ada.slash(stage.general, "config persona")
    shown = await stage.ada.submit_modal(form, {"persona": "Be an owl."})
    await config(stage, "display", pages=3)
    result = await stage.ada.click(shown.response, label="Save")
    assert "Somebody changed settings meanwhile" in result.response.content
    assert "Messages a reply may take: not set → `3`" in result.response.content
    assert configuration(stage).server.persona is None


async def test_a_preview_can_be_thrown_away(stage):
    form = await stage.ada.slash(stage.general, "config persona")
    shown = await stage.ada.submit_modal(form, {"persona": "Be an owl."})
    result = await stage.ada.click(shown.response, label="Discard")
    assert "Nothing was changed" in result.response.content
    assert labels(result.response) == []


# Access.


async def test_a_denied_role_is_refused_in_every_way(stage):
    muted = stage.guild.create_role("Muted")
    await config(stage, "access deny", role=muted)
    await _give(stage, muted)
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert "have not given you access" in stage.reply().content
    for command in ("ask", "imagine"):
        result = await stage.mira.slash(stage.general, command, prompt="hi")
        assert "have not given you access" in result.response.content
    assert not stage.services.model.requests


async def test_where_some_channels_are_allowed_others_are_not(stage):
    await config(stage, "access allow", channel=stage.general)
    await stage.mira.send(stage.other, f"{stage.me} hi")
    assert "do not want me in this channel" in stage.reply(stage.other).content
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert stage.reply().content == "Hello!"
    await config(stage, "access forget", channel=stage.general)
    await stage.mira.send(stage.other, f"{stage.me} hi")
    assert stage.reply(stage.other).content == "Hello!"


async def test_a_button_of_an_old_reply_is_refused_as_well(stage):
    await stage.mira.send(stage.general, f"{stage.me} hi")
    message = stage.reply()
    await config(stage, "access deny", member=stage.mira)
    result = await stage.mira.click(message, label="Regenerate")
    assert "have not given you access" in result.followups[-1].content
    assert len(stage.services.model.requests) == 1


async def test_models_are_for_the_roles_that_are_given_them(stage):
    staff = stage.guild.create_role("Staff")
    await config(stage, "access models", role=staff, model="o3")
    result = await stage.mira.slash(stage.general, "ask", prompt="hi", model="o3")
    assert "None of your roles may use `o3`" in result.response.content
    await _give(stage, staff)
    await stage.mira.slash(stage.general, "ask", prompt="hi", model="o3")
    assert asked(stage).model == "o3"


async def test_mentions_can_be_switched_off(stage):
    await config(stage, "use", mentions="off")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert "Use `/ask`" in stage.reply().content
    await stage.mira.slash(stage.general, "ask", prompt="hi")
    assert stage.reply().content == "Hello!"


async def test_direct_messages_can_be_switched_off_by_the_operator(stage):
    stage.env.bot.answers_dms = False
    await stage.mira.send_dm("hi")
    assert not stage.services.model.requests


async def test_nobody_is_offered_models_where_they_may_not_ask(stage, caplog):
    await config(stage, "access deny", member=stage.mira)
    offered = await stage.mira.autocomplete(stage.general, "ask", "model", "gpt", prompt="x")
    assert list(offered) == []
    assert "autocomplete" not in caplog.text


async def test_only_age_restricted_channels_are_served_if_the_admin_asks_for_it(stage, monkeypatch):
    await config(stage, "use", adults_only="on")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert "age-restricted" in stage.reply().content
    monkeypatch.setattr(discord.TextChannel, "is_nsfw", lambda channel: channel.name == "other")
    await stage.mira.send(stage.other, f"{stage.me} hi")
    assert stage.reply(stage.other).content == "Hello!"


async def test_the_lists_name_roles_that_are_gone_without_failing(stage):
    role = stage.guild.create_role("Gone")
    await config(stage, "access deny", role=role)
    await stage.env.bot.get_guild(stage.guild.id).get_role(role.id).delete()
    response = await config(stage, "access list")
    assert f"<@&{role.id}>: denied" in response.content
    assert configuration(stage).lists.access == (Rule(Subject.ROLE, role.id, Verdict.DENY),)


async def test_long_lists_are_each_shortened_and_say_where_all_of_it_is(stage):
    for number in range(60):
        rule = with_rules([(Subject.MEMBER, 10**18 + number)], Verdict.DENY)
        await stage.services.preferences.change(
            stage.guild.id, of_lists(rule), Speaker(stage.ada.id, "ada")
        )
    await config(stage, "quota", requests=7)
    for command in ("access list", "show"):
        told = (await config(stage, command)).content
        assert "more: `/config export` has all." in told
        assert told.endswith("All members together: 7 questions per day")


# Quotas.


async def test_a_member_with_nothing_left_is_told_so_and_when_it_starts_anew(stage):
    await config(stage, "quota", member=stage.mira, requests=1)
    await stage.mira.slash(stage.general, "ask", prompt="hi")
    result = await stage.mira.slash(stage.general, "ask", prompt="again")
    assert "Your limit here is 1 question per day. Left: 0 questions." in result.response.content
    assert "<t:" in result.response.content
    await stage.eve.slash(stage.general, "ask", prompt="hi")
    assert len(stage.services.model.requests) == 2


async def test_what_a_reply_really_used_is_what_counts(stage):
    await config(stage, "quota", tokens=10_000)
    usage = UsageReported(Usage(input_tokens=40, output_tokens=2))
    stage.services.model.script = [TextDelta("Hi."), usage, Finished(FinishReason.STOP)]
    await stage.mira.slash(stage.general, "ask", prompt="hi")
    assert list(stage.services.quotas.used.values()) == [42]


async def test_a_failure_costs_nothing(stage):
    await config(stage, "quota", requests=5, tokens=10_000)
    stage.services.model.script = [Finished(FinishReason.OTHER)]
    await stage.mira.slash(stage.general, "ask", prompt="hi")
    assert set(stage.services.quotas.used.values()) == {0}
    assert stage.services.quotas.reserved == {}


async def test_pictures_are_counted_one_by_one(stage):
    await config(stage, "quota", images=3, per="month")
    result = await stage.mira.slash(stage.general, "imagine", prompt="a fox", count=4)
    assert "limit for all members is 3 pictures per month" in result.response.content
    assert not stage.services.model.requests


async def test_a_limit_is_taken_away_with_minus_one(stage):
    await config(stage, "quota", requests=1)
    await config(stage, "quota", requests=-1)
    assert configuration(stage).lists.quotas == ()


# Keys.


async def enter_key(stage, code: str):
    form = await stage.ada.slash(stage.general, "config authcode")
    return await stage.ada.submit_modal(form, {"authcode": code})


async def test_a_server_uses_its_own_auth_code_and_shows_only_its_end(stage, caplog):
    stage.services.account.balances["server-secret-1234"] = Balance(3.5, 10.0)
    result = await enter_key(stage, "server-secret-1234")
    assert "`…1234`" in result.response.content
    assert "3.50 of 10.00" in result.response.content
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert asked(stage).authcode == "server-secret-1234"
    await stage.mira.slash(stage.general, "imagine", prompt="a fox")
    assert asked(stage).authcode == "server-secret-1234"
    told = [(await config(stage, name)).content for name in ("show", "log")]
    kept = stage.services.preferences
    secret = "server-secret"
    assert secret not in caplog.text + "".join(told) + repr(kept.keys) + repr(kept.logged)
    await config(stage, "authcode", remove=True)
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert asked(stage).authcode == ""


async def test_an_auth_code_that_the_gateway_refuses_is_not_kept(stage):
    result = await enter_key(stage, "not-a-real-one")
    assert "does not accept this auth code" in result.response.content
    assert stage.services.preferences.keys == {}


async def test_without_the_operators_key_nothing_is_stored_and_the_command_says_why(stage):
    stage.env.bot.keyring = Keyring()
    response = await config(stage, "authcode")
    assert "SECRETS_KEY" in response.content


async def test_a_key_that_cannot_be_read_any_more_never_falls_back_to_the_operators(stage):
    stage.services.account.balances["server-secret-1234"] = Balance(3.5, 10.0)
    await enter_key(stage, "server-secret-1234")
    stage.env.bot.keyring = Keyring()
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert "cannot be read any more" in stage.reply().content
    assert not stage.services.model.requests


async def test_a_code_that_was_refused_since_is_to_be_entered_again_by_the_servers_admins(stage):
    stage.services.account.balances["server-secret-1234"] = Balance(3.5, 10.0)
    await enter_key(stage, "server-secret-1234")
    stage.services.account.balances.clear()
    response = await config(stage, "balance")
    assert "server's own auth code" in response.content
    assert "/config authcode" in response.content


async def test_the_operator_is_not_told_to_enter_the_bots_own_code_as_a_servers(stage):
    stage.services.account.balances.clear()
    stage.env.bot.owner_id = stage.ada.user.id
    response = await config(stage, "balance")
    assert "bot's operator has to check it" in response.content


async def test_the_operators_books_are_not_for_server_admins(stage):
    response = await config(stage, "balance")
    assert "whose books are its operator's" in response.content


async def test_the_balance_comes_with_spending_and_a_chart(stage):
    stage.services.account.balances["server-secret-1234"] = Balance(3.5, 10.0)
    await enter_key(stage, "server-secret-1234")
    now = datetime.now(UTC)
    stage.services.account.charged = [
        Charged("gpt-4o", 0.25, 100, now - timedelta(days=day)) for day in range(5)
    ] + [Charged("o3", 2.0, 100, now), Charged("old", 9.0, 1, now - timedelta(days=90))]
    response = await config(stage, "balance")
    assert "Credits left: 3.50 of 10.00." in response.content
    assert "3.25 credits in 6 calls" in response.content
    assert response.content.index("`o3`: 2.00") < response.content.index("`gpt-4o`: 1.25")
    [chart] = response.attachments
    assert (await chart.read()).startswith(b"\x89PNG")


async def test_a_warning_is_set_only_where_the_servers_own_credit_can_run_low(stage):
    response = await config(stage, "balance", warn_below=5.0, channel=stage.general)
    assert "uses the bot's auth code" in response.content
    assert "`/config authcode`" in response.content
    assert stage.services.preferences.logged == []
    stage.services.account.balances["server-secret-1234"] = Balance(3.5, 10.0)
    await enter_key(stage, "server-secret-1234")
    await config(stage, "balance", warn_below=5.0, channel=stage.general)
    shown = (await config(stage, "show")).content
    assert "Warning below so many credits: `5` (set for the server)" in shown
    assert f"Channel for the warning: <#{stage.general.id}> (set for the server)" in shown


# Log and moving.


async def test_the_log_says_who_changed_what_from_what_to_what(stage):
    await config(stage, "display", pages=3, channel=stage.other)
    await config(stage, "access deny", member=stage.eve)
    lines = (await config(stage, "log")).content.splitlines()
    assert lines[1].endswith(f"<@{stage.ada.id}>: Access (new): <@{stage.eve.id}>: denied")
    assert lines[2].endswith(f"Messages a reply may take <#{stage.other.id}>: not set → `3`")


async def test_each_change_is_on_exactly_one_page_of_the_log_however_long_they_are(stage):
    count = 2 * LOG_PAGE + 1
    store, ada = stage.services.preferences, Speaker(stage.ada.id, "ada")
    for number in range(count):
        persona = f"{number:03} " + "long " * 200
        await store.change(
            stage.guild.id,
            lambda old, t=persona: old.with_settings(stage.other.id, {"persona": t}),
            ada,
        )
        model = Allowance(stage.guild.id, f"{number:03}".ljust(100, "x"))
        await store.change(stage.guild.id, of_lists(with_allowance(model)), ada)
    told: list[str] = []
    while not told or "shows older ones" in told[-1]:
        told.append((await config(stage, "log", page=len(told) + 1)).content)
    assert f"`/config log page:{len(told)}` shows older ones" in told[-2]
    lines = [line for page in told for line in page.splitlines() if line.startswith("<t:")]
    assert len(lines) == 2 * count
    assert len(set(lines)) == 2 * count


async def test_settings_are_exported_and_imported_after_a_look(stage):
    await config(stage, "model", chat="o3", channel=stage.other)
    await config(stage, "quota", requests=7)
    [file] = (await config(stage, "export")).attachments
    data = await file.read()
    await config(stage, "quota", requests=-1)
    shown = await config(stage, "import", file=("settings.json", data))
    assert "Quota (new): All members together: 7 questions per day" in shown.content
    assert configuration(stage).lists.quotas == ()
    await stage.ada.click(shown, label="Save")
    assert len(configuration(stage).lists.quotas) == 1


NEGATIVE = {
    "holder": "server",
    "holder_id": 0,
    "measure": "tokens",
    "period": "day",
    "amount": -5,
}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"{", "no file of settings"),
        (b"\xff\xfe", "no file of settings"),
        (b"[" * 100_000, "no file of settings"),
        (b'{"version": 2}', "$.version"),
        (b'{"version": 1, "extra": 1}', "unknown field"),
        (b'{"version": 1, "server": {"temperature": 99}}', "Temperature cannot be 99"),
        (b'{"version": 1, "server": {"language": "de"}}', "I do not speak de. Possible: en."),
        (b'{"version": 1, "server": {"authcode": "x"}}', "no setting called authcode"),
        (b'{"version": 1, "places": {"x": {}}}', "x is no channel's id"),
        (b'{"version": 1, "access": [{"subject": "god"}]}', "$.access[0]"),
        (json.dumps({"version": 1, "quotas": [NEGATIVE]}).encode(), "no sensible number"),
    ],
)
async def test_a_hostile_file_changes_nothing_and_says_where_it_is_wrong(stage, document, words):
    response = await config(stage, "import", file=("settings.json", document))
    assert words in response.content
    assert labels(response) == []
    assert stage.services.preferences.logged == []


async def test_what_a_file_says_of_channels_that_are_not_here_is_left_out(stage):
    document = {
        "version": 1,
        "server": {"max_pages": 2},
        "places": {"999": {"chat_model": "o3"}},
        "access": [{"subject": "role", "subject_id": 999, "verdict": "deny"}],
    }
    shown = await config(stage, "import", file=("s.json", json.dumps(document).encode()))
    assert "2 entries are about channels or roles that are not here" in shown.content
    await stage.ada.click(shown, label="Save")
    assert configuration(stage).places == {}
    assert configuration(stage).lists.access == ()


async def test_reset_really_unsets(stage):
    await config(stage, "model", chat="o3")
    await config(stage, "model", chat="gpt-5.4", channel=stage.general)
    shown = await config(stage, "reset", channel=stage.general)
    await stage.ada.click(shown, label="Save")
    shown = await config(stage, "reset")
    await stage.ada.click(shown, label="Save")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert asked(stage).model == "gpt-4o"


async def _give(stage, role) -> None:
    """Give Mira a role, as an admin does."""
    guild = stage.env.bot.get_guild(stage.guild.id)
    member = await guild.fetch_member(stage.mira.id)
    await member.add_roles(discord.Object(role.id))
