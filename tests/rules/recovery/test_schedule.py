from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.rules.wall_time import UnknownZone
from recovery.rules import schedule
from recovery.rules.medicines import (
    CATALOGUE,
    MEDICINES,
    Cadence,
    Medicine,
    Step,
    WeekdayDose,
    class_of,
    entries_for,
)
from recovery.rules.policy import default_policy
from recovery.rules.schedule import Regimen, dose_slots, regimen_from_catalogue
from recovery.rules.states import Indication, MedicineClass

NEW_YORK = "America/New_York"
POLICY = default_policy()


def made(key, *, first_day=date(2026, 6, 1), times=("08:00",), zone=NEW_YORK, **more):
    return regimen_from_catalogue(key, zone=zone, first_day=first_day, times=times, policy=POLICY, **more)


def custom(**changes):
    plan = {
        "medicine": "naltrexone_tablet",
        "cadence": "daily",
        "times": ["08:00"],
        "steps": [{"from_day": 1, "to_day": None, "dose_mg": 50, "coverage_hours": 24}],
    }
    return Regimen.from_plan(plan | changes, zone=NEW_YORK, first_day=date(2026, 6, 1))


def shape(regimen, first, last):
    return [(slot.dosing_day.day, slot.dose_mg, slot.coverage_hours) for slot in
            dose_slots(regimen, first_day=date(2026, 6, first), last_day=date(2026, 6, last))]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param("oral_start", [(1, 25, 24), *((day, 50, 24) for day in range(2, 9))], id="25-then-50"),
        pytest.param("oral_daily", [(day, 50, 24) for day in range(1, 9)], id="daily"),
        pytest.param(
            "oral_wk_sat", [*((day, 50, 24) for day in range(1, 6)), (6, 100, 48), (8, 50, 24)], id="double-saturday"
        ),
        pytest.param("oral_mwf", [(1, 100, 48), (3, 100, 48), (5, 150, 72), (8, 100, 48)], id="mon-wed-fri"),
        pytest.param("oral_q2d", [(1, 100, 48), (3, 100, 48), (5, 100, 48), (7, 100, 48)], id="second-day"),
        pytest.param("oral_q3d", [(1, 150, 72), (4, 150, 72), (7, 150, 72)], id="third-day"),
        pytest.param("methadone_observed", [(day, 60, 24) for day in range(1, 9)], id="observed"),
        pytest.param("disulfiram", [(day, 250, 24) for day in range(1, 9)], id="disulfiram"),
    ],
)
def test_catalogue_slots(key, expected):
    # 1 June 2026 is a Monday.
    assert shape(made(key), 1, 8) == expected


@pytest.mark.parametrize("key", ["xr_im_28d", "targeted_prn", "implant", "sublocade", "brixadi_weekly"])
def test_regimens_without_slots(key):
    assert dose_slots(made(key, times=()), first_day=date(2026, 6, 1), last_day=date(2026, 7, 1)) == []


def test_three_a_day_have_ordinals_and_thirds():
    slots = dose_slots(
        made("acamprosate", times=("20:00", "08:00", "14:00")),
        first_day=date(2026, 6, 1),
        last_day=date(2026, 6, 1),
    )
    assert [(slot.ordinal, slot.due_at.hour, slot.coverage_hours) for slot in slots] == [
        (1, 12, 8),
        (2, 18, 8),
        (3, 0, 8),
    ]


def test_a_slot_carries_its_instants():
    [slot] = dose_slots(made("oral_daily"), first_day=date(2026, 6, 1), last_day=date(2026, 6, 1))
    assert slot.due_at == datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert slot.opens_at == datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert slot.closes_at == datetime(2026, 6, 1, 15, tzinfo=UTC)
    assert slot.day_ends_at == datetime(2026, 6, 2, 8, tzinfo=UTC)
    assert (slot.ordinal, slot.step, slot.closed_by_clinic) == (1, 1, False)


def test_a_time_after_midnight_belongs_to_the_day_before_and_its_day_ends_with_its_window():
    regimen = made("acamprosate", times=("01:30", "09:00", "17:00"))
    slots = dose_slots(regimen, first_day=date(2026, 6, 1), last_day=date(2026, 6, 1))
    assert [slot.ordinal for slot in slots] == [1, 2, 3]
    last = slots[-1]
    assert last.due_at == datetime(2026, 6, 2, 5, 30, tzinfo=UTC)
    assert last.dosing_day == date(2026, 6, 1)
    assert last.day_ends_at == last.closes_at == datetime(2026, 6, 2, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "day", "expected"),
    [
        pytest.param("08:00", date(2026, 3, 8), "2026-03-08T12:00Z", id="after-spring"),
        pytest.param("02:30", date(2026, 3, 7), "2026-03-08T07:00Z", id="in-the-gap"),
        pytest.param("01:30", date(2026, 10, 31), "2026-11-01T05:30Z", id="repeated-hour"),
    ],
)
def test_clock_changes(at, day, expected):
    regimen = made("oral_daily", first_day=date(2026, 1, 1), times=(at,))
    [slot] = dose_slots(regimen, first_day=day, last_day=day)
    assert (slot.dosing_day, slot.due_at) == (day, datetime.fromisoformat(expected))


def test_a_year_of_days_has_one_slot_each_across_clock_changes():
    slots = dose_slots(
        made("oral_daily", first_day=date(2026, 1, 1), times=("02:30",)),
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
    )
    assert len({slot.dosing_day for slot in slots}) == len({slot.due_at for slot in slots}) == 365


def test_slots_stay_inside_the_regimen():
    regimen = made("oral_daily", last_day=date(2026, 6, 3))
    assert shape(regimen, 1, 30)[-1][0] == 3
    assert dose_slots(regimen, first_day=date(2026, 5, 1), last_day=date(2026, 5, 31)) == []


def test_the_cycle_holds_far_from_its_anchor():
    regimen = made("oral_q3d", first_day=date(2016, 1, 1))
    slots = dose_slots(regimen, first_day=date(2026, 6, 1), last_day=date(2026, 6, 6))
    assert [(slot.dosing_day - date(2016, 1, 1)).days % 3 for slot in slots] == [0, 0]


def test_asking_in_pieces_gives_what_asking_at_once_gives():
    regimen = made("oral_q2d")
    whole = dose_slots(regimen, first_day=date(2026, 6, 1), last_day=date(2026, 6, 20))
    pieces = [
        slot
        for start in range(1, 21, 3)
        for slot in dose_slots(
            regimen, first_day=date(2026, 6, start), last_day=min(date(2026, 6, start + 2), date(2026, 6, 20))
        )
    ]
    assert pieces == whole


def test_w8_a_closed_day_marks_observed_slots_and_warns_of_two_days():
    closed = {date(2026, 5, 25)}
    regimen = made("oral_mwf", first_day=date(2026, 5, 4))
    slots = dose_slots(regimen, first_day=date(2026, 5, 18), last_day=date(2026, 5, 31), closed_days=closed)
    assert [slot.dosing_day for slot in slots if slot.closed_by_clinic] == [date(2026, 5, 25)]
    assert len(slots) == 6
    assert schedule.uncovered_by_closing(
        regimen, closed_days=closed, first_day=date(2026, 5, 18), last_day=date(2026, 5, 31)
    ) == [date(2026, 5, 25), date(2026, 5, 26)]


def test_w8_a_closed_clinic_does_not_touch_doses_at_home():
    [slot] = dose_slots(
        made("oral_daily"), first_day=date(2026, 6, 1), last_day=date(2026, 6, 1), closed_days={date(2026, 6, 1)}
    )
    assert not slot.closed_by_clinic


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(["2026-03-02"], ("2026-03-09", "2026-03-30", "2026-04-13"), id="second-from-day-7"),
        pytest.param(["2026-03-02", "2026-03-09"], ("2026-04-04", "2026-04-06", "2026-04-20"), id="third-26-days"),
        pytest.param(
            ["2026-04-20", "2026-03-02", "2026-03-09"], ("2026-05-16", "2026-05-18", "2026-06-01"), id="fourth"
        ),
    ],
)
def test_w9_sublocade(given, expected):
    following = schedule.next_injection(
        CATALOGUE["sublocade"].interval, given_on=[date.fromisoformat(day) for day in given]
    )
    assert tuple(day.isoformat() for day in (following.earliest, following.planned, following.flag_after)) == expected


def test_next_injection_of_nothing_is_refused():
    with pytest.raises(ValueError, match="Nothing"):
        schedule.next_injection(CATALOGUE["sublocade"].interval, given_on=[])


def test_a_move_of_zone_keeps_near_slots_and_moves_the_later_ones():
    regimen = made("oral_daily")
    slots = dose_slots(regimen, first_day=date(2026, 6, 1), last_day=date(2026, 6, 3))
    move = schedule.moved_to_zone(
        slots,
        regimen=regimen,
        zone=ZoneInfo("America/Los_Angeles"),
        now=datetime(2026, 6, 1, 11, tzinfo=UTC),
        notice=timedelta(hours=2),
    )
    assert [slot.dosing_day.day for slot in move.kept] == [1]
    assert [(slot.dosing_day.day, slot.ordinal, slot.due_at.hour) for slot in move.moved] == [(2, 1, 15), (3, 1, 15)]


def test_a_move_east_never_makes_a_dose_late_at_once():
    regimen = made("oral_daily", zone="America/Los_Angeles")
    slots = dose_slots(regimen, first_day=date(2026, 6, 1), last_day=date(2026, 6, 1))
    move = schedule.moved_to_zone(
        slots,
        regimen=regimen,
        zone=ZoneInfo(NEW_YORK),
        now=datetime(2026, 6, 1, 12, tzinfo=UTC),
        notice=timedelta(hours=2),
    )
    assert move.kept == tuple(slots)


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_every_entry_makes_a_regimen_that_survives_its_plan(key):
    entry = CATALOGUE[key]
    times = ("08:00", "14:00", "20:00")[: entry.times_a_day]
    regimen = made(key, times=times)
    assert Regimen.from_plan(regimen.plan(), zone=NEW_YORK, first_day=regimen.first_day) == regimen
    assert entry.source
    assert entry.indications
    limit = MEDICINES[entry.medicine].dose_limit_mg
    assert all(dose.dose_mg <= limit for dose in (*entry.steps, *entry.weekday_doses))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"steps": [Step(1, 5, 25, 24), Step(5, None, 50, 24)]}, "steps", id="steps-overlap"),
        pytest.param({"steps": [Step(1, 5, 25, 24), Step(7, None, 50, 24)]}, "steps", id="a-day-without-step"),
        pytest.param({"steps": [Step(1, None, 25, 24), Step(2, None, 50, 24)]}, "steps", id="open-step-not-last"),
        pytest.param({"steps": [Step(1, 0, 25, 24)]}, "steps", id="step-ends-before-it-begins"),
        pytest.param({"steps": [Step(2, None, 25, 24)]}, "steps", id="first-day-without-step"),
        pytest.param({"steps": []}, "steps", id="no-step"),
        pytest.param({"steps": [Step(1, None, 0, 24)]}, "steps", id="dose-of-0"),
        pytest.param({"steps": [Step(1, None, -50, 24)]}, "steps", id="negative-dose"),
        pytest.param({"steps": [Step(1, None, 5000, 24)]}, "steps", id="dose-of-5000"),
        pytest.param({"steps": [Step(1, None, float("nan"), 24)]}, "steps", id="dose-not-a-number"),
        pytest.param({"steps": [Step(1, None, "50", 24)]}, "steps", id="dose-as-text"),
        pytest.param({"steps": [Step(1.0, None, 50, 24)]}, "steps", id="day-not-whole"),
        pytest.param({"steps": [Step(1, None, 50, 0)]}, "steps", id="no-coverage"),
        pytest.param({"times": ()}, "times", id="no-time"),
        pytest.param({"times": (time(8), time(8))}, "times", id="same-time-twice"),
        pytest.param({"times": tuple(time(hour) for hour in range(8, 13))}, "times", id="five-a-day"),
        pytest.param({"times": (time(8, 0, 30),)}, "times", id="seconds"),
        pytest.param({"times": (time(8, tzinfo=UTC),)}, "times", id="time-with-zone"),
        pytest.param({"last_day": date(2026, 5, 1)}, "last_day", id="ends-before-it-begins"),
        pytest.param({"every_days": 0}, "every_days", id="every-0-days"),
        pytest.param({"window_after": timedelta(hours=-1)}, "window_after", id="negative-window"),
        pytest.param({"cadence": Cadence.WEEKDAYS}, "weekday_doses", id="no-weekday"),
        pytest.param(
            {"cadence": Cadence.WEEKDAYS, "weekday_doses": (WeekdayDose(7, 50, 24),)}, "weekday_doses", id="weekday-7"
        ),
        pytest.param(
            {"cadence": Cadence.WEEKDAYS, "weekday_doses": (WeekdayDose(0, 50, 24), WeekdayDose(0, 100, 48))},
            "weekday_doses",
            id="weekday-twice",
        ),
    ],
)
def test_a_wrong_regimen_is_refused_with_its_field(changes, field):
    good = {
        "medicine": Medicine.NALTREXONE_TABLET,
        "cadence": Cadence.DAILY,
        "zone": ZoneInfo(NEW_YORK),
        "first_day": date(2026, 6, 1),
        "times": (time(8),),
        "steps": (Step(1, None, 50, 24),),
    }
    with pytest.raises(schedule.RegimenError) as refused:
        Regimen(**good | changes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"medicine": "aspirin"}, "medicine", id="medicine"),
        pytest.param({"cadence": "hourly"}, "cadence", id="cadence"),
        pytest.param({"times": ["8 o'clock"]}, "times", id="time"),
        pytest.param({"times": [None]}, "times", id="time-none"),
        pytest.param({"steps": [{"dose": 50}]}, "steps", id="step-keys"),
        pytest.param({"window_after_minutes": "180"}, "window_after_minutes", id="minutes-text"),
        pytest.param({"colour": "blue"}, "colour", id="unknown-key"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_field(changes, field):
    with pytest.raises(schedule.RegimenError) as refused:
        custom(**changes)
    assert refused.value.field == field


def test_an_unknown_zone_and_an_unknown_key_are_refused():
    with pytest.raises(UnknownZone):
        made("oral_daily", zone="Mars/Olympus")
    with pytest.raises(schedule.RegimenError) as refused:
        made("homeopathy")
    assert refused.value.field == "key"
    with pytest.raises(schedule.RegimenError) as refused:
        made("acamprosate")
    assert refused.value.field == "times"


def test_targeted_use_is_for_alcohol_and_off_by_default():
    assert "targeted_prn" not in [entry.key for entry in entries_for(Indication.ALCOHOL)]
    shown = [entry.key for entry in entries_for(Indication.ALCOHOL, with_off_by_default=True)]
    assert "targeted_prn" in shown
    assert "sublocade" not in shown
    assert "targeted_prn" not in [e.key for e in entries_for(Indication.OPIOID, with_off_by_default=True)]


def test_only_naltrexone_is_an_antagonist():
    antagonists = {each for each in Medicine if class_of(each) is MedicineClass.ANTAGONIST}
    assert antagonists == {each for each in Medicine if each.value.startswith("naltrexone")}
