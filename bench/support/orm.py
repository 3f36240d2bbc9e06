"""The ordinary ways of doing what the services do: Django's own ORM, as its documentation shows it.

They use the same rules and write the same rows. A loop opens one transaction per patient: less than the
commit per statement that Django does by default, and no state is left half written.
"""

from datetime import date, datetime, timedelta

from backend.db import programs
from backend.rules import wall_time
from recovery.models import CravingLog, Dose, Flag, Regimen
from recovery.models.flags import LIVE
from recovery.rules.flags import FLAG_RULES, respond_by, response_for
from recovery.rules.schedule import Regimen as Schedule
from recovery.rules.schedule import Slot, dose_slots
from recovery.rules.silence import Ask, AskKind, assess_silence
from recovery.rules.states import DoseState, FlagKind, Indication, OpioidHistory, counts_as_opioid
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policy_for

_PAGE = 2000
_BULK = 1000
_CLOSED = [DoseState.TAKEN.value, DoseState.SKIPPED.value, DoseState.MISSED.value, DoseState.NOT_REPORTED.value]


# --- planning -----------------------------------------------------------------------------------------


def _to_plan(program_id: int, until: dict[str, date]) -> list[Regimen]:
    with programs([program_id]):
        rows = Regimen.objects.filter(program_id=program_id, ends_at__isnull=True).select_related("patient")
        return [row for row in rows if row.planned_until is None or row.planned_until < until[row.patient.zone]]


def _slots(row: Regimen, until: date) -> list[Slot]:
    schedule = Schedule.from_plan(row.plan, zone=row.patient.zone, first_day=row.starts_on, last_day=row.last_day)
    assert row.planned_until is not None
    return dose_slots(schedule, first_day=row.planned_until + timedelta(days=1), last_day=until)


def _values(slot: Slot) -> dict[str, object]:
    return {
        "due_at": slot.due_at,
        "opens_at": slot.opens_at,
        "closes_at": slot.closes_at,
        "day_ends_at": slot.day_ends_at,
        "dose_mg": slot.dose_mg,
        "coverage_hours": round(slot.coverage_hours),
    }


def _horizon(now: datetime, ahead_hours: int, zones: list[str]) -> dict[str, date]:
    return {zone: wall_time.dosing_day(now + timedelta(hours=ahead_hours), zone) for zone in zones}


def plan_with_get_or_create(*, program_id: int, now: str, zones: list[str], ahead_hours: int = 72) -> int:
    """A loop with ``get_or_create`` for each dose; returns how many were made."""
    until = _horizon(datetime.fromisoformat(now), ahead_hours, zones)
    made = 0
    for row in _to_plan(program_id, until):
        with programs([program_id]):
            for slot in _slots(row, until[row.patient.zone]):
                _, is_new = Dose.objects.get_or_create(
                    treatment_id=row.treatment_id,
                    dosing_day=slot.dosing_day,
                    ordinal=slot.ordinal,
                    defaults={
                        "program_id": row.program_id,
                        "patient_id": row.patient_id,
                        "regimen": row,
                        **_values(slot),
                    },
                )
                made += is_new
            row.planned_until = until[row.patient.zone]
            row.save(update_fields=["planned_until"])
    return made


def plan_with_bulk_create(*, program_id: int, now: str, zones: list[str], ahead_hours: int = 72) -> int:
    """``bulk_create(ignore_conflicts=True)`` for a thousand regimens at a time; returns how many rows were offered."""
    until = _horizon(datetime.fromisoformat(now), ahead_hours, zones)
    rows = _to_plan(program_id, until)
    made = 0
    for start in range(0, len(rows), _BULK):
        page = rows[start : start + _BULK]
        with programs([program_id]):
            doses = [
                Dose(
                    program_id=row.program_id,
                    patient_id=row.patient_id,
                    treatment_id=row.treatment_id,
                    regimen=row,
                    dosing_day=slot.dosing_day,
                    ordinal=slot.ordinal,
                    **_values(slot),
                )
                for row in page
                for slot in _slots(row, until[row.patient.zone])
            ]
            made += len(Dose.objects.bulk_create(doses, ignore_conflicts=True))
            for zone, day in until.items():
                here = [row.pk for row in page if row.patient.zone == zone]
                Regimen.objects.filter(pk__in=here).update(planned_until=day)
    return made


# --- closing ------------------------------------------------------------------------------------------


def close_in_a_loop(*, program_id: int, now: str) -> int:
    """Each dose whose day is over: set, saved, and its patient's last answers looked at; returns how many."""
    at = datetime.fromisoformat(now)
    with programs([program_id]):
        policy = policy_for(program_id)
        clinic = clinics([program_id])[program_id]
        over = list(
            Dose.objects.filter(state=DoseState.SCHEDULED.value, day_ends_at__lte=at)
            .select_related("patient", "treatment")
            .order_by("day_ends_at")
        )
    for dose in over:
        with programs([program_id]):
            dose.state = DoseState.NOT_REPORTED.value
            dose.closed_at = at
            dose.save(update_fields=["state", "closed_at"])
            _look_for_silence(dose, policy, clinic, at)
    return len(over)


def _look_for_silence(dose, policy, clinic, now: datetime) -> None:
    patient = dose.patient
    mine = Dose.objects.filter(patient=patient, state__in=_CLOSED).order_by("-dosing_day")
    last = list(mine.values_list("state", flat=True)[: policy.silence_info_run])
    if len(last) < policy.silence_info_run or any(state != DoseState.NOT_REPORTED.value for state in last):
        return
    today = wall_time.dosing_day(now, patient.zone)
    since = today - timedelta(days=63)
    asks = [
        Ask(day, AskKind.DOSE, state != DoseState.NOT_REPORTED.value)
        for day, state in mine.filter(dosing_day__gte=since).values_list("dosing_day", "state")
    ]
    asks += [
        Ask(day, AskKind.CHECK_IN, True)
        for day in CravingLog.objects.filter(patient=patient, local_day__gte=since).values_list("local_day", flat=True)
    ]
    live = {flag.kind: flag for flag in Flag.objects.filter(patient=patient, status__in=LIVE)}
    silence = assess_silence(
        asks,
        today=today,
        started_on=dose.treatment.started_on,
        dsl=None if dose.treatment.cover_from is None else (today - dose.treatment.cover_from).days,
        live_craving_flag=bool({FlagKind.CRAVING_HIGH.value, FlagKind.CRAVING_RISE.value} & live.keys()),
        counts_as_opioid=counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history)),
        policy=policy,
    )
    if silence is None:
        return
    evidence = silence.evidence() | {"through": max(ask.day for ask in asks).isoformat()}
    deadline = respond_by(
        response_for(FlagKind.SILENCE, silence.severity),
        raised_at=now,
        acute=FLAG_RULES[FlagKind.SILENCE].acute,
        clinic=clinic,
        policy=policy,
    )
    flag, is_new = Flag.objects.get_or_create(
        patient=patient,
        kind=FlagKind.SILENCE.value,
        status__in=LIVE,
        defaults={
            "program_id": patient.program_id,
            "treatment": dose.treatment,
            "status": "open",
            "severity": silence.severity.value,
            "severity_rank": silence.severity.rank,
            "evidence": evidence,
            "policy_version": policy.version,
            "opened_at": now,
            "severity_since": now,
            "respond_by": deadline,
        },
    )
    rose = not is_new and silence.severity.rank > flag.severity_rank
    if not is_new:
        flag.evidence = {**flag.evidence, **evidence}
        if rose:
            flag.severity = silence.severity.value
            flag.severity_rank = silence.severity.rank
            flag.severity_since = now
            flag.respond_by = min(deadline, flag.respond_by) if flag.respond_by and deadline else deadline
        flag.save(update_fields=["evidence", "severity", "severity_rank", "severity_since", "respond_by"])
