"""How long tablets last, and when the medicine of a visit must be here (S 19, N6)."""

from datetime import date, timedelta

import pytest

from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.records import CountKind
from recovery.rules.schedule import regimen_from_catalogue
from recovery.rules.supply import (
    Count,
    at_hand,
    counted,
    refill_due,
    supply_due_on,
    supply_is_late,
)

POLICY = default_policy()
DAY = timedelta(days=1)
MONDAY = date(2026, 3, 2)
PICKED, LEFT = CountKind.PICKED_UP, CountKind.COUNTED


@pytest.mark.parametrize(
    ("counts", "mg", "since"),
    [
        pytest.param([Count(PICKED, MONDAY, 30, 50)], 1500, MONDAY, id="one pick-up, used from that day"),
        pytest.param(
            [Count(PICKED, MONDAY, 30, 50), Count(PICKED, MONDAY + 9 * DAY, 30, 50)],
            3000,
            MONDAY,
            id="pick-ups add",
        ),
        pytest.param(
            [Count(PICKED, MONDAY, 30, 50), Count(LEFT, MONDAY + 4 * DAY, 20, 50)],
            1000,
            MONDAY + 5 * DAY,
            id="a count corrects what was before",
        ),
        pytest.param(
            [Count(LEFT, MONDAY, 4, 50), Count(PICKED, MONDAY, 30, 50)],
            200,
            MONDAY + DAY,
            id="a count is taken at the end of its day",
        ),
        pytest.param(
            [Count(LEFT, MONDAY, 4, 50), Count(PICKED, MONDAY + DAY, 15, 100)],
            1700,
            MONDAY + DAY,
            id="tablets of another strength",
        ),
        pytest.param(
            [Count(LEFT, MONDAY, 4, 50), Count(LEFT, MONDAY, 6, 50)], 300, MONDAY + DAY, id="the later count wins"
        ),
    ],
)
def test_where_a_count_begins(counts, mg, since):
    base = counted(counts)
    assert base is not None
    assert (base.mg, base.since) == (mg, since)


def test_nothing_counted_says_nothing():
    assert counted([]) is None


@pytest.mark.parametrize(
    ("kind", "tablets", "used_mg", "left", "runs_out_on"),
    [
        pytest.param("oral_daily", 10, 0, 10, MONDAY + 10 * DAY, id="ten days of one a day"),
        pytest.param("oral_daily", 10, 150, 7, MONDAY + 7 * DAY, id="three were used"),
        pytest.param("oral_daily", 3, 500, 0, MONDAY, id="used more than there was"),
        pytest.param("oral_wk_sat", 7, 0, 7, MONDAY + 7 * DAY, id="seven last a week with a double Saturday"),
        pytest.param("oral_mwf", 7, 0, 7, MONDAY + 7 * DAY, id="2, 2 and 3 of 50 mg a week"),
        pytest.param("oral_q3d", 5, 0, 5, MONDAY + 3 * DAY, id="half a dose is none"),
        pytest.param("oral_daily", 500, 0, 500, None, id="longer than anybody asks"),
    ],
)
def test_when_they_run_out(kind, tablets, used_mg, left, runs_out_on):
    base = counted([Count(PICKED, MONDAY, tablets, 50)])
    regimen = regimen_from_catalogue(kind, zone="America/New_York", first_day=MONDAY, times=["08:00"], policy=POLICY)
    found = at_hand(base, used_mg=used_mg, regimen=regimen, today=MONDAY)
    assert (found.tablets, found.runs_out_on) == (left, runs_out_on)
    assert found.days_left(MONDAY) == (None if runs_out_on is None else (runs_out_on - MONDAY).days)


def test_a_refill_is_asked_for_a_week_ahead():
    regimen = regimen_from_catalogue(
        "oral_daily", zone="America/New_York", first_day=MONDAY, times=["08:00"], policy=POLICY
    )
    found = at_hand(counted([Count(PICKED, MONDAY, 30, 50)]), used_mg=0, regimen=regimen, today=MONDAY)
    runs_out = MONDAY + 30 * DAY
    assert not refill_due(found, today=runs_out - 8 * DAY, policy=POLICY)
    assert refill_due(found, today=runs_out - 7 * DAY, policy=POLICY)
    assert refill_due(found, today=runs_out - 8 * DAY, policy=with_overrides(POLICY, {"refill_lead_days": 8}))


@pytest.mark.parametrize(
    ("due_on", "given_on", "expected"),
    [
        pytest.param(MONDAY + 28 * DAY, MONDAY, MONDAY + 21 * DAY, id="day 21"),
        pytest.param(MONDAY + 31 * DAY, MONDAY, MONDAY + 21 * DAY, id="a visit that moved later changes nothing"),
        pytest.param(MONDAY + 19 * DAY, MONDAY, MONDAY + 19 * DAY, id="but it is there for an early one"),
        pytest.param(MONDAY + 28 * DAY, None, MONDAY + 21 * DAY, id="a first injection: a week ahead"),
    ],
)
def test_n6_the_medicine_is_here_by_day_21(due_on, given_on, expected):
    due_by = supply_due_on(due_on=due_on, last_given_on=given_on, policy=POLICY)
    assert due_by == expected
    assert supply_is_late("shipped", due_by=due_by, today=due_by)
    assert not supply_is_late("", due_by=due_by, today=due_by - DAY)
    assert not supply_is_late("on_site", due_by=due_by, today=due_by)
