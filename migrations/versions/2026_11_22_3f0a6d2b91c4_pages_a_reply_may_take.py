"""How many messages a reply may take before the rest goes into a file.

Revision 3f0a6d2b91c4, after 85e8cb8da982
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "3f0a6d2b91c4"
down_revision = "85e8cb8da982"
branch_labels = None
depends_on = None

TABLES = ("guild_preferences", "channel_preferences")


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("max_pages", sa.Integer()))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("max_pages")
