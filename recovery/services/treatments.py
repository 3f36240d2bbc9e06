"""Episodes of care: opened, and closed by a person. Silence never closes one."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError
from backend.services import audit
from recovery.models import Appointment, Patient, Regimen, Treatment
from recovery.rules.records import AppointmentStatus
from recovery.rules.states import Indication
from recovery.services import regimens


class BadTreatment(DomainError):
    code = "bad-treatment"


@transaction.atomic
def open_treatment(*, actor: Actor, patient: Patient, indication: str, started_on: date, now: datetime) -> Treatment:
    """Open a treatment; it is a readmission when there was one before.

    Raises Conflict while one is open, BadTreatment for an unknown indication or a start before the last end.
    """
    if indication not in set(Indication):
        raise BadTreatment("There is no such indication.", field="indication")
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    last = Treatment.objects.filter(patient_id=patient.pk).order_by("-started_on", "-id").first()
    if last is not None and last.ended_on is None:
        raise Conflict("A treatment is open already.")
    if last is not None and last.ended_on is not None and started_on < last.ended_on:
        raise BadTreatment("The last treatment ended after this day.", field="started_on")
    row = Treatment.objects.create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        indication=indication,
        started_on=started_on,
        readmission_of=last,
    )
    audit.record_row(actor, "treatment.opened", row)
    return row


def open_many(*, program_id: int, opening: Sequence[tuple[int, str, date | None]]) -> list[Treatment]:
    """Open first treatments: ``(patient id, indication, started on)`` each. Part of a larger transaction."""
    return Treatment.objects.bulk_create(
        (
            Treatment(program_id=program_id, patient_id=patient_id, indication=indication, started_on=started_on)
            for patient_id, indication, started_on in opening
            if started_on is not None
        ),
        batch_size=1000,
    )


@transaction.atomic
def close_treatment(*, actor: Actor, treatment: Treatment, ended_on: date, reason: str, now: datetime) -> Treatment:
    """Close a treatment: its regimens stop, open visits end, cover is no longer followed.

    Raises Conflict when it is closed, BadTreatment for an end before the start or without a reason.
    """
    row = Treatment.objects.select_for_update(no_key=True).get(pk=treatment.pk)
    if row.ended_on is not None:
        raise Conflict("This treatment is closed already.")
    if ended_on < row.started_on:
        raise BadTreatment("A treatment cannot end before it begins.", field="ended_on")
    if not reason.strip() or len(reason) > 40:
        raise BadTreatment("Give a reason of 1 to 40 characters.", field="reason")
    for regimen in Regimen.objects.filter(treatment_id=row.pk, ends_at__isnull=True):
        regimens.stop_regimen(actor=actor, regimen=regimen, reason=reason.strip(), now=now)
    Appointment.objects.filter(
        treatment_id=row.pk, status__in=[AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]
    ).update(status=AppointmentStatus.CANCELLED.value, ended_at=now)
    row.ended_on, row.end_reason, row.cover_next_at = ended_on, reason.strip(), None
    row.save(update_fields=["ended_on", "end_reason", "cover_next_at"])
    audit.record_row(actor, "treatment.closed", row)
    return row
