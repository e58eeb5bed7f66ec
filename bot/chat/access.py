"""Who may use the bot where: allow and deny lists of a server. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What a rule speaks of; the values are stored."""

    ROLE = "role"
    MEMBER = "member"
    CHANNEL = "channel"
    CATEGORY = "category"


PEOPLE = frozenset({Subject.ROLE, Subject.MEMBER})
PLACES = frozenset({Subject.CHANNEL, Subject.CATEGORY})


class Verdict(StrEnum):
    """What a rule says; the values are stored."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a server's lists."""

    subject: Subject
    subject_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Asker:
    """A member of a server, and the place where they ask."""

    member_id: int
    role_ids: frozenset[int]
    """With the role of everybody, which has the server's own id."""
    channel_id: int
    """Of a thread: its parent's."""
    category_id: int | None = None

    def is_meant(self, rule: Rule) -> bool:
        """Whether the rule speaks of this member or place."""
        match rule.subject:
            case Subject.ROLE:
                return rule.subject_id in self.role_ids
            case Subject.MEMBER:
                return rule.subject_id == self.member_id
            case Subject.CHANNEL:
                return rule.subject_id == self.channel_id
            case Subject.CATEGORY:
                return rule.subject_id == self.category_id


class Refusal(StrEnum):
    """Why somebody may not ask."""

    DENIED_PERSON = "denied person"
    DENIED_PLACE = "denied place"
    NOT_ALLOWED_PERSON = "not allowed person"
    NOT_ALLOWED_PLACE = "not allowed place"


def refusal(rules: Iterable[Rule], asker: Asker) -> Refusal | None:
    """Why this member may not ask here; None when they may.

    A deny wins over every allow. People and places are judged apart: where a list of allowed
    people (or places) is not empty, one entry of it has to fit.
    """
    rules = list(rules)
    for rule in rules:
        if rule.verdict is Verdict.DENY and asker.is_meant(rule):
            return Refusal.DENIED_PERSON if rule.subject in PEOPLE else Refusal.DENIED_PLACE
    allowed = [rule for rule in rules if rule.verdict is Verdict.ALLOW]
    for kinds, why in (
        (PEOPLE, Refusal.NOT_ALLOWED_PERSON),
        (PLACES, Refusal.NOT_ALLOWED_PLACE),
    ):
        listed = [rule for rule in allowed if rule.subject in kinds]
        if listed and not any(map(asker.is_meant, listed)):
            return why
    return None


@dataclass(frozen=True, slots=True)
class Allowance:
    """A model that members with a role may use."""

    role_id: int
    model: str


def may_use(model: str, allowances: Collection[Allowance], role_ids: Collection[int]) -> bool:
    """Whether one of these roles lets its members use a model; without any list all may."""
    return not allowances or any(
        allowed.model == model and allowed.role_id in role_ids for allowed in allowances
    )


def usable(
    models: Iterable[str], allowances: Collection[Allowance], role_ids: Collection[int]
) -> list[str]:
    """Those of the models that members with these roles may use."""
    return [model for model in models if may_use(model, allowances, role_ids)]
