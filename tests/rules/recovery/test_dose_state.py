from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.rules import dose_state
from recovery.rules.dose_state import DaySlot, Report
from recovery.rules.states import DoseState, ReportSource, Statement, Timeliness

ZONE = "America/New_York"
DUE = datetime(2026, 6, 1, 12, tzinfo=UTC)
WINDOWS = {
    "opens_at": DUE - timedelta(hours=3),
    "closes_at": DUE + timedelta(hours=3),
    "day_ends_at": datetime(2026, 6, 2, 8, tzinfo=UTC),
}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(WINDOWS["opens_at"] - MINUTE, DoseState.SCHEDULED, id="before-the-window"),
        pytest.param(WINDOWS["opens_at"], DoseState.DUE, id="window-opens"),
        pytest.param(WINDOWS["closes_at"], DoseState.DUE, id="last-moment-of-window"),
        pytest.param(WINDOWS["closes_at"] + MINUTE, DoseState.OVERDUE, id="window-over"),
        pytest.param(WINDOWS["day_ends_at"] - MINUTE, DoseState.OVERDUE, id="day-not-over"),
        pytest.param(WINDOWS["day_ends_at"], DoseState.NOT_REPORTED, id="day-over"),
    ],
)
@pytest.mark.parametrize("stored", [None, DoseState.SCHEDULED])
def test_without_a_report_the_time_decides(now, expected, stored):
    assert dose_state.state_at(stored=stored, now=now, **WINDOWS) is expected


@pytest.mark.parametrize(
    "stored",
    [
        DoseState.TAKEN, DoseState.SKIPPED, DoseState.MISSED, DoseState.HELD,
        DoseState.NOT_REPORTED, DoseState.CANCELLED,
    ],
)  # fmt: skip
def test_what_is_settled_stays(stored):
    for now in (DUE - timedelta(days=1), DUE, DUE + timedelta(days=9)):
        assert dose_state.state_at(stored=stored, now=now, **WINDOWS) is stored


@pytest.mark.parametrize(
    ("statement", "received", "expected"),
    [
        pytest.param(Statement.TAKEN, DUE + timedelta(days=3), DoseState.TAKEN, id="taken-whenever"),
        pytest.param(Statement.SKIPPED, DUE, DoseState.SKIPPED, id="no-during-the-day"),
        pytest.param(Statement.MISSED, DUE, DoseState.SKIPPED, id="missed-said-during-the-day"),
        pytest.param(Statement.SKIPPED, WINDOWS["day_ends_at"], DoseState.MISSED, id="no-after-the-day"),
        pytest.param(Statement.MISSED, WINDOWS["day_ends_at"] + MINUTE, DoseState.MISSED, id="missed-after-the-day"),
    ],
)
def test_a_statement_makes_a_state(statement, received, expected):
    state = dose_state.stated_state(statement, received_at=received, day_ends_at=WINDOWS["day_ends_at"])
    assert state is expected


@pytest.mark.parametrize(
    ("taken_at", "expected"),
    [
        pytest.param(None, Timeliness.UNKNOWN, id="no-time-stated"),
        pytest.param(WINDOWS["closes_at"], Timeliness.ON_TIME, id="last-moment"),
        pytest.param(WINDOWS["closes_at"] + MINUTE, Timeliness.LATE, id="a-minute-late"),
        pytest.param(DUE - timedelta(hours=5), Timeliness.ON_TIME, id="early-is-not-late"),
    ],
)
def test_timeliness_is_the_stated_time(taken_at, expected):
    assert dose_state.timeliness(taken_at, closes_at=WINDOWS["closes_at"]) is expected


def report(statement, source, hours, **more):
    return Report(statement=statement, source=source, received_at=DUE + timedelta(hours=hours), **more)


def reported(*reports):
    return dose_state.reported(reports, closes_at=WINDOWS["closes_at"], day_ends_at=WINDOWS["day_ends_at"])


def test_the_latest_report_decides_and_sources_stand_side_by_side():
    app = report(Statement.SKIPPED, ReportSource.APP, 1)
    staff = report(Statement.TAKEN, ReportSource.STAFF, 2, taken_at=DUE)
    result = reported(staff, app)
    assert (result.state, result.source, result.timeliness) == (
        DoseState.TAKEN, ReportSource.STAFF, Timeliness.ON_TIME,
    )  # fmt: skip
    words = dose_state.disagreement([staff, app], day_ends_at=WINDOWS["day_ends_at"])
    assert [(word.source, word.state) for word in words] == [
        (ReportSource.APP, DoseState.SKIPPED),
        (ReportSource.STAFF, DoseState.TAKEN),
    ]


def test_a_source_that_changed_its_mind_does_not_disagree_with_itself():
    reports = [report(Statement.SKIPPED, ReportSource.APP, 1), report(Statement.TAKEN, ReportSource.APP, 2)]
    assert dose_state.disagreement(reports, day_ends_at=WINDOWS["day_ends_at"]) == []


def test_skipped_and_missed_do_not_disagree():
    reports = [report(Statement.SKIPPED, ReportSource.APP, 1), report(Statement.MISSED, ReportSource.SUPPORTER, 40)]
    assert dose_state.disagreement(reports, day_ends_at=WINDOWS["day_ends_at"]) == []


def test_a_superseded_report_no_longer_stands():
    wrong = report(Statement.TAKEN, ReportSource.APP, 3, key=1)
    right = report(Statement.SKIPPED, ReportSource.STAFF, 2, key=2, supersedes=1)
    assert reported(wrong, right).state is DoseState.SKIPPED
    assert dose_state.disagreement([wrong, right], day_ends_at=WINDOWS["day_ends_at"]) == []


def test_of_two_reports_at_once_the_later_in_the_batch_decides():
    same = [report(Statement.SKIPPED, ReportSource.APP, 1), report(Statement.TAKEN, ReportSource.SMS, 1)]
    assert reported(*same).state is DoseState.TAKEN
    assert reported(*reversed(same)).state is DoseState.SKIPPED


def test_no_report_is_none_and_an_unknown_time_stays_unknown():
    assert reported() is None
    late = reported(report(Statement.TAKEN, ReportSource.SMS, 48))
    assert (late.timeliness, late.backfilled, late.taken_at) == (Timeliness.UNKNOWN, True, None)


def day_slots(states, step=2, first=2):
    return [
        DaySlot(key=day, dosing_day=date(2026, 6, day), due_at=datetime(2026, 6, day, 12, tzinfo=UTC), state=state)
        for day, state in zip(range(first, 30, step), states, strict=False)
    ]


TAKEN, OPEN = DoseState.TAKEN, DoseState.NOT_REPORTED


def test_w5_a_yesterday_evening_fills_yesterdays_slot_late_and_backfilled():
    taken_at = datetime(2026, 6, 5, 1, tzinfo=UTC)  # 4 June 21:00 in New York
    received = datetime(2026, 6, 5, 14, tzinfo=UTC)
    slot = dose_state.slot_for_report(day_slots([TAKEN, OPEN, DoseState.SCHEDULED]), taken_at=taken_at, zone=ZONE)
    assert slot.key == 4
    result = dose_state.reported(
        [Report(Statement.TAKEN, ReportSource.APP, received, taken_at)],
        closes_at=datetime(2026, 6, 4, 15, tzinfo=UTC),
        day_ends_at=datetime(2026, 6, 5, 8, tzinfo=UTC),
    )
    assert (result.state, result.timeliness, result.backfilled) == (DoseState.TAKEN, Timeliness.LATE, True)


def test_w5_b_a_day_without_a_slot_fills_the_last_open_one():
    taken_at = datetime(2026, 6, 5, 14, tzinfo=UTC)
    slot = dose_state.slot_for_report(day_slots([TAKEN, OPEN, DoseState.SCHEDULED]), taken_at=taken_at, zone=ZONE)
    assert slot.key == 4


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param([TAKEN, TAKEN, DoseState.SCHEDULED], None, id="last-one-taken-is-an-extra-dose"),
        pytest.param([OPEN, TAKEN, DoseState.SCHEDULED], None, id="nothing-older-is-filled"),
        pytest.param([TAKEN, DoseState.MISSED, DoseState.SCHEDULED], 4, id="stated-missed-is-open"),
        pytest.param([OPEN, DoseState.CANCELLED, DoseState.SCHEDULED], 2, id="cancelled-is-never-filled"),
        pytest.param([], None, id="no-slots"),
    ],
)
def test_a_report_on_a_day_without_a_slot(states, expected):
    taken_at = datetime(2026, 6, 5, 14, tzinfo=UTC)
    slot = dose_state.slot_for_report(day_slots(states), taken_at=taken_at, zone=ZONE)
    assert (slot and slot.key) == expected


def test_of_several_slots_on_a_day_the_nearest_open_one():
    slots = [
        DaySlot(key=hour, dosing_day=date(2026, 6, 1), due_at=datetime(2026, 6, 1, hour, tzinfo=UTC), state=state)
        for hour, state in ((12, TAKEN), (16, DoseState.OVERDUE), (22, DoseState.SCHEDULED))
    ]
    at = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
    assert dose_state.slot_for_report(slots, taken_at=at, zone=ZONE).key == 16
    taken = [DaySlot(s.key, s.dosing_day, s.due_at, TAKEN) for s in slots]
    assert dose_state.slot_for_report(taken, taken_at=at, zone=ZONE).key == 12
