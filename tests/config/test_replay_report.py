"""The counts that must be 0 after a replay would not be 0 if something were wrong."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.rules.wall_time import to_utc
from config.replay import report
from config.replay.play import DAY_ZERO, FACTS, MORNING, ZONE
from recovery.rules.policy import default_policy
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.replayed import FlagLife

INFO, AMBER, AMBER_PLUS, RED = Severity
LATE, SILENCE = FlagKind.INJECTION_LATE, FlagKind.SILENCE


def on(day: int) -> date:
    return DAY_ZERO + timedelta(days=day)


def at(day: int, when: time = MORNING) -> datetime:
    return to_utc(on(day), when, ZoneInfo(ZONE))


def flag(
    number: int,
    opened: int,
    ended: datetime | None,
    *,
    kind: FlagKind = LATE,
    about: int = 0,
    rises: dict[Severity, int] | None = None,
) -> FlagLife:
    key = {LATE: "last_given_on", SILENCE: "since"}[kind]
    return FlagLife(
        flag_id=number,
        patient_id=1,
        kind=kind,
        opened_at=at(opened),
        ended_at=ended,
        evidence={key: on(about).isoformat()},
        rises=tuple((severity, at(day)) for severity, day in (rises or {AMBER: opened}).items()),
    )


def given(*days: int) -> dict[int, list[tuple[date, datetime]]]:
    return {1: [(on(day), at(day, FACTS)) for day in days]}


@pytest.mark.parametrize(
    ("rises", "injections", "early"),
    [
        pytest.param({AMBER: 29}, (0,), 0, id="on its day"),
        pytest.param({AMBER: 28}, (0,), 1, id="a day early"),
        pytest.param({AMBER: 29, AMBER_PLUS: 32, RED: 36}, (0,), 0, id="each on its day"),
        pytest.param({AMBER: 29, AMBER_PLUS: 31}, (0,), 1, id="amber plus a day early"),
        pytest.param({AMBER: 29, RED: 35}, (0,), 1, id="red a day early"),
        pytest.param({AMBER: 40}, (0, 30), 1, id="counted from an injection that was not the last"),
        pytest.param({AMBER: 29}, (0, 29), 0, id="the morning before the injection of that day"),
        pytest.param({AMBER: 29}, (), 1, id="without any injection"),
    ],
)
def test_a_late_injection_flagged_before_its_day(
    rises: dict[Severity, int], injections: tuple[int, ...], early: int
) -> None:
    life = flag(1, min(rises.values()), None, rises=rises)
    assert report.flags_early([life], given=given(*injections), policy=default_policy()) == early


@pytest.mark.parametrize(
    ("lives", "twice"),
    [
        pytest.param([flag(1, 29, at(31)), flag(2, 60, None, about=31)], 0, id="one after the other"),
        pytest.param([flag(1, 29, at(31)), flag(2, 31, None, about=31)], 0, id="at the very end of the other"),
        pytest.param([flag(1, 29, None), flag(2, 60, None, about=31)], 1, id="the first never ended"),
        pytest.param([flag(1, 29, at(33)), flag(2, 32, at(40), about=9)], 1, id="side by side for a day"),
        pytest.param([flag(1, 29, at(31)), flag(2, 40, None)], 1, id="twice about one injection"),
        pytest.param(
            [flag(1, 5, at(9), kind=SILENCE), flag(2, 12, None, kind=SILENCE)], 1, id="twice about one silence"
        ),
        pytest.param([flag(1, 29, None), flag(2, 29, None, kind=SILENCE)], 0, id="two kinds at once"),
    ],
)
def test_two_flags_where_one_belongs(lives: list[FlagLife], twice: int) -> None:
    assert report.flags_duplicate(lives) == twice


@pytest.mark.parametrize(
    ("life", "injections", "wrong"),
    [
        pytest.param(flag(1, 29, at(31, FACTS)), (0, 31), 0, id="ended by the injection"),
        pytest.param(flag(1, 29, None), (0,), 0, id="none came"),
        pytest.param(flag(1, 29, None), (0, 31), 1, id="still live"),
        pytest.param(flag(1, 29, at(32)), (0, 31), 1, id="ended a day too late"),
        pytest.param(flag(1, 32, None), (0, 31), 1, id="raised after it, about the old one"),
        pytest.param(flag(1, 60, None, about=31), (0, 31), 0, id="raised after it, about the new one"),
    ],
)
def test_a_flag_that_an_injection_should_have_ended(life: FlagLife, injections: tuple[int, ...], wrong: int) -> None:
    assert report.flags_after_injection([life], given=given(*injections)) == wrong
