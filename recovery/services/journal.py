"""The journal: what set something off, and what was tried."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, IdReused, InFuture
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Patient, TriggerEntry
from recovery.rules.records import TriggerKind, TriggerOrigin


class BadEntry(DomainError):
    code = "bad-entry"


@transaction.atomic
def add_trigger(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    origin: str,
    kind: str,
    happened_at: datetime,
    now: datetime,
    tag: str = "",
    intensity: int | None = None,
    tried: str = "",
    helped: bool | None = None,
    note: str = "",
) -> tuple[TriggerEntry, bool]:
    """Record a trigger that was met. Returns the entry and whether it is new; safe to repeat.

    ``intensity`` is 0-10; ``tried`` a key of the coping library. Raises InFuture beyond the
    allowed clock skew, IdReused for the same id with other content, BadEntry.
    """
    if origin not in set(TriggerOrigin):
        raise BadEntry("There is no such choice.", field="origin")
    if kind not in set(TriggerKind):
        raise BadEntry("There is no such choice.", field="kind")
    if intensity is not None and not 0 <= intensity <= 10:
        raise BadEntry("Intensity is a number from 0 to 10.", field="intensity")
    for name, text in (("tag", tag), ("tried", tried)):
        if len(text) > 40:
            raise BadEntry("At most 40 characters.", field=name)
    if happened_at > now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS):
        raise InFuture("A trigger cannot be recorded before it happens.", field="happened_at")
    entry = TriggerEntry(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        origin=origin,
        kind=kind,
        tag=tag,
        intensity=intensity,
        tried=tried,
        helped=helped,
        happened_at=happened_at,
        received_at=now,
    )
    if note:
        entry.seal(data_key(program_id=patient.program_id, patient_id=patient.pk), note=note)
    TriggerEntry.objects.bulk_create([entry], ignore_conflicts=True)
    stored = TriggerEntry.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if stored is None or stored.uid != entry.uid:
        return _same_as_before(stored, entry, note), False
    audit.record(
        actor=actor,
        action="trigger.added",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="trigger",
        object_id=stored.pk,
    )
    return stored, True


def _same_as_before(stored: TriggerEntry | None, entry: TriggerEntry, note: str) -> TriggerEntry:
    if stored is None:
        # The id is taken by a row that this session may not see.
        raise IdReused("This id was used before.", field="client_id")
    names = ("origin", "kind", "tag", "intensity", "tried", "helped", "happened_at")
    same = all(getattr(stored, name) == getattr(entry, name) for name in names)
    if same and (note or stored.note):
        same = stored.opened(data_key(program_id=entry.program_id, patient_id=entry.patient_id), "note") == note
    if not same:
        raise IdReused("This id was used before with other content.", field="client_id")
    return stored
