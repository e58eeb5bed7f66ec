"""What went wrong upstream, gathered out of whatever shape a gateway wrapped it in.

Shapes are those of the gateway reference, sections 1.7 and 2.9: nested copies, JSON inside
strings, Google's arrays and details, plain words, pages of HTML, or nothing at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

MAX_ERROR_BYTES = 64 * 1024
LONGEST_WAIT = 31 * 24 * 3_600.0
"""Seconds; the longest that an allowance takes to come back is a month."""
DAILY_QUOTA = "daily_quota"
"""Our code for an allowance that comes back tomorrow: waiting for it makes no sense."""

_DEPTH = 16
_SHOULD_RETRY = {"true": True, "false": False}
_MESSAGE_KEYS = ("message", "msg", "error_msg", "err", "detail", "error_description")


@dataclass(slots=True)
class Fault:
    """What could be learned of a failure."""

    status: int | None = None
    codes: list[str] = field(default_factory=list)
    """Machine-readable words, innermost first."""
    messages: list[str] = field(default_factory=list)
    """Human words, innermost first."""
    param: str = ""
    retry_after: float | None = None
    should_retry: bool | None = None
    request_id: str = ""
    html: bool = False
    is_document: bool = False
    """The body is JSON, as the gateway's own are; proxies answer in words or with pages."""

    @property
    def text(self) -> str:
        """All human words in one."""
        return " | ".join(self.messages)


def read_fault(body: bytes, status: int | None, headers: Mapping[str, str] | None = None) -> Fault:
    """Gather the facts from an error's status, headers and body."""
    fault = Fault(status)
    text = body[:MAX_ERROR_BYTES].decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if text.startswith("<"):
        fault.html = True
    elif (document := _json(text)) is not None:
        fault.is_document = isinstance(document, dict | list)
        _gather(document, fault, 0)
    elif text:
        _gather_text(text, fault, 0)
    if headers is not None:
        fault.retry_after = _retry_after(headers, fault.retry_after)
        fault.request_id = headers.get("x-request-id", "") or fault.request_id
        fault.should_retry = _SHOULD_RETRY.get(headers.get("x-should-retry", "").lower())
    if fault.retry_after is None and (found := _RETRY_IN.search(fault.text)):
        fault.retry_after = float(found[1]) * (0.001 if found[2] == "ms" else 1)
    if not fault.request_id and (found := _REQUEST_ID.search(fault.text)):
        fault.request_id = found[1]
    return fault


def has_fault(document: object) -> bool:
    """Whether a JSON document that is no answer says that something failed."""
    fault = Fault()
    _gather(document, fault, 0)
    return bool(fault.messages or fault.status)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _gather(node: object, fault: Fault, depth: int) -> None:
    """Collect facts from a document; what lies deeper is nearer to the cause and comes first."""
    if depth > _DEPTH:
        return
    match node:
        case [first, *_]:
            _gather(first, fault, depth + 1)
        case str():
            _gather_text(node, fault, depth + 1)
        case dict():
            _gather_nested(node, fault, depth)
            _gather_own(node, fault)


def _gather_nested(node: dict[str, Any], fault: Fault, depth: int) -> None:
    metadata = node.get("metadata")
    if isinstance(metadata, dict):
        _gather(metadata.get("raw"), fault, depth + 1)
    _gather(node.get("error"), fault, depth + 1)
    for key in _MESSAGE_KEYS:
        _gather(node.get(key), fault, depth + 1)
    details = node.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            _gather_google_detail(detail, fault)


def _gather_own(node: dict[str, Any], fault: Fault) -> None:
    for key in ("code", "status", "type", "reason"):
        match node.get(key):
            case bool():
                pass
            case int(number) if 400 <= number < 600:
                fault.status = number
            case str(word) if word.isdecimal() and len(word) == 3:
                fault.status = int(word)
            case str(word) if word and word != "error":
                fault.codes.append(word.lower())
    param = node.get("param")
    if isinstance(param, str) and param and not fault.param:
        if param.isdecimal() and len(param) == 3:
            # one-api puts the upstream's status here when it did not understand the error.
            fault.status = int(param)
        else:
            fault.param = param
    request_id = node.get("request_id")
    if isinstance(request_id, str) and not fault.request_id:
        fault.request_id = request_id


def _gather_google_detail(detail: dict[str, Any], fault: Fault) -> None:
    match detail:
        case {"retryDelay": str(delay)} if found := _DURATION.fullmatch(delay):
            fault.retry_after = float(found[1])
        case {"reason": str(reason)}:
            fault.codes.insert(0, reason.lower())
        case {"violations": [*violations]}:
            if "perday" in _words(violations):
                fault.codes.insert(0, DAILY_QUOTA)
        case {"fieldViolations": [{"field": str(name)}, *_]}:
            fault.param = name


def _gather_text(text: str, fault: Fault, depth: int) -> None:
    """Words may themselves hold the JSON document of another error, with more words around it."""
    if found := _DOCUMENT.search(text):
        try:
            inner, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            pass  # only a bracket among words
        else:
            _gather(inner, fault, depth + 1)
            text = f"{text[: found.start()].strip()} {text[end:].strip()}"
    if text := text.strip():
        fault.messages.append(text)


def _words(violations: list[Any]) -> str:
    try:
        return json.dumps(violations).lower()
    except RecursionError:  # what could be decoded can still be too deep to be encoded from here
        return ""


_DECODER = json.JSONDecoder()
_DOCUMENT = re.compile(r"(?:\[\s*)?\{")
_RETRY_IN = re.compile(
    r"(?:retry|try again)\s+(?:in|after)\s+(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*(ms|s)",
    re.IGNORECASE,
)
_REQUEST_ID = re.compile(r"request.?id:?\s*([\w-]{6,})", re.IGNORECASE)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def _retry_after(headers: Mapping[str, str], otherwise: float | None) -> float | None:
    """Seconds to wait: `retry-after-ms`, then `retry-after` as a number or an HTTP date."""
    try:
        return _wait(float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "")
    try:
        return _wait(float(value))
    except ValueError:
        pass
    try:
        return _wait((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return otherwise


def _wait(seconds: float) -> float:
    """Seconds that can be waited; `inf` and `nan` are numbers to `float`, too.

    Raises:
        ValueError: it is no number of seconds.
    """
    if not isfinite(seconds):
        raise ValueError("no number of seconds")
    return min(max(0.0, seconds), LONGEST_WAIT)
