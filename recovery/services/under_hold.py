"""Doses that were taken while prompts were on hold: recorded like any other, marked, and told (S 9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from backend.access import Actor
from backend.rules import wall_time
from recovery.models import Dose, Hold, Patient, Treatment
from recovery.rules.gates import EVERY_ANTAGONIST, is_stopped
from recovery.rules.medicines import Medicine
from recovery.rules.states import FlagKind, Severity
from recovery.selectors.policy import policies_for
from recovery.services.flag_rows import Concern, raise_many


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was taken. ``dose_id`` None: it was not planned, so its medicine is not known."""

    key: UUID
    patient_id: int
    dose_id: int | None
    at: datetime


def given(doses: Sequence[Given]) -> frozenset[UUID]:
    """The keys of those that were taken under a hold that was open then, whether or not it was lifted since.

    A window that was open when a stated gap came to light goes on: its dose is not under the hold (S 6).
    """
    patients = {dose.patient_id for dose in doses}
    earliest = min((dose.at for dose in doses), default=None)
    if earliest is None:
        return frozenset()
    holds: dict[int, list[Hold]] = {}
    for hold in Hold.objects.filter(patient_id__in=patients).filter(
        Q(lifted_at__isnull=True) | Q(lifted_at__gt=earliest)
    ):
        holds.setdefault(hold.patient_id, []).append(hold)
    if not holds:
        return frozenset()
    about = {
        pk: (medicine, opens_at)
        for pk, medicine, opens_at in Dose.objects.filter(
            pk__in={dose.dose_id for dose in doses if dose.dose_id is not None and dose.patient_id in holds}
        ).values_list("pk", "regimen__medicine", "opens_at")
    }
    return frozenset(
        dose.key
        for dose in doses
        for hold in holds.get(dose.patient_id, ())
        if _is_under(hold, dose, *about.get(dose.dose_id or 0, (None, None)))
    )


def _is_under(hold: Hold, dose: Given, medicine: str | None, opens_at: datetime | None) -> bool:
    if dose.at < hold.opened_at or (hold.lifted_at is not None and dose.at >= hold.lifted_at):
        return False
    if medicine is None:
        return hold.stops == EVERY_ANTAGONIST
    if hold.from_next_window and opens_at is not None and opens_at < hold.opened_at:
        return False
    return is_stopped(Medicine(medicine), hold.stops)


def tell(*, actor: Actor, patients: Mapping[int, int], now: datetime) -> None:
    """Tell the prescriber that these patients (id -> program id) took a dose under a hold."""
    if not patients:
        return
    policies = policies_for(set(patients.values()))
    treatments = dict(
        Treatment.objects.filter(patient_id__in=patients, ended_on__isnull=True).values_list("patient_id", "id")
    )
    zones = dict(Patient.objects.filter(pk__in=patients).values_list("pk", "zone"))
    raise_many(
        actor=actor,
        concerns=[
            Concern(
                program_id=program_id,
                patient_id=patient_id,
                treatment_id=treatments.get(patient_id),
                kind=FlagKind.GIVEN_WITH_OPEN_GATE,
                severity=Severity.AMBER_PLUS,
                evidence={"on": wall_time.dosing_day(now, zones[patient_id]).isoformat()},
                policy_version=policies[program_id].version,
            )
            for patient_id, program_id in patients.items()
        ],
        now=now,
    )
