"""The operator's environment, read and checked once. Secrets never print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import SettingsError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DATABASE_SCHEMES = frozenset(
    {"sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg"}
)


class Settings(BaseSettings):
    """Everything an operator can set, in the order of `.env.example`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    discord_token: SecretStr
    discord_api_url: str = "https://discord.com/api/v10"
    liaobots_auth_code: SecretStr
    liaobots_base_url: str = "https://ai.liaobots.work"
    liaobots_backup_urls: Annotated[tuple[str, ...], NoDecode] = (
        "https://ai.liaobots1.work",
        "https://ai.liaobots2.work",
        "https://ai.liaobots3.work",
    )
    liaobots_stream: bool = True
    database_url: SecretStr = SecretStr("sqlite:///data/liaocord.sqlite3")
    default_chat_model: str = "gpt-4o"
    default_image_model: str = "gemini-3-pro-image-preview"
    answer_dms: bool = True
    missed_messages: Literal["answer", "offer", "ignore"] = "answer"
    look_back_minutes: int = Field(default=15, ge=0, le=1440)
    shutdown_grace_seconds: int = Field(default=25, ge=0, le=600)
    secrets_key: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    member_replies: int = Field(default=5, ge=1)
    channel_replies: int = Field(default=20, ge=1)
    media_retention_days: int = Field(default=30, ge=1, le=3650)
    media_max_mb: int = Field(default=10_000, ge=100)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] | None = None
    dev_guild_id: int | None = Field(default=None, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the caller hands in, then the environment, then `.env`."""
        return init_settings, env_settings, dotenv_settings

    @classmethod
    def load(cls, given: Mapping[str, Any] | None = None) -> Settings:
        """Read the environment and `.env`; `given` (lower-case names) wins over both.

        Raises:
            SettingsError: with every problem at once, each naming its variable.
        """
        try:
            return cls(**dict(given or {}))
        except ValidationError as err:
            # The texts below never repeat the value: it may be a secret. `from None` for the
            # same reason: pydantic's own message shows the input.
            raise SettingsError([_problem(error) for error in err.errors()]) from None

    @property
    def gateway_urls(self) -> tuple[str, ...]:
        """The primary host and then its backups."""
        return (self.liaobots_base_url, *self.liaobots_backup_urls)

    @property
    def loopback_discord(self) -> str | None:
        """Discord's address when it is one on this machine."""
        here = urlsplit(self.discord_api_url).hostname in LOOPBACK
        return self.discord_api_url if here else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything here that no log may show."""
        given = (self.discord_token, self.liaobots_auth_code, *self.secrets_key)
        try:
            password = urlsplit(self.database_url.get_secret_value()).password or ""
        except ValueError:
            password = ""  # no address at all, which the database says itself
        return (*(secret.get_secret_value() for secret in given), password, unquote(password))

    @field_validator("liaobots_backup_urls", "secrets_key", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("discord_api_url", "liaobots_base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _checked_address(value)

    @field_validator("liaobots_backup_urls")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_checked_address, value))

    @field_validator("discord_token", "liaobots_auth_code")
    @classmethod
    def _header_safe(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value().strip()
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise ValueError("has spaces or characters that cannot be part of it; copy it again")
        return SecretStr(secret)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        scheme = value.get_secret_value().partition("://")[0]
        if scheme not in DATABASE_SCHEMES:
            raise ValueError("must start with sqlite:///, postgres:// or postgresql://")
        return value


def _checked_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError("is not an address such as https://example.com") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("is not an address such as https://example.com")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueError("must use https; http is for this machine only")
    return value.rstrip("/")


def _problem(error: Any) -> str:
    name = str(error["loc"][0]).upper()
    match error["type"]:
        case "missing":
            return f"{name} is not set"
        case "literal_error":
            return f"{name} must be one of {error['ctx']['expected']}"
        case "value_error":
            return f"{name} {error['ctx']['error']}"
        case _:
            return f"{name}: {error['msg'][0].lower()}{error['msg'][1:]}"
