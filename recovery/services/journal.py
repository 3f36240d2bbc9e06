"""The journal: what set something off, what was tried, and words that a person writes for themselves."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, InFuture, NotFound
from backend.services import audit
from recovery.models import JournalEntry, Patient, SkillUse, TriggerEntry
from recovery.rules.coping import COPING
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.triggers import TRIGGER_TAGS
from recovery.services import silence
from recovery.services.once import store_once


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

    ``tag`` is of the list of triggers, ``tried`` of the coping library, '' for none; ``intensity`` is
    0-10. Raises InFuture beyond the allowed clock skew, IdReused for the same id with other content,
    BadEntry.
    """
    if origin not in set(TriggerOrigin):
        raise BadEntry("There is no such choice.", field="origin")
    if kind not in set(TriggerKind):
        raise BadEntry("There is no such choice.", field="kind")
    if intensity is not None and not 0 <= intensity <= 10:
        raise BadEntry("Intensity is a number from 0 to 10.", field="intensity")
    if tag and tag not in TRIGGER_TAGS:
        raise BadEntry("There is no such trigger in the list.", field="tag")
    if tried and tried not in COPING:
        raise BadEntry("There is no such item in the coping library.", field="tried")
    _refuse_future(happened_at, now, "happened_at")
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
    names = ("origin", "kind", "tag", "intensity", "tried", "helped", "happened_at")
    stored, is_new = store_once(entry, same=names, sealed={"note": note})
    if is_new:
        audit.record_row(actor, "trigger.added", stored)
        silence.end_for_answers(actor=actor, patients={patient.pk: patient.program_id}, now=now)
    return stored, is_new


@transaction.atomic
def write_entry(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    words: str,
    written_at: datetime,
    now: datetime,
    shared: bool = False,
) -> tuple[JournalEntry, bool]:
    """Keep what a person wrote for themselves; the team reads it only where ``shared``.

    Returns the entry and whether it is new; safe to repeat. Raises InFuture, BadEntry without
    words, IdReused.
    """
    if not words.strip():
        raise BadEntry("There is nothing written.", field="words")
    _refuse_future(written_at, now, "written_at")
    entry = JournalEntry(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        written_at=written_at,
        received_at=now,
        shared=shared,
    )
    stored, is_new = store_once(entry, same=("written_at", "shared"), sealed={"words": words.strip()})
    if is_new:
        audit.record_row(actor, "journal.written", stored)
        silence.end_for_answers(actor=actor, patients={patient.pk: patient.program_id}, now=now)
    return stored, is_new


@transaction.atomic
def log_skill(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    skill: str,
    used_at: datetime,
    now: datetime,
    helped: bool | None = None,
    trigger_id: int | None = None,
    note: str = "",
) -> tuple[SkillUse, bool]:
    """Record that something of the coping library was tried, and whether it helped (None: not said).

    ``trigger_id`` is the entry that it was tried for. Returns the row and whether it is new; safe to
    repeat. Raises BadEntry, InFuture, NotFound for an entry of somebody else, IdReused.
    """
    if skill not in COPING:
        raise BadEntry("There is no such item in the coping library.", field="skill")
    _refuse_future(used_at, now, "used_at")
    if trigger_id is not None and not TriggerEntry.objects.filter(pk=trigger_id, patient_id=patient.pk).exists():
        raise NotFound
    row = SkillUse(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        trigger_id=trigger_id,
        skill=skill,
        helped=helped,
        used_at=used_at,
        received_at=now,
    )
    stored, is_new = store_once(row, same=("skill", "helped", "used_at", "trigger_id"), sealed={"note": note.strip()})
    if is_new:
        audit.record_row(actor, "skill.tried", stored)
    return stored, is_new


def _refuse_future(at: datetime, now: datetime, field: str) -> None:
    if at > now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS):
        raise InFuture("This cannot be recorded before it happens.", field=field)
