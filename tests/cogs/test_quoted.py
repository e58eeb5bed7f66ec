"""Messages that say more than their text: cards of other bots, and what is forwarded."""

from __future__ import annotations

import discord
import pytest

from bot.chat.content import TextPart
from bot.cogs import _quoted
from tests.cogs.test_mentions import PNG, asked
from tests.cogs.test_pictures import drawn, turns

IS_V2 = 1 << 15


async def written(stage, **message):
    """A message of another bot, with parts that people cannot write."""
    other = stage.guild.add_member(stage.env.create_user("feed", bot=True))
    made = stage.env.backend.create_message(stage.general.id, other.id, **message)
    return next(m for m in stage.general.history() if m.id == made.id)


@pytest.mark.reads_everything
async def test_the_embed_of_a_replied_to_message_is_part_of_the_question(stage):
    news = stage.guild.create_webhook(stage.general, "News")
    embed = discord.Embed(title="Moon found", description=f"It is round.\nAsk {stage.eve.mention}.")
    embed.set_author(name="The\nTimes").set_footer(text="Page 1")
    embed.add_field(name="Price", value="free").add_field(name="\u200b", value="of cheese")
    embed.add_field(name="\u200b", value="\u200b")
    told = await news.send("", embed=embed)
    await stage.mira.send(stage.general, f"{stage.me} summarize this", reply_to=told)
    assert asked(stage) == [
        "mira: [In reply to News, who wrote:]\n"
        f"The Times\nMoon found\nIt is round.\nAsk @{stage.eve.id}.\nPrice: free\nof cheese\n"
        "Page 1\n\nsummarize this"
    ]


@pytest.mark.reads_everything
async def test_text_displays_of_a_replied_to_message_are_part_of_the_question(stage):
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "in a section"}],
        "accessory": {"type": 2, "style": 5, "label": "More", "url": "https://example.org"},
    }
    container = {"type": 17, "components": [{"type": 10, "content": "in a box"}, section]}
    told = await written(
        stage, components=[{"type": 10, "content": "# Release"}, container], flags=IS_V2
    )
    await stage.mira.send(stage.general, f"{stage.me} summarize this", reply_to=told)
    assert "who wrote:]\n# Release\nin a box\nin a section\n\nsummarize" in asked(stage)[-1]


@pytest.mark.reads_everything
async def test_a_very_long_quotation_is_cut_where_it_says_so(stage, monkeypatch):
    monkeypatch.setattr(_quoted, "LONGEST", 10)
    told = await stage.eve.send(stage.general, "0123456789abc")
    await stage.mira.send(stage.general, f"{stage.me} summarize this", reply_to=told)
    assert "\n012345678…\n" in asked(stage)[-1]


@pytest.mark.reads_everything
async def test_what_a_replied_to_message_forwards_is_part_of_the_question(stage):
    source = await stage.eve.send(stage.other, "The moon is round.", attachments=[("m.png", PNG)])
    told = await stage.eve.forward(source, stage.general)
    await stage.mira.send(stage.general, f"{stage.me} is that true?", reply_to=told)
    [message] = stage.services.model.requests[-1].messages
    assert message.text == (
        "mira: [In reply to eve, who wrote:]\n[Forwarded message:]\nThe moon is round.\n\n"
        "is that true?"
    )
    assert [picture.data for picture in message.images] == [PNG]


async def test_a_forward_that_discord_hides_is_said_to_be_unreadable(stage):
    source = await stage.eve.send(stage.other, "The moon is round.")
    told = await stage.eve.forward(source, stage.general)
    await stage.mira.send(stage.general, f"{stage.me} is that true?", reply_to=told)
    assert asked(stage) == ["mira: is that true?"]
    assert "could not read the message you replied to" in stage.reply().content


async def test_a_message_forwarded_to_the_bot_is_the_question(stage):
    source = await stage.eve.send(
        stage.general,
        "Are you coming?",
        attachments=[("dot.png", PNG), ("notes.txt", b"at nine")],
    )
    await stage.mira.forward(source, stage.mira.user.dm_channel)
    [message] = stage.services.model.requests[-1].messages
    words, *files = message.parts
    assert words == TextPart("[Forwarded message:]\nAre you coming?")
    assert TextPart("[file: notes.txt]\nat nine") in files
    assert [picture.data for picture in message.images] == [PNG]


async def test_a_forward_of_a_message_of_the_same_talk_is_no_reply_to_it(stage):
    first = await stage.mira.send_dm("one")
    await stage.mira.forward(first, stage.mira.user.dm_channel)
    assert asked(stage) == ["one", "Hello!", "[Forwarded message:]\none"]


async def test_the_menu_changes_a_picture_that_was_forwarded(stage):
    source = await stage.eve.send(stage.other, "look", attachments=[("me.png", PNG)])
    told = await stage.eve.forward(source, stage.general)
    form = await stage.mira.context_menu(stage.general, "Edit image", told)
    stage.services.model.script = drawn("black")
    await stage.mira.submit_modal(form, {"words": "at night"})
    assert turns(stage) == [(False, "at night", 1)]
