"""The tables, as SQLAlchemy rows. Nothing outside this room sees one."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.chat.content import Role
from bot.chat.quota import Measure, Period
from bot.chat.turns import Task, TurnState
from bot.storage.columns import UTCDateTime, Words, word_of

# SQLite numbers rows by itself only in a column that is called INTEGER (64 bits all the same).
RowId = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
]
Snowflake = Annotated[int, mapped_column(BigInteger)]
Created = Annotated[datetime, mapped_column(default=lambda: datetime.now(UTC))]
Digest = Annotated[bytes, mapped_column(LargeBinary(32))]


class Base(DeclarativeBase):
    """What every table has in common."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's declarative attribute
        str: Words,
        datetime: UTCDateTime,
        Role: word_of(Role),
        Task: word_of(Task),
        TurnState: word_of(TurnState),
    }


class ConversationRow(Base):
    """One conversation: a tree of turns and the answer that the next question follows."""

    __tablename__ = "conversations"

    id: Mapped[RowId]
    scope_key: Mapped[str] = mapped_column(unique=True)
    guild_id: Mapped[Snowflake | None]
    channel_id: Mapped[Snowflake]
    # No foreign key: it would tie the two tables into a ring. Turns only go with their
    # conversation, so it cannot point at nothing.
    head_turn_id: Mapped[Snowflake | None]
    created_at: Mapped[Created]


class TurnRow(Base):
    """A question, or one variant of its answer.

    A question's parent is the answer it follows, an answer's parent is its question. Questions
    use the columns from `event_id` to `edits`, answers those from `variant` on.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("parent_id", "variant"),
        # One answer of a question at a time, whoever presses the button how often.
        Index(
            "uq_turns_streaming_parent_id",
            "parent_id",
            unique=True,
            sqlite_where=text("state = 'streaming'"),
            postgresql_where=text("state = 'streaming'"),
        ),
        Index(
            "ix_turns_unshown",
            "run_id",
            sqlite_where=text("unshown"),
            postgresql_where=text("unshown"),
        ),
        CheckConstraint(
            "CASE role WHEN 'user' THEN event_id IS NOT NULL AND speaker_id IS NOT NULL "
            "AND speaker_name IS NOT NULL AND task IS NOT NULL AND variant IS NULL "
            "AND state IS NULL "
            "ELSE parent_id IS NOT NULL AND variant IS NOT NULL AND state IS NOT NULL "
            "AND model IS NOT NULL AND event_id IS NULL END",
            name="shape",
        ),
        # Buttons carry turn ids for months. An id that SQLite gave out again after a deletion
        # would open a stranger's conversation to an old button.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[RowId]
    conversation_id: Mapped[Snowflake] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    # Not a cascade: SQLite follows one only 1,000 levels deep, and a conversation is a long
    # chain. Whoever takes out a single turn has to relink its followers first.
    parent_id: Mapped[Snowflake | None] = mapped_column(ForeignKey("turns.id"))
    role: Mapped[Role]
    created_at: Mapped[Created]

    event_id: Mapped[Snowflake | None] = mapped_column(unique=True)
    speaker_id: Mapped[Snowflake | None]
    speaker_name: Mapped[str | None]
    task: Mapped[Task | None]
    aspect_ratio: Mapped[str | None]
    image_size: Mapped[str | None]
    image_count: Mapped[int | None]
    image_search: Mapped[bool | None]
    edits: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """Which pictures of the parent shall be changed, from 1; NULL for none."""

    variant: Mapped[int | None]
    state: Mapped[TurnState | None]
    model: Mapped[str | None]
    """The model asked for this variant."""
    answered_by: Mapped[str | None]
    """The model that says it answered."""
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    reasoning_tokens: Mapped[int | None]
    cached_tokens: Mapped[int | None]
    sources: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    ended_at: Mapped[datetime | None]
    run_id: Mapped[Snowflake | None]
    """The run of the bot that writes it, or wrote it."""
    reservation_id: Mapped[Snowflake | None]
    """What it has reserved of the server's quotas while it grows."""
    token: Mapped[str | None]
    """Of the interaction, where its messages exist only behind that; such an answer is forgotten
    as soon as it has been shown."""
    unshown: Mapped[bool | None]
    """Whether it has ended and Discord may not have its last state."""


class PartKind(StrEnum):
    """What a part of a turn is; the values are stored."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"


class MediaRow(Base):
    """Bytes that turns refer to, kept once however often they are sent."""

    __tablename__ = "media"

    sha256: Mapped[Digest] = mapped_column(primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes]


class TurnPartRow(Base):
    """One part of a turn. Name, type and description belong to the part, not to the bytes."""

    __tablename__ = "turn_parts"

    turn_id: Mapped[Snowflake] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PartKind] = mapped_column(word_of(PartKind))
    text: Mapped[str | None]
    media_sha256: Mapped[Digest | None] = mapped_column(ForeignKey("media.sha256"), index=True)
    """NULL when the bytes were forgotten: the part is told in words then."""
    mime_type: Mapped[str | None]
    name: Mapped[str | None]
    alt: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    take: Mapped[int | None]
    """Which of the turn's natives a picture belongs to; NULL is 0."""


class NativeRow(Base):
    """An answer in its dialect's own words, megabytes of signatures included.

    One row for each call that made it. Apart from `turns`, so that walking and listing a
    conversation never touches them. Rows from before there were takes also hold their pictures.
    """

    __tablename__ = "turn_natives"

    turn_id: Mapped[Snowflake] = mapped_column(
        ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True
    )
    take: Mapped[int] = mapped_column(primary_key=True, server_default="0")
    dialect: Mapped[str]
    model: Mapped[str]
    host: Mapped[str]
    parts: Mapped[bytes]


class TurnMessageRow(Base):
    """The Discord message that shows a page of an answer.

    An answer may be shown by several replies: where it was given, and where an edit was undone.
    """

    __tablename__ = "turn_messages"

    message_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[Snowflake]
    turn_id: Mapped[Snowflake] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"))
    page: Mapped[int]
    reply_id: Mapped[Snowflake]
    """The first message that its reply had: the same for all pages of one reply."""

    __table_args__ = (Index(None, "turn_id", "page"),)


class PreferenceColumns:
    """What a layer can set; NULL inherits. The names are those of `chat.preferences`."""

    chat_model: Mapped[str | None]
    image_model: Mapped[str | None]
    member_models: Mapped[bool | None]
    persona: Mapped[str | None]
    temperature: Mapped[float | None]
    top_p: Mapped[float | None]
    max_tokens: Mapped[int | None]
    reasoning: Mapped[str | None]
    search: Mapped[bool | None]
    context_scope: Mapped[str | None]
    context_tokens: Mapped[int | None]
    context_messages: Mapped[int | None]
    max_pages: Mapped[int | None]
    show_reasoning: Mapped[bool | None]
    draw_in_chat: Mapped[bool | None]
    footer: Mapped[bool | None]
    answer_mentions: Mapped[bool | None]
    adults_only: Mapped[bool | None]


class GuildPreferencesRow(PreferenceColumns, Base):
    """A server's layer, and its lists as JSON: one row says all that decides over a reply."""

    __tablename__ = "guild_preferences"

    guild_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    retention_days: Mapped[int | None]
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    member_replies: Mapped[int | None]
    channel_replies: Mapped[int | None]
    warn_below: Mapped[float | None]
    warn_channel: Mapped[Snowflake | None]
    lists: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ChannelPreferencesRow(PreferenceColumns, Base):
    """A channel's layer, or a category's: their ids are never the same."""

    __tablename__ = "channel_preferences"

    channel_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    guild_id: Mapped[Snowflake] = mapped_column(index=True)


class GuildSecretRow(Base):
    """A server's own auth code, encrypted; it goes when the bot leaves the server."""

    __tablename__ = "guild_secrets"

    guild_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]
    tail: Mapped[str]


class ConfigChangeRow(Base):
    """One thing that an admin changed; never what a key is."""

    __tablename__ = "config_changes"

    id: Mapped[RowId]
    guild_id: Mapped[Snowflake]
    place_id: Mapped[Snowflake | None]
    name: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    member_id: Mapped[Snowflake]
    member_name: Mapped[str]
    at: Mapped[Created]

    __table_args__ = (Index(None, "guild_id", "id"),)


class QuotaUseRow(Base):
    """One counter in one window."""

    __tablename__ = "quota_use"

    guild_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[Snowflake] = mapped_column(primary_key=True, autoincrement=False)
    """0 for all members together."""
    measure: Mapped[Measure] = mapped_column(word_of(Measure), primary_key=True)
    period: Mapped[Period] = mapped_column(word_of(Period), primary_key=True)
    begins: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)


class QuotaReservationRow(Base):
    """What a growing reply has counted in advance; given back when nobody settles it."""

    __tablename__ = "quota_reservations"

    id: Mapped[RowId]
    guild_id: Mapped[Snowflake]
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSON())
    created_at: Mapped[Created] = mapped_column(index=True)
    run_id: Mapped[Snowflake | None]

    __table_args__ = ({"sqlite_autoincrement": True},)


class RunRow(Base):
    """A process of the bot, from its start until some while after its end."""

    __tablename__ = "runs"

    id: Mapped[RowId]
    host: Mapped[str]
    pid: Mapped[Snowflake]
    beat_at: Mapped[datetime]
    """When it last said that it lives."""
    heard_at: Mapped[datetime]
    """When it last took questions."""

    __table_args__ = ({"sqlite_autoincrement": True},)


class BotStateRow(Base):
    """A small fact the bot keeps about itself, such as the hash of its registered commands."""

    __tablename__ = "bot_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
