"""When a text may leave: the daily window, clinic hours, and when it is too late.

Pure: no Django, no database, no clock. Window, expiry and the two kinds of red
are contract 4 and S 15; the numbers come in through ``WindowPolicy``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from backend.rules.wall_time import to_utc
from reminders.rules.states import MessageClass


@dataclass(frozen=True, slots=True)
class WindowPolicy:
    """The hours, in the reader's wall-clock time, in which an unasked text may leave (contract 4)."""

    opens: time = time(8)
    closes: time = time(21)  # exclusive: a text never leaves at 21:00 sharp


WINDOW = WindowPolicy()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in UTC, ``opens_at <= t < closes_at``."""

    opens_at: datetime
    closes_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.opens_at <= instant < self.closes_at


class Outside(StrEnum):
    """What becomes of a message whose time falls outside the window (M REL-5)."""

    MOVE = "move"  # to the next opening
    SUPPRESS = "suppress"


def window_for(day: date, zone: ZoneInfo, *, policy: WindowPolicy = WINDOW) -> Span:
    """Return the window of one local day, in UTC: 13 h, save where clocks change in daytime."""
    return Span(to_utc(day, policy.opens, zone), to_utc(day, policy.closes, zone))


def in_window(instant: datetime, *, zone: ZoneInfo, policy: WindowPolicy = WINDOW) -> bool:
    """Tell whether the reader's clock shows a time inside the window.

    Raises ``ValueError`` if ``instant`` is naive.
    """
    if instant.tzinfo is None:
        raise ValueError("instant must be timezone-aware")
    return policy.opens <= instant.astimezone(zone).time() < policy.closes


def next_opening(instant: datetime, *, zone: ZoneInfo, policy: WindowPolicy = WINDOW) -> datetime:
    """Return the first opening of the window strictly after ``instant``, in UTC."""
    day = instant.astimezone(zone).date()
    for ahead in range(4):
        opens_at = to_utc(day + timedelta(days=ahead), policy.opens, zone)
        # A zone may skip a whole date (Samoa did): its 08:00 is then the midnight after, which is no opening.
        if opens_at > instant and in_window(opens_at, zone=zone, policy=policy):
            return opens_at
    raise ValueError("no opening in four days")  # pragma: no cover - no zone does this


def place(
    wanted_at: datetime,
    *,
    zone: ZoneInfo,
    expires_at: datetime,
    outside: Outside = Outside.MOVE,
    allowed_outside: bool = False,
    policy: WindowPolicy = WINDOW,
) -> datetime | None:
    """Return when a message wanted at ``wanted_at`` may leave, or None when it may not leave at all.

    ``allowed_outside`` holds for acute red and for a dose time with the patient's recorded choice: such a
    message keeps its time. Any other one outside the window moves to the next opening if its rule says so
    and it has not expired by then.
    """
    if allowed_outside or in_window(wanted_at, zone=zone, policy=policy):
        return wanted_at if wanted_at < expires_at else None
    if outside is Outside.SUPPRESS:
        return None
    moved = next_opening(wanted_at, zone=zone, policy=policy)
    return moved if moved < expires_at else None


def needs_choice(at: time, *, policy: WindowPolicy = WINDOW) -> bool:
    """Tell whether a dose time can only be saved with the patient's recorded choice (contract 4)."""
    return not policy.opens <= at < policy.closes


DOSE_EXPIRY = timedelta(hours=3)

EXPIRY: dict[MessageClass, timedelta] = {
    MessageClass.DOSE: DOSE_EXPIRY,
    MessageClass.VISIT: timedelta(hours=24),
    MessageClass.CHECK_IN: timedelta(hours=4),
    MessageClass.HOLD: timedelta(hours=24),
    MessageClass.HELLO: timedelta(hours=4),
    MessageClass.SUPPORTER: timedelta(hours=4),
    MessageClass.ENROLMENT: timedelta(hours=24),
    MessageClass.STAFF_NOTICE: timedelta(hours=24),
    MessageClass.CRISIS: timedelta(hours=1),
    MessageClass.REPLY: timedelta(hours=1),
    MessageClass.OPT_OUT_CONFIRM: timedelta(minutes=5),  # LAW-9: one confirmation, within 5 minutes
    MessageClass.SIGN_IN_CODE: timedelta(minutes=10),
}
"""How long after its time a message of a class may still leave (contract 4; the last seven are our own)."""


def expiry(message_class: MessageClass, *, due_at: datetime, not_after: datetime | None = None) -> datetime:
    """Return the instant from which a message may no longer leave.

    ``not_after`` is an earlier end of sense: the close of a dose's window, the start of a visit, the end of
    the day for a text that says "today". The earlier of the two holds.
    """
    ends = due_at + EXPIRY[message_class]
    return ends if not_after is None else min(ends, not_after)


@dataclass(frozen=True, slots=True)
class ClinicHours:
    """When a clinic works, in its own wall-clock time."""

    zone: ZoneInfo
    week: Sequence[tuple[time, time] | None]  # Monday first; None on a closed day
    holidays: frozenset[date] = field(default_factory=frozenset)

    def on(self, day: date) -> Span | None:
        """Return the hours of one day in UTC, None when closed."""
        hours = self.week[day.weekday()]
        if hours is None or day in self.holidays:
            return None
        return Span(to_utc(day, hours[0], self.zone), to_utc(day, hours[1], self.zone))


LOOK_AHEAD_DAYS = 366


def calendar_red_at(instant: datetime, *, hours: ClinicHours) -> datetime | None:
    """Return when calendar red (a band, an overdue lab) is worked and texted (contract 4, S 15).

    At once while the clinic works, else at the start of the next clinic day. None when the clinic has no
    opening within a year: the caller must then treat it as acute, or it would never be told.
    """
    day = instant.astimezone(hours.zone).date()
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        span = hours.on(day + timedelta(days=ahead))
        if span is None or span.closes_at <= instant:
            continue
        return max(instant, span.opens_at).astimezone(UTC)
    return None
