"""What Discord says when it refuses: a status, a code and a sentence."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal as Discord words it; people's actions raise the same ones as the REST answers."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{status} (code {code}): {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        told: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors is not None:
            told["errors"] = self.errors
        return told


class InteractionFailedError(Exception):
    """The bot did not acknowledge in time: "The application did not respond"."""


def invalid_form(field: str, code: str, sentence: str) -> ApiError:
    """Refuse a body for one of its fields; `field` is a dotted path."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": sentence}]}
    for name in reversed(field.split(".")):
        errors = {name: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)


def unauthorized() -> ApiError:
    """Refuse a wrong token."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """Refuse a route that does not exist."""
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    """Refuse a channel that is gone, or never was."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    """Refuse a guild that the bot is not in."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """Refuse somebody who is not in the guild."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """Refuse a message that is gone, or is not there for the one who asks."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """Refuse somebody who does not exist."""
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    """Refuse an interaction token that was never answered with a message, or never given."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """Refuse an acknowledgement that comes too late."""
    return ApiError(404, 10062, "Unknown interaction")


def too_large() -> ApiError:
    """Refuse a file or a request above the limit."""
    return ApiError(413, 40005, "Request entity too large")


def already_acknowledged() -> ApiError:
    """Refuse a second acknowledgement."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    """Refuse a channel that may not be seen."""
    return ApiError(403, 50001, "Missing Access")


def not_own_message() -> ApiError:
    """Refuse an edit of somebody else's message."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    """Refuse a message with nothing in it."""
    return ApiError(400, 50006, "Cannot send an empty message")


def closed_dms() -> ApiError:
    """Refuse a message to somebody who blocks it."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> ApiError:
    """Refuse what the permissions do not allow."""
    return ApiError(403, 50013, "Missing Permissions")


def expired_token() -> ApiError:
    """Refuse an interaction token whose fifteen minutes are over."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def archived_thread() -> ApiError:
    """Refuse an edit in an archived thread."""
    return ApiError(400, 50083, "Thread is archived")


def reply_without_history() -> ApiError:
    """Refuse a reply where the history may not be read."""
    return ApiError(400, 160002, "Cannot reply without permission to read message history")
