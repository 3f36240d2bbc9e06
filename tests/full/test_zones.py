"""Each zone of the world, each minute of each day on which its clock changes, 2025 to 2035 (M G4)."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.zones import change_days, faults_of, groups

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("name", sorted(groups().values()))
def test_no_text_outside_the_window_and_one_dose_a_dosing_day(name):
    assert [fault for day in change_days(ZoneInfo(name)) for fault in faults_of(name, day)] == []


def test_zones_are_grouped_by_their_changes():
    found = groups()
    assert 40 < len(found) < 200
    assert len(change_days(ZoneInfo("America/New_York"))) >= 22
    assert date(2027, 3, 14) in change_days(ZoneInfo("America/New_York"))
