"""Planned procedures: told by the patient or staff, planned by a prescriber; the hold begins on its day (S 4, N17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from backend.access import NOBODY, Actor
from backend.db import programs
from backend.errors import Conflict
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Patient, Procedure
from recovery.rules.gates import ANTAGONISTS, GateEvent
from recovery.rules.policy import Policy
from recovery.rules.procedures import OpioidExpected, ProcedureKind, ProcedureStatus, is_soon
from recovery.rules.states import FlagKind, ReportSource, Severity
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.holds import medicines_of
from recovery.selectors.policy import policies_for, policy_for
from recovery.services.flag_rows import Concern, raise_many
from recovery.services.gates import note_event
from recovery.services.recorded import BadRecord, locked, only_prescribers, store
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_FARTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProcedure:
    """A planned procedure as it was told. ``source`` who told: app for the patient, staff."""

    client_id: UUID
    kind: str
    planned_on: date
    opioid_expected: str = OpioidExpected.UNKNOWN.value
    source: str = ReportSource.STAFF.value
    note: str = ""


@transaction.atomic
def plan_procedure(*, actor: Actor, patient: Patient, procedure: NewProcedure, now: datetime) -> tuple[Procedure, bool]:
    """Record a planned procedure; returns it and whether it is new. Safe to repeat.

    Opens no gate (S 4). The prescriber gets a task; for somebody on naltrexone it is a concern as soon as it is
    near (C 3.3). Raises BadRecord naming the field, IdReused.
    """
    if procedure.kind not in set(ProcedureKind):
        raise BadRecord("There is no such choice.", field="kind")
    if procedure.opioid_expected not in set(OpioidExpected):
        raise BadRecord("There is no such choice.", field="opioid_expected")
    today = wall_time.local_date(now, patient.zone)
    if not today <= procedure.planned_on <= today + _FARTHEST:
        raise BadRecord("Choose a day from today on, at most two years ahead.", field="planned_on")
    row = Procedure(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=procedure.client_id,
        source=procedure.source,
        kind=procedure.kind,
        planned_on=procedure.planned_on,
        opioid_expected=procedure.opioid_expected,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    same = ("kind", "planned_on", "opioid_expected", "source")
    [(stored, is_new)] = store(actor=actor, rows=[row], notes=[procedure.note], same=same)
    if is_new and stored.opioid_expected != OpioidExpected.NO.value:
        make_tasks(actor=actor, tasks=[_task(stored)], now=now)
        policy = policy_for(patient.program_id)
        if is_soon(stored.planned_on, today=today, policy=policy) and _on_antagonist(patient.pk, today):
            raise_many(actor=actor, concerns=[_concern(stored, policy.version)], now=now)
    return stored, is_new


@transaction.atomic
def set_hold_day(
    *, actor: Actor, patient: Patient, entry_id: int, hold_from: date, now: datetime, opioid_expected: str = "yes"
) -> Procedure:
    """A prescriber enters the day on which the hold begins (S 4); the task to plan it is done.

    Raises NotAllowed, NotFound, BadRecord for a day that is past or after the procedure, Conflict once the hold
    has begun or the procedure ended.
    """
    only_prescribers(actor, patient.program_id)
    row = _planned(patient, entry_id)
    if row.hold_begun_at is not None:
        raise Conflict("The hold has begun already.")
    if not wall_time.local_date(now, patient.zone) <= hold_from <= row.planned_on:
        raise BadRecord("Choose a day from today to the day of the procedure.", field="hold_from")
    if opioid_expected not in set(OpioidExpected):
        raise BadRecord("There is no such choice.", field="opioid_expected")
    row.hold_from, row.hold_set_at, row.hold_set_by_id = hold_from, now, actor.user_id
    row.opioid_expected = opioid_expected
    row.save(update_fields=["hold_from", "hold_set_at", "hold_set_by", "opioid_expected"])
    audit.record_row(actor, "procedure.hold_planned", row)
    end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.PROCEDURE_PLAN], now=now)
    return row


@transaction.atomic
def end_procedure(*, actor: Actor, patient: Patient, entry_id: int, status: str, now: datetime) -> Procedure:
    """A procedure was done or is cancelled. A hold that began stays until a prescriber lifts it.

    Raises NotFound, BadRecord, Conflict when it ended before.
    """
    if status not in (ProcedureStatus.DONE.value, ProcedureStatus.CANCELLED.value):
        raise BadRecord("There is no such choice.", field="status")
    row = _planned(patient, entry_id)
    row.status, row.ended_at = status, now
    row.save(update_fields=["status", "ended_at"])
    audit.record_row(actor, f"procedure.{status}", row)
    others = Procedure.objects.filter(
        patient_id=patient.pk, status=ProcedureStatus.PLANNED.value, hold_from__isnull=True, voided_at__isnull=True
    )
    if not others.exclude(opioid_expected=OpioidExpected.NO.value).exists():
        end_tasks(
            actor=actor,
            patient_ids=[patient.pk],
            kinds=[TaskKind.PROCEDURE_PLAN],
            now=now,
            outcome=REASON_ENDED,
        )
    return row


def begin_holds(*, program_ids: Iterable[int], now: datetime) -> int:
    """Begin the holds whose day has come, in the patient's zone, and tell of procedures that are near.

    Returns how many holds began. Safe to run twice, late, or in several places at once.
    """
    ids = list(program_ids)
    begun = 0
    if not ids:
        return 0
    with programs(ids):
        policies = policies_for(ids)
        planned = Procedure.objects.filter(
            program_id__in=ids, status=ProcedureStatus.PLANNED.value, voided_at__isnull=True, hold_begun_at__isnull=True
        )
        latest = wall_time.local_date(now, "Pacific/Kiritimati")
        due = planned.filter(hold_from__lte=latest).select_for_update(no_key=True, skip_locked=True, of=("self",))
        for row in due.select_related("patient"):
            if row.hold_from is None or row.hold_from > wall_time.local_date(now, row.patient.zone):
                continue
            row.hold_begun_at = now
            row.save(update_fields=["hold_begun_at"])
            note_event(
                actor=NOBODY,
                patient=row.patient,
                event=GateEvent.OPIOID_ANALGESIA_BEGINS,
                evidence={"on": row.planned_on.isoformat()},
                now=now,
            )
            begun += 1
        _tell_what_is_near(list(planned.exclude(opioid_expected=OpioidExpected.NO.value)), policies, now)
    return begun


def _tell_what_is_near(rows: list[Procedure], policies: Mapping[int, Policy], now: datetime) -> None:
    zones = dict(Patient.objects.filter(pk__in={row.patient_id for row in rows}).values_list("pk", "zone"))
    near = [
        row
        for row in rows
        if is_soon(
            row.planned_on, today=wall_time.local_date(now, zones[row.patient_id]), policy=policies[row.program_id]
        )
    ]
    takes = medicines_of([row.patient_id for row in near], on_day=wall_time.local_date(now, "UTC"))
    raise_many(
        concerns=[
            _concern(row, policies[row.program_id].version)
            for row in near
            if set(takes.get(row.patient_id, ())) & set(ANTAGONISTS)
        ],
        now=now,
    )


def _planned(patient: Patient, entry_id: int) -> Procedure:
    row = locked(Procedure, patient=patient, entry_id=entry_id)
    if row.status != ProcedureStatus.PLANNED.value:
        raise Conflict("This procedure has ended.")
    return row


def _on_antagonist(patient_id: int, today: date) -> bool:
    return bool(set(medicines_of([patient_id], on_day=today).get(patient_id, ())) & set(ANTAGONISTS))


def _task(row: Procedure) -> NewTask:
    return NewTask(
        program_id=row.program_id,
        patient_id=row.patient_id,
        kind=TaskKind.PROCEDURE_PLAN,
        facts={"planned_on": row.planned_on.isoformat()},
    )


def _concern(row: Procedure, version: str) -> Concern:
    return Concern(
        program_id=row.program_id,
        patient_id=row.patient_id,
        treatment_id=None,
        kind=FlagKind.PROCEDURE_PLANNED,
        severity=Severity.AMBER_PLUS,
        evidence={"on": row.planned_on.isoformat()},
        policy_version=version,
    )
