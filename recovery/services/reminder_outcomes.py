"""What became of reminders, told by the app that sends them: nobody is blamed for one that we failed to send."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from backend.rules import wall_time
from recovery.models import Dose, Flag, Patient, Treatment
from recovery.rules.flags import FLAG_RULES
from recovery.rules.states import FlagKind, FlagStatus, Severity
from recovery.selectors.policy import policy_for
from recovery.services.flag_rows import Concern, end_many, raise_many

REACHED = frozenset({"delivered", "sent"})
CHOSEN = frozenset({"suppressed:opted_out", "suppressed:no_consent", "suppressed:answered"})
"""Not sent because of something the patient chose or did: neither reached nor failed."""

FAILURES_TO_CALL = 3  # C 7: "device/SMS fails 3 times"
_KEPT_DAYS = 70
_LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


@transaction.atomic
def note_reminder_outcome(*, program_id: int, outcomes: Sequence[tuple[int, int | None, str]], now: datetime) -> None:
    """Take note of how reminders ended: ``(patient id, dose id or None, outcome)`` each, in order.

    ``outcome`` is the end of a message (contract 4), with its reason after a colon: "delivered", "failed:...",
    "undelivered", "expired", "suppressed:opted_out". A day whose reminder failed does not count as silence.
    Three failures in a row are a concern of their own; one that arrives ends it. Repeating an outcome changes
    nothing. Needs an open scope.
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
        row.patient_id: row
        for row in Flag.objects.filter(patient_id__in=zones, kind=FlagKind.CONTACT_LOST.value, status__in=_LIVE)
    }
    evidence: dict[int, dict[str, Any]] = {}
    arrived: set[int] = set()
    for patient_id, dose_id, outcome in outcomes:
        if patient_id not in zones or outcome in CHOSEN:
            continue
        if outcome in REACHED:
            evidence.pop(patient_id, None)
            arrived.add(patient_id)
            continue
        known = evidence.get(patient_id)
        if known is None:
            before = live[patient_id].evidence if patient_id in live and patient_id not in arrived else {}
            known = evidence[patient_id] = {
                "reason": "failures",
                "failures": before.get("failures", 0),
                "days": before.get("days", []),
                "doses": before.get("doses", []),
            }
        if dose_id is not None and dose_id in known["doses"]:
            continue
        day = days.get(dose_id) if dose_id else None
        day = day or wall_time.dosing_day(now, zones[patient_id])
        known["failures"] += 1
        known["days"] = sorted({*known["days"], day.isoformat()})[-_KEPT_DAYS:]
        if dose_id is not None:
            known["doses"] = [*known["doses"], dose_id][-_KEPT_DAYS:]
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
                severity=_severity(known["failures"]),
                evidence=known,
                policy_version=version,
            )
            for patient_id, known in evidence.items()
        ],
        now=now,
    )


def _severity(failures: int) -> Severity:
    return FLAG_RULES[FlagKind.CONTACT_LOST].severity if failures >= FAILURES_TO_CALL else Severity.INFO
