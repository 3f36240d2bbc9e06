"""A few of the zones of ``tests/full/test_zones.py``, every run: half hours, midnights, negative summer time."""

from zoneinfo import ZoneInfo

import pytest

from tests.zones import change_days, faults_of


@pytest.mark.parametrize(
    "name",
    [
        "America/New_York",
        "America/Havana",  # at midnight
        "Australia/Lord_Howe",  # half an hour
        "Africa/Casablanca",  # around Ramadan
        "Europe/Dublin",
        "Africa/Cairo",
        "America/St_Johns",
        "Pacific/Chatham",
        "Europe/Athens",  # skips 03:00 to the roll of the day
    ],
)
def test_the_days_of_a_year_on_which_the_clock_changes(name):
    days = [day for day in change_days(ZoneInfo(name)) if day.year == 2027]
    assert days
    assert [fault for day in days for fault in faults_of(name, day, every=37)] == []
