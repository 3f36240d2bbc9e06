"""Reading a patient's cravings and raising what the rules find (C 6.4, contract 5)."""

import json
from datetime import date, datetime, timedelta

from django.db.models import Q

from backend.access import NOBODY, Actor
from backend.rules import wall_time
from recovery.models import CravingLog, Dose, Flag, Patient, Treatment
from recovery.rules.cravings import Context, Reading, Rise, assess
from recovery.rules.flags import interval_end_craving
from recovery.rules.policy import Policy
from recovery.rules.states import DoseState, FlagKind, FlagStatus, Severity
from recovery.selectors.policy import policy_for
from recovery.services import sql
from recovery.services.flag_rows import Concern, raise_many

CRAVING_KINDS = (FlagKind.CRAVING_HIGH, FlagKind.CRAVING_RISE)
LIVE = [FlagStatus.OPEN.value, FlagStatus.OWNED.value, FlagStatus.SNOOZED.value]
_READ_DAYS = 95  # what ``assess`` asks for: its longest look back, and the days before it that weigh little
_MOST_ATTACHED = 20

_ATTACH = """
UPDATE recovery_flag SET evidence = evidence || jsonb_build_object('cravings',
  COALESCE(evidence -> 'cravings', '[]'::jsonb) || jsonb_build_array(%(found)s::jsonb))
WHERE id = %(flag)s AND jsonb_array_length(COALESCE(evidence -> 'cravings', '[]'::jsonb)) < %(most)s
"""


def judge(*, patient: Patient, substance: str, on_day: date, now: datetime, actor: Actor = NOBODY) -> Rise | None:
    """Judge the readings up to ``on_day`` and raise what they say; returns it, None when there is nothing new.

    While a red flag is live the numbers are attached to it instead (contract 5).
    """
    policy = policy_for(patient.program_id)
    found = assess(
        _readings(patient, substance, on_day),
        policy=policy,
        on_day=on_day,
        context=_context(patient, on_day, policy),
    ).rise
    if found is None:
        return None
    evidence = found.evidence()
    if found.leading == "G":
        evidence["high_at"] = policy.craving_two_of_three_at
    red = (
        Flag.objects.select_for_update(no_key=True)
        .filter(patient_id=patient.pk, status__in=LIVE, severity=Severity.RED.value)
        .order_by("-opened_at", "-id")
        .first()
    )
    if red is not None:
        attached = {"kind": found.kind.value, "severity": found.severity.value, "substance": substance, **evidence}
        sql.run(_ATTACH, {"flag": red.pk, "found": json.dumps(attached), "most": _MOST_ATTACHED})
        return found
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    raise_many(actor=actor, concerns=_concerns(patient, treatment, found, evidence, on_day, policy), now=now)
    return found


def judge_attached(*, flag: Flag, now: datetime) -> None:
    """After a red flag closed: judge again what was said of cravings while it was live."""
    attached = flag.evidence.get("cravings") or []
    if not attached:
        return
    patient = Patient.objects.get(pk=flag.patient_id)
    today = wall_time.dosing_day(now, patient.zone)
    last = max(attached, key=lambda rise: rise["on"])
    on_day = date.fromisoformat(last["on"])
    if (today - on_day).days <= policy_for(patient.program_id).craving_again_after_days:
        judge(patient=patient, substance=last["substance"], on_day=on_day, now=now)


def _concerns(
    patient: Patient,
    treatment: Treatment | None,
    found: Rise,
    evidence: dict[str, object],
    on_day: date,
    policy: Policy,
) -> list[Concern]:
    treatment_id = None if treatment is None else treatment.pk
    concerns = [
        Concern(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment_id=treatment_id,
            kind=found.kind,
            severity=found.severity,
            evidence=evidence,
            policy_version=policy.version,
        )
    ]
    if treatment is not None and treatment.cover_from is not None and treatment.cover_from <= on_day:
        dsl = (on_day - treatment.cover_from).days
        if interval_end_craving(dsl=dsl, craving_is_up=found.reaches_list, policy=policy):
            concerns.append(
                Concern(
                    program_id=patient.program_id,
                    patient_id=patient.pk,
                    treatment_id=treatment_id,
                    kind=FlagKind.INTERVAL_END_CRAVING,
                    severity=Severity.AMBER,
                    evidence={"on": on_day.isoformat(), "dsl": dsl},
                    policy_version=policy.version,
                )
            )
    return concerns


def _readings(patient: Patient, substance: str, on_day: date) -> list[Reading]:
    # felt_at is what the index is ordered by; a day more on each side, since days roll at 04:00 local.
    since = wall_time.local_midnight(on_day - timedelta(days=_READ_DAYS + 1), patient.zone)
    rows = (
        CravingLog.objects.filter(
            program_id=patient.program_id,
            patient_id=patient.pk,
            felt_at__gte=since,
            substance=substance,
            local_day__lte=on_day,
        )
        .order_by("felt_at", "id")
        .values_list("local_day", "intensity", "confidence")
    )
    return sorted((Reading(*row) for row in rows), key=lambda reading: reading.day)


def _context(patient: Patient, on_day: date, policy: Policy) -> Context:
    week_ago = on_day - timedelta(days=policy.craving_again_after_days)
    longest = max(policy.craving_again_after_days, policy.craving_high_again_days)
    since = wall_time.local_midnight(on_day - timedelta(days=longest), patient.zone)
    flags = list(
        Flag.objects.filter(
            # A flag that lives on keeps the day on which it was last raised, however long ago it was opened.
            Q(opened_at__gte=since) | Q(status__in=LIVE) | Q(closed_at__gte=since),
            program_id=patient.program_id,
            patient_id=patient.pk,
            kind__in=[*(kind.value for kind in CRAVING_KINDS), FlagKind.REPORTED_USE.value],
        )
        .order_by("opened_at", "id")
        .values_list("kind", "severity", "evidence", "opened_at")
    )
    a_week_back = wall_time.local_midnight(week_ago, patient.zone)
    raised = [
        (date.fromisoformat(evidence["on"]), Severity(severity), kind)
        for kind, severity, evidence, _ in flags
        if kind != FlagKind.REPORTED_USE.value
    ]
    high = [
        (on, severity)
        for on, severity, kind in raised
        if kind == FlagKind.CRAVING_HIGH.value and severity.at_least(Severity.AMBER)
    ]
    missed = Dose.objects.filter(
        program_id=patient.program_id,
        patient_id=patient.pk,
        dosing_day__gt=week_ago,
        dosing_day__lte=on_day,
        state__in=[DoseState.MISSED.value, DoseState.SKIPPED.value],
    ).exists()
    last = max(raised, key=lambda each: each[0], default=None)
    last_high = max(high, key=lambda each: each[0], default=None)
    return Context(
        reported_use=any(
            kind == FlagKind.REPORTED_USE.value and opened_at >= a_week_back for kind, _, _, opened_at in flags
        ),
        dose_missed=missed,
        last_raised_on=None if last is None else last[0],
        last_raised=None if last is None else last[1],
        high_raised_on=None if last_high is None else last_high[0],
        high_raised=None if last_high is None else last_high[1],
    )
