"""Adherence as the record has it: one person in a window, or a whole program month by month (C 4).

Everything comes from rows; the rules count. Days are days in each person's own zone. Needs an open scope.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from django.db.models import Min

from backend.rules.wall_time import dosing_day
from recovery.models import Dose, DoseReport, Injection, Patient, Regimen, Stay, Treatment
from recovery.rules import adherence, measures
from recovery.rules.adherence import Share
from recovery.rules.measures import (
    REACH_BACK,
    AwayFact,
    Depot,
    DoseFact,
    History,
    Measures,
    Substance,
    depot_days,
    substance_of,
    supplies_of,
)
from recovery.rules.policy import Policy
from recovery.rules.states import DoseState, Statement
from recovery.selectors.policy import policy_for

WHOLE_DAY = 24.0
"""Hours that a tablet without a slot covers: nobody planned it, so a day is all that is known."""
_DAY = timedelta(days=1)

Histories = dict[int, dict[Substance, History]]


def histories(*, patients: Mapping[int, str], first: date, last: date, policy: Policy) -> Histories:
    """What is known of each of these patients (id -> zone) by substance, in the same few queries for any number.

    Reaches back before ``first`` for what still covers it. A time away that has not ended runs to ``last``.
    """
    ids, since = list(patients), first - timedelta(days=REACH_BACK)
    doses: dict[tuple[int, Substance], list[DoseFact]] = {}
    slots = (
        Dose.objects.filter(patient_id__in=ids, dosing_day__range=(since, last))
        .exclude(state=DoseState.CANCELLED.value)
        .order_by("patient_id", "dosing_day", "ordinal")
        .values_list("patient_id", "regimen__medicine", "dosing_day", "state", "coverage_hours", "dose_mg", "taken_at")
    )
    for patient_id, medicine, day, state, hours, mg, taken_at in slots.iterator(chunk_size=5000):
        taken_day = dosing_day(taken_at, patients[patient_id]) if taken_at is not None else None
        fact = DoseFact(day, DoseState(state), float(hours), float(mg), taken_day)
        doses.setdefault((patient_id, substance_of(medicine)), []).append(fact)
    depots: dict[tuple[int, Substance], list[Depot]] = {}
    given = Injection.objects.filter(
        patient_id__in=ids, given_on__range=(since, last), verified=True, voided_at__isnull=True
    ).order_by("patient_id", "given_on")
    for patient_id, medicine, given_on in given.values_list("patient_id", "medicine", "given_on"):
        depot = Depot(given_on, depot_days(medicine, policy=policy))
        depots.setdefault((patient_id, substance_of(medicine)), []).append(depot)
    others = _without_slot(ids, since, last)
    away: dict[int, list[AwayFact]] = {}
    stays = Stay.objects.filter(patient_id__in=ids, voided_at__isnull=True, began_on__lte=last).order_by("began_on")
    for patient_id, began_on, ended_on, place in stays.values_list("patient_id", "began_on", "ended_on", "place"):
        away.setdefault(patient_id, []).append(AwayFact(began_on, ended_on or last, place))
    found: Histories = {}
    for patient_id, substance in sorted({*doses, *depots, *others}):
        key = (patient_id, substance)
        found.setdefault(patient_id, {})[substance] = History(
            doses=doses.get(key, ()),
            depots=depots.get(key, ()),
            others=others.get(key, ()),
            away=away.get(patient_id, ()),
        )
    return found


def _without_slot(
    ids: Collection[int], since: date, last: date
) -> dict[tuple[int, Substance], list[tuple[date, float]]]:
    """Days on which somebody said "taken" without a slot, of people with tablets of one substance alone.

    Of somebody who takes two, nobody knows which was meant: it stays in the record and counts for neither.
    """
    latest: dict[tuple[int, date], str] = {}
    said = DoseReport.objects.filter(patient_id__in=ids, dose__isnull=True, on_day__range=(since, last))
    for patient_id, day, statement in said.order_by("received_at", "pk").values_list(
        "patient_id", "on_day", "statement"
    ):
        latest[patient_id, day] = statement
    people = {patient_id for patient_id, _ in latest}
    if not people:
        return {}
    takes: dict[int, set[Substance]] = {}
    for patient_id, medicine in Regimen.objects.filter(patient_id__in=people).values_list("patient_id", "medicine"):
        takes.setdefault(patient_id, set()).add(substance_of(medicine))
    found: dict[tuple[int, Substance], list[tuple[date, float]]] = {}
    for (patient_id, day), statement in sorted(latest.items()):
        substances = takes.get(patient_id, set())
        if statement == Statement.TAKEN.value and len(substances) == 1:
            [substance] = substances
            found.setdefault((patient_id, substance), []).append((day, WHOLE_DAY))
    return found


# --- one person -------------------------------------------------------------------------------------------


def usual_window(*, patient: Patient, now: datetime) -> tuple[date, date]:
    """The window that is shown unasked: from the first confirmed dose of the latest treatment to yesterday.

    A year at most. Yesterday, because a dosing day that is not over would count as uncovered. Without a
    confirmed dose it begins with the treatment.
    """
    end = dosing_day(now, patient.zone) - _DAY
    rows = Treatment.objects.filter(program_id=patient.program_id, patient_id=patient.pk)
    treatment = rows.order_by("-started_on", "-pk").first()
    if treatment is None:
        return end, end
    if treatment.ended_on is not None:
        end = min(end, treatment.ended_on)
    first = _first_confirmed(treatment) or treatment.started_on
    return min(end, max(first, end - timedelta(days=364))), end


def _first_confirmed(treatment: Treatment) -> date | None:
    taken = Dose.objects.filter(treatment_id=treatment.pk, state=DoseState.TAKEN.value)
    given = Injection.objects.filter(treatment_id=treatment.pk, verified=True, voided_at__isnull=True)
    days = [taken.aggregate(day=Min("dosing_day"))["day"], given.aggregate(day=Min("given_on"))["day"]]
    return min((day for day in days if day is not None), default=None)


def measures_of(*, patient: Patient, start: date, end: date) -> list[Measures]:
    """Every measure of a person in the window, one for each substance that there is a record of."""
    policy = policy_for(patient.program_id)
    known = histories(patients={patient.pk: patient.zone}, first=start, last=end, policy=policy).get(patient.pk, {})
    return [
        measures.measure(history, substance=substance, start=start, end=end, policy=policy)
        for substance, history in known.items()
    ]


# --- a program ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month. ``people`` were in treatment and had a confirmed dose; ``before_first`` had none yet.

    ``mean`` is the mean of people's PDC, ``known_mean`` the same with days nobody reported left out;
    ``at_threshold`` how many reached the threshold, of those with a denominator. ``excluded`` counts days.
    """

    first: date
    last: date
    people: int
    before_first: int
    mean: Fraction | None
    known_mean: Fraction | None
    at_threshold: Share
    excluded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramMeasures:
    """What one substance comes to in a program.

    ``persisted``: days -> those who persisted that long, of those whose first confirmed dose lies that far back.
    ``too_recent`` are left out of the longest of them. ``median_persistence`` is in days so far.
    """

    substance: Substance
    people: int
    months: list[Month]
    persisted: dict[int, Share]
    too_recent: int
    median_persistence: float | None
    continuity: Share
    on_time: Share


PERSISTED = (30, 90, 180)
LOOK_BACK = 365
"""Treatments that began in this many days count for persistence and continuity."""


def program_measures(*, program_id: int, zone: str, now: datetime, months: int = 6) -> list[ProgramMeasures]:
    """Adherence of a program by month and substance, the oldest month first, with the same few queries always.

    A treatment counts in a month from its first confirmed dose to its end. Persistence, continuity and the
    on-time rate look at treatments that began in the last year. The present month ends yesterday.
    """
    policy = policy_for(program_id)
    end = dosing_day(now, zone) - _DAY
    spans = _months(end, months)
    first = min(spans[0][0], end - timedelta(days=LOOK_BACK))
    treatments = list(
        Treatment.objects.filter(program_id=program_id, started_on__lte=end)
        .exclude(ended_on__lt=first)
        .order_by("pk")
        .values_list("patient_id", "patient__zone", "started_on", "ended_on")
    )
    known = histories(
        patients={patient_id: zone for patient_id, zone, _, _ in treatments}, first=first, last=end, policy=policy
    )
    lines: dict[Substance, list[_Span]] = {}
    for patient_id, _, started_on, ended_on in treatments:
        for substance, history in known.get(patient_id, {}).items():
            span = _span(history, started_on, min(end, ended_on or end))
            lines.setdefault(substance, []).append(span)
    return [
        ProgramMeasures(
            substance=substance,
            people=len(rows),
            months=[_month(rows, start, last, policy) for start, last in spans],
            **_long(rows, end, policy),
        )
        for substance, rows in sorted(lines.items())
    ]


@dataclass(frozen=True, slots=True)
class _Span:
    """One treatment and one substance, its first confirmed dose in it, and its last day so far."""

    history: History
    supplies: list[adherence.Supply]
    away: dict[date, str]
    silent: set[date]
    started_on: date
    first_on: date | None
    last_on: date


def _span(history: History, started_on: date, last_on: date) -> _Span:
    supplies = supplies_of(history)
    first_on = next((supply.day for supply in supplies if started_on <= supply.day <= last_on), None)
    return _Span(
        history, supplies, measures.away_dates(history), measures.silent_dates(history), started_on, first_on, last_on
    )


def _months(end: date, count: int) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    last = end
    for _ in range(count):
        start = last.replace(day=1)
        found.append((start, last))
        last = start - _DAY
    return found[::-1]


def _month(rows: Iterable[_Span], first: date, last: date, policy: Policy) -> Month:
    people = before = excluded = reached = 0
    values: list[Fraction] = []
    known: list[Fraction] = []
    for row in rows:
        end = min(last, row.last_on)
        if row.started_on > end or row.last_on < first:
            continue
        if row.first_on is None or row.first_on > end:
            before += 1
            continue
        people += 1
        start = max(first, row.first_on)
        near = [supply for supply in row.supplies if supply.day <= end and _reaches(supply, start)]
        found = adherence.pdc(near, start=start, end=end, away_unknown=row.away, not_reported=row.silent)
        if found is None:  # nothing reaches into the month: uncovered, not unknown
            found = adherence.pdc(row.supplies, start=start, end=end, away_unknown=row.away, not_reported=row.silent)
        assert found is not None
        excluded += found.excluded
        if (value := found.share.value) is not None:
            values.append(value)
            reached += float(value) >= policy.pdc_threshold
        if (value := found.known_only.value) is not None:
            known.append(value)
    return Month(
        first=first,
        last=last,
        people=people,
        before_first=before,
        mean=sum(values, Fraction(0)) / len(values) if values else None,
        known_mean=sum(known, Fraction(0)) / len(known) if known else None,
        at_threshold=Share(Fraction(reached), len(values)),
        excluded=excluded,
    )


def _reaches(supply: adherence.Supply, start: date) -> bool:
    return supply.day + timedelta(hours=supply.hours) >= start


def _long(rows: Iterable[_Span], end: date, policy: Policy) -> dict[str, Any]:
    persisted = dict.fromkeys(PERSISTED, 0)
    eligible = dict.fromkeys(PERSISTED, 0)
    so_far: list[int] = []
    whole = reached = on_time = after_first = too_recent = 0
    for row in rows:
        if row.first_on is None or row.started_on <= end - timedelta(days=LOOK_BACK):
            continue
        window = {"start": row.first_on, "end": row.last_on}
        days = adherence.persistence(row.supplies, away_unknown=row.away, policy=policy, **window)
        if days is None:
            continue
        so_far.append(days)
        since = (end - row.first_on).days + 1
        too_recent += since < PERSISTED[-1]
        for wanted in PERSISTED:
            if since >= wanted:
                eligible[wanted] += 1
                persisted[wanted] += days >= wanted
        if since >= policy.continuity_days:
            whole += 1
            found = adherence.continuity(row.supplies, away_unknown=row.away, policy=policy, **window)
            reached += found.reached
        rate = measures.on_time([depot.given_on for depot in row.history.depots], policy=policy, **window)
        on_time += int(rate.part)
        after_first += rate.whole
    return {
        "persisted": {days: Share(Fraction(persisted[days]), eligible[days]) for days in PERSISTED},
        "too_recent": too_recent,
        "median_persistence": float(median(so_far)) if so_far else None,
        "continuity": Share(Fraction(reached), whole),
        "on_time": Share(Fraction(on_time), after_first),
    }
