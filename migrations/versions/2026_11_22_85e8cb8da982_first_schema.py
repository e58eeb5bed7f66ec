"""The first schema: conversations and what they refer to, preferences, the bot's state.

Revision 85e8cb8da982, after nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "85e8cb8da982"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bot_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bot_state")),
    )
    op.create_table(
        "channel_preferences",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_model", sa.Text()),
        sa.Column("image_model", sa.Text()),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_preferences")),
    )
    op.create_index(op.f("ix_channel_preferences_guild_id"), "channel_preferences", ["guild_id"])
    op.create_table(
        "conversations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope_key", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger()),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("head_turn_id", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("scope_key", name=op.f("uq_conversations_scope_key")),
    )
    op.create_table(
        "guild_preferences",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_model", sa.Text()),
        sa.Column("image_model", sa.Text()),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_guild_preferences")),
    )
    op.create_table(
        "media",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_media")),
    )
    op.create_table(
        "turns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger()),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("speaker_id", sa.BigInteger()),
        sa.Column("speaker_name", sa.Text()),
        sa.Column("task", sa.String(length=16)),
        sa.Column("aspect_ratio", sa.Text()),
        sa.Column("image_size", sa.Text()),
        sa.Column("variant", sa.Integer()),
        sa.Column("state", sa.String(length=16)),
        sa.Column("model", sa.Text()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("input_tokens", sa.Integer()),
        sa.Column("output_tokens", sa.Integer()),
        sa.Column("reasoning_tokens", sa.Integer()),
        sa.Column("cached_tokens", sa.Integer()),
        sa.Column("sources", sa.JSON()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "CASE role WHEN 'user' THEN event_id IS NOT NULL AND speaker_id IS NOT NULL "
            "AND speaker_name IS NOT NULL AND task IS NOT NULL AND variant IS NULL "
            "AND state IS NULL "
            "ELSE parent_id IS NOT NULL AND variant IS NOT NULL AND state IS NOT NULL "
            "AND model IS NOT NULL AND event_id IS NULL END",
            name=op.f("ck_turns_shape"),
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_turns_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["turns.id"], name=op.f("fk_turns_parent_id_turns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("event_id", name=op.f("uq_turns_event_id")),
        sa.UniqueConstraint("parent_id", "variant", name=op.f("uq_turns_parent_id_variant")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_turns_conversation_id"), "turns", ["conversation_id"])
    op.create_index(
        "uq_turns_streaming_parent_id",
        "turns",
        ["parent_id"],
        unique=True,
        sqlite_where=sa.text("state = 'streaming'"),
        postgresql_where=sa.text("state = 'streaming'"),
    )
    op.create_table(
        "turn_messages",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["turn_id"],
            ["turns.id"],
            name=op.f("fk_turn_messages_turn_id_turns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_turn_messages")),
    )
    op.create_index(op.f("ix_turn_messages_turn_id_page"), "turn_messages", ["turn_id", "page"])
    op.create_table(
        "turn_natives",
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["turn_id"],
            ["turns.id"],
            name=op.f("fk_turn_natives_turn_id_turns"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_turn_natives")),
    )
    op.create_table(
        "turn_parts",
        sa.Column("turn_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("media_sha256", sa.LargeBinary(length=32)),
        sa.Column("mime_type", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("alt", sa.Text()),
        sa.ForeignKeyConstraint(
            ["media_sha256"], ["media.sha256"], name=op.f("fk_turn_parts_media_sha256_media")
        ),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name=op.f("fk_turn_parts_turn_id_turns"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn_id", "position", name=op.f("pk_turn_parts")),
    )
    op.create_index(op.f("ix_turn_parts_media_sha256"), "turn_parts", ["media_sha256"])


def downgrade() -> None:
    op.drop_table("turn_parts")
    op.drop_table("turn_natives")
    op.drop_table("turn_messages")
    op.drop_table("turns")
    op.drop_table("media")
    op.drop_table("guild_preferences")
    op.drop_table("conversations")
    op.drop_table("channel_preferences")
    op.drop_table("bot_state")
