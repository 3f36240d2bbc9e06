"""Which questionnaires fall due for a person on a day (C 5).

One look a day: never more than the policy's number of questionnaires on one day, the daily minute backs off after
days without an answer, and a PHQ-9 takes the place of the PHQ-2 that falls into the same week.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.policy import Policy


class Phase(StrEnum):
    """Where a person is in treatment."""

    EARLY = "early"
    LATER = "later"
    AFTER_CARE = "after_care"


_ORDER = (
    InstrumentKey.DAILY,
    InstrumentKey.PHQ9,
    InstrumentKey.PHQ2,
    InstrumentKey.AUDIT_C,
    InstrumentKey.MONTH,
)
"""Who comes first when more falls due on a day than is asked."""
_ONCE = frozenset({InstrumentKey.AUDIT_C})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the schedule needs to know. ``last``: the day on which each was last due; ``silent_days``: daily minutes
    in a row without an answer; ``askable``: what may be asked of this person at all; ``open``: what waits already."""

    started_on: date
    ended_on: date | None = None
    last: Mapping[InstrumentKey, date] = field(default_factory=dict)
    silent_days: int = 0
    askable: frozenset[InstrumentKey]
    open: frozenset[InstrumentKey] = frozenset()
    made_today: int = 0


def phase_of(*, started_on: date, ended_on: date | None, today: date, policy: Policy) -> Phase | None:
    """Return the phase, None before the start and when after-care is over."""
    if today < started_on:
        return None
    if ended_on is not None and today >= ended_on:
        return Phase.AFTER_CARE if (today - ended_on).days <= policy.after_care_days else None
    return Phase.EARLY if (today - started_on).days < policy.questions_early_days else Phase.LATER


def every_days(instrument: InstrumentKey, phase: Phase, *, policy: Policy) -> int | None:
    """Return how often a questionnaire is asked, in days; None when it is not asked in this phase."""
    early = phase is not Phase.LATER
    if instrument is InstrumentKey.DAILY:
        return policy.daily_every_days if early else policy.daily_every_days_later
    if instrument is InstrumentKey.PHQ2:
        return policy.phq2_every_days if early else policy.phq2_every_days_later
    if instrument is InstrumentKey.PHQ9:
        return policy.phq9_every_days if early else policy.phq9_every_days_later
    if instrument is InstrumentKey.MONTH:
        return policy.month_every_days if early else policy.month_every_days_later
    return None


def due_today(person: Person, *, today: date, policy: Policy) -> list[InstrumentKey]:
    """Return what falls due on ``today``, most important first; nothing twice, nothing that waits already."""
    phase = phase_of(started_on=person.started_on, ended_on=person.ended_on, today=today, policy=policy)
    if phase is None:
        return []
    found = [each for each in _ORDER if each in person.askable and _is_due(each, person, phase, today, policy)]
    if InstrumentKey.PHQ9 in found or InstrumentKey.PHQ9 in person.open:
        found = [each for each in found if each is not InstrumentKey.PHQ2]
    room = max(0, policy.questions_a_day - person.made_today)
    return found[:room]


def _is_due(instrument: InstrumentKey, person: Person, phase: Phase, today: date, policy: Policy) -> bool:
    if instrument in person.open and instrument is not InstrumentKey.DAILY:
        return False
    last = person.last.get(instrument)
    if instrument in _ONCE:
        return last is None and phase is Phase.EARLY
    every = every_days(instrument, phase, policy=policy)
    if every is None:
        return False
    if instrument is InstrumentKey.DAILY and person.silent_days >= policy.daily_back_off_after:
        every = max(every, policy.daily_back_off_every_days)
    if instrument is InstrumentKey.PHQ2:
        # Both of its questions are in the PHQ-9.
        nine = person.last.get(InstrumentKey.PHQ9)
        last = max((day for day in (last, nine) if day is not None), default=None)
    return last is None or today >= last + timedelta(days=every)
