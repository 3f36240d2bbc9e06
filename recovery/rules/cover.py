"""How long a medicine covers, and the bands after an injection (contract 2, C 3.3).

The day of the injection is day 0 (DSL 0) by its calendar date; the 04:00 roll
is for doses only. Bands change at the patient's local midnight, before the
facts of that day. A band never goes back because a patient moved to another
zone: callers pass the band that is stored, and ask what comes after it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from backend.rules import wall_time
from recovery.rules.policy import Policy
from recovery.rules.states import Band


class InjectionDateError(ValueError):
    """An injection on a day on which it cannot have been given."""

    field = "given_on"


class InjectionWarning(StrEnum):
    """What staff are told about an injection. A warning never refuses a record (S 9)."""

    EARLY = "early"
    SAME_SIDE = "same_side"
    EXPIRED_LOT = "expired_lot"


class Side(StrEnum):
    """Which buttock."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def other(self) -> Side:
        """The side that is next in turn."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


@dataclass(frozen=True, slots=True)
class BandChange:
    """A band that begins: on which local date, at which instant."""

    band: Band
    dsl: int
    on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """Dates to offer for the next injection."""

    earliest: date
    proposed: date
    latest: date
    same_date_next_month: date


def days_since(given_on: date, today: date) -> int:
    """Return the days since the injection (DSL), 0 on its day. Raises ``InjectionDateError`` before it."""
    if today < given_on:
        raise InjectionDateError("The injection lies in the future.")
    return (today - given_on).days


@lru_cache(maxsize=256)
def band_starts(policy: Policy) -> tuple[tuple[Band, int], ...]:
    """Return each band with the DSL on which it begins, in order."""
    return (
        (Band.COVERED, 0),
        (Band.DUE_SOON, policy.due_soon_from_dsl),
        (Band.DUE, policy.due_at_dsl),
        (Band.OVERDUE_1, policy.overdue_1_from_dsl),
        (Band.OVERDUE_4, policy.overdue_4_from_dsl),
        (Band.OVERDUE_8, policy.overdue_8_from_dsl),
        (Band.LAPSED, policy.lapsed_from_dsl),
        (Band.DISCONTINUED, policy.discontinued_from_dsl),
    )


def band_of(dsl: int, *, policy: Policy) -> Band:
    """Return the band on day ``dsl``. Raises ``InjectionDateError`` for a negative day."""
    if dsl < 0:
        raise InjectionDateError("The injection lies in the future.")
    found = Band.COVERED
    for band, start in band_starts(policy):
        if dsl >= start:
            found = band
    return found


def next_change(given_on: date, *, band: Band, zone: ZoneInfo | str, policy: Policy) -> BandChange | None:
    """Return the change that follows the stored ``band``, None after the last.

    The instant is midnight in the zone where the patient is now, so that a move
    west cannot bring a stored band back and a move east cannot fire one twice (W1).
    """
    for later, start in band_starts(policy):
        if later.rank == band.rank + 1:
            return _change(given_on, later, start, zone)
    return None


def changes_due(given_on: date, *, band: Band, zone: ZoneInfo | str, now: datetime, policy: Policy) -> list[BandChange]:
    """Return every change after the stored ``band`` up to and including ``now``, in order.

    A tick that ran late finds all the bands that it passed, each with its own instant.
    """
    due: list[BandChange] = []
    for later, start in band_starts(policy):
        if later.rank > band.rank:
            change = _change(given_on, later, start, zone)
            if change.at > now:
                break
            due.append(change)
    return due


def _change(given_on: date, band: Band, dsl: int, zone: ZoneInfo | str) -> BandChange:
    on = given_on + timedelta(days=dsl)
    return BandChange(band=band, dsl=dsl, on=on, at=wall_time.local_midnight(on, zone))


def cover_ends(given_on: date, *, policy: Policy) -> date:
    """Return the first day that the injection no longer covers (date + 28)."""
    return given_on + timedelta(days=policy.injection_cover_days)


def next_due(given_on: date, *, policy: Policy) -> date:
    """Return the day on which the next injection is due (DSL 28)."""
    return given_on + timedelta(days=policy.due_at_dsl)


def after_care_ends(cover_ended_on: date, *, policy: Policy) -> date:
    """Return the last day of the watch after cover ended, tablet and injection alike (C 3.5, opioid only)."""
    return cover_ended_on + timedelta(days=policy.after_care_days)


def same_date_next_month(day: date) -> date:
    """Return the same date a month later, clamped to the month's end (31 January gives 28 February)."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def visit_window(given_on: date, *, policy: Policy) -> VisitWindow:
    """Return the dates to offer: 28 days on, three days either way, never past the same date next month.

    In a February of 28 days both are the same date, and nothing later is offered.
    """
    monthly = same_date_next_month(given_on)
    proposed = min(next_due(given_on, policy=policy), monthly)
    offer = timedelta(days=policy.visit_offer_days)
    return VisitWindow(
        earliest=proposed - offer,
        proposed=proposed,
        latest=max(proposed, min(proposed + offer, monthly)),
        same_date_next_month=monthly,
    )


def returned_late(previous_given_on: date, given_on: date, *, policy: Policy) -> bool:
    """Whether an injection came after the previous one had crossed into ``overdue_1``.

    The band of a day begins at midnight and the facts come after, so an
    injection on DSL 29 has crossed. Such a flag is ``returned`` when it is red.
    """
    return band_of(days_since(previous_given_on, given_on), policy=policy).is_late


def check_injection_date(given_on: date, *, today: date, born_on: date | None) -> None:
    """Raise ``InjectionDateError`` for an injection in the future or before birth."""
    if given_on > today:
        raise InjectionDateError("An injection cannot be recorded before it is given.")
    if born_on is not None and given_on < born_on:
        raise InjectionDateError("The injection lies before the date of birth.")


def injection_warnings(
    given_on: date,
    *,
    previous_given_on: date | None,
    earliest: date | None = None,
    side: Side | None = None,
    previous_side: Side | None = None,
    lot_expires_on: date | None = None,
    policy: Policy,
) -> list[InjectionWarning]:
    """Return what to tell staff who record an injection; the record is kept in every case.

    ``earliest`` is the earliest date of the medicine (``schedule.next_injection``);
    without it, the injection of naltrexone before DSL 21 is early (C 3.3).
    """
    warnings = []
    if earliest is None and previous_given_on is not None:
        earliest = previous_given_on + timedelta(days=policy.early_injection_below_dsl)
    if earliest is not None and given_on < earliest:
        warnings.append(InjectionWarning.EARLY)
    if side is not None and side is previous_side:
        warnings.append(InjectionWarning.SAME_SIDE)
    if lot_expires_on is not None and lot_expires_on < given_on:
        warnings.append(InjectionWarning.EXPIRED_LOT)
    return warnings


def unprotected_since(doses: Iterable[tuple[datetime, float]]) -> datetime | None:
    """Return when cover by tablets ended or will end: the last taken dose plus its coverage hours.

    ``doses`` are (instant taken, coverage hours) of taken doses in any order; a
    dose without a stated time comes with the instant it was due. None without a
    dose. Staff see it, patients do not (C 3.2).
    """
    last = max(doses, key=lambda dose: dose[0], default=None)
    return None if last is None else last[0] + timedelta(hours=last[1])
