"""Handing a person's whole record out: to the person, or to their care team. Always written down."""

from datetime import datetime
from typing import Any

from django.db import transaction

from backend.access import Actor
from backend.selectors.export import plain
from backend.services import audit
from recovery.models import Patient
from recovery.selectors.export import record_of

FORMAT = "holdfast-export/1"


@transaction.atomic
def export_record(*, actor: Actor, patient: Patient, for_staff: bool, now: datetime) -> dict[str, Any]:
    """Everything held about one person, as JSON-ready values, gathered in one transaction.

    The whole document is made here: rows that a later stream would fetch lie outside the scope and
    would be missing in silence (contract 6). ``for_staff`` adds the notes that staff write for staff.
    The audit names the sections that held rows.
    """
    sections = record_of(patient=patient, for_staff=for_staff)
    audit.record(
        actor=actor,
        action="record.exported",
        program_id=patient.program_id,
        patient_id=patient.pk,
        object_kind="patient",
        object_id=patient.pk,
        fields=[name for name, rows in sections.items() if rows],
    )
    return {"format": FORMAT, "made_at": plain(now), "zone": patient.zone, "sections": sections}
