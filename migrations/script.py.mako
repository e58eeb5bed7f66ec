"""${message}

Before you land this:

- A migration that has landed is never edited: somebody's database has run it. Write the next one.
- It runs on SQLite and on PostgreSQL. Alter tables with `op.batch_alter_table`, and use plain SQL
  only where both understand it. `python -m tests.schema_check` tries both, up and down.
- SQLite alters a table by building it anew, and forgets what it cannot see in the old one. Repeat
  it: `batch_alter_table("turns", table_kwargs={"sqlite_autoincrement": True}, table_args=[every
  CHECK constraint])`. The schema check notices when one is lost.
- Do not import from `bot`: the code moves on, this file does not.
- Rows are data of people. A new NOT NULL column needs a `server_default` or a backfill here, and a
  test with rows from before (tests/storage/test_migrations.py).

Revision ${up_revision}, after ${comma(down_revision) or "nothing"}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
