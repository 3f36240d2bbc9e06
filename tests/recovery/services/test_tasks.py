"""Work for a role: made once, ended with an outcome, seen by who does it (contract 5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.errors import Conflict, NotAllowed, NotFound
from backend.models import AuditEvent
from backend.rules.roles import Role
from recovery.models import Outreach, Task
from recovery.rules import tasks as task_rules
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.tasks import WhenDue, Whose, done_tasks, open_tasks
from recovery.services.flags import NewOutreach
from recovery.services.tasks import NewTask, UnknownTaskOutcome, end_tasks, finish_task, make_tasks

KIND = TaskKind.CLOSE_OR_CONTINUE


@pytest.fixture
def make(program, patient, now):
    def made(*, at=None, **changes):
        values = {"program_id": program, "patient_id": patient.pk, "kind": KIND}
        return make_tasks(tasks=[NewTask(**(values | changes))], now=at or now)

    return made


def test_one_open_task_per_kind_that_takes_new_facts_and_never_a_later_time(make, now):
    [pk] = make(facts={"n": 1}, due_at=now + timedelta(days=3))
    assert make(facts={"n": 1}, due_at=now + timedelta(days=9)) == []
    assert make(facts={"n": 2}, due_at=now + timedelta(days=9)) == []
    task = Task.objects.get()
    assert (task.pk, task.facts, task.due_at) == (pk, {"n": 2}, now + timedelta(days=3))
    make(facts={"n": 3}, due_at=now + timedelta(days=1))
    assert Task.objects.get().due_at == now + timedelta(days=1)
    assert AuditEvent.objects.filter(action="task.made").count() == 1


def test_without_a_time_its_kind_says_by_when(make, now):
    make()
    assert Task.objects.get().due_at == now + timedelta(days=7)  # weekly


def test_it_ends_once_with_an_outcome_of_its_kind(make, staff, program, patient, now):
    [pk] = make()
    with pytest.raises(UnknownTaskOutcome) as refusal:
        finish_task(actor=staff, task_id=pk, outcome="recorded", now=now)
    assert refusal.value.field == "outcome"
    contact = NewOutreach(channel="call", outcome="reached")
    finish_task(actor=staff, task_id=pk, outcome="continues", note="A call at noon", outreach=contact, now=now)
    task = Task.objects.get()
    assert (task.status, task.outcome, task.done_by_id) == ("done", "continues", staff.user_id)
    assert b"noon" not in bytes(task.note)
    assert Outreach.objects.get().outcome == "reached"
    with pytest.raises(Conflict):
        finish_task(actor=staff, task_id=pk, outcome="continues", now=now)
    [row] = done_tasks(program_ids=[program], now=now, viewer=staff)
    assert (row.outcome, row.note) == ("continues", "A call at noon")
    assert make() != []  # a new reason makes new work


def test_what_only_a_prescriber_may_end(make, make_staff, program, staff, now, monkeypatch):
    from dataclasses import replace

    rule = replace(task_rules.TASK_RULES[KIND], prescriber_only=True)
    for module in ("recovery.services.tasks", "recovery.selectors.tasks"):
        monkeypatch.setattr(f"{module}.TASK_RULES", {KIND: rule})
    [pk] = make()
    with pytest.raises(NotAllowed):
        finish_task(actor=staff, task_id=pk, outcome="continues", now=now)
    assert [row.may_end for row in open_tasks(program_ids=[program], now=now, viewer=staff)] == [False]
    clinician = make_staff(program, Role.CLINICIAN)
    assert [row.may_end for row in open_tasks(program_ids=[program], now=now, viewer=clinician)] == [True]
    finish_task(actor=clinician, task_id=pk, outcome="continues", now=now)


def test_work_that_was_done_elsewhere_or_lost_its_reason(make, staff, patient, now):
    make()
    assert len(end_tasks(actor=staff, patient_ids=[patient.pk], kinds=[KIND], now=now)) == 1
    assert end_tasks(patient_ids=[patient.pk], kinds=[KIND], now=now) == []
    make()
    end_tasks(patient_ids=[patient.pk], kinds=[KIND], now=now, outcome=REASON_ENDED)
    assert list(Task.objects.order_by("pk").values_list("status", "outcome")) == [
        ("done", "recorded"),
        ("cancelled", "reason_ended"),
    ]


def test_mine_all_and_when_it_is_due(make, make_patient, make_staff, program, staff, patient, now):
    other = make_patient(program)
    make(due_at=now + timedelta(days=2))
    make(patient_id=other.pk, due_at=now - timedelta(hours=1))
    clinician = make_staff(program, Role.CLINICIAN)
    rows = open_tasks(program_ids=[program], now=now, viewer=clinician)
    assert [(row.patient_id, row.when_due) for row in rows] == [(other.pk, WhenDue.LATE), (patient.pk, WhenDue.LATER)]
    assert open_tasks(program_ids=[program], now=now, viewer=staff, whose=Whose.MINE) == []
    assert len(open_tasks(program_ids=[program], now=now, viewer=clinician, whose=Whose.MINE)) == 2
    [late] = open_tasks(
        program_ids=[program], now=now + timedelta(days=1, hours=20), viewer=staff, patient_id=patient.pk
    )
    assert late.when_due is WhenDue.TODAY


def test_the_list_asks_the_database_as_often_for_many_as_for_one(make, make_patient, program, staff, now):
    make()
    with CaptureQueriesContext(
        connection,
    ) as one:
        open_tasks(program_ids=[program], now=now, viewer=staff)
    for _ in range(4):
        make(patient_id=make_patient(program).pk)
    with CaptureQueriesContext(connection) as many:
        assert len(open_tasks(program_ids=[program], now=now, viewer=staff)) == 5
    assert len(many) == len(one)


def test_a_task_of_another_program_is_not_there(make, make_program, make_staff, open_scope, now):
    [pk] = make()
    south = make_program()
    with open_scope(south), pytest.raises(NotFound):
        finish_task(actor=make_staff(south), task_id=pk, outcome="continues", now=now)
