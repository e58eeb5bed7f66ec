"""The rules this Discord plays by, with Discord's own figures as defaults."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Window:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LoopbackSettings:
    """Limits and clocks. Tests shorten the clocks; nothing else of Discord changes by it."""

    token: str = "loopback-bot-token"
    message_content: bool = True
    """Whether the privileged message-content intent is switched on in the portal."""
    shards: int = 1
    heartbeat_seconds: float = 41.25
    replay_events: int = 2_000
    """How many events a session remembers for RESUME; older ones are lost with the session."""

    ack_seconds: float = 3.0
    interaction_seconds: float = 900.0
    """Life of an interaction's token. When it is shortened, the interaction's id is dated back,
    so that a client that reckons fifteen minutes from the id comes to the same end."""

    max_file_bytes: int = 10 * MEBIBYTE
    max_request_bytes: int = 25 * MEBIBYTE
    attachment_url_seconds: float = 86_400.0
    nonce_seconds: float = 300.0

    create_window: Window = Window(5, 5.0)
    edit_window: Window = Window(5, 5.0)
    webhook_window: Window = Window(5, 2.0)
    """Observed for interaction webhooks: five in a short window, per token."""
    other_window: Window = Window(50, 1.0)
    global_window: Window = Window(50, 1.0)
