"""What becomes of an unknown message (contract 4, M 1.4, F2-F6, F55)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.rules.reconcile import (
    Accept,
    Listed,
    Look,
    Resend,
    StayUnknown,
    UnknownFacts,
    Wait,
    match,
    next_step,
)

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


FACTS = UnknownFacts(started_at=START, expires_at=at(3 * 3600))


@pytest.mark.parametrize(
    ("changes", "seconds", "step"),
    [
        pytest.param({"sid_from_callback": "SM1"}, 1, Accept("SM1"), id="callback"),
        pytest.param({"sid_from_callback": "SM1"}, 99_999, Accept("SM1"), id="callback after the expiry"),
        pytest.param(
            {"sid_from_callback": "SM1", "empty_looks": 2, "resends": 1}, 9, Accept("SM1"), id="callback last"
        ),
        pytest.param({"sid_from_list": "SM2"}, 61, Accept("SM2"), id="found in the list"),
        pytest.param({}, 0, Wait(at(60)), id="wait for a callback first"),
        pytest.param({}, 59.9, Wait(at(60)), id="still waiting"),
        pytest.param({}, 60, Look(), id="first look"),
        pytest.param({"empty_looks": 1, "last_look_at": at(61)}, 120, Wait(at(121)), id="60 s between looks"),
        pytest.param({"empty_looks": 1, "last_look_at": at(61)}, 121, Look(), id="second look"),
        pytest.param({"empty_looks": 2, "last_look_at": at(121)}, 121, Resend(), id="two empty looks"),
        pytest.param({"empty_looks": 0, "last_look_at": at(61)}, 100, Wait(at(121)), id="the list failed: no look"),
        pytest.param({"empty_looks": 0, "last_look_at": at(9000)}, 9060, Look(), id="the list failed for hours"),
        pytest.param({"empty_looks": 2}, 3 * 3600, StayUnknown(), id="expired: never sent late"),
        pytest.param({"empty_looks": 2, "may_resend": False}, 121, StayUnknown(), id="another number now (F55)"),
        pytest.param({"resends": 1}, 10, Wait(at(60)), id="after the resend: looks settle what to write"),
        pytest.param({"resends": 1, "empty_looks": 1, "last_look_at": at(61)}, 130, Look(), id="second look after it"),
        pytest.param({"resends": 1, "empty_looks": 2}, 130, StayUnknown(), id="never a third try"),
        pytest.param({"empty_looks": 1, "at_least_once": True}, 61, Resend(), id="a code may go twice"),
    ],
)
def test_next_step(changes, seconds, step):
    assert next_step(replace(FACTS, **changes), now=at(seconds)) == step


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["empty", "fails"]), max_size=40), st.integers(60, 20_000))
def test_at_most_one_resend_and_none_late(looks, life_s):
    """Played to its end with a list that finds nothing or fails, a message is resent once at most."""
    facts, now, resends = replace(FACTS, expires_at=at(life_s)), START, 0
    answers = iter(looks)
    for _ in range(200):
        step = next_step(facts, now=now)
        if isinstance(step, StayUnknown):
            break
        if isinstance(step, Wait):
            assert step.until > now
            now = step.until
        elif isinstance(step, Look):
            empty = next(answers, "fails") == "empty"
            facts = replace(facts, last_look_at=now, empty_looks=facts.empty_looks + empty)
        elif isinstance(step, Resend):
            assert now < facts.expires_at
            assert facts.empty_looks >= 2
            resends += 1
            facts = replace(facts, started_at=now, resends=resends, empty_looks=0, last_look_at=None)
    assert resends <= 1
    assert now <= facts.expires_at + timedelta(seconds=60) or resends


BODY = "See you tomorrow."


@pytest.mark.parametrize(
    ("listed", "sid"),
    [
        pytest.param([], None, id="empty list"),
        pytest.param([Listed("SM1", at(1), BODY, "MG1")], "SM1", id="ours"),
        pytest.param([Listed("SM1", at(-4), BODY, "MG1")], "SM1", id="the provider's clock is behind"),
        pytest.param([Listed("SM1", at(-6), BODY, "MG1")], None, id="an earlier one"),
        pytest.param([Listed("SM1", at(1), "Another text.", "MG1")], None, id="another text"),
        pytest.param([Listed("SM1", at(1), BODY, "MG2")], None, id="another sender"),
        pytest.param([Listed("SM1", at(1), BODY)], "SM1", id="list without senders"),
        pytest.param([Listed("SM9", at(1), BODY, "MG1")], None, id="already another message's"),
        pytest.param(
            [Listed("SM2", at(9), BODY, "MG1"), Listed("SM1", at(1), BODY, "MG1")], "SM1", id="the earliest of two"
        ),
    ],
)
def test_match(listed, sid):
    assert match(listed, started_at=START, body=BODY, service="MG1", known_sids=frozenset({"SM9"})) == sid
