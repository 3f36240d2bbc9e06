"""The contingency ledger: what a step earns, under caps, and how the incentive fades (N30, C 1 row 100).

Pure; money in whole US cents. Off by default. What somebody earned stays theirs: no rule here takes
anything away for a missed day, and the amount never depends on a run that can break (streak loss is not
used as punishment). The amount falls on a calendar known from the first day, because gains vanish when
incentives end at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from recovery.rules.policy import Policy


class Phase(StrEnum):
    """Where a plan stands. Stored with each entry."""

    FULL = "full"
    TAPER = "taper"
    FADE = "fade"  # praise without money
    OVER = "over"


class Reason(StrEnum):
    """What earns. Stored: never rename one. A return to use, or a missed day, is not on the list of anything."""

    VISIT_KEPT = "visit_kept"
    DOSE_OBSERVED = "dose_observed"
    SESSION_ATTENDED = "session_attended"
    NEGATIVE_TEST = "negative_test"
    GOAL_STEP = "goal_step"


class EntryKind(StrEnum):
    EARNED = "earned"
    REDEEMED = "redeemed"
    CORRECTED = "corrected"  # takes back an entry that was recorded in error


@dataclass(frozen=True, slots=True)
class Award:
    """What a step earns: the amount after caps, and which cap cut it ('' for none)."""

    cents: int
    phase: Phase
    capped_by: str


def week_of(started_on: date, day: date) -> int:
    """Return the week of the plan, the first being 0."""
    return (day - started_on).days // 7


def phase_on(*, started_on: date, day: date, policy: Policy) -> Phase:
    """Return the phase of a plan on a day. Before its first day it is over, too: nothing is earned then."""
    week = week_of(started_on, day)
    if week < 0:
        return Phase.OVER
    for phase, weeks in (
        (Phase.FULL, policy.reward_full_weeks),
        (Phase.TAPER, policy.reward_taper_weeks),
        (Phase.FADE, policy.reward_fade_weeks),
    ):
        if week < weeks:
            return phase
        week -= weeks
    return Phase.OVER


def step_cents(*, started_on: date, day: date, policy: Policy) -> int:
    """Return what one step earns on a day before caps: whole, then falling evenly week by week, then nothing."""
    phase = phase_on(started_on=started_on, day=day, policy=policy)
    if phase is Phase.FULL:
        return policy.reward_step_cents
    if phase is not Phase.TAPER:
        return 0
    into = week_of(started_on, day) - policy.reward_full_weeks
    left = policy.reward_taper_weeks - into
    return policy.reward_step_cents * left // (policy.reward_taper_weeks + 1)


def award(*, started_on: date, day: date, this_week_cents: int, total_cents: int, policy: Policy) -> Award:
    """Return what a step earns, given what was earned in the same week of the plan and altogether."""
    cents = step_cents(started_on=started_on, day=day, policy=policy)
    capped_by = ""
    for name, room in (
        ("week", policy.reward_week_cap_cents - this_week_cents),
        ("total", policy.reward_total_cap_cents - total_cents),
    ):
        if cents > max(0, room):
            cents, capped_by = max(0, room), name
    return Award(cents, phase_on(started_on=started_on, day=day, policy=policy), capped_by)


def ends_on(*, started_on: date, policy: Policy) -> date:
    """Return the last day of a plan, its fade included."""
    weeks = policy.reward_full_weeks + policy.reward_taper_weeks + policy.reward_fade_weeks
    return started_on + timedelta(days=weeks * 7 - 1)
