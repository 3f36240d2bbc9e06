"""Laboratory values: recorded against their own limits, told when abnormal, read by a prescriber (S 18)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.rules import wall_time
from backend.services import audit
from recovery.models import LabResult, Patient
from recovery.rules.flags import lab_severity
from recovery.rules.labs import LIVER, UNITS, LabAnalyte, LiverTimes, Measured, lab_due, liver_times
from recovery.rules.medicines import Medicine
from recovery.rules.states import FlagKind, Severity
from recovery.rules.tasks import TaskKind
from recovery.selectors.holds import medicines_of
from recovery.selectors.policy import policy_for
from recovery.selectors.records import live_flags, open_treatment
from recovery.services.flag_rows import Concern, end_many, raise_many
from recovery.services.recorded import BadRecord, locked, not_to_come, only_prescribers, store, void_entry
from recovery.services.tasks import end_tasks

_LARGEST = Decimal("999999.99")
_SAME = ("analyte", "value", "unit", "upper_limit", "is_baseline", "taken_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLab:
    """One value as the laboratory printed it. ``upper_limit`` is that laboratory's; None when it prints none.

    ``unit`` '' takes the usual unit of the analyte.
    """

    client_id: UUID
    analyte: str
    value: Decimal
    taken_on: date
    unit: str = ""
    upper_limit: Decimal | None = None
    is_baseline: bool = False
    note: str = ""


@transaction.atomic
def record_labs(
    *, actor: Actor, patient: Patient, results: Sequence[NewLab], now: datetime
) -> list[tuple[LabResult, bool]]:
    """Record values of one patient; returns each with whether it is new. Safe to repeat by ``client_id``.

    The liver tests of each day are read together: what lies over the limits becomes a concern (S 18). Tests that
    were due end their task. Raises BadRecord or InFuture naming the field, IdReused; then nothing is stored.
    """
    rows = [_row(actor, patient, each, now) for each in results]
    stored = store(actor=actor, rows=rows, notes=[each.note for each in results], same=_SAME)
    days = {row.taken_on for row, is_new in stored if is_new}
    if days:
        _tell(actor, patient, days, now)
        _end_what_was_due(actor, patient, now)
    return stored


@transaction.atomic
def review_lab(*, actor: Actor, patient: Patient, entry_id: int, now: datetime) -> LabResult:
    """A prescriber has read a value. Reading it again changes nothing. Raises NotFound, NotAllowed, Conflict."""
    only_prescribers(actor, patient.program_id)
    row = locked(LabResult, patient=patient, entry_id=entry_id)
    if row.reviewed_at is None:
        row.reviewed_at, row.reviewed_by_id = now, actor.user_id
        row.save(update_fields=["reviewed_at", "reviewed_by"])
        audit.record_row(actor, "lab_result.reviewed", row)
    return row


@transaction.atomic
def void_lab(*, actor: Actor, patient: Patient, entry_id: int, now: datetime) -> LabResult:
    """A value was entered in error: it counts no more, and a concern that rested on it alone ends."""
    row = void_entry(actor=actor, patient=patient, model=LabResult, entry_id=entry_id, now=now)
    latest = max(_days(patient), default=None)
    if latest is None or _severity(patient, latest)[0] is None:
        end_many(
            actor=actor, patient_ids=[patient.pk], kinds=[FlagKind.LAB_ABNORMAL], note_key="entered_in_error", now=now
        )
    return row


def _row(actor: Actor, patient: Patient, each: NewLab, now: datetime) -> LabResult:
    if each.analyte not in set(LabAnalyte):
        raise BadRecord("There is no such test.", field="analyte")
    units = UNITS[LabAnalyte(each.analyte)]
    if each.unit and each.unit not in units:
        raise BadRecord("This test does not come in this unit.", field="unit")
    if not 0 <= each.value <= _LARGEST:
        raise BadRecord("This value cannot be.", field="value")
    if each.upper_limit is not None and not 0 < each.upper_limit <= _LARGEST:
        raise BadRecord("A limit is above 0.", field="upper_limit")
    if each.upper_limit is None and each.analyte in (*LIVER, LabAnalyte.BILIRUBIN):
        raise BadRecord("Enter the upper limit that the laboratory printed.", field="upper_limit")
    not_to_come(each.taken_on, patient=patient, now=now, field="taken_on")
    return LabResult(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=each.client_id,
        analyte=each.analyte,
        value=round(each.value, 2),
        unit=each.unit or units[0].value,
        upper_limit=None if each.upper_limit is None else round(each.upper_limit, 2),
        is_baseline=each.is_baseline,
        taken_on=each.taken_on,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )


def _days(patient: Patient) -> list[date]:
    """Days with a liver test."""
    return list(
        LabResult.objects.filter(patient_id=patient.pk, voided_at__isnull=True, analyte__in=[a.value for a in LIVER])
        .values_list("taken_on", flat=True)
        .distinct()
    )


def _severity(patient: Patient, day: date) -> tuple[Severity | None, LiverTimes]:
    rows = LabResult.objects.filter(patient_id=patient.pk, taken_on=day, voided_at__isnull=True)
    times = liver_times(Measured(LabAnalyte(row.analyte), row.value, row.upper_limit) for row in rows)
    kinds = {flag.kind for flag in live_flags(patient.pk)}
    found = lab_severity(
        alt_times=times.alt,
        ast_times=times.ast,
        bilirubin_times=times.bilirubin,
        symptoms=FlagKind.LIVER_SYMPTOMS.value in kinds,
        policy=policy_for(patient.program_id),
    )
    return found, times


def _tell(actor: Actor, patient: Patient, days: Collection[date], now: datetime) -> None:
    treatment = open_treatment(patient)
    version = policy_for(patient.program_id).version
    concerns = []
    for day in sorted(days):
        severity, times = _severity(patient, day)
        if severity is None:
            continue
        concerns.append(
            Concern(
                program_id=patient.program_id,
                patient_id=patient.pk,
                treatment_id=None if treatment is None else treatment.pk,
                kind=FlagKind.LAB_ABNORMAL,
                severity=severity,
                evidence={
                    "on": day.isoformat(),
                    "alt_times": _one(times.alt),
                    "ast_times": _one(times.ast),
                    "bilirubin_times": _one(times.bilirubin),
                },
                policy_version=version,
            )
        )
    raise_many(actor=actor, concerns=concerns, now=now)


def _one(times: float | None) -> float | None:
    return None if times is None else round(times, 2)


def _end_what_was_due(actor: Actor, patient: Patient, now: datetime) -> None:
    treatment = open_treatment(patient)
    if treatment is None:
        return
    today = wall_time.local_date(now, patient.zone)
    due = lab_due(
        started_on=treatment.started_on,
        taken=_days(patient),
        today=today,
        on_disulfiram=Medicine.DISULFIRAM in medicines_of([patient.pk], on_day=today).get(patient.pk, []),
        policy=policy_for(patient.program_id),
    )
    if due is None:
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.LABS_DUE], now=now)
    if due is None or not due.overdue:
        end_many(actor=actor, patient_ids=[patient.pk], kinds=[FlagKind.LAB_OVERDUE], note_key="lab_taken", now=now)
