"""Ways to say no: error bodies in the form of each dialect, carried by one exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

# google.rpc.Code names for the statuses a Gemini endpoint answers with.
GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RefusedError(Exception):
    """The call is answered with this status, body and headers instead of an answer."""

    def __init__(
        self,
        status: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = dict(headers or {})


def unauthorized() -> RefusedError:
    """The gateway's own 401, which has no `error` object."""
    return RefusedError(401, b'{"message": "401 Unauthorized"}')


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> RefusedError:
    """An error as the OpenAI dialect words it."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return RefusedError(status, msgspec.json.encode({"error": error}), headers=headers)


def gemini_error(
    status: int,
    message: str,
    *,
    details: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> RefusedError:
    """An error as the Gemini dialect words it."""
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "status": GOOGLE_STATUS.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return RefusedError(status, msgspec.json.encode({"error": error}), headers=headers)
