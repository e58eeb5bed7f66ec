"""The import file: a short sentence, or a configuration that exports and imports to itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any
from zoneinfo import available_timezones

from bot.chat import preferences
from bot.chat.moving import exported, fingerprint, fitting, imported
from bot.chat.preferences import Configuration, differences
from bot.errors import QuestionError
from tests.fuzz.target import Target, changed

LONGEST_SENTENCE = 400
LARGEST_ID = 2**63 - 1
"""What a column of the database holds."""
_ZONES = frozenset(available_timezones())


def _run(data: bytes) -> Hashable:
    try:
        configuration = imported(data)
    except QuestionError as error:
        words = str(error)
        assert len(words) <= LONGEST_SENTENCE, "the sentence is long"
        return "".join(c for c in words if c.isalpha() or c == " ")[:40]
    document = exported(configuration)
    again = imported(document)
    assert again == configuration, "what was exported is imported as something else"
    assert exported(again) == document, "exporting is not steady"
    assert not differences(configuration, again)
    assert len(fingerprint(configuration)) == 16
    fitting(configuration, places={1}, roles={2})
    assert all(0 < place <= LARGEST_ID for place in configuration.places), "no id of a place"
    assert all(0 <= number <= LARGEST_ID for number in _ids(configuration)), "no id"
    return _shape(configuration)


def _ids(configuration: Configuration) -> list[int]:
    lists = configuration.lists
    ids = [rule.subject_id for rule in lists.access] + [each.role_id for each in lists.models]
    return ids + [limit.holder_id for limit in lists.quotas]


def _shape(configuration: Configuration) -> Hashable:
    lists = configuration.lists
    server = configuration.server
    fields = tuple(name for name in preferences.FIELDS if getattr(server, name) is not None)
    return fields, len(configuration.places), len(lists.access), len(lists.quotas)


def _file(**parts: Any) -> bytes:
    return json.dumps({"version": 1, **parts}).encode()


def _reads(document: Callable[[int], bytes]) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        data = document(size)

        def read() -> None:
            with suppress(QuestionError):
                exported(imported(data))

        return read

    return make


_RULE: dict[str, object] = {"subject": "member", "subject_id": 7, "verdict": "allow"}
_LIMIT = {
    "holder": "member", "holder_id": 7, "measure": "credits", "period": "day", "amount": 5_000,
}  # fmt: skip

TARGET = Target(
    "import",
    _run,
    seeds=[
        _file(),
        _file(server={"chat_model": "gpt-4o", "temperature": 0.5, "max_pages": 3, "footer": True}),
        _file(server={"time_zone": "Europe/Berlin", "warn_below": 5, "warn_channel": 7}),
        _file(server={"persona": "You are a fox.", "reasoning": "low", "context_scope": "member"}),
        _file(places={"7": {"chat_model": "gpt-4o", "top_p": 1}, "8": {"search": False}}),
        _file(places={"9": {}}, access=[_RULE]),
        _file(access=[{**_RULE, "subject": "role", "verdict": "deny"}]),
        _file(models=[{"role_id": 2, "model": "gpt-4o"}]),
        _file(quotas=[_LIMIT]),
        _file(quotas=[{**_LIMIT, "holder": "server", "holder_id": 0, "measure": "tokens"}]),
    ],
    dictionary=[
        b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u0000", b"\\ud800", b"\\n", b"\xff",
        b"null", b"true", b"false", b"0", b"-1", b"1", b"0.5", b"-0.0", b"1e5", b"1e999", b"1e-999",
        b"9" * 18, b"9" * 19, b"9" * 20, b"9" * 40, b"1" + b"0" * 210, b'"0"', b'"7"', b'"07"',
        b'"version":1', b'"version":2', b'"server":{', b'"places":{', b'"access":[', b'"models":[',
        b'"quotas":[', b'"7":{}', b'"temperature":', b'"max_tokens":', b'"warn_below":',
        b'"persona":"', b'"persona":null', b'"language":"de"', b'"time_zone":"UTC"', b"  ",
        b'"subject_id":', b'"role_id":', b'"holder_id":', b'"amount":', b'"member"', b'"role"',
        b'"category"', b'"deny"', b'"month"', b"`", b"a" * 60, "字".encode(), b'"\xd9\xa1"',
    ],
    growing={
        "brackets": _reads(lambda size: b"[" * size),
        "nested": _reads(lambda size: b'{"version":1,"server":' * (size // 22)),
        "fields": _reads(lambda size: _file(server={f"f{i}": i for i in range(size // 12)})),
        "places": _reads(lambda size: _file(places={str(i): {} for i in range(size // 12)})),
        "rules": _reads(lambda size: _file(access=[_RULE] * (size // 60))),
        "limits": _reads(lambda size: _file(quotas=[_LIMIT] * (size // 90))),
        "a persona": _reads(lambda size: _file(server={"persona": " " * size})),
        "a name": _reads(lambda size: _file(server={"x" * size: 1})),
        "a number": _reads(lambda size: b'{"version":1,"server":{"top_p":' + b"9" * size + b"}}"),
        "a place": _reads(lambda size: _file(places={"9" * size: {}})),
        "a time zone": _reads(lambda size: _file(server={"time_zone": "a/" * size})),
    },
    # The time zones are looked for on the disk each time, which takes longer than all the rest.
    around=lambda: changed((preferences, "available_timezones", lambda: _ZONES)),
)  # fmt: skip
