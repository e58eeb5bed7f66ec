"""Bad weather on request: what goes wrong with the next calls."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call; the fields combine."""

    status: int | None = None
    """Answer with this status, `body` and `headers` instead of an answer."""
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    first_byte_delay_seconds: float = 0.0
    """Wait before the response headers."""
    cut_after_events: int | None = None
    """End the stream after this many events."""
    final_bytes: bytes = b""
    """Written raw where the stream was cut, such as an error event."""
    drops_connection: bool = True
    """Whether a cut breaks the connection, or ends the body as if all were well."""
    stall_after_events: int | None = None
    """Send nothing for `stall_seconds` after this many events, and keep the connection."""
    stall_seconds: float = math.inf
    trickle: bytes = b""
    """Written again and again while a stream stalls, such as comments or pieces of a line."""
    piece_bytes: int | None = None
    """Write the stream in pieces of so many bytes, however that splits lines and characters."""
    drop_done: bool = False
    """Leave out `data: [DONE]`."""
    crlf: bool = False
    """End the lines of the OpenAI dialect with CRLF as well."""
    prelude: bytes = b""
    """Written raw before the first event, such as comment lines."""


NO_FAULT = Fault()


@dataclass(slots=True)
class _Planned:
    fault: Fault
    times: int
    path: str


class FaultPlan:
    """The faults that wait for their calls, in the order they were added."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def add(self, fault: Fault, *, times: int = 1, path: str = "") -> None:
        """Let the fault happen to the next `times` calls whose path contains `path`."""
        self._planned.append(_Planned(fault, times, path))

    def clear(self) -> None:
        """Forget the faults that have not happened."""
        self._planned.clear()

    def take(self, path: str) -> Fault:
        """The fault for a call that has just come in."""
        for planned in self._planned:
            if planned.path in path:
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.fault
        return NO_FAULT
