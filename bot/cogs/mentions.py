"""Questions by message: mentions, replies to the bot, direct messages."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.ext import commands

from bot.chat.content import Part, TextPart
from bot.chat.endings import sentence
from bot.chat.floods import Sparing
from bot.chat.profiles import Profile, profile_of
from bot.chat.turns import Manner, Question
from bot.client import Bot
from bot.cogs._admission import Admitted, admit, conversation
from bot.cogs._asking import Noted, answer_message
from bot.cogs._attachments import Refetch, collect, files_of
from bot.cogs._dealt_with import DealtWith
from bot.cogs._editing import Own, Shown, edit_of, own_pictures, pictures_of
from bot.cogs._offers import AnswerButton, offer_answer, with_roles, withdraw_offer
from bot.cogs._places import name_of, scope_of, speaker_of
from bot.cogs._quoted import everything_in, words_of
from bot.cogs.errors import report, words_for
from bot.errors import AccessError, ClosingError, QuestionError, QuotaError
from bot.i18n import _, use_language

log = logging.getLogger(__name__)

PASSING_SECONDS = 20.0
"""How long a refusal stays; Discord can show a sentence to one member only after commands."""
REFUSALS = 10
"""So many in that time are told to one member; whoever asks more often floods the channel."""
ASKABLE = (discord.MessageType.default, discord.MessageType.reply)


class Mentions(commands.Cog):
    """Answers messages that are meant for the bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._refusing = Sparing(times=REFUSALS, seconds=PASSING_SECONDS)
        self._dealt_with = DealtWith(bot.state, bot.look_back if bot.looks_back else timedelta())

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer what is meant for the bot; nothing may be awaited before the question queues."""
        # Whoever starts next looks back, and answers what this process does not take any more.
        if (
            self._is_question(message)
            and not await self._answer(message, _nothing)
            and not self._bot.looks_back
        ):
            await _reply(message, sentence(ClosingError()))

    async def answer_missed(self, message: discord.Message, dealt_with: Noted) -> None:
        """Answer what was written while the bot was away, or offer it, as the operator wants;
        `dealt_with` is called as soon as nobody has to look for it again.

        Raises:
            TransientError: Discord is in trouble.
            StorageError: so is the database.
        """
        if not self._is_question(message) or await self._dealt_with.knows(message.id):
            await dealt_with()
        elif self._bot.missed == "offer":
            await offer_answer(message)
            await self._dealt_with.note(message.id)
            await dealt_with()
        elif not await with_roles(message) or await self._answer(message, dealt_with):
            await dealt_with()

    @commands.Cog.listener()
    async def on_wanted_answer(
        self, message: discord.Message, pressed: discord.Interaction[Any]
    ) -> None:
        """Answer what was offered; the offer stays until it cannot be lost any more."""
        if self._is_question(message) and not await self._answer(
            message, lambda: withdraw_offer(pressed)
        ):
            await report(pressed, ClosingError())

    async def _answer(self, message: discord.Message, noted: Noted) -> bool:
        """Answer, or say why not; False when that is left to the next start."""
        if message.guild is not None:
            use_language(message.guild.preferred_locale.value)
        self._dealt_with.take(message.id)
        try:
            answered = await answer_message(
                self._bot, message, scope_of(message), lambda: self._question(message), noted=noted
            )
            if not answered:
                await noted()
        except ClosingError:
            return False
        except Exception as error:
            # The edge of this feature: a sentence for the member, a traceback for the operator.
            words = words_for(error)
            if words is None:
                log.exception("message failed channel=%d", message.channel.id)
                words = _(
                    "Something went wrong inside the bot; its operator can find it in the log."
                )
            passing = isinstance(error, (AccessError, QuotaError))
            if not passing or self._refusing.again(message.author.id, self._bot.clock.now()):
                await _reply(message, words, delete_after=PASSING_SECONDS if passing else None)
            await self._dealt_with.note(message.id)
        return True

    def _is_question(self, message: discord.Message) -> bool:
        if self._bot.budget.refusals.is_closed(message.channel.id):
            return False  # Discord counts refusals, and the asker was told.
        return not message.author.bot and message.type in ASKABLE and self._is_for_me(message)

    def _is_for_me(self, message: discord.Message) -> bool:
        me = self._bot.user
        if message.guild is None or me in message.mentions:
            return True
        if message.guild.self_role in message.role_mentions:
            return True
        replied = message.reference and message.reference.resolved
        return isinstance(replied, discord.Message) and replied.author == me

    async def _question(self, message: discord.Message) -> Question:
        text = words_of(message, self._bot.user)
        admitted = await admit(self._bot, message, by_mention=message.guild is not None)
        model = admitted.model(None, admitted.effective.chat_model.value)
        profile = profile_of(model)
        replied = await _replied_to(message)
        follows: int | None = None
        refetch: Refetch | None = None
        quoted: list[Part] = []
        notices: list[str] = []
        files = files_of(message)
        if replied is not None:
            refetch = partial(_attachments_anew, replied)
            if pictures := pictures_of(self._bot, replied):
                shown = Shown(replied.id, pictures, refetch)
                own = await own_pictures(self._bot, shown, message.author)
                if own is not None or not _may_choose(profile, admitted.manner):
                    return await self._edit(message, shown, own, text, admitted)
            follows = await _followed(self._bot, replied, message.author)
            if follows is None:
                words, shown_files = everything_in(replied, self._bot.user), files_of(replied)
                if words or shown_files or replied.content:
                    quoted.append(TextPart(_quote(words, name_of(replied.author))))
                    files = [*shown_files, *files]
                else:
                    notices.append(_("I could not read the message you replied to."))
        if not (text or files or quoted):
            raise QuestionError(" ".join((*notices, self._nothing_said(message))))
        attached = await collect(self._bot, message.author, files, profile, refetch=refetch)
        if not (text or quoted or attached.parts):
            raise QuestionError(" ".join(attached.notices))
        text = text or _("What do you say to this?")
        return Question(
            scope=await conversation(self._bot, message, admitted, follows),
            event_id=message.id,
            speaker=speaker_of(message.author),
            parts=(*quoted, TextPart(text), *attached.parts),
            model=model,
            follows=follows,
            notices=(*notices, *attached.notices),
            manner=admitted.manner,
        )

    async def _edit(
        self,
        message: discord.Message,
        shown: Shown,
        own: Own | None,
        text: str,
        admitted: Admitted,
    ) -> Question:
        if not text:
            raise QuestionError(_("Say what shall be changed about the picture."))
        return await edit_of(
            self._bot,
            message,
            shown,
            own,
            text,
            admitted=admitted,
            references=message.attachments,
        )

    def _nothing_said(self, message: discord.Message) -> str:
        if message.guild is None:
            return _(
                "I see no words or files in this message. Write your question, or send a file."
            )
        if not self._bot.intents.message_content and self._bot.user not in message.mentions:
            return _(
                "I cannot read this message: Discord shows me only those that mention me. "
                "Mention me in it."
            )
        return _(
            "I see no words or files in this message. Write your question behind a mention of me."
        )


async def _nothing() -> None:
    """What is heard when it is asked needs no more than to be answered."""


def _may_choose(profile: Profile, manner: Manner) -> bool:
    """Whether a reply to somebody else's picture goes to the chat model.

    One that sees it and may have it changed decides by itself whether it is asked about the
    picture or asked to change it. A server without drawing is never asked to change one.
    """
    return manner.draws_with is None or (profile.vision and profile.tools)


async def _followed(bot: Bot, replied: discord.Message, member: discord.abc.User) -> int | None:
    """The answer that the replied-to message shows, if its talk is one the member takes part in;
    of another member's own talk, only that message itself becomes part of the question."""
    turn_id = await bot.store.turn_of_message(replied.id)
    scope = None if turn_id is None else await bot.store.scope_of(turn_id)
    return turn_id if scope is not None and scope.is_open_to(member.id) else None


async def _attachments_anew(message: discord.Message) -> list[discord.Attachment]:
    """A message's files with fresh links; those of an old message expire within a day."""
    return files_of(await message.channel.fetch_message(message.id))


async def _replied_to(message: discord.Message) -> discord.Message | None:
    """The message this one replies to; None when there is none or nobody can read it."""
    reference = message.reference
    if reference is None or reference.message_id is None:
        return None
    if reference.type is discord.MessageReferenceType.forward:
        return None  # It brings along what it refers to.
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    if reference.resolved is not None or reference.channel_id != message.channel.id:
        return None
    try:
        return await message.channel.fetch_message(reference.message_id)
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        log.info("replied-to message not readable: %s", type(error).__name__)
        return None


def _quote(text: str, name: str) -> str:
    words = text or _("(no text)")
    return _("[In reply to {name}, who wrote:]").format(name=name) + f"\n{words}\n"


async def _reply(
    message: discord.Message, words: str, *, delete_after: float | None = None
) -> None:
    try:
        await message.channel.send(
            words,
            delete_after=delete_after,  # type: ignore[arg-type]  # None is its default
            reference=message.to_reference(fail_if_not_exists=False),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        log.warning("could not tell a member about an error: %s", error)


async def setup(bot: Bot) -> None:
    """Add the cog, and make the buttons of offers work, also of old ones."""
    await bot.add_cog(Mentions(bot))
    bot.add_dynamic_items(AnswerButton)
