"""How much of a time was covered, counted the ways that payers and clinicians count (C 4).

Days are calendar days in the patient's zone; clock changes do not touch them.
Every number comes as an exact fraction with its numerator and denominator, and
names its rule. No report is counted as uncovered and shown apart: ``known_only``
leaves such days out. A window before the first dose has no adherence: None, not 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from recovery.rules.policy import Policy
from recovery.rules.states import DoseState

_DAY = timedelta(days=1)
_ONE = Fraction(1)


class CoverRule(StrEnum):
    """How overlapping cover is counted; stored with each number."""

    UNION = "union"
    """Two depots do not add up (C 4.1)."""
    CARRY_FORWARD = "carry_forward"
    """An early fill begins when the one before it ends (PQA)."""


@dataclass(frozen=True, slots=True)
class Supply:
    """A confirmed dose or fill: the day it counts from, and for how many hours.

    Whole days count from that day on (48 h: that day and the next). Hours beyond
    whole days fill a part of the following one: three of 8 h on a day make a day.
    """

    day: date
    hours: float

    @classmethod
    def of_days(cls, day: date, days: int) -> Supply:
        """Return a supply of ``days`` whole days."""
        return cls(day, days * 24)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; ``value`` is None when the whole is nothing."""

    part: Fraction
    whole: int

    @property
    def value(self) -> Fraction | None:
        """The exact share."""
        return self.part / self.whole if self.whole else None

    @property
    def rounded(self) -> float | None:
        """The share to four decimals."""
        value = self.value
        return None if value is None else round(float(value), 4)


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of uncovered days, both ends included."""

    first_day: date
    last_day: date
    days: int


@dataclass(frozen=True, slots=True)
class Pdc:
    """Proportion of days covered, with every denominator (C 4.1, W6)."""

    rule: CoverRule
    days: int
    covered: Fraction
    excluded: int
    not_reported: int

    @property
    def share(self) -> Share:
        """Covered over days, without the excluded days. The number to report."""
        return Share(self.covered, self.days - self.excluded)

    @property
    def known_only(self) -> Share:
        """The same with days nobody reported left out."""
        return Share(self.covered, self.days - self.excluded - self.not_reported)

    @property
    def nothing_excluded(self) -> Share:
        """Covered over every day of the window."""
        return Share(self.covered, self.days)


@dataclass(frozen=True, slots=True)
class DoseCount:
    """Doses taken of doses due, and the same in mg."""

    doses: Share
    known_only: Share
    mg: Share | None


@dataclass(frozen=True, slots=True)
class Continuity:
    """Treatment without a gap of 8 days or more, and whether it lasted 180 days (N32)."""

    days: int
    last_day: date | None
    reached: bool


def window_days(start: date, end: date) -> int:
    """Return the days of a window, both ends included. Raises ``ValueError`` if it ends before it begins."""
    if end < start:
        raise ValueError("The window ends before it begins.")
    return (end - start).days + 1


def cover_by_day(
    supplies: Iterable[Supply], *, start: date, end: date, rule: CoverRule = CoverRule.UNION
) -> dict[date, Fraction]:
    """Return the covered part of each day of the window that has any cover.

    Cover that began before the window counts inside it. Under carry-forward an
    early fill begins when the one before it ends; under union the same day twice
    counts once, while parts of a day add up to one day.
    """
    window_days(start, end)
    covered: dict[date, Fraction] = {}
    free_from: date | None = None
    for supply in sorted(supplies, key=lambda supply: supply.day):
        whole, part = _whole_and_part(supply.hours)
        first = supply.day
        if rule is CoverRule.CARRY_FORWARD and whole:
            if free_from is not None and free_from > first:
                first = free_from
            free_from = first + timedelta(days=whole)
        day = max(first, start)
        last = min(first + timedelta(days=whole - 1), end)
        while day <= last:
            covered[day] = _ONE
            day += _DAY
        after = first + timedelta(days=whole)
        if part and start <= after <= end:
            covered[after] = min(_ONE, covered.get(after, Fraction(0)) + part)
    return covered


@lru_cache(maxsize=256)
def _whole_and_part(hours: float) -> tuple[int, Fraction]:
    exact = Fraction(hours).limit_denominator(3600)
    if exact <= 0:
        raise ValueError("Coverage must be above 0 hours.")
    whole = int(exact // 24)
    return whole, (exact - whole * 24) / 24


def pdc(
    supplies: Sequence[Supply],
    *,
    start: date,
    end: date,
    rule: CoverRule = CoverRule.UNION,
    away_unknown: Collection[date] = (),
    not_reported: Collection[date] = (),
) -> Pdc | None:
    """Return the proportion of days covered in the window; None before the first dose.

    ``away_unknown`` are days in hospital or custody on which nobody knows what was
    given: they leave the denominator unless something covers them anyway (a depot
    still does, W7). ``not_reported`` days stay in as uncovered; where a day is
    covered or excluded it does not count as unreported.
    """
    if not any(supply.day <= end for supply in supplies):
        return None
    covered = cover_by_day(supplies, start=start, end=end, rule=rule)
    excluded = {day for day in away_unknown if start <= day <= end and day not in covered}
    silent = {day for day in not_reported if start <= day <= end and day not in covered} - excluded
    return Pdc(
        rule=rule,
        days=window_days(start, end),
        covered=sum(covered.values(), Fraction(0)),
        excluded=len(excluded),
        not_reported=len(silent),
    )


def mpr(supplies: Iterable[Supply], *, start: date, end: date) -> Share:
    """Return the days' supply given inside the window over its days; can exceed 1 (cap it for display only)."""
    total = sum(
        (Fraction(supply.hours).limit_denominator(3600) / 24 for supply in supplies if start <= supply.day <= end),
        Fraction(0),
    )
    return Share(total, window_days(start, end))


def gaps(
    supplies: Iterable[Supply],
    *,
    start: date,
    end: date,
    rule: CoverRule = CoverRule.UNION,
    away_unknown: Collection[date] = (),
) -> list[Gap]:
    """Return the runs of days without any cover, in order.

    An excluded day neither lengthens a gap nor ends it: ``days`` counts the
    others, so a gap may span more dates than it has days.
    """
    covered = cover_by_day(supplies, start=start, end=end, rule=rule)
    excluded = set(away_unknown)
    found: list[Gap] = []
    run: list[date] = []
    day = start
    while day <= end:
        if day in covered:
            if run:
                found.append(Gap(run[0], run[-1], len(run)))
                run = []
        elif day not in excluded:
            run.append(day)
        day += _DAY
    if run:
        found.append(Gap(run[0], run[-1], len(run)))
    return found


def longest_gap(found: Iterable[Gap]) -> Gap | None:
    """Return the longest gap, the earliest of equals; None without one."""
    return max(found, key=lambda gap: (gap.days, -gap.first_day.toordinal()), default=None)


def gaps_of_at_least(found: Iterable[Gap], days: int) -> list[Gap]:
    """Return the gaps of ``days`` days or more (C 4.1 reports 7, 8, 14 and 30)."""
    return [gap for gap in found if gap.days >= days]


def gap_reaches_on(gap: Gap, days: int) -> date | None:
    """Return the date on which an unbroken gap reached ``days`` days; None if it never did."""
    return gap.first_day + timedelta(days=days - 1) if gap.days >= days else None


def persistence(
    supplies: Sequence[Supply],
    *,
    start: date,
    end: date,
    away_unknown: Collection[date] = (),
    policy: Policy,
) -> int | None:
    """Return the days from ``start`` to the last covered day before the first gap of 30 days.

    The whole window if there is no such gap; None before the first dose.
    """
    if not any(supply.day <= end for supply in supplies):
        return None
    found = gaps(supplies, start=start, end=end, away_unknown=away_unknown)
    ending = next(iter(gaps_of_at_least(found, policy.persistence_gap_days)), None)
    if ending is None:
        return window_days(start, end)
    return (ending.first_day - start).days


def continuity(
    supplies: Sequence[Supply],
    *,
    start: date,
    end: date,
    away_unknown: Collection[date] = (),
    policy: Policy,
) -> Continuity:
    """Return how long treatment lasted from ``start`` without a gap of 8 days or more, to ``end`` at most.

    Shorter gaps inside count as treatment; the uncovered days at its end do not.
    """
    covered = cover_by_day(supplies, start=start, end=end)
    found = gaps(supplies, start=start, end=end, away_unknown=away_unknown)
    ending = next(iter(gaps_of_at_least(found, policy.continuity_gap_days)), None)
    limit = end if ending is None else ending.first_day - _DAY
    last = max((day for day in covered if day <= limit), default=None)
    days = 0 if last is None else (last - start).days + 1
    return Continuity(days=days, last_day=last, reached=days >= policy.continuity_days)


def on_time_rate(given_on: Iterable[date], *, policy: Policy) -> Share:
    """Return the injections given within 28 + 3 days of the one before, over those after the first.

    Two records of the same day count once.
    """
    days = sorted(set(given_on))
    limit = policy.due_at_dsl + policy.on_time_grace_days
    on_time = sum((later - earlier).days <= limit for earlier, later in pairwise(days))
    return Share(Fraction(on_time), max(0, len(days) - 1))


def dose_count(doses: Iterable[tuple[DoseState, float | None]]) -> DoseCount:
    """Return doses taken over doses due from (state, mg); report it beside PDC for 2- and 3-day regimens.

    Cancelled and held doses are not due, nor those whose day is not over. A dose
    not reported is due; ``known_only`` leaves it out. ``mg`` is None unless every
    due dose has an amount.
    """
    due = [dose for dose in doses if dose[0] in _DUE]
    taken = [dose for dose in due if dose[0] is DoseState.TAKEN]
    known = sum(state is not DoseState.NOT_REPORTED for state, _ in due)
    weighed = None
    if due and all(mg is not None for _, mg in due):
        total = sum((_mg(mg) for _, mg in due), Fraction(0))
        got = sum((_mg(mg) for _, mg in taken), Fraction(0))
        # Share wants a whole number below: scale both by the denominator.
        weighed = Share(got * total.denominator, int(total * total.denominator))
    return DoseCount(
        doses=Share(Fraction(len(taken)), len(due)),
        known_only=Share(Fraction(len(taken)), known),
        mg=weighed,
    )


def _mg(mg: float | None) -> Fraction:
    return Fraction(mg or 0).limit_denominator(1000)


_DUE = frozenset({DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED, DoseState.NOT_REPORTED})
