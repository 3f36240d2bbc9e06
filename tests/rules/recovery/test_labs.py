"""When liver tests are due and how they are read against their own limits (C 1 rows 31, 32, 46; S 18)."""

from datetime import date
from decimal import Decimal

import pytest

from recovery.rules.labs import (
    UNITS,
    LabAnalyte,
    LabDue,
    Measured,
    add_months,
    lab_due,
    liver_times,
    planned_days,
)
from recovery.rules.policy import default_policy

POLICY = default_policy()
START = date(2026, 1, 31)


def due(today, *taken, disulfiram=False):
    return lab_due(started_on=START, taken=taken, today=today, on_disulfiram=disulfiram, policy=POLICY)


def test_the_planned_days_are_calendar_months():
    days = planned_days(START, until=date(2028, 12, 31), on_disulfiram=False, policy=POLICY)
    assert days == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 4, 30),
        date(2026, 7, 31),
        date(2027, 1, 31),
        date(2028, 1, 31),
    ]


def test_disulfiram_beside_it_asks_more_often():
    days = planned_days(START, until=date(2026, 12, 31), on_disulfiram=True, policy=POLICY)
    assert days == [START, date(2026, 2, 28), date(2026, 4, 30), date(2026, 7, 31), date(2026, 10, 31)]


@pytest.mark.parametrize(
    ("today", "taken", "expected"),
    [
        pytest.param(date(2026, 1, 31), (), LabDue(START, False), id="the baseline on the day of the start"),
        pytest.param(date(2026, 1, 31), (date(2026, 1, 10),), None, id="a young test before the start is the baseline"),
        pytest.param(date(2026, 1, 31), (date(2025, 12, 1),), LabDue(START, False), id="an old one is not"),
        pytest.param(date(2026, 2, 20), (START,), None, id="earlier than the notice"),
        pytest.param(date(2026, 2, 21), (START,), LabDue(date(2026, 2, 28), False), id="within the notice"),
        pytest.param(date(2026, 3, 14), (START,), LabDue(date(2026, 2, 28), False), id="14 days late"),
        pytest.param(date(2026, 3, 15), (START,), LabDue(date(2026, 2, 28), True), id="overdue after 14 days"),
        pytest.param(date(2026, 2, 28), (date(2026, 2, 22),), None, id="taken a few days early counts"),
        pytest.param(
            date(2026, 5, 20),
            (START,),
            LabDue(date(2026, 4, 30), True),
            id="of two that passed the latest",
        ),
        pytest.param(date(2026, 5, 20), (START, date(2026, 5, 19)), None, id="one test ends both"),
    ],
)
def test_what_is_due(today, taken, expected):
    assert due(today, *taken) == expected


def test_multiples_of_the_laboratorys_own_limit():
    values = [
        Measured(LabAnalyte.ALT, Decimal("120"), Decimal("40")),
        Measured(LabAnalyte.ALT, Decimal("90"), Decimal("30")),
        Measured(LabAnalyte.AST, Decimal("35"), Decimal("35")),
        Measured(LabAnalyte.BILIRUBIN, Decimal("2.4"), Decimal("1.2")),
        Measured(LabAnalyte.PLATELETS, Decimal("180"), None),
    ]
    times = liver_times(values)
    assert (times.alt, times.ast, times.bilirubin) == (3.0, 1.0, 2.0)
    assert liver_times([Measured(LabAnalyte.ALT, Decimal("900"), None)]).alt is None


def test_every_analyte_has_a_unit():
    assert set(UNITS) == set(LabAnalyte) and all(UNITS.values())


def test_months_end_with_the_month():
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
