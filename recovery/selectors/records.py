"""Rows of a patient's record, by the doors of ``access``. Needs an open scope."""

from collections.abc import Iterable

from backend.access import Actor
from backend.errors import NotFound
from backend.rules.roles import Access
from recovery.models import Appointment, Dose, Flag, Patient, Regimen, Treatment
from recovery.rules.records import AppointmentKind, AppointmentStatus
from recovery.rules.states import FlagStatus

LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


def open_treatments(patient_ids: Iterable[int]) -> dict[int, Treatment]:
    """The open treatment of each patient that has one."""
    rows = Treatment.objects.filter(patient_id__in=list(patient_ids), ended_on__isnull=True)
    return {row.patient_id: row for row in rows}


def open_treatment(patient: Patient) -> Treatment | None:
    return open_treatments([patient.pk]).get(patient.pk)


def open_regimens(treatment_id: int) -> list[Regimen]:
    """The regimens that run, oldest version first."""
    return list(Regimen.objects.filter(treatment_id=treatment_id, ends_at__isnull=True).order_by("version"))


def live_flags(patient_id: int) -> list[Flag]:
    """Concerns that somebody must look at, worst first."""
    return list(
        Flag.objects.filter(patient_id=patient_id, status__in=LIVE).order_by("-severity_rank", "opened_at", "id")
    )


def next_injection_visit(patient_id: int) -> Appointment | None:
    """The visit for the next injection: planned for a day, or booked."""
    return Appointment.objects.filter(
        patient_id=patient_id,
        kind=AppointmentKind.INJECTION.value,
        status__in=[AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value],
    ).first()


def flag_for(actor: Actor, *, flag_id: int, access: Access = Access.CARE_TEAM) -> Flag:
    """A flag of a program in which this person passes the rule. Raises NotFound."""
    row = Flag.objects.filter(pk=flag_id, program_id__in=actor.programs_for(access)).first()
    if row is None:
        raise NotFound
    return row


def regimen_for(actor: Actor, *, regimen_id: int, access: Access = Access.CARE_TEAM) -> Regimen:
    """A regimen of a program in which this person passes the rule. Raises NotFound."""
    row = Regimen.objects.filter(pk=regimen_id, program_id__in=actor.programs_for(access)).first()
    if row is None:
        raise NotFound
    return row


def dose_of(patient: Patient, *, dose_id: int) -> Dose:
    """A dose of this patient. Raises NotFound."""
    row = Dose.objects.filter(pk=dose_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    return row
