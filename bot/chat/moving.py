"""A server's configuration as a document: to keep, to read, to move to another server."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Literal

import msgspec

from bot.chat.access import PEOPLE, Allowance, Rule, Subject
from bot.chat.names import plain
from bot.chat.preferences import Configuration, Lists, Preferences, Setting
from bot.chat.quota import Holder, Limit
from bot.errors import QuestionError
from bot.i18n import _

MOST_PLACES = 500
MOST_ENTRIES = 200
"""Of each list; all of them are read with every reply."""
MOST = 10**15
LARGEST_ID = 2**63 - 1
"""What the database holds; Discord's ids stay below it for a long time yet."""


class _Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    version: Literal[1]
    server: dict[str, Setting] = {}
    places: dict[str, dict[str, Setting]] = {}
    access: list[Rule] = []
    models: list[Allowance] = []
    quotas: list[Limit] = []


def exported(configuration: Configuration) -> bytes:
    """The configuration as JSON; no key is in it."""
    document = _Document(
        version=1,
        server=_set_fields(configuration.server),
        places={
            str(place_id): _set_fields(layer)
            for place_id, layer in sorted(configuration.places.items())
        },
        access=list(configuration.lists.access),
        models=list(configuration.lists.models),
        quotas=list(configuration.lists.quotas),
    )
    encoded = msgspec.json.encode(document)
    # `version` says what the file is, even where nothing is set.
    return msgspec.json.format(encoded, indent=2) + b"\n"


def imported(data: bytes) -> Configuration:
    """Read such a document.

    Raises:
        QuestionError: it is malformed; the sentence says where.
    """
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise QuestionError(
            _("This is no file of settings: {reason}. Nothing was changed.").format(
                reason=plain(str(error), 200).replace("`", "'")
            )
        ) from None
    lists = Lists(tuple(document.access), tuple(document.models), tuple(document.quotas))
    check_lengths(lists)
    if len(document.places) > MOST_PLACES:
        raise QuestionError(_("The file names too many channels. Nothing was changed."))
    if any(not 0 <= limit.amount <= MOST for limit in lists.quotas):
        raise QuestionError(_("A quota in the file is no sensible number. Nothing was changed."))
    if any(not 0 <= number <= LARGEST_ID for number in _ids(lists)):
        raise QuestionError(_("An id in the file is none of Discord's. Nothing was changed."))
    if any(not allowed.model or allowed.model != plain(allowed.model) for allowed in lists.models):
        raise QuestionError(_("A model in the file has no sensible name. Nothing was changed."))
    configuration = Configuration().with_settings(None, document.server)
    for place, settings in document.places.items():
        if not (place.isascii() and place.isdigit() and len(place) <= 20) or not (
            0 < int(place) <= LARGEST_ID
        ):
            raise QuestionError(
                _("{place} is no channel's id. Nothing was changed.").format(place=plain(place, 20))
            )
        configuration = configuration.with_settings(int(place), settings)
    return replace(configuration, lists=lists)


def _ids(lists: Lists) -> list[int]:
    ids = [rule.subject_id for rule in lists.access]
    ids += [allowed.role_id for allowed in lists.models]
    return ids + [limit.holder_id for limit in lists.quotas]


def check_lengths(lists: Lists) -> None:
    """Make sure that no list is too long.

    Raises:
        QuestionError: one is.
    """
    if max(len(lists.access), len(lists.models), len(lists.quotas)) > MOST_ENTRIES:
        raise QuestionError(
            _("A list can have {count} entries at most. Use roles instead.").format(
                count=MOST_ENTRIES
            )
        )


def fitting(
    configuration: Configuration, *, places: Collection[int], roles: Collection[int]
) -> tuple[Configuration, int]:
    """What of a configuration speaks of this server's channels and roles, and how much does not."""
    kept_places = {i: layer for i, layer in configuration.places.items() if i in places}
    lists = configuration.lists
    access = tuple(
        rule
        for rule in lists.access
        if rule.subject is Subject.MEMBER
        or rule.subject_id in (roles if rule.subject in PEOPLE else places)
    )
    models = tuple(allowed for allowed in lists.models if allowed.role_id in roles)
    quotas = tuple(
        limit
        for limit in lists.quotas
        if limit.holder is not Holder.ROLE or limit.holder_id in roles
    )
    server = configuration.server
    if server.warn_channel is not None and server.warn_channel not in places:
        server = replace(server, warn_channel=None)
    kept = Configuration(server, kept_places, Lists(access, models, quotas))
    return kept, _size(configuration) - _size(kept)


def _size(configuration: Configuration) -> int:
    lists = configuration.lists
    entries = len(lists.access) + len(lists.models) + len(lists.quotas)
    return len(configuration.places) + entries + (configuration.server.warn_channel is not None)


def fingerprint(configuration: Configuration) -> str:
    """Sixteen characters that tell this configuration from any other."""
    return hashlib.sha256(exported(configuration)).hexdigest()[:16]


def _set_fields(layer: Preferences) -> dict[str, Setting]:
    return {name: value for name, value in asdict(layer).items() if value is not None}
