"""Whether a panel's texts fit the rate of its sender: said beforehand, not after texts expired (MSG-15).

Pure: no Django, no database, no clock. The same order as dispatch: most urgent first, then what fell due first.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reminders.rules.retry import SENDER_SHARE

LONGEST_WAIT = timedelta(minutes=10)
"""A sender fits while nobody waits longer than this and nothing expires (PD; the jitter of a peak is as long)."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """One text: when it falls due, how urgent it is (smaller first), when it may no longer leave."""

    due_at: datetime
    priority: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Fit:
    """What a sender makes of a day's texts."""

    texts: int
    expired: int
    longest_wait: timedelta
    half_wait: timedelta  # the median
    last_leaves_at: datetime | None

    @property
    def fits(self) -> bool:
        return not self.expired and self.longest_wait <= LONGEST_WAIT


def fit(texts: Iterable[Waiting], *, per_second: float, share: float = SENDER_SHARE) -> Fit:
    """Play a day's texts through a sender that its carrier allows ``per_second``; 0 is a sender without a limit.

    One leaves every 1 / (per_second * share) seconds, and what has expired by its turn never does. Planned texts
    only: what people cause themselves comes on top. Raises ValueError for a negative rate.
    """
    if per_second < 0:
        raise ValueError("a rate is 0 or more")
    coming = sorted(texts)
    if not coming:
        return Fit(0, 0, timedelta(0), timedelta(0), None)
    if per_second == 0:
        return Fit(len(coming), 0, timedelta(0), timedelta(0), coming[-1].due_at)
    step = timedelta(seconds=1 / (per_second * share))
    free_at, at, expired = coming[0].due_at, 0, 0
    waits: list[timedelta] = []
    ready: list[tuple[int, datetime, int]] = []
    while at < len(coming) or ready:
        if not ready:
            free_at = max(free_at, coming[at].due_at)
        while at < len(coming) and coming[at].due_at <= free_at:
            heapq.heappush(ready, (coming[at].priority, coming[at].due_at, at))
            at += 1
        _, due_at, number = heapq.heappop(ready)
        if coming[number].expires_at <= free_at:
            expired += 1
            continue
        waits.append(free_at - due_at)
        last = free_at
        free_at += step
    waits.sort()
    longest, half = (waits[-1], waits[len(waits) // 2]) if waits else (timedelta(0), timedelta(0))
    return Fit(len(coming), expired, longest, half, last if waits else None)


def span_words(span: timedelta) -> str:
    """A length of time in the unit that says it best."""
    seconds = round(span.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def fit_words(fit: Fit, per_second: float) -> str:
    """Whether a day's texts fit a sender, in a sentence."""
    rate = "no limit is known" if not per_second else f"{per_second:g} a second allowed, four fifths of it used"
    if not fit.texts:
        return f"Nothing is planned for the next 24 hours; {rate}."
    if fit.fits:
        wait = f"nobody waits longer than {span_words(fit.longest_wait)}" if per_second else "nothing waits for it"
        return f"The {fit.texts:,} texts of the next 24 hours fit: {wait} ({rate})."
    expired = f" {fit.expired:,} would be too late and never leave." if fit.expired else ""
    return (
        f"The {fit.texts:,} texts of the next 24 hours do not fit: the longest wait is {span_words(fit.longest_wait)}"
        f" ({rate}).{expired} Spread the times, add a sender, or ask the carrier for a higher rate."
    )
