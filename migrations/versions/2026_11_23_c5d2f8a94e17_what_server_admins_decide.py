"""What server admins decide: more settings, lists, keys, the log of changes, quotas.

Revision c5d2f8a94e17, after 9d41c7e0ab35
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "c5d2f8a94e17"
down_revision = "9d41c7e0ab35"
branch_labels = None
depends_on = None

PREFERENCES = ("guild_preferences", "channel_preferences")
COLUMNS = {
    "member_models": sa.Boolean(),
    "persona": sa.Text(),
    "temperature": sa.Double(),
    "top_p": sa.Double(),
    "max_tokens": sa.Integer(),
    "reasoning": sa.Text(),
    "search": sa.Boolean(),
    "context_scope": sa.Text(),
    "context_tokens": sa.Integer(),
    "context_messages": sa.Integer(),
    "footer": sa.Boolean(),
    "answer_mentions": sa.Boolean(),
    "adults_only": sa.Boolean(),
}
GUILD_COLUMNS = {
    "language": sa.Text(),
    "time_zone": sa.Text(),
    "member_replies": sa.Integer(),
    "channel_replies": sa.Integer(),
    "warn_below": sa.Double(),
    "warn_channel": sa.BigInteger(),
    "lists": sa.JSON(),
}
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table in PREFERENCES:
        with op.batch_alter_table(table) as batch:
            for name, kind in COLUMNS.items():
                batch.add_column(sa.Column(name, kind))
    with op.batch_alter_table("guild_preferences") as batch:
        for name, kind in GUILD_COLUMNS.items():
            batch.add_column(sa.Column(name, kind))
    op.create_table(
        "guild_secrets",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guild_secrets"),
    )
    op.create_table(
        "config_changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_config_changes"),
    )
    op.create_index("ix_config_changes_guild_id_id", "config_changes", ["guild_id", "id"])
    op.create_table(
        "quota_use",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(16), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "guild_id", "member_id", "measure", "period", "begins", name="pk_quota_use"
        ),
    )
    op.create_table(
        "quota_reservations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quota_reservations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_quota_reservations_created_at", "quota_reservations", ["created_at"])


def downgrade() -> None:
    for table in ("quota_reservations", "quota_use", "config_changes", "guild_secrets"):
        op.drop_table(table)
    with op.batch_alter_table("guild_preferences") as batch:
        for name in GUILD_COLUMNS:
            batch.drop_column(name)
    for table in PREFERENCES:
        with op.batch_alter_table(table) as batch:
            for name in COLUMNS:
                batch.drop_column(name)
