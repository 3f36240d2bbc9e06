"""A craving, from the phone to the worklist in one transaction."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, InFuture
from backend.rules import wall_time
from backend.services import audit
from recovery.models import CravingLog, Patient, Task
from recovery.rules.records import Substance
from recovery.rules.states import ReportSource
from recovery.rules.tasks import TaskKind
from recovery.selectors.policy import policy_for
from recovery.services import cravings_again, silence
from recovery.services.once import store_once
from recovery.services.tasks import NewTask, make_tasks


class BadCraving(DomainError):
    code = "bad-craving"


@transaction.atomic
def log_craving(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    intensity: int,
    felt_at: datetime,
    now: datetime,
    substance: str = Substance.ANY.value,
    confidence: int | None = None,
    note: str = "",
    source: str = ReportSource.APP.value,
) -> tuple[CravingLog, bool]:
    """Record a craving (0-10) and, if cravings are high or rising, flag the patient.

    Returns the log and whether it is new. Safe to repeat: the phone chooses ``client_id``, so a
    retry finds the first log. ``confidence`` (0-10) is how sure the person is to get through.
    Raises InFuture beyond the allowed clock skew, IdReused when the same id comes with other
    content, BadCraving for numbers outside the scale.
    """
    _check(intensity, confidence, substance, source)
    if felt_at > now + timedelta(seconds=settings.CLOCK_SKEW_SECONDS):
        raise InFuture("A craving cannot be logged before it is felt.", field="felt_at")
    # One at a time per patient: of two that arrive together, the later must see the earlier.
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    log = CravingLog(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        substance=substance,
        intensity=intensity,
        confidence=confidence,
        felt_at=felt_at,
        local_day=wall_time.dosing_day(felt_at, patient.zone),
        received_at=now,
        source=source,
    )
    same = ("intensity", "felt_at", "substance", "confidence")
    stored, is_new = store_once(log, same=same, sealed={"note": note})
    if not is_new:
        return stored, False
    audit.record_row(actor, "craving.logged", stored)
    # Whoever logs a craving is not silent: doses and check-ins are one silence (S 14).
    silence.end_for_answers(actor=actor, patients={patient.pk: patient.program_id}, now=now)
    found = cravings_again.judge(patient=patient, substance=substance, on_day=log.local_day, now=now, actor=actor)
    if found is not None and found.monthly_review:
        _ask_for_review(actor, patient, now)
    return stored, True


def _ask_for_review(actor: Actor, patient: Patient, now: datetime) -> None:
    """Whose answers are usually high raises no alarm with them; somebody talks about it once a month (S 17)."""
    since = now - timedelta(days=policy_for(patient.program_id).craving_review_days)
    kind = TaskKind.CRAVING_REVIEW
    if not Task.objects.filter(patient_id=patient.pk, kind=kind.value, created_at__gt=since).exists():
        task = NewTask(program_id=patient.program_id, patient_id=patient.pk, kind=kind)
        make_tasks(actor=actor, tasks=[task], now=now)


def _check(intensity: int, confidence: int | None, substance: str, source: str) -> None:
    if not 0 <= intensity <= 10:
        raise BadCraving("Craving is a number from 0 to 10.", field="intensity")
    if confidence is not None and not 0 <= confidence <= 10:
        raise BadCraving("Confidence is a number from 0 to 10.", field="confidence")
    if substance not in set(Substance):
        raise BadCraving("There is no such choice.", field="substance")
    if source not in set(ReportSource):
        raise BadCraving("There is no such source.", field="source")
