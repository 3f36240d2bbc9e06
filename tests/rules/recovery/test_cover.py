from datetime import UTC, date, datetime, timedelta

import pytest

from recovery.rules import cover, flags
from recovery.rules.cover import InjectionWarning, Side
from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.states import Band, Severity

NEW_YORK, LOS_ANGELES = "America/New_York", "America/Los_Angeles"
POLICY = default_policy()


def instants(given_on, zone):
    changes, band = [], Band.COVERED
    while change := cover.next_change(given_on, band=band, zone=zone, policy=POLICY):
        changes.append((change.band.value, change.on.isoformat(), change.at.strftime("%Y-%m-%dT%H:%MZ")))
        band = change.band
    return changes


def test_w1_bands_change_at_local_midnight():
    # 10 February 23:50 in New York is already the 11th in UTC; its date is the 10th.
    assert instants(date(2026, 2, 10), NEW_YORK) == [
        ("due_soon", "2026-03-03", "2026-03-03T05:00Z"),
        ("due", "2026-03-10", "2026-03-10T04:00Z"),
        ("overdue_1", "2026-03-11", "2026-03-11T04:00Z"),
        ("overdue_4", "2026-03-14", "2026-03-14T04:00Z"),
        ("overdue_8", "2026-03-18", "2026-03-18T04:00Z"),
        ("lapsed", "2026-03-25", "2026-03-25T04:00Z"),
        ("discontinued", "2026-04-08", "2026-04-08T04:00Z"),
    ]
    ended = cover.cover_ends(date(2026, 2, 10), policy=POLICY)
    assert ended == date(2026, 3, 10)
    assert cover.after_care_ends(ended, policy=POLICY) == date(2026, 5, 9)
    assert cover.days_since(date(2026, 2, 10), date(2026, 5, 9)) == 88


def test_w1_a_move_west_neither_takes_a_band_back_nor_fires_it_twice():
    given_on, moved_at = date(2026, 2, 10), datetime(2026, 3, 11, 5, tzinfo=UTC)
    before = cover.changes_due(given_on, band=Band.DUE, zone=NEW_YORK, now=moved_at, policy=POLICY)
    assert [change.band for change in before] == [Band.OVERDUE_1]
    later = datetime(2026, 3, 11, 7, tzinfo=UTC)
    assert cover.changes_due(given_on, band=Band.OVERDUE_1, zone=LOS_ANGELES, now=later, policy=POLICY) == []
    following = cover.next_change(given_on, band=Band.OVERDUE_1, zone=LOS_ANGELES, policy=POLICY)
    assert (following.band, following.at) == (Band.OVERDUE_4, datetime(2026, 3, 14, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("dsl", "band"),
    [
        (0, "covered"), (20, "covered"), (21, "due_soon"), (27, "due_soon"), (28, "due"), (29, "overdue_1"),
        (31, "overdue_1"), (32, "overdue_4"), (35, "overdue_4"), (36, "overdue_8"), (42, "overdue_8"),
        (43, "lapsed"), (56, "lapsed"), (57, "discontinued"), (400, "discontinued"),
    ],
)  # fmt: skip
def test_band_of_each_edge(dsl, band):
    assert cover.band_of(dsl, policy=POLICY) == band


def test_a_late_tick_finds_every_band_it_passed():
    now = datetime(2026, 4, 1, tzinfo=UTC)
    due = cover.changes_due(date(2026, 2, 10), band=Band.COVERED, zone=NEW_YORK, now=now, policy=POLICY)
    assert [change.dsl for change in due] == [21, 28, 29, 32, 36, 43]


def test_a_change_is_due_at_its_instant_and_not_before():
    at = datetime(2026, 3, 11, 4, tzinfo=UTC)
    given_on = date(2026, 2, 10)
    asked = {"band": Band.DUE, "zone": NEW_YORK, "policy": POLICY}
    assert cover.changes_due(given_on, now=at - timedelta(seconds=1), **asked) == []
    assert len(cover.changes_due(given_on, now=at, **asked)) == 1


def test_thresholds_come_from_the_policy():
    policy = with_overrides(POLICY, {"lapsed_from_dsl": 50})
    assert cover.band_of(43, policy=policy) is Band.OVERDUE_8
    assert cover.band_of(50, policy=policy) is Band.LAPSED


@pytest.mark.parametrize(
    ("given_on", "expected"),
    [
        pytest.param(date(2026, 1, 31), ("02-25", "02-28", "02-28", "02-28"), id="31-january"),
        pytest.param(date(2026, 2, 10), ("03-07", "03-10", "03-10", "03-10"), id="february"),
        pytest.param(date(2026, 4, 6), ("05-01", "05-04", "05-06", "05-06"), id="april"),
        pytest.param(date(2026, 12, 15), ("01-09", "01-12", "01-15", "01-15"), id="over-new-year"),
        pytest.param(date(2026, 5, 31), ("06-25", "06-28", "06-30", "06-30"), id="clamped-to-month-end"),
        pytest.param(date(2028, 1, 30), ("02-24", "02-27", "02-29", "02-29"), id="leap-february"),
    ],
)
def test_dates_to_offer(given_on, expected):
    window = cover.visit_window(given_on, policy=POLICY)
    shown = (window.earliest, window.proposed, window.latest, window.same_date_next_month)
    assert tuple(day.strftime("%m-%d") for day in shown) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param({"previous_given_on": date(2026, 5, 11)}, [InjectionWarning.EARLY], id="day-20-early"),
        pytest.param({"previous_given_on": date(2026, 5, 10)}, [], id="day-21-fine"),
        pytest.param({"previous_given_on": None}, [], id="first"),
        pytest.param(
            {"previous_given_on": date(2026, 5, 1), "side": Side.LEFT, "previous_side": Side.LEFT},
            [InjectionWarning.SAME_SIDE],
            id="same-side",
        ),
        pytest.param(
            {"previous_given_on": date(2026, 5, 1), "side": Side.LEFT, "previous_side": Side.RIGHT}, [], id="other-side"
        ),
        pytest.param(
            {"previous_given_on": None, "lot_expires_on": date(2026, 5, 30)}, [InjectionWarning.EXPIRED_LOT], id="lot"
        ),
        pytest.param({"previous_given_on": None, "lot_expires_on": date(2026, 5, 31)}, [], id="lot-good-that-day"),
    ],
)
def test_warnings_when_recording(facts, expected):
    assert cover.injection_warnings(date(2026, 5, 31), policy=POLICY, **facts) == expected


def test_w9_an_early_sublocade_warns_and_is_kept():
    warned = cover.injection_warnings(
        date(2026, 4, 3), previous_given_on=date(2026, 3, 9), earliest=date(2026, 4, 4), policy=POLICY
    )
    assert warned == [InjectionWarning.EARLY]


@pytest.mark.parametrize(("dsl", "late"), [(28, False), (29, True), (60, True)])
def test_an_injection_on_day_29_has_crossed(dsl, late):
    first = date(2026, 2, 10)
    assert cover.returned_late(first, first + timedelta(dsl), policy=POLICY) is late


def test_w7_release_is_day_38_and_overdue_8():
    dsl = cover.days_since(date(2026, 3, 2), date(2026, 4, 9))
    assert (dsl, cover.band_of(dsl, policy=POLICY)) == (38, Band.OVERDUE_8)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: cover.days_since(date(2026, 6, 2), date(2026, 6, 1)), id="days-since"),
        pytest.param(lambda: cover.band_of(-1, policy=POLICY), id="band"),
        pytest.param(
            lambda: cover.check_injection_date(date(2026, 6, 2), today=date(2026, 6, 1), born_on=None), id="future"
        ),
        pytest.param(
            lambda: cover.check_injection_date(date(1980, 1, 1), today=date(2026, 6, 1), born_on=date(1980, 1, 2)),
            id="before-birth",
        ),
    ],
)
def test_an_impossible_injection_date_names_its_field(call):
    with pytest.raises(cover.InjectionDateError) as refused:
        call()
    assert refused.value.field == "given_on"


def test_an_injection_today_is_accepted():
    cover.check_injection_date(date(2026, 6, 1), today=date(2026, 6, 1), born_on=date(2026, 6, 1))


def test_w2_unprotected_since_the_last_taken_dose_and_its_coverage():
    taken = datetime(2026, 6, 1, 12, 10, tzinfo=UTC)
    assert cover.unprotected_since([(taken - timedelta(3), 72), (taken, 72)]) == datetime(
        2026, 6, 4, 12, 10, tzinfo=UTC
    )
    assert cover.unprotected_since([]) is None


def bridge_severity(day, confirmed, *, hour):
    """``injection_late`` after the injection of 2 March, tablets at 08:00 on the confirmed days."""
    given_on = date(2026, 3, 2)
    dsl = cover.days_since(given_on, day)
    now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    taken = [datetime(d.year, d.month, d.day, 8, tzinfo=UTC) for d in confirmed if d < day or (d == day and hour > 8)]
    holds = flags.bridge_holds(last_taken_at=max(taken, default=None), coverage_hours=24, now=now, policy=POLICY)
    return flags.injection_late_severity(
        cover.band_of(dsl, policy=POLICY), dsl=dsl, counts_as_opioid=True, bridge_holds=holds, policy=POLICY
    )


def confirmed(first, last):
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def test_w10_a_confirmed_bridge_keeps_it_amber():
    bridge = confirmed(date(2026, 3, 30), date(2026, 4, 7))
    seen = {bridge_severity(day, bridge, hour=hour) for day in confirmed(date(2026, 3, 31), date(2026, 4, 7))
            for hour in (0, 12, 23)}  # fmt: skip
    assert seen == {Severity.AMBER}


def test_w10_the_first_uncovered_day_takes_the_severity_of_its_band():
    bridge = confirmed(date(2026, 3, 30), date(2026, 4, 4))
    assert bridge_severity(date(2026, 4, 4), bridge, hour=23) is Severity.AMBER
    assert bridge_severity(date(2026, 4, 5), bridge, hour=12) is Severity.AMBER_PLUS
    assert bridge_severity(date(2026, 4, 7), bridge, hour=0) is Severity.RED
    assert cover.returned_late(date(2026, 3, 2), date(2026, 4, 8), policy=POLICY)
