"""What is known of a dose, from what was said and what time it is (contract 1).

Sources are never merged: the state follows the latest report, and a
disagreement between sources is shown side by side. Not reported is not missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from backend.rules import wall_time
from recovery.rules.states import DoseState, ReportSource, Statement, Timeliness

SAID = frozenset({DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED})
"""States that somebody stated."""

_FINAL = SAID | {DoseState.HELD, DoseState.NOT_REPORTED, DoseState.CANCELLED}
_NOT_TAKEN = frozenset({DoseState.SKIPPED, DoseState.MISSED})


@dataclass(frozen=True, slots=True)
class Report:
    """One append-only report on a dose, as far as rules need it."""

    statement: Statement
    source: ReportSource
    received_at: datetime
    taken_at: datetime | None = None
    key: object = None
    supersedes: object = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What the reports on a dose come to."""

    state: DoseState
    timeliness: Timeliness | None
    backfilled: bool
    taken_at: datetime | None
    source: ReportSource


@dataclass(frozen=True, slots=True)
class SourceSays:
    """The latest word of one source."""

    source: ReportSource
    state: DoseState
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DaySlot:
    """A slot as ``slot_for_report`` looks at it; ``key`` is the caller's own handle."""

    key: object
    dosing_day: date
    due_at: datetime
    state: DoseState


def state_at(
    *,
    stored: DoseState | None,
    opens_at: datetime,
    closes_at: datetime,
    day_ends_at: datetime,
    now: datetime,
) -> DoseState:
    """Return the state to show at ``now``.

    What was said, ordered or cancelled stays; without that the time decides:
    scheduled before the window, due inside it (both ends included), overdue to
    the end of the dosing day, not_reported from then on, whether or not the tick
    that writes it has run.
    """
    if stored in _FINAL:
        return stored
    if now >= day_ends_at:
        return DoseState.NOT_REPORTED
    if now > closes_at:
        return DoseState.OVERDUE
    return DoseState.DUE if now >= opens_at else DoseState.SCHEDULED


def stated_state(statement: Statement, *, received_at: datetime, day_ends_at: datetime) -> DoseState:
    """Return the state that a statement makes: a no during the day is skipped, after it missed."""
    if statement is Statement.TAKEN:
        return DoseState.TAKEN
    return DoseState.SKIPPED if received_at < day_ends_at else DoseState.MISSED


def timeliness(taken_at: datetime | None, *, closes_at: datetime) -> Timeliness:
    """Return on_time or late by the stated time, unknown without one.

    Never judged by when a report arrived. A dose taken before its window opened
    is not late.
    """
    if taken_at is None:
        return Timeliness.UNKNOWN
    return Timeliness.ON_TIME if taken_at <= closes_at else Timeliness.LATE


def is_backfilled(*, received_at: datetime, day_ends_at: datetime) -> bool:
    """Whether a report arrived after the dosing day of its slot had ended."""
    return received_at >= day_ends_at


def reported(reports: Iterable[Report], *, closes_at: datetime, day_ends_at: datetime) -> Reported | None:
    """Return what the reports on a dose come to; None without a report that stands.

    The latest report by arrival decides; of two that arrived together, the later
    in ``reports``. One that another supersedes no longer counts.
    """
    standing = _standing(reports)
    if not standing:
        return None
    # max keeps the first of equals, so look from the end.
    latest = max(reversed(standing), key=lambda report: report.received_at)
    state = stated_state(latest.statement, received_at=latest.received_at, day_ends_at=day_ends_at)
    is_taken = state is DoseState.TAKEN
    return Reported(
        state=state,
        timeliness=timeliness(latest.taken_at, closes_at=closes_at) if is_taken else None,
        backfilled=is_backfilled(received_at=latest.received_at, day_ends_at=day_ends_at),
        taken_at=latest.taken_at if is_taken else None,
        source=latest.source,
    )


def disagreement(reports: Iterable[Report], *, day_ends_at: datetime) -> list[SourceSays]:
    """Return each source's latest word when sources differ on whether it was taken, else [].

    Oldest word first. Skipped and missed agree: they differ only in when it was said.
    """
    latest: dict[ReportSource, Report] = {}
    for report in _standing(reports):
        known = latest.get(report.source)
        if known is None or report.received_at >= known.received_at:
            latest[report.source] = report
    words = [
        SourceSays(
            source=report.source,
            state=stated_state(report.statement, received_at=report.received_at, day_ends_at=day_ends_at),
            received_at=report.received_at,
        )
        for report in sorted(latest.values(), key=lambda report: report.received_at)
    ]
    differ = len({word.state in _NOT_TAKEN for word in words}) > 1
    return words if differ else []


def _standing(reports: Iterable[Report]) -> list[Report]:
    everything = list(reports)
    replaced = {report.supersedes for report in everything if report.supersedes is not None}
    return [report for report in everything if report.key is None or report.key not in replaced]


def slot_for_report(slots: Sequence[DaySlot], *, taken_at: datetime, zone: ZoneInfo | str) -> DaySlot | None:
    """Return the slot that "I took it at ``taken_at``" fills, without a slot named.

    The slot of that dosing day which lies nearest and is not taken yet; if all of
    that day are taken, the nearest of them (the report repeats or corrects it). On
    a day without a slot, the one before it if that is not taken yet (S W5); when it
    is taken nothing older is filled: an extra tablet today says nothing of last week.
    None means a dose outside the plan: it is stored without a slot. Cancelled
    slots are never filled.
    """
    day = wall_time.dosing_day(taken_at, zone)
    planned = [slot for slot in slots if slot.state is not DoseState.CANCELLED]
    of_day = [slot for slot in planned if slot.dosing_day == day]
    if of_day:
        still_open = [slot for slot in of_day if slot.state is not DoseState.TAKEN]
        return min(still_open or of_day, key=lambda slot: (abs(slot.due_at - taken_at), slot.due_at))
    before = sorted((slot for slot in planned if slot.dosing_day < day), key=lambda slot: slot.due_at)
    if before and before[-1].state is not DoseState.TAKEN:
        return before[-1]
    return None
