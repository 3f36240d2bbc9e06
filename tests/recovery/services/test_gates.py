"""Gates open holds, and only a prescriber lifts one (S 1-6, 9-11)."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from backend.errors import Conflict, NotAllowed
from backend.rules.roles import Role
from recovery.models import Hold, Task
from recovery.rules.gates import GateEvent
from recovery.rules.medicines import Medicine
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.gates import BadHold, acknowledge_hold, lift_hold, note_event, order_hold
from recovery.services.injections import GivenInjection, record_injections
from recovery.services.regimens import start_regimen


@pytest.fixture
def clinician(program, make_staff):
    return make_staff(program, Role.CLINICIAN)


@pytest.fixture
def takes(staff, now):
    """Starts regimens of these kinds on 3 March 2026."""

    def start(person, *kinds, starts_on=date(2026, 3, 3), at=now, **changes):
        for kind in kinds:
            start_regimen(
                actor=staff, treatment=open_treatment(person), kind=kind, starts_on=starts_on, now=at, **changes
            )

    return start


@pytest.fixture
def happens(staff, now):
    def noted(person, event, at=now, **evidence):
        return note_event(actor=staff, patient=person, event=event, evidence=evidence, now=at)

    return noted


OPENS_FOR_NALTREXONE = [
    (GateEvent.OPIOID_TAKEN, "reported_use", "red"),
    (GateEvent.OPIOID_GIVEN_AWAY, "reported_use", "red"),
    (GateEvent.OPIOID_PRESCRIBED, "new_opioid_medicine", "amber_plus"),
    (GateEvent.POSITIVE_SCREEN, "positive_screen", "red"),
    (GateEvent.FAILED_CHALLENGE, "failed_challenge", "red"),
    (GateEvent.WITHDRAWAL_SYMPTOMS, "withdrawal_after_dose", "red"),
    (GateEvent.LIVER_SYMPTOMS, "liver_symptoms", "red"),
    (GateEvent.ALLERGIC_REACTION, "allergic_reaction", "red"),
    (GateEvent.OPIOID_ANALGESIA_BEGINS, "procedure_planned", "amber_plus"),
]


@pytest.mark.parametrize(
    ("event", "flag", "severity"), OPENS_FOR_NALTREXONE, ids=[e[0].value for e in OPENS_FOR_NALTREXONE]
)
def test_s4_each_gate_holds_naltrexone_and_tells_the_prescriber(patient, takes, happens, event, flag, severity):
    takes(patient, "oral_daily")
    outcome = happens(patient, event)
    [hold] = Hold.objects.all()
    assert outcome.stops_prompts and [h.pk for h in outcome.opened] == [hold.pk]
    assert (hold.stops, hold.medicine, hold.cause) == ("antagonist", "naltrexone_tablet", event.value)
    assert (hold.owner_role, hold.from_next_window, hold.lifted_at) == ("prescriber", False, None)
    [raised] = live_flags(patient.pk)
    assert (raised.kind, raised.severity) == (flag, severity)
    [task] = Task.objects.filter(kind="hold_call")
    assert (task.kind, task.status, task.flag_id, task.due_at) == ("hold_call", "open", raised.pk, hold.call_by)


@pytest.mark.parametrize(
    "event",
    [
        GateEvent.PREGNANCY,
        GateEvent.BREASTFEEDING,
        GateEvent.PROCEDURE_PLANNED,
        GateEvent.SILENCE,
        GateEvent.AWAY,
        GateEvent.DRINK,
        GateEvent.LATE_BAND,
    ],
)
def test_s4_what_opens_no_gate(patient, takes, happens, event):
    takes(patient, "oral_daily")
    assert not happens(patient, event).stops_prompts
    assert (Hold.objects.count(), live_flags(patient.pk), Task.objects.count()) == (0, [], 0)


def test_s1_use_on_an_agonist_holds_nothing_and_tells_the_prescriber(patient, takes, happens):
    takes(patient, "buprenorphine_daily")
    outcome = happens(patient, GateEvent.OPIOID_TAKEN)
    assert not outcome.stops_prompts and outcome.call_by is not None
    assert Hold.objects.count() == 0
    [flag] = live_flags(patient.pk)
    assert (flag.kind, flag.severity) == ("reported_use", "amber_plus")


def test_s1_use_holds_naltrexone_and_leaves_the_other_medicine_alone(program, make_patient, takes, happens):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    takes(person, "oral_daily", "acamprosate")
    happens(person, GateEvent.OPIOID_TAKEN)
    assert list(Hold.objects.values_list("stops", flat=True)) == ["antagonist"]
    [flag] = live_flags(person.pk)
    assert flag.severity == "red"


def test_s2_a_stated_opioid_counts_for_everybody_on_naltrexone(program, make_patient, takes, happens):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    takes(person, "oral_daily")
    assert happens(person, GateEvent.OPIOID_TAKEN).stops_prompts


def test_s2_a_gap_holds_where_opioids_count_unknown_included(program, make_patient, takes, happens):
    for history, stops in (("none", False), ("unknown", True)):
        person = make_patient(program, indication="alcohol", opioid_history=history)
        takes(person, "oral_daily")
        gap = {"days": 3, "first_day": "2026-03-01", "last_day": "2026-03-03"}
        assert happens(person, GateEvent.STATED_GAP, **gap).stops_prompts is stops


def test_s4_an_injection_without_a_regimen_row_counts_as_naltrexone(patient, staff, happens, now):
    given = GivenInjection(
        client_id=uuid.uuid4(), patient_id=patient.pk, given_on=date(2026, 3, 2), medicine="naltrexone_injection",
        dose_mg=380,
    )  # fmt: skip
    record_injections(actor=staff, injections=[given], now=now)
    happens(patient, GateEvent.OPIOID_TAKEN)
    assert Hold.objects.get().medicine == "naltrexone_injection"


def test_s11_a_drink_holds_disulfiram_and_nothing_else(program, make_patient, takes, happens):
    person = make_patient(program, indication="alcohol", opioid_history="none")
    takes(person, "oral_daily", "disulfiram")
    happens(person, GateEvent.DRINK_ON_DISULFIRAM)
    assert list(Hold.objects.values_list("stops", flat=True)) == ["disulfiram"]
    [flag] = live_flags(person.pk)
    assert (flag.kind, flag.severity) == ("disulfiram_drink", "amber_plus")


def test_a_second_word_of_the_same_opens_no_second_hold(patient, takes, happens, now):
    takes(patient, "oral_daily")
    first = happens(patient, GateEvent.OPIOID_TAKEN)
    again = happens(patient, GateEvent.OPIOID_TAKEN, at=now + timedelta(hours=1))
    assert again.stops_prompts and again.opened == ()
    assert [h.pk for h in again.holds] == [h.pk for h in first.holds]
    assert Task.objects.filter(kind="hold_call").count() == 1
    assert happens(patient, GateEvent.LIVER_SYMPTOMS).opened != ()


def test_the_database_keeps_one_open_hold_a_cause_and_its_beginning(patient, takes, happens, now):
    takes(patient, "oral_daily")
    [hold] = happens(patient, GateEvent.OPIOID_TAKEN).opened
    with pytest.raises(IntegrityError, match="hold_one_open_per_cause"), transaction.atomic():
        Hold.objects.create(
            program_id=hold.program_id, patient_id=hold.patient_id, medicine=hold.medicine, stops=hold.stops,
            cause=hold.cause, opened_at=now, owner_role="prescriber", policy_version="x", call_by=now,
            next_alarm_at=now,
        )  # fmt: skip
    for change in ("opened_at = now() - interval '1 day'", "stops = 'other'", "cause = 'silence'"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(f"UPDATE recovery_hold SET {change}")
    with pytest.raises(IntegrityError, match="hold_lifted_by_someone_with_a_reason"), transaction.atomic():
        connection.cursor().execute("UPDATE recovery_hold SET lifted_at = opened_at, next_alarm_at = NULL")


def test_only_a_prescriber_lifts_and_with_a_reason(patient, takes, happens, staff, clinician, now):
    takes(patient, "oral_daily")
    [hold] = happens(patient, GateEvent.OPIOID_TAKEN).opened
    later = now + timedelta(hours=3)
    with pytest.raises(NotAllowed):
        lift_hold(actor=staff, hold_id=hold.pk, reason="checked_clear", now=later)
    with pytest.raises(BadHold) as refusal:
        lift_hold(actor=clinician, hold_id=hold.pk, reason="because", now=later)
    assert refusal.value.field == "reason"
    lifted = lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", note="Urine clear.", now=later)
    assert (lifted.lifted_at, lifted.lifted_by_id, lifted.next_alarm_at) == (later, clinician.user_id, None)
    assert b"Urine" not in bytes(Hold.objects.get().note)
    assert Task.objects.get(kind="hold_call").status == "cancelled"
    assert len(live_flags(patient.pk)) == 1, "the concern is closed by a person, not by the lift"
    with pytest.raises(Conflict):
        lift_hold(actor=clinician, hold_id=hold.pk, reason="checked_clear", now=later)
    assert happens(patient, GateEvent.OPIOID_TAKEN, at=later).opened != (), "a new use opens a new hold"


def test_s5_understood_is_recorded_by_staff_alone_and_ends_the_call(patient, takes, happens, staff, now):
    from backend.access import NOBODY

    takes(patient, "oral_daily")
    [use] = happens(patient, GateEvent.OPIOID_TAKEN).opened
    [liver] = happens(patient, GateEvent.LIVER_SYMPTOMS).opened
    with pytest.raises(NotAllowed):
        acknowledge_hold(actor=NOBODY, hold_id=use.pk, now=now)
    acknowledge_hold(actor=staff, hold_id=use.pk, now=now)
    assert Task.objects.get(kind="hold_call").status == "open", "another hold has not been understood"
    acknowledge_hold(actor=staff, hold_id=liver.pk, now=now)
    task = Task.objects.get(kind="hold_call")
    assert (task.status, task.done_by_id, task.outcome) == ("done", staff.user_id, "understood")
    assert Hold.objects.filter(lifted_at__isnull=True).count() == 2, "understood is not lifted"


def test_s4_a_clinicians_order_holds_any_medicine(patient, takes, staff, clinician, now):
    takes(patient, "buprenorphine_daily")
    with pytest.raises(NotAllowed):
        order_hold(actor=staff, patient=patient, medicine=Medicine.BUPRENORPHINE_SUBLINGUAL, now=now)
    outcome = order_hold(
        actor=clinician, patient=patient, medicine=Medicine.BUPRENORPHINE_SUBLINGUAL, note="Sedated.", now=now
    )
    [hold] = outcome.opened
    assert (hold.cause, hold.stops, hold.opened_by_id) == (
        "clinician_order", "buprenorphine_sublingual", clinician.user_id,
    )  # fmt: skip
    with pytest.raises(Conflict):
        order_hold(actor=clinician, patient=patient, medicine=Medicine.BUPRENORPHINE_SUBLINGUAL, now=now)


@pytest.mark.parametrize(
    ("night", "said_at", "call_by"),
    [
        pytest.param(False, datetime(2026, 3, 3, 15, tzinfo=UTC), datetime(2026, 3, 3, 17, tzinfo=UTC), id="open"),
        pytest.param(False, datetime(2026, 3, 4, 3, tzinfo=UTC), datetime(2026, 3, 4, 15, tzinfo=UTC), id="night"),
        pytest.param(
            False, datetime(2026, 3, 3, 21, 30, tzinfo=UTC), datetime(2026, 3, 4, 14, 30, tzinfo=UTC), id="evening"
        ),
        pytest.param(True, datetime(2026, 3, 4, 3, tzinfo=UTC), datetime(2026, 3, 4, 5, tzinfo=UTC), id="on call"),
    ],
)
def test_s5_the_promised_call_lies_where_somebody_is_there(
    make_program, make_patient, staff, open_scope, night, said_at, call_by
):
    weekdays = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    north = make_program(clinic_hours=weekdays, night_on_call=night)
    with open_scope(north):
        person = make_patient(north)
        outcome = note_event(actor=staff, patient=person, event=GateEvent.OPIOID_TAKEN, evidence={}, now=said_at)
        assert outcome.call_by == call_by
