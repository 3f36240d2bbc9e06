"""A patient's wall clock, and the instants it stands for.

A schedule is a wall time plus an IANA zone; it becomes an instant late, per
slot, and only here (contract 6: SQL never converts zones). Each conversion is
computed once per (zone, wall time, date): planning for a whole region asks for
the same few instants over and over.

The pair of a gap and an overlap is decided here and nowhere else. ``fold``
arithmetic alone would turn 02:30 in a spring gap into 03:30.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_ROLLS_AT = time(4)
"""A dosing day begins at 04:00 local: 03:59 still belongs to the day before (contract 1)."""

MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


class UnknownZone(ValueError):
    """The text is not the name of an IANA time zone."""

    field = "zone"


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """Return the zone called ``name`` ("America/New_York").

    Raises ``UnknownZone`` for anything that the zone data does not hold: an
    empty text, a path, an abbreviation that does not exist.
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError) as error:
        # ZoneInfoNotFoundError is a KeyError; a path or a folder name gives ValueError or OSError.
        raise UnknownZone("There is no such time zone.") from error


def to_utc(day: date, at: time, zone: ZoneInfo | str) -> datetime:
    """Return the UTC instant at which a clock in ``zone`` shows ``at`` on ``day``.

    A wall time that spring skips becomes the first minute that exists after the
    gap (02:30 becomes 03:00; a day that the date line swallowed becomes the
    first minute of the next). One that autumn repeats is its first occurrence.

    Raises ``UnknownZone``; ``ValueError`` if ``at`` carries a zone of its own.
    """
    return _to_utc(day, at, zone if isinstance(zone, ZoneInfo) else zone_named(zone))


@lru_cache(maxsize=1 << 16)
def _to_utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    if at.tzinfo is not None:
        raise ValueError("A wall time carries no zone of its own.")
    wall = datetime.combine(day, at.replace(fold=0), zone)
    before = wall.utcoffset()
    after = wall.replace(fold=1).utcoffset()
    assert before is not None and after is not None
    if before >= after:
        return wall.astimezone(UTC)
    return _first_minute_after_gap(wall.replace(tzinfo=None), before, after, zone)


def _first_minute_after_gap(wall: datetime, before: timedelta, after: timedelta, zone: ZoneInfo) -> datetime:
    # Read with the new offset the skipped time lies before the change, with the old one after it.
    low = (wall - after).replace(tzinfo=UTC)
    high = (wall - before).replace(tzinfo=UTC)
    while high - low > _SECOND:
        middle = low + ((high - low) // 2 // _SECOND) * _SECOND
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high + (-timedelta(seconds=high.astimezone(zone).second)) % _MINUTE


def local_midnight(day: date, zone: ZoneInfo | str) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``; 01:00 where the clock skips midnight."""
    return to_utc(day, MIDNIGHT, zone)


def day_end(day: date, zone: ZoneInfo | str) -> datetime:
    """Return the instant at which the dosing day ``day`` ends: 04:00 local on the next date."""
    return to_utc(day + _DAY, DAY_ROLLS_AT, zone)


def local_date(instant: datetime, zone: ZoneInfo | str) -> date:
    """Return the calendar date in ``zone`` at ``instant``.

    Injections, bands and reports of a day use this. Doses use ``dosing_day``.
    Raises ``ValueError`` for a naive instant.
    """
    return _local(instant, zone).date()


def dosing_day(instant: datetime, zone: ZoneInfo | str) -> date:
    """Return the dosing day that ``instant`` belongs to in ``zone`` (contract 1).

    From 00:00 to 03:59 local that is the day before. Raises ``ValueError`` for
    a naive instant.
    """
    local = _local(instant, zone)
    return local.date() - _DAY if local.time() < DAY_ROLLS_AT else local.date()


def _local(instant: datetime, zone: ZoneInfo | str) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant must carry its zone.")
    return instant.astimezone(zone if isinstance(zone, ZoneInfo) else zone_named(zone))
