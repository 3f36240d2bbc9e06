from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rules import wall_time

NEW_YORK = "America/New_York"
FIRST, LAST = datetime.fromisoformat("2010-01-01"), datetime.fromisoformat("2035-01-01")
UNKNOWN_ZONES = ["", "Mars/Olympus", "../etc/passwd", "America", "EST5EDT4", "a" * 5000, "x\x00y"]
HARD_ZONES = [NEW_YORK, "Europe/Dublin", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca"]


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        pytest.param(NEW_YORK, date(2026, 1, 15), time(8), "2026-01-15T13:00Z", id="winter"),
        pytest.param(NEW_YORK, date(2026, 7, 15), time(8), "2026-07-15T12:00Z", id="summer"),
        pytest.param(NEW_YORK, date(2026, 3, 8), time(2, 30), "2026-03-08T07:00Z", id="gap-becomes-03:00"),
        pytest.param(NEW_YORK, date(2026, 3, 8), time(2), "2026-03-08T07:00Z", id="first-minute-of-gap"),
        pytest.param(NEW_YORK, date(2026, 3, 8), time(3), "2026-03-08T07:00Z", id="first-minute-after-gap"),
        pytest.param(NEW_YORK, date(2026, 3, 8), time(1, 59), "2026-03-08T06:59Z", id="last-before-gap"),
        pytest.param(NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30Z", id="overlap-first"),
        pytest.param(NEW_YORK, date(2026, 11, 1), time(2), "2026-11-01T07:00Z", id="after-overlap"),
        pytest.param("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:30Z", id="half-hour"),
        pytest.param("America/Sao_Paulo", date(2018, 11, 4), time(0), "2018-11-04T03:00Z", id="midnight"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), time(8), "2011-12-30T10:00Z", id="no-such-day"),
        pytest.param("Asia/Kathmandu", date(2026, 6, 1), time(8), "2026-06-01T02:15Z", id="quarters"),
    ],
)
def test_wall_time_becomes_an_instant(zone, day, at, expected):
    assert wall_time.to_utc(day, at, zone) == datetime.fromisoformat(expected)
    assert wall_time.to_utc(day, at, ZoneInfo(zone)) == datetime.fromisoformat(expected)


def test_a_repeated_time_is_its_first_occurrence_even_when_told_the_second():
    second = time(1, 30, fold=1)
    assert wall_time.to_utc(date(2026, 11, 1), second, NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        pytest.param("2026-06-02T03:59", date(2026, 6, 1), id="03:59-belongs-to-the-day-before"),
        pytest.param("2026-06-02T04:00", date(2026, 6, 2), id="04:00-begins-the-day"),
        pytest.param("2026-06-02T00:00", date(2026, 6, 1), id="midnight"),
        pytest.param("2026-06-02T23:59", date(2026, 6, 2), id="evening"),
        pytest.param("2026-11-01T01:30", date(2026, 10, 31), id="repeated-hour"),
    ],
)
def test_dosing_day_rolls_at_four(local, expected):
    instant = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(NEW_YORK)).astimezone(UTC)
    assert wall_time.dosing_day(instant, NEW_YORK) == expected


def test_local_date_is_the_calendar_date():
    instant = datetime(2026, 2, 11, 4, 50, tzinfo=UTC)
    assert wall_time.local_date(instant, NEW_YORK) == date(2026, 2, 10)


@pytest.mark.parametrize("convert", [wall_time.dosing_day, wall_time.local_date])
def test_a_naive_instant_is_refused(convert):
    with pytest.raises(ValueError, match="zone"):
        convert(datetime.fromisoformat("2026-06-01T08:00"), NEW_YORK)


def test_a_wall_time_with_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone of its own"):
        wall_time.to_utc(date(2026, 6, 1), time(8, tzinfo=UTC), NEW_YORK)


@pytest.mark.parametrize("name", UNKNOWN_ZONES)
def test_an_unknown_zone_is_named_as_the_field(name):
    with pytest.raises(wall_time.UnknownZone) as refused:
        wall_time.zone_named(name)
    assert refused.value.field == "zone"


@given(
    zone=st.sampled_from(HARD_ZONES),
    day=st.dates(date(2000, 1, 1), date(2036, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_every_wall_time_of_every_day_has_one_instant(zone, day, minute):
    at = time(minute // 60, minute % 60)
    instant = wall_time.to_utc(day, at, zone)
    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    wanted = datetime.combine(day, at)
    # Either the clock shows what was asked, or a gap swallowed it and the minute before shows less.
    if shown != wanted:
        assert shown > wanted
        before = (instant - timedelta(minutes=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < wanted
    else:
        earlier = instant - timedelta(hours=1)
        assert earlier.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wanted


@given(
    zone=st.sampled_from([NEW_YORK, "Europe/Dublin", "America/Sao_Paulo", "Pacific/Apia"]),
    instant=st.datetimes(FIRST, LAST),
)
def test_an_instant_lies_inside_its_dosing_day(zone, instant):
    moment = instant.replace(tzinfo=UTC)
    day = wall_time.dosing_day(moment, zone)
    assert wall_time.day_end(day - timedelta(days=1), zone) <= moment < wall_time.day_end(day, zone)
