"""Work that waits for somebody: by role and due time, and what was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.access import Actor
from backend.rules.roles import PRESCRIBER_ROLES
from backend.rules.wall_time import local_date
from backend.selectors.keys import data_keys
from backend.selectors.people import programs_by_id, staff_names
from recovery.models import Patient, Task
from recovery.rules.records import TaskStatus
from recovery.rules.states import Role
from recovery.rules.tasks import TASK_RULES, TaskKind, TaskRule, detail, task_roles
from recovery.selectors.around import ReachView, reach_by_patient
from recovery.selectors.worklist import opened


class Whose(StrEnum):
    """Which tasks: of the viewer's own roles, or everybody's."""

    MINE = "mine"
    ALL = "all"


class WhenDue(StrEnum):
    """Where a task stands against its due time; days are the clinic's."""

    LATE = "late"
    TODAY = "today"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task with what doing it needs. Names and numbers are opened from the seal: audit every read.

    ``name`` is '' where the record was erased. ``may_end`` says whether the viewer may end it.
    ``note``, ``outcome``, ``done_at`` and ``done_by`` are of one that is ended.
    """

    task_id: int
    patient_id: int
    patient_number: int
    program_id: int
    program_name: str
    program_zone: str
    name: str
    phone: str
    reach: ReachView
    language: str
    kind: TaskKind
    rule: TaskRule
    role: Role
    detail: str
    due_at: datetime
    when_due: WhenDue
    created_at: datetime
    flag_id: int | None
    is_mine: bool
    may_end: bool
    status: TaskStatus
    outcome: str
    done_at: datetime | None
    done_by: str
    note: str


def open_tasks(
    *,
    program_ids: Iterable[int],
    now: datetime,
    viewer: Actor,
    whose: Whose = Whose.ALL,
    patient_id: int | None = None,
    task_ids: Sequence[int] | None = None,
) -> list[TaskRow]:
    """The open tasks of these programs, soonest due first. Needs an open scope.

    Makes the same number of queries for one row as for a thousand.
    """
    ids = list(program_ids)
    found = Task.objects.filter(program_id__in=ids, status=TaskStatus.OPEN.value)
    if patient_id is not None:
        found = found.filter(patient_id=patient_id)
    if task_ids is not None:
        found = found.filter(pk__in=list(task_ids))
    rows = _shown(list(found.order_by("due_at", "pk")), ids, now=now, viewer=viewer)
    return [row for row in rows if row.is_mine] if whose is Whose.MINE else rows


def done_tasks(
    *,
    program_ids: Iterable[int],
    now: datetime,
    viewer: Actor,
    patient_id: int | None = None,
    days: int = 14,
    limit: int = 100,
) -> list[TaskRow]:
    """What was ended in the last days, the latest first, at most ``limit``. Needs an open scope."""
    ids = list(program_ids)
    found = Task.objects.filter(program_id__in=ids, done_at__gte=now - timedelta(days=days))
    if patient_id is not None:
        found = found.filter(patient_id=patient_id)
    return _shown(list(found.order_by("-done_at", "-pk")[:limit]), ids, now=now, viewer=viewer)


def _shown(tasks: list[Task], program_ids: list[int], *, now: datetime, viewer: Actor) -> list[TaskRow]:
    # A kind of a later version that this process does not know is left to the process that does.
    known = [task for task in tasks if task.kind in set(TaskKind)]
    if not known:
        return []
    patient_ids = {task.patient_id for task in known}
    patients = Patient.objects.in_bulk(patient_ids)
    keys = data_keys(patient_ids=patient_ids)
    programs = programs_by_id({task.program_id for task in known})
    names = staff_names(program_ids=program_ids)
    reach = reach_by_patient(patients=patients.values(), keys=keys)
    rows = []
    for task in known:
        patient, key, program = patients[task.patient_id], keys.get(task.patient_id), programs[task.program_id]
        kind = TaskKind(task.kind)
        rule, roles = TASK_RULES[kind], viewer.roles.get(task.program_id, frozenset())
        rows.append(
            TaskRow(
                task_id=task.pk,
                patient_id=patient.pk,
                patient_number=patient.number,
                program_id=program.pk,
                program_name=program.name,
                program_zone=program.zone,
                name=opened(patient, key, "name"),
                phone=opened(patient, key, "phone"),
                reach=reach[patient.pk],
                language=patient.language,
                kind=kind,
                rule=rule,
                role=rule.role,
                detail=detail(kind, task.facts),
                due_at=task.due_at,
                when_due=_when_due(task.due_at, now, program.zone),
                created_at=task.created_at,
                flag_id=task.flag_id,
                is_mine=rule.role in task_roles(roles),
                may_end=not rule.only_there and (not rule.prescriber_only or bool(roles & PRESCRIBER_ROLES)),
                status=TaskStatus(task.status),
                outcome=task.outcome,
                done_at=task.done_at,
                done_by=names.get(task.done_by_id or 0, ""),
                note=opened(task, key, "note"),
            )
        )
    return rows


def _when_due(due_at: datetime, now: datetime, zone: str) -> WhenDue:
    if due_at <= now:
        return WhenDue.LATE
    return WhenDue.TODAY if local_date(due_at, zone) <= local_date(now, zone) else WhenDue.LATER
