"""What a person can read, what they have read, and the card that they can show. Needs an open scope."""

from dataclasses import dataclass, field
from datetime import date, datetime

from backend.crypto import Key
from backend.selectors.export import opened
from recovery.models import Patient, ReadReceipt, Regimen, Treatment
from recovery.rules.cover import cover_ends
from recovery.rules.learning import Module, modules_for
from recovery.rules.medicines import MEDICINES
from recovery.rules.states import Indication, MedicineClass, OpioidHistory, counts_as_opioid
from recovery.selectors.policy import policy_for


@dataclass(frozen=True, slots=True)
class ModuleShown:
    """A module and when this person read its present version; None: not said."""

    module: Module
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """The facts of the card. ``last_given`` None where no injection covers."""

    name: str = field(repr=False)
    clinic: str
    clinic_phone: str
    last_given: date | None
    cover_ends: date | None


BLOCKERS = [name.value for name, facts in MEDICINES.items() if facts.medicine_class is MedicineClass.ANTAGONIST]


def takes_blocker(patient: Patient) -> bool:
    """Whether a medicine that the person is on, or an injection that still covers, is a blocker (naltrexone)."""
    running = Regimen.objects.filter(patient_id=patient.pk, ends_at__isnull=True, medicine__in=BLOCKERS)
    return running.exists() or _covering(patient) is not None


def modules_of(patient: Patient) -> list[Module]:
    """What this person is offered to read."""
    opioid = counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history))
    return modules_for(takes_blocker=takes_blocker(patient), counts_as_opioid=opioid)


def modules_shown(patient: Patient) -> list[ModuleShown]:
    """What this person is offered, each with when they read its present version."""
    read = {
        (module, version): read_at
        for module, version, read_at in ReadReceipt.objects.filter(
            program_id=patient.program_id, patient_id=patient.pk
        ).values_list("module", "version", "read_at")
    }
    return [ModuleShown(each, read.get((each.code, each.version))) for each in modules_of(patient)]


def alert_card(*, patient: Patient, key: Key | None) -> AlertCard | None:
    """The card of a person who takes a blocker; None for anybody else: it would say what is not so."""
    if not takes_blocker(patient):
        return None
    given = _covering(patient)
    return AlertCard(
        name=opened(patient, key, "name"),
        clinic=patient.program.neutral_name,
        clinic_phone=patient.program.phone,
        last_given=given,
        cover_ends=cover_ends(given, policy=policy_for(patient.program_id)) if given else None,
    )


def _covering(patient: Patient) -> date | None:
    """The day of the injection of a blocker that cover counts from, in the open treatment."""
    return (
        Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True, cover_injection__medicine__in=BLOCKERS)
        .values_list("cover_from", flat=True)
        .first()
    )
