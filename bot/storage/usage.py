"""What calls cost: one record for each, kept apart from what was said in them."""

from __future__ import annotations

from bot.chat.events import Usage
from bot.chat.turns import Task, TurnState
from bot.storage.database import Database
from bot.storage.tables import UsageRow


class SqlUsageLog:
    """The record of every call of a model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        *,
        guild_id: int | None,
        channel_id: int,
        user_id: int,
        model: str,
        outcome: TurnState,
        task: Task = Task.CHAT,
        usage: Usage | None = None,
        images: int = 0,
        latency_ms: int = 0,
    ) -> None:
        """Append a record."""
        used = usage or Usage()
        row = UsageRow(
            guild_id=guild_id,
            channel_id=channel_id,
            user_id=user_id,
            model=model,
            task=task,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            reasoning_tokens=used.reasoning_tokens,
            cached_tokens=used.cached_tokens,
            images=images,
            latency_ms=latency_ms,
            outcome=outcome,
        )
        async with self._database.write() as session:
            session.add(row)
