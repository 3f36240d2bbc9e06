"""What a tier opens, when it ends, and who may allow it (N27, S 21)."""

from datetime import UTC, date, datetime

import pytest

from recovery.rules.supporters import (
    NOTHING,
    AllowedBy,
    MinorBasis,
    SupporterState,
    Tier,
    Topic,
    age_on,
    greeting_days,
    may_tell,
    rights_of,
    state_of,
    treatment_consent_is_whole,
    who_may_allow,
)

AT = datetime(2026, 3, 3, 15, tzinfo=UTC)
TODAY = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("agreed", "ended", "expires", "state"),
    [
        pytest.param(None, None, date(2026, 6, 1), SupporterState.ASKED, id="not-agreed"),
        pytest.param(AT, None, date(2026, 6, 1), SupporterState.ACTIVE, id="both"),
        pytest.param(AT, None, TODAY, SupporterState.ACTIVE, id="last-day-counts"),
        pytest.param(AT, None, date(2026, 3, 2), SupporterState.EXPIRED, id="ran-out"),
        pytest.param(AT, AT, date(2026, 6, 1), SupporterState.ENDED, id="ended"),
        pytest.param(AT, AT, date(2026, 3, 2), SupporterState.ENDED, id="ended-before-it-ran-out"),
    ],
)
def test_state_follows_both_consents(agreed, ended, expires, state):
    assert state_of(agreed_at=agreed, ended_at=ended, expires_on=expires, today=TODAY) is state


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("state", [state for state in SupporterState if state is not SupporterState.ACTIVE])
def test_nothing_before_agreement_and_nothing_after_the_end(tier, state):
    assert rights_of(tier, state) == NOTHING
    assert may_tell(tier, state, [topic.value for topic in Topic]) == frozenset()


def test_each_tier_opens_what_the_one_before_did_and_more():
    opened = [rights_of(tier, SupporterState.ACTIVE) for tier in (Tier.REACH, Tier.HELLO, Tier.INFORMED)]
    assert [(r.staff_may_ask, r.calendar_text, r.staff_may_tell) for r in opened] == [
        (True, False, False),
        (True, True, False),
        (True, True, True),
    ]


def test_only_what_is_ticked_is_told_and_only_to_the_informed():
    assert may_tell(Tier.INFORMED, SupporterState.ACTIVE, ["visits"]) == {Topic.VISITS}
    assert may_tell(Tier.HELLO, SupporterState.ACTIVE, ["visits"]) == frozenset()


@pytest.mark.parametrize(
    ("is_minor", "basis", "needed"),
    [
        pytest.param(False, None, {AllowedBy.PATIENT}, id="adult"),
        pytest.param(True, None, set(), id="basis-not-recorded"),
        pytest.param(True, MinorBasis.ALONE, {AllowedBy.PATIENT}, id="only-the-minor-parents-included"),
        pytest.param(True, MinorBasis.GUARDIAN_TOO, {AllowedBy.BOTH}, id="both"),
        pytest.param(True, MinorBasis.EMANCIPATED, {AllowedBy.PATIENT}, id="emancipated"),
        pytest.param(False, MinorBasis.GUARDIAN_TOO, {AllowedBy.PATIENT}, id="came-of-age"),
    ],
)
def test_whose_permission_counts(is_minor, basis, needed):
    assert who_may_allow(is_minor=is_minor, basis=basis) == needed


@pytest.mark.parametrize(
    ("basis", "by", "whole"),
    [
        pytest.param(MinorBasis.ALONE, AllowedBy.PATIENT, True, id="alone"),
        pytest.param(MinorBasis.ALONE, AllowedBy.GUARDIAN, False, id="a-guardian-cannot-stand-for-them"),
        pytest.param(MinorBasis.GUARDIAN_TOO, AllowedBy.PATIENT, False, id="guardian-missing"),
        pytest.param(MinorBasis.GUARDIAN_TOO, AllowedBy.BOTH, True, id="both"),
    ],
)
def test_treatment_consent(basis, by, whole):
    assert treatment_consent_is_whole(basis=basis, consented_by=by) is whole


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        pytest.param(date(2008, 3, 3), date(2026, 3, 3), 18, id="birthday"),
        pytest.param(date(2008, 3, 4), date(2026, 3, 3), 17, id="day-before"),
        pytest.param(date(2008, 2, 29), date(2026, 2, 28), 17, id="leap-day"),
        pytest.param(date(2008, 2, 29), date(2026, 3, 1), 18, id="leap-day-after"),
    ],
)
def test_age(born, on, age):
    assert age_on(born, on) == age


def test_the_calendar_is_one_weekday():
    days = greeting_days(2, first=date(2026, 3, 3), last=date(2026, 3, 20))
    assert days == [date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18)]
    assert greeting_days(2, first=date(2026, 3, 5), last=date(2026, 3, 10)) == []
