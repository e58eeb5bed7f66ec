"""What the page asks for over its WebSocket, one Struct for each request."""

from __future__ import annotations

from typing import Any

import msgspec


class Request(msgspec.Struct, tag_field="op"):
    """A request; the answer carries the same `re`. Ids are strings: JavaScript rounds numbers."""

    re: int


class Become(Request, tag="become"):
    """Act as another person from now on."""

    person: str


class Open(Request, tag="open"):
    """Show a channel."""

    channel: str


class Send(Request, tag="send"):
    """Write a message."""

    channel: str
    content: str
    uploads: list[str] = []
    reply_to: str | None = None


class Edit(Request, tag="edit"):
    """Change one's own message."""

    message: str
    content: str


class Delete(Request, tag="delete"):
    """Delete a message."""

    message: str


class Run(Request, tag="run"):
    """Use a slash command; a file's value is its upload id."""

    channel: str
    command: str
    options: dict[str, Any] = {}


class Autocomplete(Request, tag="autocomplete"):
    """Ask for the choices of one option."""

    channel: str
    command: str
    options: dict[str, Any]
    focused: str


class Press(Request, tag="press"):
    """Press a button."""

    message: str
    button: str


class Select(Request, tag="select"):
    """Choose in a string select."""

    message: str
    menu: str
    values: list[str]


class Use(Request, tag="use"):
    """Use an entry of a message's menu."""

    message: str
    entry: str


class Submit(Request, tag="submit"):
    """Send a form back: the interaction that brought it, and values by custom id."""

    interaction: str
    values: dict[str, str | list[str]]


class Type(Request, tag="type"):
    """Start to type."""

    channel: str


AnyRequest = (
    Become | Open | Send | Edit | Delete | Run | Autocomplete | Press | Select | Use | Submit | Type
)
decoder = msgspec.json.Decoder(AnyRequest)
