"""Which run of the bot a reply and its reservation belong to, and what it still owes.

Revision b7e4c1d96f20, after c5d2f8a94e17
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b7e4c1d96f20"
down_revision = "c5d2f8a94e17"
branch_labels = None
depends_on = None

# SQLite builds the table anew and would forget these.
KEEP = {
    "table_kwargs": {"sqlite_autoincrement": True},
    "table_args": [
        sa.CheckConstraint(
            "CASE role WHEN 'user' THEN event_id IS NOT NULL AND speaker_id IS NOT NULL "
            "AND speaker_name IS NOT NULL AND task IS NOT NULL AND variant IS NULL "
            "AND state IS NULL "
            "ELSE parent_id IS NOT NULL AND variant IS NOT NULL AND state IS NOT NULL "
            "AND model IS NOT NULL AND event_id IS NULL END",
            name="ck_turns_shape",
        )
    ],
}


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_autoincrement=True,
    )
    # Growing replies from before have no run, and count as cut off.
    with op.batch_alter_table("turns") as batch:
        batch.add_column(sa.Column("run_id", sa.BigInteger()))
        batch.add_column(sa.Column("reservation_id", sa.BigInteger()))
        batch.add_column(sa.Column("token", sa.Text()))
        batch.add_column(sa.Column("unshown", sa.Boolean()))
    op.create_index(
        "ix_turns_unshown",
        "turns",
        ["run_id"],
        sqlite_where=sa.text("unshown"),
        postgresql_where=sa.text("unshown"),
    )
    with op.batch_alter_table("quota_reservations") as batch:
        batch.add_column(sa.Column("run_id", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("quota_reservations") as batch:
        batch.drop_column("run_id")
    op.drop_index("ix_turns_unshown", "turns")
    with op.batch_alter_table("turns", **KEEP) as batch:
        batch.drop_column("unshown")
        batch.drop_column("token")
        batch.drop_column("reservation_id")
        batch.drop_column("run_id")
    op.drop_table("runs")
