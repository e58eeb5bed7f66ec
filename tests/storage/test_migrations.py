"""From nothing to head and back, with the rows of people in it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from bot.errors import StartupError
from bot.storage import database as database_module
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import ALEMBIC_INI, Database, create_engine, migrate
from bot.storage.variants import SqlVariantStore
from tests.schema_check import disagreements, downgrade
from tests.storage.asking import HERE

FIRST = "85e8cb8da982"
NEWEST = ScriptDirectory.from_config(Config(ALEMBIC_INI)).get_current_head()

ROWS_OF_FIRST = (
    "INSERT INTO conversations VALUES (1, 'channel:7', 1, 7, 2, '2026-11-22 12:00:00+00:00')",
    "INSERT INTO turns (id, conversation_id, role, created_at, event_id, speaker_id, speaker_name,"
    " task) VALUES (1, 1, 'user', '2026-11-22 12:00:00+00:00', 99, 11, 'mira', 'chat')",
    "INSERT INTO turns (id, conversation_id, parent_id, role, created_at, variant, state, model)"
    " VALUES (2, 1, 1, 'assistant', '2026-11-22 12:00:00+00:00', 1, 'complete', 'gpt-4o')",
    "INSERT INTO turn_parts (turn_id, position, kind, text) VALUES (1, 0, 'text', 'Hi')",
    "INSERT INTO turn_parts (turn_id, position, kind, text) VALUES (2, 0, 'text', 'Hello')",
)
REPLY_OF_FIRST = (
    "INSERT INTO turn_natives VALUES (2, 'gemini', 'm', 'h', '[]')",
    "INSERT INTO turn_messages (message_id, channel_id, turn_id, page) VALUES (70, 7, 2, 1)",
    "INSERT INTO turn_messages (message_id, channel_id, turn_id, page) VALUES (71, 7, 2, 2)",
)


@asynccontextmanager
async def connected(url):
    engine = create_engine(url)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


async def tables(url) -> set[str]:
    async with connected(url) as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def insert(url, statements) -> None:
    async with connected(url) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def python(*arguments) -> str:
    """Run Python in a process of its own; what it says to standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ALEMBIC_INI.parent, stderr=subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_models_and_migrations_agree(url):
    assert await disagreements(url) == []


async def test_down_and_up_again_leaves_the_same_schema(empty_url):
    await migrate(empty_url)
    await downgrade(empty_url)
    assert await tables(empty_url) == {"alembic_version"}
    await migrate(empty_url)
    assert await disagreements(empty_url) == []


async def test_migrating_twice_is_a_noop(url):
    await insert(url, ROWS_OF_FIRST)
    await migrate(url)
    async with connected(url) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM turns")) == 2


async def test_processes_that_start_together_migrate_once(empty_url):
    program = (
        "import asyncio, sys; from bot.storage.database import migrate; "
        "asyncio.run(migrate(sys.argv[1]))"
    )
    said = await asyncio.gather(*(python("-c", program, empty_url) for _ in range(2)))
    assert said == ["", ""]
    assert await disagreements(empty_url) == []


async def test_rows_of_the_first_schema_are_still_understood(empty_url):
    await migrate(empty_url, revision=FIRST)
    await insert(empty_url, ROWS_OF_FIRST + REPLY_OF_FIRST)
    await migrate(empty_url)
    async with Database(empty_url) as database:
        [exchange] = await SqlConversationStore(database).exchanges(HERE, limit=9)
        kept = await SqlVariantStore(database).kept(2)
    assert exchange.answer is not None
    assert (exchange.question.text, exchange.answer.text) == ("Hi", "Hello")
    assert kept.answer.message.native is not None
    assert kept.answer.message.native.model == "m"
    assert kept.turn.pages == ((7, 70), (7, 71))


async def test_the_command_line_migrates_too(tmp_path):
    url = f"sqlite:///{tmp_path}/bot.db"
    said = await python(
        "-m", "alembic", "-c", str(ALEMBIC_INI), "-x", f"url={url}", "upgrade", "head"
    )
    assert FIRST in said
    assert await disagreements(url) == []


class TestDisagreements:
    async def test_every_difference_is_told(self, empty_url):
        await migrate(empty_url)
        await insert(
            empty_url,
            [
                "DROP INDEX ix_turns_conversation_id",
                "ALTER TABLE turns DROP COLUMN image_size",
                "CREATE TABLE extra (id INTEGER)",
            ],
        )
        problems = sorted(await disagreements(empty_url))
        assert len(problems) == 3
        for name in ("ix_turns_conversation_id", "image_size", "extra"):
            assert any(name in problem for problem in problems)

    async def test_what_sqlite_loses_when_a_table_is_rebuilt_is_told(self, tmp_path):
        url = f"sqlite:///{tmp_path}/bot.db"
        await migrate(url)
        await insert(
            url,
            [
                "CREATE TABLE plain AS SELECT * FROM turns",
                "DROP TABLE turns",
                "ALTER TABLE plain RENAME TO turns",
            ],
        )
        problems = "\n".join(await disagreements(url))
        assert "CHECK constraint ck_turns_shape of turns" in problems
        assert "turns has lost AUTOINCREMENT" in problems


class TestNextMigration:
    """What the environment promises to migrations that are yet to be written."""

    @pytest.fixture
    def land(self, monkeypatch, tmp_path):
        """A function that adds a migration to a copy of the house's own."""
        shutil.copytree(ALEMBIC_INI.parent / "migrations", tmp_path / "migrations")
        shutil.copy(ALEMBIC_INI, tmp_path)
        monkeypatch.setattr(database_module, "ALEMBIC_INI", tmp_path / "alembic.ini")

        def add(body: str) -> None:
            (tmp_path / "migrations" / "versions" / "next.py").write_text(
                "import sqlalchemy as sa\n"
                "from alembic import op\n"
                f'revision, down_revision = "next", "{NEWEST}"\n'
                f"def upgrade():\n{body}\n"
            )

        return add

    async def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(self, empty_url, land):
        land(
            '    with op.batch_alter_table("conversations") as batch:\n'
            '        batch.alter_column("scope_key", type_=sa.String(200))'
        )
        await migrate(empty_url, revision=FIRST)
        await insert(empty_url, ROWS_OF_FIRST)
        await migrate(empty_url)
        async with connected(empty_url) as connection:
            assert await connection.scalar(text("SELECT count(*) FROM turn_parts")) == 2

    async def test_a_migration_that_fails_changes_nothing(self, empty_url, land):
        land('    op.create_table("half", sa.Column("id", sa.Integer()))\n    op.drop_table("no")')
        await migrate(empty_url, revision=FIRST)
        with pytest.raises(StartupError):
            await migrate(empty_url)
        assert "half" not in await tables(empty_url)

    async def test_rows_that_refer_to_nothing_stop_a_migration(self, tmp_path, land):
        url = f"sqlite:///{tmp_path}/bot.db"
        land("    op.execute('DELETE FROM conversations')")
        await migrate(url, revision=FIRST)
        await insert(url, ROWS_OF_FIRST)
        with pytest.raises(StartupError, match="refer to nothing"):
            await migrate(url)


class TestRefusals:
    async def test_a_database_of_a_newer_bot_is_left_alone(self, empty_url):
        await migrate(empty_url)
        await insert(empty_url, ["UPDATE alembic_version SET version_num = 'tomorrow'"])
        with pytest.raises(StartupError, match="another version"):
            await migrate(empty_url)

    @pytest.mark.parametrize(
        "address",
        ["postgresql://u:hunter2@127.0.0.1:1/d", "postgresql://u:hunter2@/d?host=/nowhere"],
    )
    async def test_a_database_that_does_not_answer_is_said_so(self, address):
        with pytest.raises(StartupError, match="cannot be opened") as raised:
            await migrate(address)
        assert "hunter2" not in str(raised.value)

    async def test_a_server_that_refuses_us_is_said_so(self, postgres):
        with pytest.raises(StartupError, match="does not exist"):
            await migrate(postgres.url("missing"))

    async def test_a_file_that_is_no_database_is_said_so(self, tmp_path):
        (tmp_path / "bot.db").write_text("a letter, not a database; " * 50)
        with pytest.raises(StartupError, match="not a database"):
            await migrate(f"sqlite:///{tmp_path}/bot.db")
