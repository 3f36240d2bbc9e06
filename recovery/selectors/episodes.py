"""Who is on what, and who is still to be heard from today. Needs an open scope."""

from datetime import date

from recovery.models import Dose, Patient, Regimen, Treatment
from recovery.rules.states import DoseState


def patients_on(*, program_id: int, kind: str) -> list[Patient]:
    """The patients with a running regimen of this kind, by number."""
    running = Regimen.objects.filter(program_id=program_id, kind=kind, ends_at__isnull=True)
    return list(Patient.objects.filter(pk__in=running.values("patient_id")).order_by("number"))


def waits_for_an_answer(*, patient_id: int, day: date) -> bool:
    """Whether a dose of this dosing day is open: nothing was said and nothing was cancelled."""
    return Dose.objects.filter(patient_id=patient_id, dosing_day=day, state=DoseState.SCHEDULED.value).exists()


def episodes_of(*, patient_id: int) -> list[Treatment]:
    """Every treatment of a patient, the newest first."""
    return list(Treatment.objects.filter(patient_id=patient_id).order_by("-started_on", "-pk"))
