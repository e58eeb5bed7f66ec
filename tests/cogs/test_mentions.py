from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from simcord.backend.models import AllowedMentions, MessageSticker

from bot.chat.content import ImagePart, TextPart
from bot.chat.events import TextDelta
from bot.errors import UnavailableError
from tests.cogs.conftest import STOP, labels


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    return out.getvalue()


PNG = _png()
STICKER = MessageSticker(1, "wave", 1, guild_id=1)
SILENT = AllowedMentions(replied_user=False)


def asked(stage) -> list[str]:
    """The texts of the newest request."""
    return [message.text for message in stage.services.model.requests[-1].messages]


async def test_a_mention_is_answered_by_a_reply_to_it(stage):
    question = await stage.mira.send(stage.general, f"{stage.me} hi there")
    reply = stage.reply()
    assert reply.content == "Hello!"
    assert reply.reference is not None
    assert reply.reference.message_id == question.id
    assert asked(stage) == ["mira: hi there"]


async def test_talk_that_is_not_for_the_bot_is_left_alone(stage):
    await stage.mira.send(stage.general, "nice weather")
    assert stage.replies() == []
    assert stage.services.model.requests == []


async def test_a_reply_to_the_bot_goes_on_with_the_conversation(stage):
    await stage.mira.send(stage.general, f"{stage.me} one")
    await stage.eve.send(stage.general, "two", reply_to=stage.reply())
    assert asked(stage) == ["mira: one", "Hello!", "eve: two"]


async def test_a_direct_message_needs_no_mention_and_no_names(stage):
    await stage.mira.send_dm("hi")
    assert asked(stage) == ["hi"]


async def test_each_channel_has_a_conversation_of_its_own(stage):
    await stage.mira.send(stage.general, f"{stage.me} secret")
    await stage.mira.send(stage.other, f"{stage.me} hello")
    assert asked(stage) == ["mira: hello"]


@pytest.mark.reads_everything
async def test_the_replied_to_message_is_part_of_the_question(stage):
    told = await stage.eve.send(stage.general, "The moon is made of cheese.")
    await stage.mira.send(stage.general, f"{stage.me} is that true?", reply_to=told)
    text = asked(stage)[-1]
    assert "eve, who wrote" in text
    assert "made of cheese" in text
    assert text.endswith("is that true?")


async def test_pictures_and_text_files_go_along(stage):
    await stage.mira.send(
        stage.general,
        f"{stage.me} what are these?",
        attachments=[("dot.png", PNG), ("notes.txt", "grün".encode())],
    )
    parts = stage.services.model.requests[-1].messages[-1].parts
    assert [part.mime_type for part in parts if isinstance(part, ImagePart)] == ["image/png"]
    assert TextPart("[file: notes.txt]\ngrün") in parts


async def test_the_model_reads_names_of_files_as_they_are_and_discord_shows_them_so(stage):
    await stage.mira.send(
        stage.general,
        f"{stage.me} what are these?",
        attachments=[
            ("my_dot_v2.png", PNG),
            ("test_main_v2.py", b"pass"),
            ("my_paper_v2.pdf", b"%PDF-1.7"),
            ("my_zip_v2.zip", b"PK\x03\x04\x00\xff"),
        ],
    )
    _, picture, text, paper = stage.services.model.requests[-1].messages[-1].parts
    assert text == TextPart("[file: test_main_v2.py]\npass")
    assert (picture.name, paper.name) == ("my_dot_v2.png", "my_paper_v2.pdf")
    assert r"my\_zip\_v2.zip was left out" in stage.reply().content


async def test_a_damaged_picture_is_named_as_discord_shows_it(stage):
    await stage.mira.send(
        stage.general, f"{stage.me} look", attachments=[("my_dot_v2.png", PNG[:40])]
    )
    assert r"my\_dot\_v2.png cannot be read" in stage.reply().content


@pytest.mark.reads_everything
async def test_a_picture_of_the_replied_to_message_goes_along(stage):
    told = await stage.eve.send(stage.general, "look", attachments=[("dot.png", PNG)])
    await stage.mira.send(stage.general, f"{stage.me} what is it?", reply_to=told)
    assert len(stage.services.model.requests[-1].messages[-1].images) == 1


async def test_a_replied_to_message_that_discord_hides_is_said_to_be_unreadable(stage):
    told = await stage.eve.send(stage.general, "The moon is made of cheese.")
    await stage.mira.send(stage.general, f"{stage.me} is that true?", reply_to=told)
    assert asked(stage) == ["mira: is that true?"]
    assert "could not read the message you replied to" in stage.reply().content


async def test_a_file_the_model_cannot_read_is_named_under_the_answer(stage):
    await stage.mira.send(
        stage.general, f"{stage.me} unpack", attachments=[("a.zip", b"PK\x03\x04\x00\xff")]
    )
    assert "a.zip was left out" in stage.reply().content
    assert "Hello!" in stage.reply().content


async def test_an_attachment_that_is_too_large_is_explained_and_nothing_is_asked(stage):
    big = ("film.bin", bytes(11 * 1024 * 1024))
    await stage.mira.send(stage.general, f"{stage.me} watch", attachments=[big])
    assert "film.bin is too large" in stage.reply().content
    assert stage.services.model.requests == []
    assert stage.services.store.turns == {}


async def test_an_empty_mention_is_told_what_to_do(stage):
    await stage.mira.send(stage.general, stage.me)
    assert "behind a mention of me" in stage.reply().content
    assert stage.services.model.requests == []


async def test_a_reply_of_a_mention_alone_is_told_to_hold_no_words(stage):
    await stage.mira.send(stage.general, f"{stage.me} one")
    await stage.mira.send(stage.general, stage.me, reply_to=stage.reply())
    assert "no words or files in this message" in stage.reply().content
    assert "behind a mention" in stage.reply().content


async def answer_by_sticker(stage, **options):
    """Reply to the bot's answer with a sticker; what the bot says to that."""
    await stage.mira.send(stage.general, f"{stage.me} one")
    reference = {"channel_id": str(stage.general.id), "message_id": str(stage.reply().id)}
    stage.env.backend.create_message(
        stage.general.id, stage.mira.id, reference=reference, stickers=[STICKER], **options
    )
    await stage.env.settle()
    assert len(stage.services.model.requests) == 1
    return stage.reply().content


async def test_a_sticker_as_a_reply_that_pings_is_told_to_hold_no_words(stage):
    assert "no words or files in this message" in await answer_by_sticker(stage)


async def test_a_reply_without_ping_is_told_why_it_cannot_be_read(stage):
    told = await answer_by_sticker(stage, allowed_mentions=SILENT)
    assert "Discord shows me only" in told


@pytest.mark.reads_everything
async def test_a_bot_that_reads_everything_does_not_speak_of_what_discord_hides(stage):
    told = await answer_by_sticker(stage, allowed_mentions=SILENT)
    assert "no words or files in this message" in told


async def test_a_reply_of_a_mention_alone_to_what_discord_hides_is_told_both(stage):
    told = await stage.eve.send(stage.general, "The moon is made of cheese.")
    await stage.mira.send(stage.general, stage.me, reply_to=told)
    assert "could not read the message you replied to" in stage.reply().content
    assert "no words or files in this message" in stage.reply().content


async def test_a_direct_message_without_words_is_not_told_to_mention_anybody(stage):
    await stage.mira.send_dm("", stickers=[STICKER])
    told = stage.reply(stage.mira.user.dm_channel).content
    assert "no words or files in this message" in told
    assert "mention" not in told


async def test_names_stand_where_ids_were(stage):
    await stage.mira.send(
        stage.general, f"{stage.me} greet {stage.eve.mention} in {stage.other.mention}"
    )
    assert asked(stage) == ["mira: greet @eve in #other"]


async def test_no_mention_in_an_answer_can_ping(stage):
    stage.services.model.script = [TextDelta("@everyone <@1> wake up"), STOP]
    await stage.mira.send(stage.general, f"{stage.me} shout")
    sent = [
        r for r in stage.env.http_requests if r.method == "POST" and r.path.endswith("/messages")
    ]
    assert sent[-1].json["allowed_mentions"]["parse"] == []


async def test_a_channel_model_is_the_one_that_is_asked(stage):
    await stage.ada.slash(stage.general, "config model", chat="o3", channel=stage.general)
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert stage.services.model.requests[-1].model == "o3"


async def test_a_failure_is_a_sentence_with_a_retry_button(stage):
    stage.services.model.script = [UnavailableError("down")]
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert "cannot be reached" in stage.reply().content
    assert labels(stage.reply()) == ["Retry"]


@pytest.mark.parametrize("text", ["x" * 1900, "word " * 700], ids=["unbroken", "two pages"])
async def test_long_answers_arrive_whole(stage, text):
    stage.services.model.script = [TextDelta(text), STOP]
    await stage.mira.send(stage.general, f"{stage.me} go on")
    shown = " ".join(reply.content for reply in stage.replies())
    assert shown.split() == text.split()


@pytest.mark.parametrize("minutes", [0, 15])
async def test_a_bot_that_goes_down_says_so_unless_its_next_start_looks_back(stage, minutes):
    bot = stage.env.bot
    bot.look_back = timedelta(minutes=minutes)
    await bot.responder.drain()
    await stage.mira.send(stage.general, f"{stage.me} hi")
    told = [message.content for message in stage.replies()]
    assert told == ([] if minutes else ["I am being restarted. Ask again in a minute."])
