"""Each zone of the world, each minute of each day on which its clock changes, 2025 to 2035 (M G4)."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.zones import change_days, faults_of, groups

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]


PARTS = 8  # the zones are grouped when a test runs, not when it is collected: that takes ten seconds


@pytest.mark.parametrize("part", range(PARTS))
def test_no_text_outside_the_window_and_one_dose_a_dosing_day(part):
    names = sorted(groups().values())[part::PARTS]
    assert [fault for name in names for day in change_days(ZoneInfo(name)) for fault in faults_of(name, day)] == []


def test_zones_are_grouped_by_their_changes():
    found = groups()
    assert 40 < len(found) < 200
    assert len(change_days(ZoneInfo("America/New_York"))) >= 22
    assert date(2027, 3, 14) in change_days(ZoneInfo("America/New_York"))
