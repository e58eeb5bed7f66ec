from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.chat.access import Allowance, Asker, Refusal, Rule, Subject, Verdict, may_use, refusal

EVERYBODY, STAFF, MUTED = 1, 2, 3
MIRA = Asker(11, frozenset({EVERYBODY, STAFF}), channel_id=21, category_id=31)
ALLOW, DENY = Verdict.ALLOW, Verdict.DENY


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], None, id="no lists"),
        pytest.param([Rule(Subject.ROLE, STAFF, ALLOW)], None, id="an allowed role"),
        pytest.param([Rule(Subject.MEMBER, 11, ALLOW)], None, id="an allowed member"),
        pytest.param(
            [Rule(Subject.ROLE, MUTED, ALLOW)], Refusal.NOT_ALLOWED_PERSON, id="others are allowed"
        ),
        pytest.param(
            [Rule(Subject.CHANNEL, 22, ALLOW)], Refusal.NOT_ALLOWED_PLACE, id="elsewhere is allowed"
        ),
        pytest.param([Rule(Subject.CATEGORY, 31, ALLOW)], None, id="the channel's category"),
        pytest.param(
            [Rule(Subject.CATEGORY, 31, ALLOW), Rule(Subject.CHANNEL, 21, DENY)],
            Refusal.DENIED_PLACE,
            id="a channel denied in an allowed category",
        ),
        pytest.param(
            [Rule(Subject.MEMBER, 11, ALLOW), Rule(Subject.ROLE, STAFF, DENY)],
            Refusal.DENIED_PERSON,
            id="an allowed member of a denied role",
        ),
        pytest.param([Rule(Subject.MEMBER, 12, DENY)], None, id="somebody else is denied"),
    ],
)
def test_lists_decide_who_may_ask_where(rules, expected):
    assert refusal(rules, MIRA) is expected


rule = st.builds(
    Rule, st.sampled_from(Subject), st.sampled_from([1, 2, 3, 11, 21, 31]), st.sampled_from(Verdict)
)


@given(st.lists(rule), rule)
def test_a_deny_wins_whatever_else_is_said(rules, denied):
    denied = Rule(denied.subject, denied.subject_id, DENY)
    if MIRA.is_meant(denied):
        assert refusal([*rules, denied], MIRA) in (Refusal.DENIED_PERSON, Refusal.DENIED_PLACE)


@given(st.lists(rule))
def test_without_a_deny_that_fits_only_the_allow_lists_can_refuse(rules):
    said = refusal(rules, MIRA)
    listed = [r for r in rules if r.verdict is ALLOW]
    if said in (Refusal.NOT_ALLOWED_PERSON, Refusal.NOT_ALLOWED_PLACE):
        assert listed
    if said is None:
        assert not any(r.verdict is DENY and MIRA.is_meant(r) for r in rules)


@given(st.lists(rule), st.randoms())
def test_the_order_of_the_lists_does_not_matter(rules, random):
    shuffled = random.sample(rules, len(rules))
    assert (refusal(rules, MIRA) is None) == (refusal(shuffled, MIRA) is None)


def test_a_model_is_for_the_roles_it_is_given_to():
    allowances = [Allowance(STAFF, "o3"), Allowance(EVERYBODY, "gpt-4o")]
    assert may_use("o3", allowances, {EVERYBODY, STAFF})
    assert not may_use("o3", allowances, {EVERYBODY})
    assert may_use("anything", [], {EVERYBODY})
