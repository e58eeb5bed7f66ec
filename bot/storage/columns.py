"""Column types for what SQLite and PostgreSQL would each keep in their own way."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum, Text, TypeDecorator


class Words(TypeDecorator[str]):
    """Text from outside, of any length.

    PostgreSQL takes no NUL and neither database takes half of a surrogate pair, but an attached
    text file or a model may hold both. They become U+FFFD, so that one character does not lose
    an answer.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what no database takes; halves that belong together are joined."""
        if value is None:
            return None
        utf16 = value.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass")
        return utf16.decode("utf-16-le", "replace")


class UTCDateTime(TypeDecorator[datetime]):
    """Aware times, in UTC on the way out; SQLite has no time zones and would drop them."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, which mean something else on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word_of(choices: type[StrEnum]) -> Enum:
    """A column of that enumeration's values, kept as plain words so that adding one is easy."""
    return Enum(
        choices,
        native_enum=False,
        create_constraint=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )
