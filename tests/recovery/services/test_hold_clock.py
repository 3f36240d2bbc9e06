"""An open hold pages until a prescriber lifts it (S 5), and its doses close as held."""

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.rules.roles import Role
from recovery.models import Dose, Hold, HoldAlarm
from recovery.rules.gates import GateEvent
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.doses import close_doses
from recovery.services.gates import acknowledge_hold, lift_hold, note_event
from recovery.services.hold_clock import page_holds
from recovery.services.regimens import extend_doses, start_regimen

WEEKDAYS = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
HOUR = timedelta(hours=1)


@pytest.fixture
def clinic(make_program, open_scope):
    pk = make_program(clinic_hours=WEEKDAYS)
    with open_scope(pk):
        yield pk


@pytest.fixture
def person(clinic, make_patient):
    return make_patient(clinic)


@pytest.fixture
def tablets(clinic, person, make_staff, now):
    start_regimen(
        actor=make_staff(clinic),
        treatment=open_treatment(person),
        kind="oral_daily",
        starts_on=date(2026, 3, 3),
        now=now,
    )
    extend_doses(program_ids=[clinic], now=now, ahead_hours=14 * 24)


@pytest.fixture
def clinician(clinic, make_staff):
    return make_staff(clinic, Role.CLINICIAN)


@pytest.fixture
def uses(person, clinician):
    def noted(at, event=GateEvent.OPIOID_TAKEN, **evidence):
        [hold] = note_event(actor=clinician, patient=person, event=event, evidence=evidence, now=at).opened
        return hold

    return noted


def pages():
    return [(alarm.at, alarm.to_role) for alarm in HoldAlarm.objects.order_by("at", "to_role")]


def tick_through(clinic, start, until, every=HOUR):
    at = start
    while at <= until:
        page_holds(program_ids=[clinic], now=at)
        at += every


def test_s5_the_owner_is_paged_again_and_at_72_hours_the_medical_director(clinic, uses, now):
    hold = uses(now)  # a Tuesday, 10:00
    tick_through(clinic, now, now + 73 * HOUR)
    assert pages() == [
        (now + 2 * HOUR, "prescriber"),
        (datetime(2026, 3, 4, 13, tzinfo=UTC), "prescriber"),  # Wednesday 08:00
        (now + 24 * HOUR, "prescriber"),
        (now + 48 * HOUR, "prescriber"),
        (now + 72 * HOUR, "medical_director"),
        (now + 72 * HOUR, "prescriber"),
    ]
    hold.refresh_from_db()
    assert (hold.lifted_at, hold.next_alarm_at) == (None, now + 96 * HOUR)


def test_s5_on_a_friday_evening_the_next_working_morning_is_monday(clinic, uses):
    friday = datetime(2026, 3, 6, 23, tzinfo=UTC)
    uses(friday)
    tick_through(clinic, friday, friday + 70 * HOUR)
    assert (datetime(2026, 3, 9, 12, tzinfo=UTC), "prescriber") in pages()


def test_s5_it_pages_on_after_the_patient_understood_and_stops_when_it_is_lifted(clinic, uses, clinician, now):
    hold = uses(now)
    acknowledge_hold(actor=clinician, hold_id=hold.pk, now=now + HOUR)
    assert page_holds(program_ids=[clinic], now=now + 2 * HOUR) == 1
    lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", now=now + 3 * HOUR)
    assert page_holds(program_ids=[clinic], now=now + 100 * HOUR) == 0


def test_two_runs_page_once_and_a_late_run_pages_each_role_once(clinic, uses, now):
    uses(now)
    assert page_holds(program_ids=[clinic], now=now + 2 * HOUR) == 1
    assert page_holds(program_ids=[clinic], now=now + 2 * HOUR) == 0
    assert page_holds(program_ids=[clinic], now=now + 80 * HOUR) == 2
    assert pages()[1:] == [(now + 72 * HOUR, "medical_director"), (now + 72 * HOUR, "prescriber")]


def test_who_has_left_pages_nobody(clinic, uses, person, clinician, now):
    from recovery.services.patients import exit_patient

    uses(now)
    exit_patient(actor=clinician, patient=person, status="exited", now=now + HOUR)
    assert page_holds(program_ids=[clinic], now=now + 5 * HOUR) == 0


def closed_on(clinic, day):
    """The state of the dose of this March day once the day is over."""
    close_doses(program_ids=[clinic], now=datetime(2026, 3, day + 1, 9, tzinfo=UTC))
    return Dose.objects.get(dosing_day=date(2026, 3, day)).state


def test_doses_under_a_hold_close_as_held_and_are_no_silence(clinic, person, tablets, uses, clinician, now):
    hold = uses(now)  # inside the window of 3 March
    states = [closed_on(clinic, day) for day in (3, 4, 5, 6, 7)]
    assert states == ["held"] * 5
    assert "silence" not in [flag.kind for flag in live_flags(person.pk)]
    assert Hold.objects.get(pk=hold.pk).lifted_at is None, "no day's end lifts it"
    lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", now=datetime(2026, 3, 8, 10, tzinfo=UTC))
    assert closed_on(clinic, 8) == "not_reported"


@pytest.mark.parametrize(
    ("opened", "lifted", "state"),
    [
        pytest.param(datetime(2026, 3, 4, 17, tzinfo=UTC), None, "not_reported", id="opened after the window"),
        pytest.param(datetime(2026, 3, 4, 14, tzinfo=UTC), None, "held", id="opened in the window"),
        pytest.param(
            datetime(2026, 3, 4, 3, tzinfo=UTC),
            datetime(2026, 3, 4, 12, tzinfo=UTC),
            "not_reported",
            id="lifted before",
        ),
        pytest.param(
            datetime(2026, 3, 4, 3, tzinfo=UTC),
            datetime(2026, 3, 4, 20, tzinfo=UTC),
            "held",
            id="lifted after its time",
        ),
    ],
)
def test_which_doses_a_hold_holds(clinic, tablets, uses, clinician, opened, lifted, state):
    hold = uses(opened)
    if lifted:
        lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", now=lifted)
    assert closed_on(clinic, 4) == state


def test_s6_a_gap_leaves_the_window_alone_that_is_open_already(clinic, tablets, uses):
    uses(
        datetime(2026, 3, 4, 14, tzinfo=UTC),
        GateEvent.STATED_GAP,
        days=3,
        first_day="2026-03-01",
        last_day="2026-03-03",
    )
    assert closed_on(clinic, 4) == "not_reported"
    assert closed_on(clinic, 5) == "held"


def test_a_report_under_a_hold_still_counts(clinic, person, tablets, uses, clinician, now):
    import uuid

    from recovery.services.doses import DoseStatement, report_doses

    uses(now)
    said = DoseStatement(
        client_id=uuid.uuid4(), patient_id=person.pk, statement="taken", source="app", dosing_day=date(2026, 3, 4)
    )
    report_doses(actor=clinician, statements=[said], now=datetime(2026, 3, 4, 15, tzinfo=UTC))
    assert closed_on(clinic, 4) == "taken"


def test_a_hold_of_one_medicine_leaves_the_other_alone(clinic, person, uses, clinician, now):
    start_regimen(
        actor=clinician,
        treatment=open_treatment(person),
        kind="buprenorphine_daily",
        starts_on=date(2026, 3, 3),
        now=now,
    )
    assert note_event(actor=clinician, patient=person, event=GateEvent.OPIOID_TAKEN, evidence={}, now=now).holds == ()
    assert closed_on(clinic, 3) == "not_reported"
