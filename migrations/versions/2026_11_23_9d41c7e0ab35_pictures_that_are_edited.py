"""Pictures that are edited: lineage, several calls for one answer, several replies showing it.

Revision 9d41c7e0ab35, after 3f0a6d2b91c4
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9d41c7e0ab35"
down_revision = "3f0a6d2b91c4"
branch_labels = None
depends_on = None

PREFERENCES = ("guild_preferences", "channel_preferences")


def upgrade() -> None:
    with op.batch_alter_table("turns") as batch:
        batch.add_column(sa.Column("image_count", sa.Integer()))
        batch.add_column(sa.Column("image_search", sa.Boolean()))
        batch.add_column(sa.Column("edits", sa.JSON()))
    with op.batch_alter_table("turn_parts") as batch:
        for name in ("width", "height", "take"):
            batch.add_column(sa.Column(name, sa.Integer()))
    with op.batch_alter_table("turn_natives") as batch:
        batch.add_column(sa.Column("take", sa.Integer(), nullable=False, server_default="0"))
        batch.drop_constraint("pk_turn_natives", type_="primary")
        batch.create_primary_key("pk_turn_natives", ["turn_id", "take"])
    with op.batch_alter_table("turn_messages") as batch:
        batch.add_column(sa.Column("reply_id", sa.BigInteger()))
    # So far each answer had one reply.
    op.execute(
        "UPDATE turn_messages SET reply_id = (SELECT min(other.message_id) "
        "FROM turn_messages AS other WHERE other.turn_id = turn_messages.turn_id)"
    )
    with op.batch_alter_table("turn_messages") as batch:
        batch.alter_column("reply_id", existing_type=sa.BigInteger(), nullable=False)
    for table in PREFERENCES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("show_reasoning", sa.Boolean()))
            batch.add_column(sa.Column("draw_in_chat", sa.Boolean()))
    with op.batch_alter_table("guild_preferences") as batch:
        batch.add_column(sa.Column("retention_days", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("guild_preferences") as batch:
        batch.drop_column("retention_days")
    for table in PREFERENCES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("draw_in_chat")
            batch.drop_column("show_reasoning")
    with op.batch_alter_table("turn_messages") as batch:
        batch.drop_column("reply_id")
    op.execute("DELETE FROM turn_natives WHERE take > 0")
    with op.batch_alter_table("turn_natives") as batch:
        batch.drop_constraint("pk_turn_natives", type_="primary")
        batch.drop_column("take")
        batch.create_primary_key("pk_turn_natives", ["turn_id"])
    with op.batch_alter_table("turn_parts") as batch:
        for name in ("take", "height", "width"):
            batch.drop_column(name)
    with op.batch_alter_table("turns") as batch:
        for name in ("edits", "image_search", "image_count"):
            batch.drop_column(name)
