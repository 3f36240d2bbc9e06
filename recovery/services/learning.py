"""That a person has read a module."""

from datetime import datetime

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, NotFound
from backend.services import audit
from recovery.models import Patient, ReadReceipt
from recovery.selectors.learning import modules_of


@transaction.atomic
def mark_read(*, actor: Actor, patient: Patient, code: str, version: int, now: datetime) -> tuple[ReadReceipt, bool]:
    """Note that the person read this module in this version. Returns the receipt and whether it is new.

    Safe to repeat. Raises NotFound for a module that this person is not offered, Conflict when
    the text has a newer version: they read something else.
    """
    module = next((each for each in modules_of(patient) if each.code == code), None)
    if module is None:
        raise NotFound
    if module.version != version:
        raise Conflict("This text has changed since. Please read it again.")
    receipt, is_new = ReadReceipt.objects.get_or_create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        module=code,
        version=version,
        defaults={"language": patient.language, "read_at": now},
    )
    if is_new:
        audit.record(
            actor=actor,
            action="module.read",
            program_id=patient.program_id,
            patient_id=patient.pk,
            object_kind="receipt",
            object_id=receipt.pk,
            fields=[code],
        )
    return receipt, is_new
