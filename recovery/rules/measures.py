"""What a record comes to in a window: every measure of C 4 at once, from facts that the caller read.

Pure. A measure is about one substance: tablets that bridge two injections count with them (W10), a second
medicine beside them does not. Each number keeps its rule, its denominator and what was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import ceil

from recovery.rules import adherence
from recovery.rules.adherence import CoverRule, Supply
from recovery.rules.medicines import CATALOGUE, Medicine
from recovery.rules.policy import Policy
from recovery.rules.states import DoseState

LONGEST_WINDOW = 1100
"""Days of a window that is asked for."""
REACH_BACK = 400
"""Days before a window in which something may have been given that still covers it."""
GAP_DAYS = (7, 8, 14, 30)
"""Lengths of gaps that are reported (C 4.1)."""
_DAY = timedelta(days=1)


class Substance(StrEnum):
    """What counts together, whatever its form."""

    NALTREXONE = "naltrexone"
    BUPRENORPHINE = "buprenorphine"
    METHADONE = "methadone"
    ACAMPROSATE = "acamprosate"
    DISULFIRAM = "disulfiram"
    OTHER = "other"


_OF = {
    Medicine.NALTREXONE_TABLET: Substance.NALTREXONE,
    Medicine.NALTREXONE_INJECTION: Substance.NALTREXONE,
    Medicine.NALTREXONE_IMPLANT: Substance.NALTREXONE,
    Medicine.BUPRENORPHINE_SUBLINGUAL: Substance.BUPRENORPHINE,
    Medicine.SUBLOCADE: Substance.BUPRENORPHINE,
    Medicine.BRIXADI_WEEKLY: Substance.BUPRENORPHINE,
    Medicine.BRIXADI_MONTHLY: Substance.BUPRENORPHINE,
    Medicine.METHADONE: Substance.METHADONE,
    Medicine.ACAMPROSATE: Substance.ACAMPROSATE,
    Medicine.DISULFIRAM: Substance.DISULFIRAM,
}


def substance_of(medicine: str) -> Substance:
    """Return what a medicine counts as."""
    return _OF.get(Medicine(medicine), Substance.OTHER) if medicine in set(Medicine) else Substance.OTHER


_COVER_DAYS = {entry.medicine: entry.interval.cover_days for entry in CATALOGUE.values() if entry.interval is not None}


def depot_days(medicine: str, *, policy: Policy) -> int:
    """Return the days that one depot or implant covers, its own day counted; 0 where none are known."""
    if medicine == Medicine.NALTREXONE_INJECTION:
        return policy.injection_cover_days
    if medicine == Medicine.NALTREXONE_IMPLANT:
        return policy.implant_cover_days
    return _COVER_DAYS.get(Medicine(medicine), 0) if medicine in set(Medicine) else 0


@dataclass(frozen=True, slots=True)
class DoseFact:
    """A slot. ``taken_day`` is the dosing day of the stated time: cover counts from it (W5)."""

    day: date
    state: DoseState
    hours: float
    mg: float
    taken_day: date | None = None


@dataclass(frozen=True, slots=True)
class Depot:
    """One that counts: verified, not voided."""

    given_on: date
    days: int


@dataclass(frozen=True, slots=True)
class AwayFact:
    """Days in hospital, custody or residential care, both included; the day of the way back is one of them (W7)."""

    first: date
    last: date
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known of one person and one substance. ``others``: (day, hours) stated as taken without a slot."""

    doses: Sequence[DoseFact] = ()
    depots: Sequence[Depot] = ()
    others: Sequence[tuple[date, float]] = ()
    away: Sequence[AwayFact] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Days that left the denominator, and why: a time away on which nobody knows what was given."""

    first: date
    last: date
    days: int
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Every measure of one substance in one window, both ends included.

    ``pdc`` is None before the first confirmed dose: there is no adherence then, not one of 0. ``on_time`` is
    None without a second injection.
    """

    substance: Substance
    start: date
    end: date
    pdc: adherence.Pdc | None
    pdc_carry: adherence.Pdc | None
    mpr: adherence.Share
    doses: adherence.DoseCount
    gaps: list[adherence.Gap]
    longest_gap: adherence.Gap | None
    gaps_of_at_least: dict[int, int]
    persistence_days: int | None
    continuity: adherence.Continuity
    on_time: adherence.Share
    left_out: list[LeftOut]
    not_reported: list[date]


def supplies_of(history: History) -> list[Supply]:
    """Return everything confirmed that covers: doses taken, from their stated day on, depots, and what had no slot."""
    found = [Supply(dose.taken_day or dose.day, dose.hours) for dose in history.doses if dose.state is DoseState.TAKEN]
    found += [Supply.of_days(depot.given_on, depot.days) for depot in history.depots if depot.days > 0]
    found += [Supply(day, hours) for day, hours in history.others]
    return sorted(found, key=lambda supply: supply.day)


def away_dates(history: History) -> dict[date, str]:
    """Return each day away with its place."""
    found: dict[date, str] = {}
    for stay in history.away:
        day = stay.first
        while day <= stay.last:
            found.setdefault(day, stay.place)
            day += _DAY
    return found


def silent_dates(history: History) -> set[date]:
    """Return the days that doses nobody reported would have covered."""
    return {
        dose.day + timedelta(days=n)
        for dose in history.doses
        if dose.state is DoseState.NOT_REPORTED
        for n in range(max(1, ceil(dose.hours / 24)))
    }


def measure(history: History, *, substance: Substance, start: date, end: date, policy: Policy) -> Measures:
    """Return every measure of the window. Raises ``ValueError`` for one that ends before it begins."""
    supplies = supplies_of(history)
    away, silent = away_dates(history), silent_dates(history)
    covered = adherence.cover_by_day(supplies, start=start, end=end)
    found = adherence.gaps(supplies, start=start, end=end, away_unknown=away)
    pdc = adherence.pdc(supplies, start=start, end=end, away_unknown=away, not_reported=silent)
    return Measures(
        substance=substance,
        start=start,
        end=end,
        pdc=pdc,
        pdc_carry=adherence.pdc(
            supplies, start=start, end=end, rule=CoverRule.CARRY_FORWARD, away_unknown=away, not_reported=silent
        ),
        mpr=adherence.mpr(supplies, start=start, end=end),
        doses=adherence.dose_count(
            (dose.state, dose.mg)
            for dose in history.doses
            if start <= dose.day <= end and (dose.state is DoseState.TAKEN or dose.day not in away)
        ),
        gaps=found,
        longest_gap=adherence.longest_gap(found),
        gaps_of_at_least={days: len(adherence.gaps_of_at_least(found, days)) for days in GAP_DAYS},
        persistence_days=adherence.persistence(supplies, start=start, end=end, away_unknown=away, policy=policy),
        continuity=adherence.continuity(supplies, start=start, end=end, away_unknown=away, policy=policy),
        on_time=on_time([depot.given_on for depot in history.depots], start=start, end=end, policy=policy),
        left_out=_runs({day: place for day, place in away.items() if start <= day <= end and day not in covered}),
        not_reported=sorted(day for day in silent if start <= day <= end and day not in covered and day not in away),
    )


def on_time(given_on: Iterable[date], *, start: date, end: date, policy: Policy) -> adherence.Share:
    """Return the on-time rate of the injections of the window; the one before it is what the first is counted from."""
    days = sorted({day for day in given_on if day <= end})
    before = [day for day in days if day < start]
    return adherence.on_time_rate([*before[-1:], *(day for day in days if day >= start)], policy=policy)


def _runs(days: dict[date, str]) -> list[LeftOut]:
    found: list[LeftOut] = []
    for day, place in sorted(days.items()):
        last = found[-1] if found else None
        if last is not None and last.place == place and last.last + _DAY == day:
            found[-1] = LeftOut(last.first, day, last.days + 1, place)
        else:
            found.append(LeftOut(day, day, 1, place))
    return found
