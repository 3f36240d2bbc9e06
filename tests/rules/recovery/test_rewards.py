"""What a step earns: caps, taper and fade, and no way to lose it (N30)."""

import random
from datetime import date, timedelta

import pytest

from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.rewards import Phase, award, ends_on, phase_on, step_cents

START = date(2026, 3, 2)
POLICY = with_overrides(
    default_policy(),
    {
        "rewards_on": True,
        "reward_step_cents": 900,
        "reward_week_cap_cents": 2000,
        "reward_total_cap_cents": 5000,
        "reward_full_weeks": 2,
        "reward_taper_weeks": 2,
        "reward_fade_weeks": 1,
    },
)


def on(week, day=0):
    return START + timedelta(days=7 * week + day)


@pytest.mark.parametrize(
    ("day", "phase", "cents"),
    [
        pytest.param(START - timedelta(days=1), Phase.OVER, 0, id="before"),
        pytest.param(on(0), Phase.FULL, 900, id="first-day"),
        pytest.param(on(1, 6), Phase.FULL, 900, id="last-full-day"),
        pytest.param(on(2), Phase.TAPER, 600, id="two-thirds"),
        pytest.param(on(3, 6), Phase.TAPER, 300, id="one-third"),
        pytest.param(on(4), Phase.FADE, 0, id="fade-is-praise"),
        pytest.param(on(5), Phase.OVER, 0, id="over"),
    ],
)
def test_phases_and_amounts(day, phase, cents):
    assert phase_on(started_on=START, day=day, policy=POLICY) is phase
    assert step_cents(started_on=START, day=day, policy=POLICY) == cents


def test_the_last_day_is_known_from_the_first():
    assert ends_on(started_on=START, policy=POLICY) == on(4, 6)


@pytest.mark.parametrize(
    ("week", "total", "cents", "capped"),
    [
        pytest.param(0, 0, 900, "", id="room"),
        pytest.param(1100, 1100, 900, "", id="just-fits"),
        pytest.param(1800, 1800, 200, "week", id="rest-of-the-week"),
        pytest.param(2000, 2000, 0, "week", id="week-full"),
        pytest.param(0, 4800, 200, "total", id="rest-of-the-plan"),
        pytest.param(1800, 4900, 100, "total", id="both-caps-the-lower-one-counts"),
        pytest.param(0, 6000, 0, "total", id="a-cap-lowered-later-takes-nothing-back"),
    ],
)
def test_caps(week, total, cents, capped):
    found = award(started_on=START, day=on(0), this_week_cents=week, total_cents=total, policy=POLICY)
    assert (found.cents, found.capped_by) == (cents, capped)


def test_an_amount_never_rises_over_time_and_a_gap_changes_nothing():
    """No run to lose: the amount of a day depends on the day alone, whatever was earned or missed before."""
    amounts = [step_cents(started_on=START, day=START + timedelta(days=n), policy=POLICY) for n in range(60)]
    assert amounts == sorted(amounts, reverse=True)
    assert default_policy().rewards_on is False


def test_no_history_passes_a_cap():
    dice = random.Random(7)
    for _ in range(200):
        by_week: dict[int, int] = {}
        for n in range(40):
            for _ in range(dice.randint(0, 4)):
                week = n // 7
                found = award(
                    started_on=START,
                    day=START + timedelta(days=n),
                    this_week_cents=by_week.get(week, 0),
                    total_cents=sum(by_week.values()),
                    policy=POLICY,
                )
                assert found.cents >= 0
                by_week[week] = by_week.get(week, 0) + found.cents
        assert max(by_week.values(), default=0) <= POLICY.reward_week_cap_cents
        assert sum(by_week.values()) <= POLICY.reward_total_cap_cents
