"""The window, expiry and clinic hours, clock changes included (contract 4, S 15)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from reminders.rules.states import MessageClass
from reminders.rules.window import (
    EXPIRY,
    ClinicHours,
    Outside,
    calendar_red_at,
    expiry,
    in_window,
    needs_choice,
    next_opening,
    place,
    window_for,
)

NEW_YORK = ZoneInfo("America/New_York")
KOLKATA = ZoneInfo("Asia/Kolkata")
CHATHAM = ZoneInfo("Pacific/Chatham")
APIA = ZoneInfo("Pacific/Apia")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "opens", "closes"),
    [
        pytest.param("2026-01-15", NEW_YORK, "2026-01-15 13:00", "2026-01-16 02:00", id="winter"),
        pytest.param("2026-07-15", NEW_YORK, "2026-07-15 12:00", "2026-07-16 01:00", id="summer"),
        pytest.param("2026-03-08", NEW_YORK, "2026-03-08 12:00", "2026-03-09 01:00", id="spring forward"),
        pytest.param("2026-11-01", NEW_YORK, "2026-11-01 13:00", "2026-11-02 02:00", id="fall back"),
        pytest.param("2026-07-15", KOLKATA, "2026-07-15 02:30", "2026-07-15 15:30", id="half-hour zone"),
        pytest.param("2026-07-15", CHATHAM, "2026-07-14 19:15", "2026-07-15 08:15", id="three-quarter zone"),
    ],
)
def test_window_for(day, zone, opens, closes):
    span = window_for(date.fromisoformat(day), zone)
    assert (span.opens_at, span.closes_at) == (utc(opens), utc(closes))
    assert span.opens_at in span
    assert span.closes_at not in span


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        pytest.param("2026-07-15 11:59:59", False, id="a second early"),
        pytest.param("2026-07-15 12:00", True, id="eight sharp"),
        pytest.param("2026-07-16 00:59:59", True, id="a second before nine in the evening"),
        pytest.param("2026-07-16 01:00", False, id="nine sharp"),
        pytest.param("2026-03-08 12:00", True, id="first day of summer time, 08:00"),
        pytest.param("2026-03-07 12:30", False, id="the day before, 07:30"),
        pytest.param("2026-11-01 12:30", False, id="first day of winter time, 07:30"),
    ],
)
def test_in_window(instant, inside):
    assert in_window(utc(instant), zone=NEW_YORK) is inside


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        in_window(datetime(2026, 7, 15, 12), zone=NEW_YORK)  # noqa: DTZ001 - the naive one is the point


@pytest.mark.parametrize(
    ("instant", "zone", "opens"),
    [
        pytest.param("2026-07-15 05:00", NEW_YORK, "2026-07-15 12:00", id="before dawn, same day"),
        pytest.param("2026-07-16 01:30", NEW_YORK, "2026-07-16 12:00", id="evening, next day"),
        pytest.param("2026-07-15 12:00", NEW_YORK, "2026-07-16 12:00", id="strictly after"),
        pytest.param("2026-03-08 03:00", NEW_YORK, "2026-03-08 12:00", id="night of the spring change"),
        pytest.param("2026-11-01 03:00", NEW_YORK, "2026-11-01 13:00", id="night of the autumn change"),
        pytest.param("2011-12-30 08:30", APIA, "2011-12-30 18:00", id="Samoa skips a date"),
    ],
)
def test_next_opening(instant, zone, opens):
    assert next_opening(utc(instant), zone=zone) == utc(opens)


@pytest.mark.parametrize(
    ("wanted", "hours_left", "outside", "allowed", "expected"),
    [
        pytest.param("2026-07-15 14:00", 3, Outside.MOVE, False, "2026-07-15 14:00", id="inside"),
        pytest.param("2026-07-16 02:00", 3, Outside.MOVE, False, None, id="would move past its expiry"),
        pytest.param("2026-07-16 02:00", 24, Outside.MOVE, False, "2026-07-16 12:00", id="moves to the morning"),
        pytest.param("2026-07-16 02:00", 24, Outside.SUPPRESS, False, None, id="never moves"),
        pytest.param("2026-07-16 02:00", 3, Outside.SUPPRESS, True, "2026-07-16 02:00", id="recorded choice or red"),
        pytest.param("2026-07-15 14:00", 0, Outside.MOVE, True, None, id="expired before it began"),
    ],
)
def test_place(wanted, hours_left, outside, allowed, expected):
    wanted_at = utc(wanted)
    assert place(
        wanted_at,
        zone=NEW_YORK,
        expires_at=wanted_at + timedelta(hours=hours_left),
        outside=outside,
        allowed_outside=allowed,
    ) == (utc(expected) if expected else None)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(time(7, 59), True, id="07:59"),
        pytest.param(time(8), False, id="08:00"),
        pytest.param(time(20, 59), False, id="20:59"),
        pytest.param(time(21), True, id="21:00"),
        pytest.param(time(2, 30), True, id="night"),
    ],
)
def test_needs_choice(at, expected):
    assert needs_choice(at) is expected


@pytest.mark.parametrize(
    ("message_class", "hours"),
    [
        pytest.param(MessageClass.DOSE, 3, id="dose"),
        pytest.param(MessageClass.VISIT, 24, id="visit"),
        pytest.param(MessageClass.CHECK_IN, 4, id="check-in"),
    ],
)
def test_expiry_of_the_contract(message_class, hours):
    due_at = utc("2026-07-15 12:00")
    assert expiry(message_class, due_at=due_at) == due_at + timedelta(hours=hours)
    sooner = due_at + timedelta(minutes=5)
    assert expiry(message_class, due_at=due_at, not_after=sooner) == sooner
    assert expiry(message_class, due_at=due_at, not_after=due_at + timedelta(days=9)) < due_at + timedelta(days=9)


def test_every_class_expires():
    assert set(EXPIRY) == set(MessageClass)


WEEK = (*[(time(8, 30), time(17))] * 5, None, None)
HOURS = ClinicHours(zone=NEW_YORK, week=WEEK, holidays=frozenset({date(2026, 5, 25)}))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param("2026-03-18 04:00", "2026-03-18 12:30", id="band at midnight, worked from opening"),
        pytest.param("2026-03-18 15:00", "2026-03-18 15:00", id="during hours: at once"),
        pytest.param("2026-03-18 21:00", "2026-03-19 12:30", id="at closing: tomorrow"),
        pytest.param("2026-03-14 04:00", "2026-03-16 12:30", id="Saturday waits for Monday"),
        pytest.param("2026-05-23 04:00", "2026-05-26 12:30", id="weekend and holiday"),
        pytest.param("2026-03-07 06:00", "2026-03-09 12:30", id="across the spring change"),
    ],
)
def test_calendar_red_starts_with_the_clinic_day(instant, expected):
    assert calendar_red_at(utc(instant), hours=HOURS) == utc(expected)


def test_a_clinic_that_never_opens_gives_none():
    assert calendar_red_at(utc("2026-03-18 04:00"), hours=ClinicHours(zone=NEW_YORK, week=(None,) * 7)) is None
