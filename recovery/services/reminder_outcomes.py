"""What became of reminders, told by the app that sends them: nobody is blamed for one that we failed to send."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from backend.rules import wall_time
from recovery.models import Dose, Flag, Patient, Treatment
from recovery.rules.flags import FLAG_RULES
from recovery.rules.states import DoseState, FlagKind, FlagStatus, Severity
from recovery.selectors.policy import policy_for
from recovery.services.flag_rows import Concern, end_many, raise_many

_REACHED = frozenset({"delivered", "sent"})
_NO_FAILURE = frozenset(
    {
        "opted_out",
        "no_consent",
        "no_address",
        "answered",
        "cancelled",
        "hold",
        "paused",
        "deceased",
        "exited",
        "program_closed",
        "back_off",
        "open_question",
        "cap_day",
        "cap_week",
        "cap_dose",
    }
)
"""Reasons of a text that was rightly not sent, by the patient's choice or silence or by rule: no failure of ours."""
_NOT_DELIVERED = frozenset({"failed", "undelivered"})
_NO_LONGER_THEIRS = frozenset({"bad_address", "wrong_person"})

_FAILURES_TO_CALL = 3  # C 7: "device/SMS fails 3 times"
_KEPT_DAYS = 70
_LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


@transaction.atomic
def note_reminder_outcome(*, program_id: int, outcomes: Sequence[tuple[int, int | None, str]], now: datetime) -> None:
    """Take note of how reminders ended: ``(patient id, dose id or None, outcome)`` each, in order.

    ``outcome`` is the end of a message (contract 4), with its reason after a colon: "delivered",
    "failed:30003", "expired", "suppressed:opted_out". A day whose reminder failed does not count as silence.
    Three texts in a row that could not be delivered are a concern of their own; one that arrives ends it.
    Repeating an outcome changes nothing. Needs an open scope.
    """
    if not outcomes:
        return
    patients = {patient_id for patient_id, _, _ in outcomes}
    zones = dict(
        Patient.objects.select_for_update(no_key=True)
        .filter(pk__in=patients, program_id=program_id)
        .order_by("pk")
        .values_list("pk", "zone")
    )
    days = dict(Dose.objects.filter(pk__in={dose for _, dose, _ in outcomes if dose}).values_list("pk", "dosing_day"))
    live = {
        row.patient_id: row.evidence
        for row in Flag.objects.filter(patient_id__in=zones, kind=FlagKind.CONTACT_LOST.value, status__in=_LIVE)
    }
    evidence: dict[int, dict[str, Any]] = {}
    arrived: set[int] = set()
    for patient_id, dose_id, outcome in outcomes:
        state, _, why = outcome.partition(":")
        if patient_id not in zones or why in _NO_FAILURE:
            continue
        if state in _REACHED:
            evidence.pop(patient_id, None)
            arrived.add(patient_id)
            continue
        day = days.get(dose_id) if dose_id else None
        known = evidence.get(patient_id) or _begun({} if patient_id in arrived else live.get(patient_id, {}))
        evidence[patient_id] = _failed(
            known,
            patient_id=patient_id,
            dose_id=dose_id,
            day=day or wall_time.dosing_day(now, zones[patient_id]),
            undelivered=state in _NOT_DELIVERED or why in _NO_LONGER_THEIRS,
        )
    end_many(patient_ids=arrived & set(live), kinds=[FlagKind.CONTACT_LOST], note_key="message_arrived", now=now)
    treatments = dict(
        Treatment.objects.filter(patient_id__in=evidence, ended_on__isnull=True).values_list("patient_id", "pk")
    )
    version = policy_for(program_id).version
    raise_many(
        concerns=[
            Concern(
                program_id=program_id,
                patient_id=patient_id,
                treatment_id=treatments.get(patient_id),
                kind=FlagKind.CONTACT_LOST,
                severity=_severity(known["undelivered"]),
                evidence=known,
                policy_version=version,
            )
            for patient_id, known in evidence.items()
        ],
        now=now,
    )


def _begun(before: dict[str, Any]) -> dict[str, Any]:
    return {
        "reason": "failures",
        "failures": before.get("failures", 0),
        "undelivered": before.get("undelivered", 0),
        "days": before.get("days", []),
        "doses": before.get("doses", []),
    }


def _failed(
    known: dict[str, Any], *, patient_id: int, dose_id: int | None, day: date, undelivered: bool
) -> dict[str, Any]:
    """The evidence with one failure more; a dose between two failures breaks the row: its text went out."""
    if dose_id is not None and dose_id in known["doses"]:
        return known
    between = bool(known["days"]) and (
        Dose.objects.filter(patient_id=patient_id, dosing_day__gt=known["days"][-1], dosing_day__lt=day)
        .exclude(state=DoseState.CANCELLED.value)
        .exists()
    )
    failures, lost = (0, 0) if between else (known["failures"], known["undelivered"])
    return known | {
        "failures": failures + 1,
        "undelivered": lost + undelivered,
        "days": sorted({*known["days"], day.isoformat()})[-_KEPT_DAYS:],
        "doses": [*known["doses"], *([] if dose_id is None else [dose_id])][-_KEPT_DAYS:],
    }


def _severity(undelivered: int) -> Severity:
    return FLAG_RULES[FlagKind.CONTACT_LOST].severity if undelivered >= _FAILURES_TO_CALL else Severity.INFO
