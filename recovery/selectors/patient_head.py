"""The few facts that stand at the head of every staff page about one patient."""

from dataclasses import dataclass, field
from datetime import date, datetime

from backend.crypto import Key
from backend.rules.wall_time import dosing_day, local_date
from backend.selectors.keys import data_keys
from recovery.models import Patient, Treatment
from recovery.selectors.worklist import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientHead:
    """``today`` is the calendar day in the patient's zone, ``dosing_day`` rolls at 04:00 (contract 1)."""

    patient: Patient = field(repr=False)
    key: Key | None = field(repr=False)
    name: str = field(repr=False)
    number: int
    treatment: Treatment | None
    today: date
    dosing_day: date
    zone: str

    @property
    def title(self) -> str:
        return self.name or f"Record {self.number}"


def patient_head(*, patient: Patient, now: datetime) -> PatientHead:
    """The head of a patient whom ``selectors.access`` has let through. ``key`` is None once it was destroyed."""
    key = data_keys(program_id=patient.program_id, patient_ids=[patient.pk]).get(patient.pk)
    return PatientHead(
        patient=patient,
        key=key,
        name=opened(patient, key, "name"),
        number=patient.number,
        treatment=Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first(),
        today=local_date(now, patient.zone),
        dosing_day=dosing_day(now, patient.zone),
        zone=patient.zone,
    )
