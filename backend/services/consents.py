"""Giving and revoking consent."""

from datetime import datetime

from django.db import transaction

from backend.access import Actor
from backend.models import Consent
from backend.rules.consent import ConsentKind
from backend.services import audit


@transaction.atomic
def give_consent(
    *,
    actor: Actor,
    program_id: int,
    patient_id: int,
    kind: ConsentKind,
    wording_version: str,
    now: datetime,
    given_by: str = "patient",
) -> Consent:
    """Record an agreement. One that is in force already is returned as it is."""
    consent, is_new = Consent.objects.get_or_create(
        program_id=program_id,
        patient_id=patient_id,
        kind=kind.value,
        revoked_at=None,
        defaults={
            "wording_version": wording_version,
            "given_at": now,
            "given_by": given_by,
            "recorded_by_id": actor.user_id,
        },
    )
    if is_new:
        audit.record(
            actor=actor,
            action="consent.given",
            program_id=program_id,
            patient_id=patient_id,
            object_kind="consent",
            object_id=consent.pk,
        )
    return consent


@transaction.atomic
def revoke_consent(*, actor: Actor, program_id: int, patient_id: int, kind: ConsentKind, now: datetime) -> bool:
    """End an agreement; tells whether one was in force."""
    ended = Consent.objects.filter(
        program_id=program_id, patient_id=patient_id, kind=kind.value, revoked_at__isnull=True
    ).update(revoked_at=now)
    if ended:
        audit.record(
            actor=actor,
            action="consent.revoked",
            program_id=program_id,
            patient_id=patient_id,
            object_kind="consent",
            fields=[kind.value],
        )
    return bool(ended)
