"""Who is owed an invitation: to what is asked of them today, or a friendly word. Needs an open scope.

Like ``reminding``: set-wise, and what only the caller knows (no text for this slot yet) comes in as ``unless``.
What day it is for somebody is decided here in Python; the database is asked about the two or three dates that are
today somewhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import DateField, Exists, ExpressionWrapper, OuterRef, Q, Value

from backend.rules.consent import ConsentKind
from backend.rules.wall_time import local_date
from backend.selectors.consents import in_force
from backend.selectors.people import own_accounts
from recovery.models import (
    AfterCare,
    CheckInWish,
    CravingLog,
    Dose,
    Flag,
    InstrumentForm,
    Patient,
    PatientGoal,
    StatedFact,
    Treatment,
)
from recovery.rules.aftercare import next_contact
from recovery.rules.facts import FactKind
from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.plans import GoalAbout
from recovery.rules.policy import Policy
from recovery.rules.prompts import CHECK_IN_AT, CheckInBy, meets_share
from recovery.rules.records import FormReason, FormStatus, PatientStatus
from recovery.rules.states import DoseState, FlagKind, FlagStatus, Goal, Severity
from recovery.selectors.policy import policies_for

_GONE = [PatientStatus.EXITED.value, PatientStatus.DECEASED.value]
_CLOSED = [FlagStatus.CLOSED.value, FlagStatus.RETURNED.value]
_ASKED = [FormReason.SCHEDULED.value, FormReason.FOLLOW_UP.value]


def todays(now: datetime) -> list[date]:
    """The dates that are today somewhere on earth."""
    return sorted({(now + timedelta(hours=hours)).date() for hours in (-12, 0, 14)})


def _agreed() -> Exists:
    """The patient agreed to be texted, or to be woken: an invitation is nothing that is owed without."""
    return Exists(in_force(ConsentKind.SMS, ConsentKind.PUSH).filter(patient_id=OuterRef("patient_id")))


# --- what is asked of somebody today -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskedToday:
    """What is asked of a patient on one day. ``waits`` False: answered, or its time is over.

    ``answered`` tells which. ``follow_up``: an answer called for it, beside what the calendar asks.
    """

    patient_id: int
    day: date
    at: time
    by_text: bool
    daily: bool
    more: bool
    waits: bool
    answered: bool
    follow_up: bool = False


def patients_to_invite(*, now: datetime, unless: Mapping[str, Exists], after: int = 0, limit: int = 1000) -> list[int]:
    """Patients whom a form of today waits for and who were not told, by id after ``after``.

    Those without an account are asked by staff, those who want no announcement are left alone. ``unless`` has, by
    the reason of a form, the condition that it was told; it may refer to ``patient_id`` and ``due_on``.
    """
    unwanted = CheckInWish.objects.filter(patient_id=OuterRef("patient_id"), how=CheckInBy.NONE.value)
    owed = Q()
    for reason, told in unless.items():
        owed |= Q(Q(reason=reason) & ~told)
    rows = (
        InstrumentForm.objects.filter(owed, patient_id__gt=after, status=FormStatus.DUE.value, due_on__in=todays(now))
        .filter(Exists(own_accounts().filter(patient_id=OuterRef("patient_id"))), _agreed(), ~Exists(unwanted))
        .exclude(patient__status__in=_GONE)
        .order_by("patient_id")
    )
    return list(rows.values_list("patient_id", flat=True).distinct()[:limit])


def patients_to_ask_by_text(*, now: datetime, unless: Exists, limit: int = 10_000) -> list[int]:
    """Patients who are asked for one number by text and were not asked today, ascending.

    ``unless`` may refer to ``patient_id`` and ``day``.
    """
    wishes = CheckInWish.objects.filter(how=CheckInBy.TEXT.value)
    zones = Patient.objects.filter(Exists(wishes.filter(patient_id=OuterRef("pk")))).exclude(status__in=_GONE)
    found: list[int] = []
    by_day: dict[date, list[str]] = {}
    for zone in zones.order_by("zone").values_list("zone", flat=True).distinct():
        by_day.setdefault(local_date(now, zone), []).append(zone)
    for day, here in by_day.items():
        rows = (
            wishes.annotate(day=ExpressionWrapper(Value(day), output_field=DateField()))
            .filter(_agreed(), ~unless, patient__zone__in=here)
            .exclude(patient__status__in=_GONE)
        )
        found += rows.values_list("patient_id", flat=True)[:limit]
    return sorted(found)


def asked_of(patient_ids: Collection[int], *, days: Collection[date]) -> list[AskedToday]:
    """What is asked of these patients on these days, one for each person and day, a follow-up beside it."""
    ids = list(patient_ids)
    wishes = {
        patient_id: (CheckInBy(how), at)
        for patient_id, how, at in CheckInWish.objects.filter(patient_id__any=ids).values_list(
            "patient_id", "how", "at"
        )
    }
    forms: dict[tuple[int, date, bool], list[tuple[str, str]]] = {}
    rows = InstrumentForm.objects.filter(patient_id__any=ids, due_on__in=list(days), reason__in=_ASKED)
    for patient_id, day, reason, key, status in rows.values_list(
        "patient_id", "due_on", "reason", "instrument", "status"
    ):
        forms.setdefault((patient_id, day, reason == FormReason.FOLLOW_UP.value), []).append((key, status))
    found = []
    for (patient_id, day, follow_up), here in forms.items():
        how, at = wishes.get(patient_id, (CheckInBy.APP, CHECK_IN_AT))
        if how is not CheckInBy.APP:
            continue
        waiting = {key for key, status in here if status == FormStatus.DUE.value}
        begun = any(status in (FormStatus.STARTED.value, FormStatus.FINISHED.value) for _, status in here)
        found.append(
            AskedToday(
                patient_id=patient_id,
                day=day,
                at=at,
                by_text=False,
                daily=InstrumentKey.DAILY.value in waiting,
                more=bool(waiting - {InstrumentKey.DAILY.value}),
                waits=bool(waiting),
                answered=begun,
                follow_up=follow_up,
            )
        )
    by_text = [pk for pk in ids if pk in wishes and wishes[pk][0] is CheckInBy.TEXT]
    said = set(
        CravingLog.objects.filter(patient_id__any=by_text, local_day__in=list(days)).values_list(
            "patient_id", "local_day"
        )
    )
    found += [
        AskedToday(
            patient_id=pk,
            day=day,
            at=wishes[pk][1],
            by_text=True,
            daily=True,
            more=False,
            waits=(pk, day) not in said,
            answered=(pk, day) in said,
        )
        for pk in by_text
        for day in days
    ]
    return found


# --- a friendly word ---------------------------------------------------------------------------------------


def still_silent(patient_ids: Collection[int]) -> set[int]:
    """Of these patients the ones whose silence still lasts."""
    rows = Flag.objects.filter(patient_id__any=list(patient_ids), kind=FlagKind.SILENCE.value)
    return set(rows.exclude(status__in=_CLOSED).values_list("patient_id", flat=True))


@dataclass(frozen=True, slots=True)
class HelloDay:
    """A day on which a patient is owed a friendly text, and what it follows from."""

    patient_id: int
    day: date
    why: str


SILENCE, FIRST_MONTH, AFTER_CARE = "silence", "first_month", "after_care"


def silent_to_greet(*, now: datetime, from_run: int, unless: Exists, limit: int = 1000) -> list[HelloDay]:
    """Patients whose silence has come to ``from_run`` days and who were not asked about it since it began (S 14).

    ``unless`` may refer to ``patient_id`` and ``opened_at``.
    """
    rows = (
        Flag.objects.filter(kind=FlagKind.SILENCE.value, evidence__run__gte=from_run)
        .exclude(status__in=_CLOSED)
        .exclude(patient__status__in=_GONE)
        .filter(_agreed(), ~unless)
        .order_by("patient_id")
    )
    return [
        HelloDay(patient_id, local_date(now, zone), SILENCE)
        for patient_id, zone in rows.values_list("patient_id", "patient__zone")[:limit]
    ]


def beginners_to_greet(
    *, now: datetime, days_in: Collection[int], unless: Exists, limit: int = 10_000
) -> list[HelloDay]:
    """Patients who began treatment one of ``days_in`` days ago today and have no text for it yet (N8).

    ``unless`` may refer to ``patient_id``.
    """
    begun = {day - timedelta(days=days) for day in todays(now) for days in days_in}
    rows = (
        Treatment.objects.filter(ended_on__isnull=True, started_on__in=begun)
        .exclude(patient__status__in=_GONE)
        .filter(_agreed(), ~unless)
        .order_by("patient_id")
    )
    found = []
    for patient_id, started_on, zone in rows.values_list("patient_id", "started_on", "patient__zone")[:limit]:
        today = local_date(now, zone)
        if (today - started_on).days in days_in:
            found.append(HelloDay(patient_id, today, FIRST_MONTH))
    return found


def after_care_to_greet(*, now: datetime, unless: Exists, limit: int = 10_000) -> list[HelloDay]:
    """Patients in after-care whose day of contact is today and who have no text for it yet (C 3.5, N10).

    ``unless`` may refer to ``patient_id`` only.
    """
    rows = list(
        AfterCare.objects.filter(ended_at__isnull=True, until__gte=min(todays(now)))
        .exclude(patient__status__in=_GONE)
        .filter(_agreed(), ~unless)
        .values_list("patient_id", "program_id", "cover_ended_on", "patient__zone")[:limit]
    )
    policies = policies_for({row[1] for row in rows}) if rows else {}
    found = []
    for patient_id, program_id, ended_on, zone in rows:
        today = local_date(now, zone)
        if next_contact(ended_on, after=today - timedelta(days=1), policy=policies[program_id]) == today:
            found.append(HelloDay(patient_id, today, AFTER_CARE))
    return found


# --- who meets their own goal (row 54) -----------------------------------------------------------------------

_ASKED_FOR = [state.value for state in (DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED, DoseState.NOT_REPORTED)]
_AGAINST = {GoalAbout.OPIOID.value: FactKind.OPIOID_USED.value, GoalAbout.ALCOHOL.value: FactKind.DRINK.value}


def meeting_own_goal(patient_ids: Collection[int], *, policies: Mapping[int, Policy], now: datetime) -> set[int]:
    """Of these patients those who meet a goal of their own, about opioids or alcohol, for the policy's days.

    Nothing against it was stated (a drink is not against drinking less), at least the policy's share of doses or
    check-ins was done, and no concern of amber or above is live. Silence meets nothing.
    """
    rows = list(
        PatientGoal.objects.filter(
            patient_id__any=list(patient_ids), ended_at__isnull=True, about__in=list(_AGAINST)
        ).values_list("patient_id", "program_id", "about", "aim", "set_at")
    )
    rows = [row for row in rows if row[4] <= now - timedelta(days=policies[row[1]].goal_met_days)]
    if not rows:
        return set()
    ids = sorted({row[0] for row in rows})
    policy_of = {row[0]: policies[row[1]] for row in rows}
    longest = max(policy.goal_met_days for policy in policy_of.values())
    since = {pk: now.date() - timedelta(days=policy.goal_met_days) for pk, policy in policy_of.items()}
    first = now.date() - timedelta(days=longest)
    against: set[tuple[int, str]] = set()
    stated = StatedFact.objects.filter(
        patient_id__any=ids, kind__in=list(_AGAINST.values()), happened_on__gte=first
    ).values_list("patient_id", "kind", "happened_on")
    against = {(pk, kind) for pk, kind, day in stated if day >= since[pk]}
    worrying = set(
        Flag.objects.filter(patient_id__any=ids)
        .exclude(status__in=_CLOSED)
        .exclude(severity=Severity.INFO.value)
        .values_list("patient_id", flat=True)
    )
    done: dict[int, list[int]] = {pk: [0, 0] for pk in ids}
    doses = Dose.objects.filter(
        patient_id__any=ids,
        dosing_day__gte=first,
        state__in=[
            each.value for each in (DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED, DoseState.NOT_REPORTED)
        ],
    )
    for pk, day, state in doses.values_list("patient_id", "dosing_day", "state"):
        if day >= since[pk]:
            done[pk][0] += state == DoseState.TAKEN.value
            done[pk][1] += 1
    checked = CravingLog.objects.filter(patient_id__any=ids, local_day__gte=first).values_list(
        "patient_id", "local_day"
    )
    days: dict[int, set[date]] = {}
    for pk, day in checked:
        if day >= since[pk]:
            days.setdefault(pk, set()).add(day)
    return {
        pk
        for pk, _, about, aim, _ in rows
        if pk not in worrying
        and (aim == Goal.REDUCTION.value or (pk, _AGAINST[about]) not in against)
        and (
            meets_share(said_yes=done[pk][0], asked=done[pk][1], policy=policy_of[pk])
            if done[pk][1]
            else meets_share(said_yes=len(days.get(pk, ())), asked=policy_of[pk].goal_met_days, policy=policy_of[pk])
        )
    }
