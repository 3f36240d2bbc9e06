"""A call that was promised and not made in time: the patient hears that it is not forgotten, staff hear of it."""

import uuid
from datetime import timedelta

import pytest

from backend.rules.roles import Role
from backend.services.people import create_team
from recovery.models import Task
from recovery.rules.escalation import OverrideReason
from recovery.rules.states import ReportSource
from recovery.rules.tasks import TaskKind
from recovery.services.prompts import pause_prompts
from recovery.services.rota import add_override
from recovery.services.tasks import NewTask, finish_task, make_tasks
from reminders.models import Message

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
OWED = "You asked for a call and we have not reached you yet. Reply 1 if you still want it."


@pytest.fixture
def clinic(make_program, open_scope):
    """A program that works on weekdays from eight to five."""
    weekdays = {day: ["08:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    pk = make_program(clinic_hours=weekdays)
    with open_scope(pk):
        yield pk


@pytest.fixture
def crew(clinic, make_staff, now):
    """A coordinator and a nurse with numbers."""
    found = {role: make_staff(clinic, role) for role in (Role.COORDINATOR, Role.NURSE, Role.MEDICAL_DIRECTOR)}
    members = {one.user_id: (role.value, f"+121255509{n:02}") for n, (role, one) in enumerate(found.items())}
    create_team(program_id=clinic, name="Blue", members=members, now=now)
    return found


@pytest.fixture
def promised(clinic, make_patient, agree, now):
    """A patient who was promised a call by ten this morning."""
    person = make_patient(clinic)
    agree(person)
    task = NewTask(program_id=clinic, patient_id=person.pk, kind=TaskKind.CALL_BACK, due_at=now)
    make_tasks(tasks=[task], now=now - 2 * HOUR)
    return person


@pytest.fixture
def tick(clinic, company):
    from reminders.services import dispatch, planning

    def run(at, *, send=True):
        planning.plan_messages(program_ids=[clinic], now=at)
        if send:
            dispatch.dispatch_due(program_ids=[clinic], now=at, provider=company)

    return run


def notices():
    rows = Message.objects.filter(audience="staff", subject_kind="task").order_by("slot_on", "recipient_id")
    return list(rows.values_list("slot_on", "recipient_id"))


def test_nothing_before_its_time(promised, crew, tick, company, now):
    tick(now - HOUR / 2)
    assert company.sent == []


def test_the_patient_hears_once_and_the_coordinator_every_day(promised, crew, tick, company, now):
    for hours in (0, 1, 2, 24):
        tick(now + HOUR + hours * HOUR)
    assert company.bodies.count(OWED) == 1
    coordinator = crew[Role.COORDINATOR].user_id
    assert notices() == [(now.date(), coordinator), (now.date() + timedelta(days=1), coordinator)]
    assert "A patient is still waiting for you. Please sign in and look at the worklist." in company.bodies


def test_it_goes_by_rota_to_who_is_on_call(promised, clinic, crew, tick, now):
    add_override(
        actor=crew[Role.MEDICAL_DIRECTOR],
        program_id=clinic,
        starts_at=now,
        ends_at=now + 8 * HOUR,
        people=[crew[Role.NURSE].user_id],
        reason=OverrideReason.SWAP,
        now=now - HOUR,
    )
    tick(now + HOUR)
    assert {user for _, user in notices()} == {crew[Role.NURSE].user_id, crew[Role.COORDINATOR].user_id}


def test_nobody_is_told_while_the_clinic_is_closed(promised, crew, tick, now):
    tick(now + 12 * HOUR, send=False)
    assert notices() == []


def test_a_call_that_was_made_needs_no_text(promised, crew, tick, company, now):
    tick(now + HOUR, send=False)
    finish_task(actor=crew[Role.COORDINATOR], task_id=Task.objects.get().pk, outcome="talked", now=now + HOUR)
    tick(now + HOUR)
    assert company.sent == []
    assert set(Message.objects.values_list("state", "why")) == {("suppressed", "answered")}


def test_on_days_without_prompts_it_rests_with_its_outcome(promised, crew, tick, company, now):
    pause_prompts(
        actor=crew[Role.COORDINATOR],
        patient=promised,
        client_id=uuid.uuid4(),
        first_day=now.date(),
        last_day=now.date(),
        source=ReportSource.STAFF,
        now=now,
    )
    tick(now + HOUR)
    own = Message.objects.get(audience="patient")
    assert (own.state, own.why) == ("suppressed", "paused")
