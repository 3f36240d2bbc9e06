"""When questionnaires fall due."""

from datetime import date, timedelta

import pytest

from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.instruments.due import Person, Phase, due_today, every_days, phase_of
from recovery.rules.policy import default_policy, with_overrides

POLICY = default_policy()
TODAY = date(2026, 3, 3)
DAILY, MONTH, PHQ2, PHQ9, AUDIT_C = (
    InstrumentKey.DAILY,
    InstrumentKey.MONTH,
    InstrumentKey.PHQ2,
    InstrumentKey.PHQ9,
    InstrumentKey.AUDIT_C,
)
ALL = frozenset({DAILY, MONTH, PHQ2, PHQ9, AUDIT_C})


def days_ago(days):
    return TODAY - timedelta(days=days)


def person(**facts):
    return Person(**{"started_on": days_ago(40), "askable": ALL, **facts})


@pytest.mark.parametrize(
    ("started", "ended", "phase"),
    [
        pytest.param(-1, None, None, id="before-the-start"),
        pytest.param(0, None, Phase.EARLY, id="first-day"),
        pytest.param(89, None, Phase.EARLY, id="day-89"),
        pytest.param(90, None, Phase.LATER, id="day-90"),
        pytest.param(200, 0, Phase.AFTER_CARE, id="ends-today"),
        pytest.param(200, 60, Phase.AFTER_CARE, id="after-care-day-60"),
        pytest.param(200, 61, None, id="after-care-is-over"),
    ],
)
def test_phase(started, ended, phase):
    ended_on = None if ended is None else days_ago(ended)
    assert phase_of(started_on=days_ago(started), ended_on=ended_on, today=TODAY, policy=POLICY) is phase


def test_the_cadence_follows_the_phase():
    policy = with_overrides(POLICY, {"phq2_every_days": 7, "phq2_every_days_later": 14})
    assert every_days(PHQ2, Phase.EARLY, policy=policy) == 7
    assert every_days(PHQ2, Phase.LATER, policy=policy) == 14
    assert every_days(PHQ2, Phase.AFTER_CARE, policy=policy) == 7
    assert every_days(InstrumentKey.CAGE, Phase.EARLY, policy=policy) is None


EVERYTHING_LATELY = {
    DAILY: days_ago(1),
    MONTH: days_ago(3),
    PHQ2: days_ago(3),
    PHQ9: days_ago(9),
    AUDIT_C: days_ago(39),
}


@pytest.mark.parametrize(
    ("facts", "due"),
    [
        pytest.param({}, [DAILY, PHQ9], id="a-new-person-gets-two-a-day"),
        pytest.param({"last": {DAILY: TODAY}, "made_today": 2}, [], id="no-third-on-one-day"),
        pytest.param({"last": EVERYTHING_LATELY}, [DAILY], id="an-ordinary-day"),
        pytest.param({"last": EVERYTHING_LATELY | {DAILY: TODAY}}, [], id="not-twice-a-day"),
        pytest.param({"last": EVERYTHING_LATELY | {PHQ2: days_ago(7)}}, [DAILY, PHQ2], id="weekly"),
        pytest.param({"last": EVERYTHING_LATELY | {PHQ2: days_ago(6)}}, [DAILY], id="not-before-a-week"),
        pytest.param(
            {"last": EVERYTHING_LATELY | {PHQ2: days_ago(9), PHQ9: days_ago(4)}}, [DAILY], id="the-nine-hold-the-two"
        ),
        pytest.param(
            {"last": EVERYTHING_LATELY | {PHQ2: days_ago(7), PHQ9: days_ago(28)}}, [DAILY, PHQ9], id="nine-for-two"
        ),
        pytest.param(
            {"last": EVERYTHING_LATELY | {PHQ2: days_ago(7)}, "open": frozenset({PHQ2})}, [DAILY], id="waits-already"
        ),
        pytest.param({"last": EVERYTHING_LATELY | {MONTH: days_ago(28)}}, [DAILY, MONTH], id="monthly"),
        pytest.param(
            {"last": EVERYTHING_LATELY, "askable": ALL - {DAILY}}, [], id="without-an-account-no-daily-minute"
        ),
        pytest.param({"last": EVERYTHING_LATELY, "silent_days": 3}, [], id="backs-off-after-three-silent-days"),
        pytest.param(
            {"last": EVERYTHING_LATELY | {DAILY: days_ago(3)}, "silent_days": 3}, [DAILY], id="and-comes-back"
        ),
        pytest.param({"last": EVERYTHING_LATELY, "silent_days": 2}, [DAILY], id="two-silent-days-are-nothing"),
        pytest.param(
            {"started_on": days_ago(200), "last": {k: v for k, v in EVERYTHING_LATELY.items() if k is not AUDIT_C}},
            [DAILY],
            id="screening-at-the-start-only",
        ),
        pytest.param({"ended_on": days_ago(61)}, [], id="nothing-after-after-care"),
    ],
)
def test_due_today(facts, due):
    assert due_today(person(**facts), today=TODAY, policy=POLICY) == due
