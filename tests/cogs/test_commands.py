from __future__ import annotations

import io

import discord
import pytest
from PIL import Image

from bot.chat.content import ImagePart, Message, Role, TextPart
from bot.chat.events import ImageReady, TextDelta
from bot.chat.turns import Answer, Scope, TurnState
from bot.cogs.conversation import SHOWN_EXCHANGES
from bot.errors import ModelNotFoundError, UnavailableError
from tests.cogs.conftest import STOP
from tests.fakes import question


def picture() -> ImagePart:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 9), "orange").save(buffer, "PNG")
    return ImagePart(buffer.getvalue(), "image/png")


def last_request(stage):
    return stage.services.model.requests[-1]


async def test_commands_are_sent_to_discord_only_when_they_changed(stage):
    def puts() -> int:
        return sum(r.method == "PUT" and "commands" in r.path for r in stage.env.http_requests)

    assert puts() == 1
    await stage.env.restart_bot(stage.services.bot())
    assert puts() == 1
    stage.services.state.values.clear()
    await stage.env.restart_bot(stage.services.bot())
    assert puts() == 2


async def test_every_command_and_option_says_what_it_is_for(stage):
    for command in stage.env.bot.tree.walk_commands():
        assert command.description not in ("", "…")
        for parameter in getattr(command, "parameters", ()):
            assert parameter.description not in ("", "…"), (command.name, parameter.name)


async def test_ask_grows_in_its_own_response(stage):
    result = await stage.mira.slash(stage.general, "ask", prompt="hi")
    assert result.response.content == "Hello!"
    assert not result.ephemeral
    assert last_request(stage).messages[-1].text == "mira: hi"


async def test_a_link_in_a_commands_answer_shows_no_preview_card(stage):
    stage.services.model.script = [TextDelta("See https://example.com now."), STOP]
    result = await stage.mira.slash(stage.general, "ask", prompt="hi")
    assert result.response.content == "See <https://example.com> now."


async def test_ask_takes_another_model(stage):
    await stage.mira.slash(stage.general, "ask", prompt="hi", model="claude-sonnet-5")
    assert last_request(stage).model == "claude-sonnet-5"


async def test_ask_offers_models_that_fit_what_is_typed(stage):
    choices = await stage.mira.autocomplete(stage.general, "ask", "model", "claude", prompt="x")
    assert choices
    assert all("claude" in choice["value"] for choice in choices)


async def test_a_private_answer_is_seen_by_the_asker_only_and_forgotten(stage):
    result = await stage.mira.slash(stage.general, "ask", prompt="psst", private=True)
    assert result.ephemeral
    assert result.response.content == "Hello!"
    assert stage.services.store.turns == {}


async def test_a_private_failure_offers_no_button_that_cannot_work(stage):
    stage.services.model.script = [UnavailableError("down")]
    result = await stage.mira.slash(stage.general, "ask", prompt="psst", private=True)
    assert "cannot be reached" in result.response.content
    assert result.response.components == []


async def test_a_prompt_of_six_thousand_characters_is_asked_whole(stage):
    prompt = "x" * 6000
    await stage.mira.slash(stage.general, "ask", prompt=prompt)
    assert last_request(stage).messages[-1].text == f"mira: {prompt}"


async def test_an_unknown_model_is_a_sentence_and_no_answer(stage):
    stage.services.model.script = [ModelNotFoundError("404")]
    result = await stage.mira.slash(stage.general, "ask", prompt="hi", model="nope")
    assert "does not know" in result.response.content
    stage.services.model.script = [TextDelta("yes"), STOP]
    await stage.mira.slash(stage.general, "ask", prompt="again")
    assert [m.text for m in last_request(stage).messages] == ["mira: again"]


async def test_imagine_attaches_the_picture_with_the_prompt_as_alt_text(stage):
    stage.services.model.script = [TextDelta("A fox."), ImageReady(picture()), STOP]
    result = await stage.mira.slash(
        stage.general, "imagine", prompt="a fox", aspect_ratio="16:9", size="2k"
    )
    request = last_request(stage)
    assert (request.draw, request.aspect_ratio, request.image_size) == (True, "16:9", "2K")
    assert request.model == "gemini-3-pro-image-preview"
    (attachment,) = result.response.attachments
    assert attachment.description == "a fox"
    assert await attachment.read() == picture().data
    assert result.response.content == "A fox.\n-# 16 × 9"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"aspect_ratio": "7:5"}, "aspect ratio `7:5`"),
        ({"size": "9K"}, "size `9K`"),
        ({"size": "2K", "model": "gemini-2.5-flash-image"}, "Leave that option out"),
        ({"model": "gpt-4o"}, "makes no pictures"),
        ({"model": "gemini-2.5-flash-image", "search": True}, "cannot search the web"),
        ({"reference1": ("notes.txt", b"hello")}, "notes.txt is no picture"),
        ({"reference1": ("dot.png", b"nonsense")}, "cannot be read as a picture"),
    ],
)
async def test_a_picture_the_model_cannot_make_is_explained_before_anything_is_sent(
    stage, options, told
):
    result = await stage.mira.slash(stage.general, "imagine", prompt="a fox", **options)
    assert told in result.response.content
    assert stage.services.model.requests == []
    assert stage.services.store.turns == {}


async def test_imagine_offers_what_the_chosen_model_takes(stage):
    ratios = await stage.mira.autocomplete(
        stage.general, "imagine", "aspect_ratio", "8", prompt="x", model="gemini-nano-banana-2.1"
    )
    assert {choice["value"] for choice in ratios} == {"1:8", "8:1"}
    sizes = await stage.mira.autocomplete(stage.general, "imagine", "size", "", prompt="x")
    assert [choice["value"] for choice in sizes] == ["1K", "2K", "4K"]


async def test_conversation_show_tells_who_said_what(stage):
    stage.services.model.script = [TextDelta("Fine, *thanks*."), STOP]
    await stage.mira.send(stage.general, f"{stage.me} how are you?")
    result = await stage.eve.slash(stage.general, "conversation show")
    assert result.ephemeral
    assert "**mira**: how are you?" in result.response.content
    assert "thanks" in result.response.content


async def test_of_a_long_conversation_the_newest_is_shown_and_how_to_forget_it(stage):
    store, here = stage.services.store, stage.general.id
    scope = Scope(f"channel:{here}", stage.guild.id, here)
    for number in range(SHOWN_EXCHANGES):
        asked = question(f"{number} {'_' * 90}", event_id=number, scope=scope)
        turn = await store.open_turn(asked)
        answer = Answer(Message(Role.ASSISTANT, (TextPart("*" * 90),)))
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, answer)
    result = await stage.mira.slash(stage.general, "conversation show")
    lines = result.response.content.splitlines()
    assert lines[-3].startswith(f"**mira**: {SHOWN_EXCHANGES - 1} ")
    assert "/conversation clear" in lines[-1]
    assert "**mira**: 0 " not in result.response.content


async def test_conversation_clear_forgets_and_says_so_to_everybody(stage):
    await stage.mira.send(stage.general, f"{stage.me} remember me")
    result = await stage.mira.slash(stage.general, "conversation clear")
    assert not result.ephemeral
    assert "1 question" in result.response.content
    result = await stage.mira.slash(stage.general, "conversation show")
    assert "nothing of this channel" in result.response.content


async def test_an_admin_sets_models_for_the_server_and_for_one_channel(stage):
    await stage.ada.slash(stage.general, "config model", chat="gpt-5.4")
    await stage.ada.slash(stage.general, "config model", chat="o3", channel=stage.other)
    await stage.mira.send(stage.general, f"{stage.me} a")
    assert last_request(stage).model == "gpt-5.4"
    await stage.mira.send(stage.other, f"{stage.me} b")
    assert last_request(stage).model == "o3"


async def test_config_show_says_which_layer_decides(stage):
    await stage.ada.slash(stage.general, "config model", chat="gpt-5.4")
    result = await stage.ada.slash(stage.general, "config show")
    assert result.ephemeral
    assert "`gpt-5.4` (set for the server)" in result.response.content
    assert "`gemini-3-pro-image-preview` (the bot's default)" in result.response.content


async def test_a_choice_can_be_taken_back(stage):
    await stage.ada.slash(stage.general, "config model", chat="gpt-5.4")
    result = await stage.ada.slash(stage.general, "config model", chat="inherit")
    assert "`gpt-4o` (the bot's default)" in result.response.content


async def test_an_admin_sets_how_many_messages_a_reply_may_take(stage):
    result = await stage.ada.slash(stage.general, "config display", pages=2)
    assert "`2` (set for the server)" in result.response.content
    stage.services.model.script = [TextDelta("word " * 2000), STOP]
    await stage.mira.send(stage.general, f"{stage.me} talk")
    assert len(stage.replies()) == 2
    (file,) = stage.reply().attachments
    assert file.filename == "answer.md"
    assert (await file.read()).decode().split() == ["word"] * 2000
    result = await stage.ada.slash(stage.general, "config display", pages=0)
    assert "`6` (the bot's default)" in result.response.content


async def test_a_chat_model_is_not_taken_for_pictures(stage):
    result = await stage.ada.slash(stage.general, "config model", image="gpt-4o")
    assert "makes no pictures" in result.response.content
    assert stage.services.preferences.logged == []


async def test_members_do_not_even_see_config(stage):
    assert "config show" not in stage.mira.available_commands(stage.general)
    assert "config show" in stage.ada.available_commands(stage.general)


async def test_a_member_whom_the_server_lends_config_is_still_refused(stage):
    config = next(c for c in await stage.env.bot.tree.fetch_commands() if c.name == "config")
    stage.guild.set_command_permissions(config.id, {stage.mira: True})
    result = await stage.mira.slash(stage.general, "config model", chat="o3")
    assert result.ephemeral
    assert "Manage Server" in result.response.content
    assert stage.services.preferences.logged == []


async def test_help_is_short_and_for_the_asker_only(stage):
    result = await stage.mira.slash(stage.general, "help")
    assert result.ephemeral
    assert "/imagine" in result.response.content
    assert len(result.response.content) < 1500


async def test_help_names_every_button_and_command_of_the_members(stage):
    told = (await stage.mira.slash(stage.general, "help")).response.content
    buttons = ("Stop", "Retry", "Continue", "Regenerate", "▾", "◀ ▶", "As file", "Edit", "4K")
    ways = ("`/ask`", "`private`", "`/imagine`", "Edit image", "`/conversation clear`")
    assert [word for word in (*buttons, *ways, "`/config panel`") if word not in told] == []


async def test_help_offers_direct_messages_only_where_they_are_answered(stage):
    assert "DM" in (await stage.mira.slash(stage.general, "help")).response.content
    stage.env.bot.answers_dms = False
    assert "DM" not in (await stage.mira.slash(stage.general, "help")).response.content


async def test_only_the_least_intents_are_asked_for(stage):
    wanted = {name for name, on in stage.env.bot.intents if on}
    assert wanted == {"guilds", "guild_messages", "dm_messages"}


async def test_nobody_is_mentioned_by_default(stage):
    assert stage.env.bot.allowed_mentions.to_dict() == discord.AllowedMentions.none().to_dict()
