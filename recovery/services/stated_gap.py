"""The stated gap, judged after a whole batch of reports has been read (S 6, W2-W4), and two tablets close together.

Only who said no in this batch can have opened a gap, so only they are looked at.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.access import Actor
from recovery.models import Dose, Patient, Treatment
from recovery.rules.gates import ANTAGONISTS, GapDose, GateEvent, StatedGap, stated_gap
from recovery.rules.states import DoseState, FlagKind, Indication, OpioidHistory, Severity, counts_as_opioid
from recovery.selectors.holds import away_days
from recovery.selectors.policy import policies_for
from recovery.services.flag_rows import Concern, raise_many
from recovery.services.gates import note_event

_LOOK_BACK = timedelta(days=60)
_COUNTED = [DoseState.TAKEN.value, DoseState.SKIPPED.value, DoseState.MISSED.value]


@dataclass(frozen=True, slots=True)
class SaidNo:
    """A patient of whom this batch said that a dose was not taken."""

    patient_id: int
    program_id: int
    days: frozenset[date]
    """Every dosing day that the batch spoke of."""


def judge(*, actor: Actor, said_no: Collection[SaidNo], now: datetime) -> None:
    """Open the gate of a gap that reached its limit; call the same day where a later dose was already taken.

    Part of the transaction that stored the reports; the patients are locked.
    """
    if not said_no:
        return
    people = {each.patient_id: each for each in said_no}
    policies = policies_for({each.program_id for each in said_no})
    patients = {row.pk: row for row in Patient.objects.filter(pk__in=people)}
    asked = [
        pk
        for pk, row in patients.items()
        if counts_as_opioid(Indication(row.indication), OpioidHistory(row.opioid_history))
    ]
    gaps = _doses(asked, since=(now - _LOOK_BACK).date())
    concerns = []
    for patient_id, (treatment_id, doses) in gaps.items():
        person, policy = people[patient_id], policies[people[patient_id].program_id]
        found = stated_gap(doses, stated_now=person.days, policy=policy)
        if found.opens_gate:
            note_event(
                actor=actor,
                patient=patients[patient_id],
                event=GateEvent.STATED_GAP,
                evidence=_evidence(found.days, found.first_day, found.last_day),
                now=now,
            )
        elif found.call_today:
            concerns.append(
                Concern(
                    program_id=person.program_id,
                    patient_id=patient_id,
                    treatment_id=treatment_id,
                    kind=FlagKind.DOSE_AFTER_GAP,
                    severity=Severity.AMBER_PLUS,
                    evidence=_closed(found),
                    policy_version=policy.version,
                )
            )
    raise_many(actor=actor, concerns=concerns, now=now)


def _evidence(days: float, first: date | None, last: date | None) -> dict[str, object]:
    return {
        "days": days,
        "first_day": None if first is None else first.isoformat(),
        "last_day": None if last is None else last.isoformat(),
    }


def _closed(found: StatedGap) -> dict[str, object]:
    return _evidence(found.closed_days, found.closed_first_day, found.closed_last_day)


def _doses(patient_ids: Collection[int], *, since: date) -> Mapping[int, tuple[int, list[GapDose]]]:
    """By patient: the open treatment, and its doses of naltrexone about which something was stated."""
    if not patient_ids:
        return {}
    treatments = dict(
        Treatment.objects.filter(patient_id__in=patient_ids, ended_on__isnull=True).values_list("id", "patient_id")
    )
    away = away_days(patient_ids)
    found: dict[int, tuple[int, list[GapDose]]] = {}
    rows = Dose.objects.filter(
        treatment_id__in=treatments,
        dosing_day__gte=since,
        state__in=_COUNTED,
        regimen__medicine__in=[medicine.value for medicine in ANTAGONISTS],
    ).values_list("treatment_id", "patient_id", "due_at", "dosing_day", "state", "coverage_hours")
    for treatment_id, patient_id, due_at, day, state, hours in rows:
        was_away = any(each.covers(day) for each in away.get(patient_id, ()))
        _, doses = found.setdefault(patient_id, (treatment_id, []))
        doses.append(GapDose(due_at, day, DoseState(state), hours, away=was_away))
    return found
