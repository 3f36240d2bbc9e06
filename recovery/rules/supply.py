"""How long what is at hand lasts: tablets, and the medicine of the next visit (S 19, N6).

Counts are in mg, so that two halves and one whole tablet are the same. What nobody reported counts as
used: a refill that comes a day early harms nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from recovery.rules.medicines import Medicine
from recovery.rules.policy import Policy
from recovery.rules.records import CountKind, Supply
from recovery.rules.schedule import Regimen, dose_slots

LOOK_AHEAD_DAYS = 120
USUAL_TABLET_MG = {
    Medicine.NALTREXONE_TABLET: 50.0,
    Medicine.ACAMPROSATE: 333.0,
    Medicine.DISULFIRAM: 250.0,
    Medicine.BUPRENORPHINE_SUBLINGUAL: 8.0,
}
"""What a tablet usually holds, where nobody recorded a pick-up (C 10, the strengths as packed)."""


@dataclass(frozen=True, slots=True)
class Count:
    """Tablets picked up on a day, or left at its end."""

    kind: CountKind
    on_day: date
    tablets: int
    tablet_mg: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a count of tablets begins: ``mg`` at hand, used from ``since`` on (that day included)."""

    mg: float
    since: date
    tablet_mg: float
    on_day: date


@dataclass(frozen=True, slots=True)
class AtHand:
    """``tablets`` whole tablets are left; the first dose they do not reach for is due on ``runs_out_on``.

    ``runs_out_on`` None: they last longer than four months, or no dose is planned.
    """

    tablets: int
    tablet_mg: float
    counted_on: date
    runs_out_on: date | None

    def days_left(self, today: date) -> int | None:
        """Days of doses from ``today`` on that are still covered; 0 when today's is not."""
        return None if self.runs_out_on is None else max(0, (self.runs_out_on - today).days)


def counted(counts: Sequence[Count]) -> Counted | None:
    """Return where counting begins, None without any count.

    The newest "so many left" is the base, and what was picked up on later days adds to it. Without one, the first
    that was picked up begins. Two of one kind on one day: both pick-ups add, the later count wins.
    """
    if not counts:
        return None
    in_order = sorted(counts, key=lambda each: each.on_day)  # stable: as they were recorded within a day
    left = [each for each in in_order if each.kind is CountKind.COUNTED]
    if left:
        base = left[-1]
        mg, since = base.tablets * base.tablet_mg, base.on_day + timedelta(days=1)
        later = [each for each in in_order if each.kind is CountKind.PICKED_UP and each.on_day > base.on_day]
    else:
        later = in_order
        mg, since = 0.0, in_order[0].on_day
    mg += sum(each.tablets * each.tablet_mg for each in later)
    newest = in_order[-1]
    return Counted(mg, since, newest.tablet_mg, newest.on_day)


def at_hand(base: Counted, *, used_mg: float, regimen: Regimen, today: date) -> AtHand:
    """Return what is left on ``today`` and when it runs out.

    ``used_mg`` are the doses due from ``base.since`` to the day before ``today`` that nobody said were not taken.
    Today's dose counts as still to come.
    """
    left = base.mg - used_mg
    runs_out = None
    remaining = left
    for slot in dose_slots(regimen, first_day=today, last_day=today + timedelta(days=LOOK_AHEAD_DAYS)):
        remaining -= slot.dose_mg
        if remaining < 0:
            runs_out = slot.dosing_day
            break
    return AtHand(max(0, int(left // base.tablet_mg)), base.tablet_mg, base.on_day, runs_out)


def refill_due(found: AtHand, *, today: date, policy: Policy) -> bool:
    """Whether to ask for a refill now."""
    return found.runs_out_on is not None and (found.runs_out_on - today).days <= policy.refill_lead_days


def supply_due_on(*, due_on: date, last_given_on: date | None, policy: Policy) -> date:
    """Return the day by which the medicine of a visit must be on site: DSL 21 (N6).

    A first injection has none before it: as many days ahead of the visit as day 21 is of day 28.
    """
    lead = timedelta(days=policy.due_at_dsl - policy.supply_on_site_by_dsl)
    if last_given_on is None:
        return due_on - lead
    return min(due_on, last_given_on + timedelta(days=policy.supply_on_site_by_dsl))


def supply_is_late(supply: str, *, due_by: date, today: date) -> bool:
    """Whether the medicine should be here and is not."""
    return supply != Supply.ON_SITE.value and today >= due_by
