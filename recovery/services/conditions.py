"""The list of what else a person lives with (C 1 rows 30, 42, 121-125; S 13). Needs an open scope."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, InFuture
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Condition, Patient
from recovery.rules.conditions import ConditionKind
from recovery.services.recorded import BadRecord, locked, not_to_come, store, void_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCondition:
    """A condition as staff learned of it. ``since`` None: nobody knows from when."""

    client_id: UUID
    kind: str
    since: date | None = None
    note: str = ""


@transaction.atomic
def record_condition(
    *, actor: Actor, patient: Patient, condition: NewCondition, now: datetime
) -> tuple[Condition, bool]:
    """Put a condition on the list; returns it and whether it is new. Safe to repeat.

    It opens no gate and refuses nothing. Raises BadRecord naming the field: for another without a note, for one
    that stands on the list already; InFuture, IdReused.
    """
    if condition.kind not in set(ConditionKind):
        raise BadRecord("There is no such choice.", field="kind")
    if condition.kind == ConditionKind.OTHER.value and not condition.note.strip():
        raise BadRecord("Say which one it is.", field="note")
    if condition.since is not None:
        if condition.since.year < 1900:
            raise BadRecord("This day cannot be.", field="since")
        if condition.since > wall_time.local_date(now, patient.zone):
            raise InFuture("This day is still to come.", field="since")
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    standing = Condition.objects.filter(
        patient_id=patient.pk, kind=condition.kind, ended_on__isnull=True, voided_at__isnull=True
    ).exclude(client_id=condition.client_id)
    if condition.kind != ConditionKind.OTHER.value and standing.exists():
        raise BadRecord("This stands on the list already.", field="kind")
    row = Condition(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=condition.client_id,
        kind=condition.kind,
        since=condition.since,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    [(stored, is_new)] = store(actor=actor, rows=[row], notes=[condition.note], same=("kind", "since"))
    return stored, is_new


@transaction.atomic
def end_condition(*, actor: Actor, patient: Patient, entry_id: int, ended_on: date, now: datetime) -> Condition:
    """It is over. Raises NotFound, Conflict when it ended or was voided, InFuture, BadRecord before it began."""
    row = locked(Condition, patient=patient, entry_id=entry_id)
    if row.ended_on is not None:
        raise Conflict("This has ended already.")
    not_to_come(ended_on, patient=patient, now=now, field="ended_on")
    if row.since is not None and ended_on < row.since:
        raise BadRecord("It cannot end before it began.", field="ended_on")
    row.ended_on, row.ended_by_id = ended_on, actor.user_id
    row.save(update_fields=["ended_on", "ended_by"])
    audit.record_row(actor, "condition.ended", row)
    return row


def void_condition(*, actor: Actor, patient: Patient, entry_id: int, now: datetime) -> Condition:
    """It was entered in error: it stays on record and counts no more. Raises NotFound, Conflict."""
    return void_entry(actor=actor, patient=patient, model=Condition, entry_id=entry_id, now=now)
