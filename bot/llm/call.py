"""One exchange with the gateway, as its errors and its answer need to know it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """Where an answer or a failure came from."""

    host: str = ""
    status: int | None = None
    request_id: str = ""
    authcode: str = field(default="", repr=False)
    """Known so that it can be kept out of what the operator reads."""
