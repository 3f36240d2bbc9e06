"""What became of reminders, told by the app that sends them: nobody is blamed for one that we failed to send."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

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
_KEPT_DOSES = 20
_LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]


@transaction.atomic
def note_reminder_outcome(*, program_id: int, outcomes: Sequence[tuple[int, int | None, str]], now: datetime) -> None:
    """Take note of how reminders ended: ``(patient id, dose id or None, outcome)`` each, in order.

    ``outcome`` is the end of a message (contract 4), with its reason after a colon: "delivered",
    "failed:30003", "expired", "suppressed:opted_out". A dose whose reminder failed on our side is marked and
    does not count as silence. Three texts in a row that could not be delivered are a concern of their own; one
    that arrives ends it. Repeating an outcome changes nothing. Needs an open scope.
    """
    if not outcomes:
        return
    patients = set(
        Patient.objects.select_for_update(no_key=True)
        .filter(pk__in={patient_id for patient_id, _, _ in outcomes}, program_id=program_id)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    live = {
        row.patient_id: row.evidence
        for row in Flag.objects.filter(patient_id__in=patients, kind=FlagKind.CONTACT_LOST.value, status__in=_LIVE)
    }
    evidence: dict[int, dict[str, Any]] = {}
    arrived: set[int] = set()
    not_reached: set[int] = set()
    for patient_id, dose_id, outcome in outcomes:
        state, _, why = outcome.partition(":")
        if patient_id not in patients or why in _NO_FAILURE:
            continue
        if state in _REACHED:
            evidence.pop(patient_id, None)
            arrived.add(patient_id)
            continue
        if dose_id is not None:
            not_reached.add(dose_id)
        if state in _NOT_DELIVERED or why in _NO_LONGER_THEIRS:
            known = evidence.get(patient_id) or _begun({} if patient_id in arrived else live.get(patient_id, {}))
            evidence[patient_id] = _failed(known, program_id=program_id, patient_id=patient_id, dose_id=dose_id)
    Dose.objects.filter(pk__in=not_reached, patient_id__in=patients, not_reached=False).update(not_reached=True)
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


def _begun(before: dict[str, Any]) -> dict[str, Any]:
    return {"reason": "failures", "failures": before.get("failures", 0), "doses": before.get("doses", [])}


def _failed(known: dict[str, Any], *, program_id: int, patient_id: int, dose_id: int | None) -> dict[str, Any]:
    """The evidence with one failure more; a dose between two failures breaks the row: its text went out."""
    if dose_id is None:
        return known | {"failures": known["failures"] + 1}
    if dose_id in known["doses"]:
        return known
    between = bool(known["doses"]) and (
        Dose.objects.filter(
            program_id=program_id,
            patient_id=patient_id,
            dosing_day__gt=Dose.objects.filter(pk=known["doses"][-1]).values("dosing_day"),
            dosing_day__lt=Dose.objects.filter(pk=dose_id).values("dosing_day"),
            not_reached=False,
        )
        .exclude(state=DoseState.CANCELLED.value)
        .exists()
    )
    return known | {
        "failures": (0 if between else known["failures"]) + 1,
        "doses": [*known["doses"], dose_id][-_KEPT_DOSES:],
    }


def _severity(failures: int) -> Severity:
    return FLAG_RULES[FlagKind.CONTACT_LOST].severity if failures >= _FAILURES_TO_CALL else Severity.INFO
