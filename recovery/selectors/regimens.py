"""The regimens of a patient, those that run and those before, and what can be ordered. Needs an open scope."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from backend.selectors.people import staff_names
from recovery.models import OralBridge, Patient, Regimen
from recovery.rules.medicines import CatalogueEntry
from recovery.rules.regimen_words import OrderWarning, found_by, label, offered, order_warnings
from recovery.rules.states import Indication
from recovery.selectors.policy import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenRow:
    """One version of a regimen as it was ordered. ``is_open``: it runs."""

    regimen_id: int
    version: int
    kind: str
    name: str
    medicine: str
    plan: dict[str, Any]
    starts_on: date
    last_day: date | None
    reminders: bool
    outside_window_ok: bool
    ordered_by: str
    ordered_at: datetime
    ended_at: datetime | None
    end_reason: str
    is_bridge: bool

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


@dataclass(frozen=True, slots=True)
class Choice:
    """One regimen that can be ordered for a patient, with what is to be read before."""

    entry: CatalogueEntry
    name: str
    warnings: tuple[OrderWarning, ...]


def regimen_rows(*, patient: Patient) -> list[RegimenRow]:
    """Every version, the newest first; versions count within a treatment."""
    names = staff_names(program_ids=[patient.program_id])
    bridges = set(OralBridge.objects.filter(patient_id=patient.pk).values_list("regimen_id", flat=True))
    rows = Regimen.objects.filter(patient_id=patient.pk).order_by("-treatment__started_on", "-treatment_id", "-version")
    return [
        RegimenRow(
            regimen_id=row.pk,
            version=row.version,
            kind=row.kind,
            name=label(row.kind),
            medicine=row.medicine,
            plan=row.plan,
            starts_on=row.starts_on,
            last_day=row.last_day,
            reminders=row.reminders,
            outside_window_ok=row.outside_window_ok,
            ordered_by=names.get(row.ordered_by_id or 0, ""),
            ordered_at=row.ordered_at,
            ended_at=row.ends_at,
            end_reason=row.ends_reason,
            is_bridge=row.pk in bridges,
        )
        for row in rows
    ]


def regimen_choices(*, patient: Patient, text: str = "") -> list[Choice]:
    """What the program offers this patient; ``text`` searches names and brands (C 1 row 13)."""
    running = set(
        Regimen.objects.filter(patient_id=patient.pk, ends_at__isnull=True).values_list("medicine", flat=True)
    )
    indication = Indication(patient.indication)
    entries = offered(indication, policy=policy_for(patient.program_id))
    return [
        Choice(
            entry,
            label(entry.key),
            tuple(
                order_warnings(entry.key, indication=indication, largest_mg=largest_mg(entry), open_medicines=running)
            ),
        )
        for entry in found_by(text, entries)
    ]


def largest_mg(entry: CatalogueEntry) -> float:
    """The largest single dose of the catalogue's plan."""
    doses = [step.dose_mg for step in entry.steps] + [each.dose_mg for each in entry.weekday_doses]
    return max(doses, default=0.0)
