"""What the entries of staff share: stored once by their id, sealed note, entered in error but never erased."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, IdReused, InFuture, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import PRESCRIBER_ROLES
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Challenge, Condition, LabResult, Patient, Procedure, ReversalAgent, UrineScreen

Row = TypeVar("Row", LabResult, UrineScreen, Challenge, Procedure, ReversalAgent, Condition)

NOUNS: dict[type[Any], str] = {
    LabResult: "lab_result",
    UrineScreen: "urine_screen",
    Challenge: "challenge",
    Procedure: "procedure",
    ReversalAgent: "reversal_agent",
    Condition: "condition",
}


class BadRecord(DomainError):
    """A value that cannot be; ``field`` names it."""

    code = "bad-record"


def store(*, actor: Actor, rows: Sequence[Row], notes: Sequence[str], same: Sequence[str]) -> list[tuple[Row, bool]]:
    """Store entries of one patient, each once by its ``client_id``; returns each with whether it is new.

    ``same`` are the fields that a repeat must have in common, beside the note. Raises IdReused for the same id
    with other content. Audited. Part of the caller's transaction.
    """
    if not rows:
        return []
    first = rows[0]
    model = type(first)
    key = None
    for row, note in zip(rows, notes, strict=True):
        if note.strip():
            key = key or data_key(program_id=row.program_id, patient_id=row.patient_id)
            row.seal(key, note=note.strip())
    model.objects.bulk_create(rows, ignore_conflicts=True)
    found = {
        row.client_id: row
        for row in model.objects.filter(patient_id=first.patient_id, client_id__in=[r.client_id for r in rows])
    }
    stored: list[tuple[Row, bool]] = []
    for row, note in zip(rows, notes, strict=True):
        known = found.get(row.client_id)
        if known is None:
            raise IdReused("This id was used before.", field="client_id")
        is_new = known.uid == row.uid
        if not is_new:
            _refuse_unless_same(known, row, note, same)
        stored.append((known, is_new))
    audit.record_many(
        actor=actor,
        action=f"{NOUNS[model]}.recorded",
        program_id=first.program_id,
        objects=[(row.patient_id, NOUNS[model], row.pk) for row, is_new in stored if is_new],
    )
    return stored


def _refuse_unless_same(known: Any, sent: Any, note: str, same: Sequence[str]) -> None:
    equal = all(getattr(known, name) == getattr(sent, name) for name in same)
    if equal and (note.strip() or known.note):
        key = data_key(program_id=known.program_id, patient_id=known.patient_id)
        equal = known.opened(key, "note") == note.strip()
    if not equal:
        raise IdReused("This id was used before with other content.", field="client_id")


def locked(model: type[Row], *, patient: Patient, entry_id: int) -> Row:
    """An entry of this patient, for changing where it stands. Raises NotFound, Conflict when it is voided."""
    row = model.objects.select_for_update(no_key=True).filter(pk=entry_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    if row.voided_at is not None:
        raise Conflict("This was entered in error.")
    return row


@transaction.atomic
def void_entry(*, actor: Actor, patient: Patient, model: type[Row], entry_id: int, now: datetime) -> Row:
    """Mark an entry as made in error; it stays on record and counts no more.

    Raises NotFound, Conflict when it was voided before. What it set off is judged by its noun's own door.
    """
    row = locked(model, patient=patient, entry_id=entry_id)
    row.voided_at = now
    row.save(update_fields=["voided_at"])
    audit.record_row(actor, f"{NOUNS[model]}.voided", row)
    return row


VOIDABLE: dict[str, type[Any]] = {
    "procedures": Procedure,
    "reversal": ReversalAgent,
}
"""What can be marked as entered in error by the name of its list; labs, screens and challenges have their own doors."""


def void_noun(*, actor: Actor, patient: Patient, noun: str, entry_id: int, now: datetime) -> Any:
    """``void_entry`` by the name of a list. Raises NotFound for another name."""
    if noun not in VOIDABLE:
        raise NotFound
    return void_entry(actor=actor, patient=patient, model=VOIDABLE[noun], entry_id=entry_id, now=now)


def only_prescribers(actor: Actor, program_id: int) -> int:
    """The account of who prescribes in this program. Raises NotAllowed for anybody else."""
    if actor.user_id is None or not actor.roles.get(program_id, frozenset()) & PRESCRIBER_ROLES:
        raise NotAllowed("Only a prescriber can do this.")
    return actor.user_id


def not_to_come(day: date, *, patient: Patient, now: datetime, field: str) -> None:
    """Raise InFuture for a day after today in the patient's zone, BadRecord for one of another century."""
    if day > wall_time.local_date(now, patient.zone):
        raise InFuture("This day is still to come.", field=field)
    if day.year < 1990:
        raise BadRecord("This day cannot be.", field=field)
