"""Every error the bot raises on purpose.

    BotError
    ├── SettingsError              the environment is wrong: every problem at once
    ├── StartupError               Discord or the gateway refused us at start: one line, exit code 2
    ├── QuestionError              the member's question cannot be asked as it is
    ├── ConversationError          nothing there to continue, show or forget
    ├── AccessError                the server's admins do not let this member ask (so, here)
    ├── QuotaError                 a limit of the server is used up
    ├── ClosingError               the bot is going down and takes no questions any more
    ├── StorageError               the database does not do its work at the moment
    └── LLMError                   the gateway or the model failed
        ├── UnavailableError           unreachable, 5xx
        │   └── TooSlowError               no answer in time
        ├── RateLimitedError           busy; `retry_after` seconds when known
        │   └── DailyLimitError            an allowance that comes back tomorrow
        ├── AuthCodeError              the auth code is wrong or may not do this
        ├── CreditError                the auth code has no credit left
        ├── ModelNotFoundError         unknown or retired model, or none of its channels is up
        ├── RejectedError              any other 4xx: the request does not suit the model
        │   ├── ContextTooLongError        the conversation is longer than the model's window
        │   ├── TooLargeError              the request's attachments are too large
        │   ├── UnsupportedInputError      a file the model cannot read
        │   ├── UnsupportedSettingError    `setting` names the field the model refused
        │   └── SignatureError             a thought signature is missing or not valid here
        ├── BlockedError               the provider's rules forbid the request
        └── BrokenStreamError          the answer broke off, or was not what the protocol says
            └── OverlongError              it brought more than any answer can hold

A class exists where something is handled differently. The member's sentence for each stands in
`bot/cogs/errors.py`; `str(error)` is the operator's line and holds no secret, prompt or answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class BotError(Exception):
    """Anything this project raises on purpose."""


class SettingsError(BotError):
    """The environment is wrong. `problems` holds one plain line for each variable concerned."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class StartupError(BotError):
    """Something outside refused us at start; the text says what to do."""


class QuestionError(BotError):
    """The member's question cannot be asked as it is; the text is the member's sentence."""


class ConversationError(BotError):
    """There is nothing to continue, show or forget; the text is the member's sentence."""


class AccessError(BotError):
    """The server's rules forbid it; the text is the member's sentence."""


class QuotaError(BotError):
    """A limit is used up; the text is the member's sentence."""


class ClosingError(BotError):
    """The bot is going down; another start of it will answer."""


class StorageError(BotError):
    """The database does not do its work at the moment; the text is the operator's line."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """What the operator's line needs to know of a failed call; never shown to members."""

    host: str = ""
    status: int | None = None
    code: str = ""
    request_id: str = ""
    should_retry: bool | None = None
    """What the provider itself says about asking again (`x-should-retry`), if it does."""
    detail: str = ""
    """At most 300 characters of the provider's message, secrets and base64 removed."""


class LLMError(BotError):
    """The gateway or the model failed.

    `billable` says whether the call may already have been charged, so that a picture is not
    asked for twice behind the member's back.
    """

    def __init__(
        self, message: str = "", *, upstream: Upstream | None = None, billable: bool = False
    ) -> None:
        super().__init__(message)
        self.upstream = upstream or Upstream()
        self.billable = billable
        self.on_own_code = False
        """Whether the call went on a server's own auth code, so that nobody else is blamed."""

    def __str__(self) -> str:
        up = self.upstream
        facts: dict[str, Any] = {
            "host": up.host,
            "status": up.status,
            "code": up.code,
            "request_id": up.request_id,
            "detail": up.detail,
        }
        told = " ".join(
            f"{name}={value}" for name, value in facts.items() if value not in ("", None)
        )
        return " ".join(part for part in (super().__str__(), told) if part)


class UnavailableError(LLMError):
    """The service could not be reached or answered 5xx."""


class TooSlowError(UnavailableError):
    """No answer came in time; the model may have worked all the same."""


class RateLimitedError(LLMError):
    """The service is busy."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: float | None = None,
        upstream: Upstream | None = None,
        billable: bool = False,
    ) -> None:
        super().__init__(message, upstream=upstream, billable=billable)
        self.retry_after = retry_after


class DailyLimitError(RateLimitedError):
    """An allowance is used up that comes back tomorrow."""


class AuthCodeError(LLMError):
    """The auth code is wrong, expired, or may not use this model."""


class CreditError(LLMError):
    """The auth code has no credit left."""


class ModelNotFoundError(LLMError):
    """The model is unknown, retired, or not served at the moment."""


class RejectedError(LLMError):
    """The provider refused the request for a reason of its own."""


class ContextTooLongError(RejectedError):
    """The conversation is longer than the model's window."""


class TooLargeError(RejectedError):
    """The request's attachments are too large for the gateway."""


class UnsupportedInputError(RejectedError):
    """A file of the question is of a kind the model cannot read, or damaged."""


class UnsupportedSettingError(RejectedError):
    """The model refused one setting; `setting` is the wire's name for it, or empty."""

    def __init__(
        self,
        message: str = "",
        *,
        setting: str = "",
        upstream: Upstream | None = None,
        billable: bool = False,
    ) -> None:
        super().__init__(message, upstream=upstream, billable=billable)
        self.setting = setting


class SignatureError(RejectedError):
    """A thought signature is missing, or not valid for this model or key."""


class BlockedError(LLMError):
    """The provider's rules forbid the request; `reason` is the provider's word for it."""

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        upstream: Upstream | None = None,
        billable: bool = False,
    ) -> None:
        super().__init__(message, upstream=upstream, billable=billable)
        self.reason = reason


class BrokenStreamError(LLMError):
    """The answer broke off, or was not what the protocol says."""


class OverlongError(BrokenStreamError):
    """The answer brought more than any answer can hold, and was ended."""
