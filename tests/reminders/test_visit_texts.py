"""Texts about a visit: thinned by an answer, resting while somebody is inside, and a person instead of a third."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from recovery.models import Appointment, Task
from recovery.selectors.records import open_treatment
from recovery.services.stays import begin_stay, end_stay
from reminders.models import Message

pytestmark = pytest.mark.django_db
VISIT_ON = date(2026, 3, 10)


@pytest.fixture
def visit(patient: Any, agree: Any, now: datetime) -> Appointment:
    """A visit a week from now, 3 March, that no injection is due at."""
    agree(patient)
    return Appointment.objects.create(
        program_id=patient.program_id,
        patient=patient,
        treatment=open_treatment(patient),
        kind="clinic",
        due_on=VISIT_ON,
        status="booked",
        created_at=now,
    )


def texts() -> list[tuple[str, str, str]]:
    rows = Message.objects.filter(subject_kind="appointment").order_by("slot_on")
    return list(rows.values_list("step", "state", "why"))


@pytest.mark.parametrize("said", ["confirmed_at", "another_time_at"])
def test_an_answer_thins_the_later_texts(visit, plan, send, now, said):
    plan(now)
    send(now + timedelta(hours=1))
    Appointment.objects.update(**{said: now + timedelta(hours=2)})
    for days in range(1, 8):
        plan(now + timedelta(days=days))
        send(now + timedelta(days=days, hours=1))
    assert [step for step, _, _ in texts()] == ["day-7", "day-1", "day0", "day+1"]


def test_a_text_that_was_planned_before_the_answer_is_not_sent(visit, plan, send, company, now):
    at = now + timedelta(days=4)
    plan(at - timedelta(hours=3))
    Appointment.objects.update(confirmed_at=at - timedelta(hours=2))
    send(at + timedelta(hours=1))
    assert texts() == [("day-3", "suppressed", "answered")]
    assert company.sent == []


def test_they_rest_while_somebody_is_inside_and_go_on_when_they_are_back(visit, patient, staff, plan, send, now):
    plan(now - timedelta(hours=2))
    stay, _ = begin_stay(
        actor=staff, patient=patient, client_id=uuid.uuid4(), place="jail", began_on=date(2026, 3, 3), now=now
    )
    send(now + timedelta(hours=1))
    plan(now + timedelta(days=4))
    assert texts() == [("day-7", "suppressed", "paused")], "nothing new is planned for a phone in other hands"
    end_stay(actor=staff, stay_id=stay.pk, ended_on=date(2026, 3, 8), now=now + timedelta(days=5))
    plan(now + timedelta(days=6))
    send(now + timedelta(days=6, hours=1))
    assert texts()[1] == ("day-1", "accepted", ""), "back, if not asked yet what was given: the visit stands"


def test_n29_a_person_instead_of_a_third_text(visit, plan, send, now):
    for days in range(7, 17):
        plan(now + timedelta(days=days))
        send(now + timedelta(days=days, hours=1))
    assert [step for step, _, _ in texts()] == ["day0", "day+1", "day+4"]
    task = Task.objects.get()
    assert (task.kind, task.facts["due_on"], task.status) == ("find_visit", "2026-03-10", "open")


def test_no_such_task_once_the_next_visit_stands(visit, patient, plan, now):
    Appointment.objects.create(
        program_id=patient.program_id,
        patient=patient,
        treatment=open_treatment(patient),
        kind="clinic",
        due_on=VISIT_ON + timedelta(days=14),
        status="booked",
        created_at=now,
    )
    plan(now + timedelta(days=12))
    assert not Task.objects.exists()


def test_seven_unanswered_days_bring_a_call_and_an_answer_ends_it(texted, plan, send, staff, now):
    from recovery.services.doses import DoseStatement, report_doses
    from recovery.services.regimens import extend_doses

    for day in range(9):
        at = now + timedelta(days=day)
        extend_doses(program_ids=[texted.program_id], now=at)
        plan(at)
        send(at + timedelta(minutes=15))
    task = Task.objects.get(kind="call_unanswered")
    assert (task.status, task.facts) == ("open", {"since": "2026-03-03", "for": "since:2026-03-03"})
    report_doses(
        actor=staff,
        statements=[DoseStatement(client_id=uuid.uuid4(), patient_id=texted.pk, statement="taken", source="app")],
        now=at + timedelta(hours=1),
    )
    plan(at + timedelta(hours=2))
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("cancelled", "reason_ended")
