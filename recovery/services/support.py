"""Help beside a medicine: meetings attended, therapy booked, needs stated."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, InFuture
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.models import Appointment, MeetingLog, Need, Patient, Task, TherapyVisit
from recovery.rules.needs import NeedKind
from recovery.rules.records import AppointmentKind, AppointmentStatus, TaskStatus
from recovery.rules.states import ReportSource
from recovery.rules.support import MeetingKind, TherapyKind
from recovery.rules.tasks import TaskKind
from recovery.selectors.records import open_treatment
from recovery.services.once import store_once
from recovery.services.tasks import NewTask, make_tasks

_TASKS = {kind: TaskKind(f"need_{kind.value}") for kind in NeedKind}


class BadVisit(DomainError):
    code = "bad-visit"


@transaction.atomic
def log_meeting(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    kind: MeetingKind,
    attended_on: date,
    now: datetime,
    online: bool = False,
    helped: bool | None = None,
    note: str = "",
    source: str = ReportSource.APP.value,
) -> tuple[MeetingLog, bool]:
    """Note a meeting that was attended. Returns it and whether it is new; safe to repeat.

    Nothing is ever concluded from a meeting that is not noted. Raises InFuture, IdReused.
    """
    if attended_on > local_date(now, patient.zone):
        raise InFuture("A meeting cannot be noted before it takes place.", field="attended_on")
    row = MeetingLog(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        kind=kind.value,
        online=online,
        attended_on=attended_on,
        helped=helped,
        received_at=now,
        source=source,
    )
    stored, is_new = store_once(row, same=("kind", "online", "attended_on", "helped"), sealed={"note": note})
    if is_new:
        audit.record_row(actor, "meeting.logged", stored)
    return stored, is_new


@transaction.atomic
def book_therapy(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    kind: TherapyKind,
    starts_at: datetime,
    now: datetime,
    with_whom: str = "",
) -> tuple[TherapyVisit, bool]:
    """Book a visit for therapy. Returns it and whether it is new; safe to repeat.

    Raises BadVisit without an open treatment or for a time that has passed, IdReused.
    """
    treatment = open_treatment(patient)
    if treatment is None:
        raise BadVisit("There is no open treatment to book a visit for.")
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    known = TherapyVisit.objects.select_related("appointment").filter(patient_id=patient.pk, client_id=client_id)
    before = known.first()
    if before is None and starts_at <= now:
        raise BadVisit("Choose a time that is still to come.", field="starts_at")
    appointment = before.appointment if before and before.appointment.starts_at == starts_at else None
    if appointment is None:
        appointment = Appointment.objects.create(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment_id=treatment.pk,
            kind=AppointmentKind.THERAPY.value,
            due_on=local_date(starts_at, patient.zone),
            starts_at=starts_at,
            status=AppointmentStatus.BOOKED.value,
            created_at=now,
        )
    row = TherapyVisit(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        appointment_id=appointment.pk,
        kind=kind.value,
        made_at=now,
    )
    stored, is_new = store_once(row, same=("appointment_id", "kind"), sealed={"with_whom": with_whom.strip()})
    if is_new:
        audit.record_row(actor, "therapy.booked", appointment, kind="appointment")
    return stored, is_new


@transaction.atomic
def state_need(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    kind: NeedKind,
    now: datetime,
    note: str = "",
    source: str = ReportSource.APP.value,
) -> tuple[Need, bool]:
    """Note help that a person asks for, and make it a task. Returns the need and whether it is new; safe to repeat.

    While a task of that kind is open, asking again joins it. Raises IdReused.
    """
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    known = Need.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if known is None:
        new = NewTask(program_id=patient.program_id, patient_id=patient.pk, kind=_TASKS[kind])
        make_tasks(actor=actor, tasks=[new], now=now)
        task_id = Task.objects.values_list("pk", flat=True).get(
            patient_id=patient.pk, kind=_TASKS[kind].value, status=TaskStatus.OPEN.value
        )
    else:
        task_id = known.task_id
    row = Need(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        kind=kind.value,
        task_id=task_id,
        stated_at=now,
        source=source,
    )
    stored, is_new = store_once(row, same=("kind",), sealed={"note": note.strip()})
    if is_new:
        audit.record_row(actor, "need.stated", stored)
    return stored, is_new
