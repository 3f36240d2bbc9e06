"""Regimens and the doses made ahead of them (contract 1, architecture 5)."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.errors import Conflict, NotFound
from recovery.models import Dose, Regimen
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.doses import DoseStatement, close_doses, report_doses
from recovery.services.regimens import (
    BadRegimen,
    NewRegimen,
    OutsideWindow,
    change_regimen,
    extend_doses,
    start_regimen,
    start_regimens,
    stop_regimen,
)
from recovery.services.zones import set_zone

DAY = timedelta(days=1)


@pytest.fixture
def start(staff, patient, now):
    def started(kind="oral_daily", starts_on=date(2026, 3, 3), person=patient, at=now, **changes):
        return start_regimen(
            actor=staff, treatment=open_treatment(person), kind=kind, starts_on=starts_on, now=at, **changes
        )

    return started


def slots(**where):
    rows = Dose.objects.filter(**where).exclude(state="cancelled").order_by("dosing_day", "ordinal")
    return list(rows.values_list("dosing_day", "due_at"))


def test_doses_stand_72_hours_ahead(start):
    start()
    assert [day for day, _ in slots()] == [date(2026, 3, day) for day in (3, 4, 5, 6)]


def test_wall_time_holds_through_the_spring_change(program, start, now):
    start()
    extend_doses(program_ids=[program], now=now + 4 * DAY)
    at = dict(slots())
    assert at[date(2026, 3, 7)] == datetime(2026, 3, 7, 13, tzinfo=UTC)
    assert at[date(2026, 3, 8)] == datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_a_late_run_makes_the_days_it_missed(program, start, now):
    start()
    assert extend_doses(program_ids=[program], now=now + 10 * DAY) == 10
    assert [day for day, _ in slots()] == [date(2026, 3, 3) + n * DAY for n in range(14)]
    assert extend_doses(program_ids=[program], now=now + 10 * DAY) == 0
    assert extend_doses(program_ids=[], now=now) == 0


def test_a_start_in_the_past_blames_nobody(program, patient, start, now):
    start(starts_on=date(2026, 2, 25))
    assert slots()[0][0] == date(2026, 2, 25)
    close_doses(program_ids=[program], now=now)
    assert Dose.objects.filter(state="not_reported").count() == 6
    assert live_flags(patient.pk) == []


def test_steps_take_their_own_dose(start):
    start("oral_start")
    doses = list(Dose.objects.order_by("dosing_day").values_list("dose_mg", flat=True)[:2])
    assert doses == [Decimal("25.00"), Decimal("50.00")]


def test_an_injection_regimen_has_no_slots_and_costs_nothing_more(program, start, now):
    start("xr_im_28d")
    assert slots() == []
    assert Regimen.objects.get().planned_until == date.max
    assert extend_doses(program_ids=[program], now=now + 30 * DAY) == 0


def test_the_last_day_is_the_last(program, start, now):
    start(last_day=date(2026, 3, 5))
    extend_doses(program_ids=[program], now=now + 9 * DAY)
    assert [day for day, _ in slots()] == [date(2026, 3, day) for day in (3, 4, 5)]
    assert Regimen.objects.get().planned_until == date.max


def test_an_observed_dose_on_a_holiday_is_cancelled_by_the_clinic(make_program, make_staff, make_patient, open_scope):
    """S W8: Mon, Wed, Fri from 4 May 2026; closed on Monday 25 May."""
    now = datetime(2026, 5, 22, 15, tzinfo=UTC)
    program = make_program(holidays=["2026-05-25"])
    with open_scope(program):
        person = make_patient(program)
        start_regimen(
            actor=make_staff(program),
            treatment=open_treatment(person),
            kind="oral_mwf",
            starts_on=date(2026, 5, 22),
            now=now,
        )
        close_doses(program_ids=[program], now=now + 6 * DAY)
        assert list(Dose.objects.order_by("dosing_day").values_list("dosing_day", "state")) == [
            (date(2026, 5, 22), "not_reported"),
            (date(2026, 5, 25), "cancelled"),
        ]
        Regimen.objects.update(planned_until=None)
        assert extend_doses(program_ids=[program], now=now) == 0


def test_a_new_time_replaces_what_lies_ahead_and_keeps_what_was_said(program, staff, patient, start, now):
    old = start()
    report_doses(
        actor=staff,
        statements=[DoseStatement(client_id=uuid.uuid4(), patient_id=patient.pk, statement="taken", source="app")],
        now=now,
    )
    new = change_regimen(actor=staff, regimen=old, times=["20:00"], now=now)
    assert (new.version, new.starts_on, new.plan["times"]) == (2, date(2026, 3, 3), ["20:00"])
    assert slots() == [
        (date(2026, 3, 3), datetime(2026, 3, 3, 13, tzinfo=UTC)),
        (date(2026, 3, 4), datetime(2026, 3, 5, 1, tzinfo=UTC)),
        (date(2026, 3, 5), datetime(2026, 3, 6, 1, tzinfo=UTC)),
        (date(2026, 3, 6), datetime(2026, 3, 7, 1, tzinfo=UTC)),
    ]
    assert set(Dose.objects.filter(state="cancelled").values_list("regimen__version", flat=True)) == {1}
    old.refresh_from_db()
    assert (old.ends_reason, old.plan["times"]) == ("changed", ["08:00"])
    with pytest.raises(Conflict):
        change_regimen(actor=staff, regimen=old, times=["09:00"], now=now)


@pytest.mark.parametrize(
    ("before", "after", "today"),
    [
        pytest.param("08:00", "20:00", 20, id="a morning dose still open moves to the evening"),
        pytest.param("20:00", "21:00", 21, id="one to come moves"),
        pytest.param("20:00", "09:00", 9, id="one to come moves to a window still open"),
        pytest.param("20:00", "06:00", 20, id="a time that has passed is not put in its place"),
        pytest.param("09:00", "08:00", 9, id="one that was due does not move back"),
    ],
)
def test_todays_dose_when_the_time_changes_at_ten(staff, start, now, before, after, today):
    change_regimen(actor=staff, regimen=start(times=[before], outside_window_ok=True), times=[after], now=now)
    [(_, due_at)] = slots(dosing_day=date(2026, 3, 3))
    assert due_at == datetime(2026, 3, 3, 5, tzinfo=UTC) + timedelta(hours=today)


def test_a_change_keeps_the_cycle_and_the_steps(program, staff, start, now):
    old = start("oral_q2d")
    new = change_regimen(actor=staff, regimen=old, times=["09:00"], now=now + DAY)
    extend_doses(program_ids=[program], now=now + 2 * DAY)
    assert [day for day, _ in slots(regimen=new)] == [date(2026, 3, 5), date(2026, 3, 7)]


def test_a_change_from_a_later_day_lets_the_old_one_run_until_then(program, staff, start, now):
    old = start()
    new = change_regimen(actor=staff, regimen=old, kind="oral_mwf", starts_on=date(2026, 3, 9), now=now)
    extend_doses(program_ids=[program], now=now + 5 * DAY)
    assert [day.day for day, _ in slots(regimen=old)] == [3, 4, 5, 6, 7, 8]
    assert [day.day for day, _ in slots(regimen=new)] == [9, 11]
    old.refresh_from_db()
    assert old.last_day == date(2026, 3, 8)


def test_stopped_means_nothing_more(program, staff, start, now):
    regimen = start()
    stop_regimen(actor=staff, regimen=regimen, reason="side effects", now=now)
    assert [day for day, _ in slots()] == [date(2026, 3, 3)]
    assert extend_doses(program_ids=[program], now=now + 9 * DAY) == 0
    with pytest.raises(Conflict):
        stop_regimen(actor=staff, regimen=regimen, reason="again", now=now)
    assert start().version == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"kind": "tea"}, BadRegimen, id="unknown kind"),
        pytest.param({"times": ["08:00", "20:00"]}, BadRegimen, id="two times for one a day"),
        pytest.param({"times": ["25:00"]}, BadRegimen, id="no such time"),
        pytest.param({"last_day": date(2026, 3, 2)}, BadRegimen, id="ends before it starts"),
        pytest.param({"plan_overrides": {"colour": "red"}}, BadRegimen, id="unknown part"),
        pytest.param({"times": ["07:59"]}, OutsideWindow, id="before 08:00"),
        pytest.param({"times": ["21:01"]}, OutsideWindow, id="after 21:00"),
    ],
)
def test_what_cannot_be_is_refused(start, changes, error):
    with pytest.raises(error):
        start(**changes)
    assert Regimen.objects.count() == 0


def test_outside_the_window_with_the_patients_choice_or_without_texts(start):
    assert start(times=["06:00"], outside_window_ok=True).outside_window_ok
    assert not start("acamprosate", times=["06:00", "14:00", "22:00"], reminders=False).reminders


def test_one_open_regimen_per_medicine(start):
    start()
    with pytest.raises(Conflict):
        start("oral_q2d")
    assert start("acamprosate").version == 2


def test_a_stranger_or_a_closed_treatment_is_not_there(staff, now):
    with pytest.raises(NotFound):
        start_regimens(
            actor=staff,
            regimens=[NewRegimen(treatment_id=10**9, kind="oral_daily", starts_on=date(2026, 3, 3))],
            now=now,
        )


def test_many_regimens_cost_as_many_queries_as_one(program, staff, make_patient, now):
    people = [open_treatment(make_patient(program)).pk for _ in range(10)]

    def queries(chosen):
        with CaptureQueriesContext(connection) as caught:
            start_regimens(
                actor=staff,
                regimens=[NewRegimen(treatment_id=pk, kind="oral_daily", starts_on=date(2026, 3, 3)) for pk in chosen],
                now=now,
            )
        return len(caught)

    assert queries(people[:1]) == queries(people[1:])
    assert Dose.objects.count() == 40


def test_a_move_of_zone_leaves_what_is_near(program, staff, patient, start, now):
    start(times=["11:30"])  # 16:30Z, an hour and a half from now
    set_zone(actor=staff, patient=patient, zone="America/Los_Angeles", now=now)
    assert slots() == [
        (date(2026, 3, 3), datetime(2026, 3, 3, 16, 30, tzinfo=UTC)),
        (date(2026, 3, 4), datetime(2026, 3, 4, 19, 30, tzinfo=UTC)),
        (date(2026, 3, 5), datetime(2026, 3, 5, 19, 30, tzinfo=UTC)),
        (date(2026, 3, 6), datetime(2026, 3, 6, 19, 30, tzinfo=UTC)),
    ]
