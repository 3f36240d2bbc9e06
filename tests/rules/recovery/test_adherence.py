import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from recovery.rules import adherence
from recovery.rules.adherence import CoverRule, Supply
from recovery.rules.policy import default_policy
from recovery.rules.states import DoseState

POLICY = default_policy()
UNION, CARRY = CoverRule.UNION, CoverRule.CARRY_FORWARD


def days(first, last):
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def daily(*on):
    return [Supply.of_days(day, 1) for day in on]


def depots(*on):
    return [Supply.of_days(day, 28) for day in on]


def longest(supplies, **window):
    return adherence.longest_gap(adherence.gaps(supplies, **window))


def test_e1_oral_daily_diary():
    window = {"start": date(2026, 6, 1), "end": date(2026, 6, 30)}
    taken = daily(
        *(
            day
            for day in days(**dict(zip(("first", "last"), window.values(), strict=True)))
            if day.day not in (4, 11, 12, 25)
        )
    )
    result = adherence.pdc(taken, **window)
    assert (result.covered, result.days) == (26, 30)
    assert result.share.rounded == 0.8667
    assert longest(taken, **window) == adherence.Gap(date(2026, 6, 11), date(2026, 6, 12), 2)


FILLS = [Supply.of_days(day, 30) for day in (date(2026, 1, 1), date(2026, 1, 26), date(2026, 3, 10))]


@pytest.mark.parametrize(
    ("rule", "covered", "expected", "gap"),
    [
        pytest.param(CARRY, 82, 0.9111, (date(2026, 3, 2), date(2026, 3, 9), 8), id="with-shifting"),
        pytest.param(UNION, 77, 0.8556, (date(2026, 2, 25), date(2026, 3, 9), 13), id="without"),
    ],
)
def test_e2_fills(rule, covered, expected, gap):
    window = {"start": date(2026, 1, 1), "end": date(2026, 3, 31)}
    result = adherence.pdc(FILLS, rule=rule, **window)
    assert (result.covered, result.days, result.rule) == (covered, 90, rule)
    assert result.share.rounded == expected
    assert longest(FILLS, rule=rule, **window) == adherence.Gap(*gap)
    assert adherence.mpr(FILLS, **window).rounded == 1.0


def mwf(first, last):
    hours = {0: (48, 100), 2: (48, 100), 4: (72, 150)}
    return [(day, *hours[day.weekday()]) for day in days(first, last) if day.weekday() in hours]


def test_e3_monday_wednesday_friday():
    window = {"start": date(2026, 3, 2), "end": date(2026, 3, 29)}
    missed = {date(2026, 3, 11), date(2026, 3, 20)}
    plan = mwf(*window.values())
    assert (
        adherence.pdc([Supply(day, hours) for day, hours, _ in plan if day not in missed], **window).share.rounded
        == 0.8214
    )
    count = adherence.dose_count((DoseState.MISSED if day in missed else DoseState.TAKEN, mg) for day, _, mg in plan)
    assert (count.doses.part, count.doses.whole, count.doses.rounded) == (10, 12, 0.8333)
    assert (count.mg.part, count.mg.whole, count.mg.rounded) == (1150, 1400, 0.8214)


def test_e4_injection_with_one_late_dose():
    given = [date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 6), date(2026, 4, 3)]
    window = {"start": date(2026, 1, 5), "end": date(2026, 4, 30)}
    result = adherence.pdc(depots(*given), **window)
    assert (result.covered, result.days, result.share.rounded) == (112, 116, 0.9655)
    assert longest(depots(*given), **window) == adherence.Gap(date(2026, 3, 2), date(2026, 3, 5), 4)
    on_time = adherence.on_time_rate(given, policy=POLICY)
    assert (on_time.part, on_time.whole) == (2, 3)


def test_e5_early_dose_then_stopped():
    supplies = depots(date(2026, 7, 1), date(2026, 7, 25), date(2026, 8, 22))
    window = {"start": date(2026, 7, 1), "end": date(2026, 12, 31)}
    assert adherence.pdc(supplies, **window).share.rounded == 0.4348
    assert adherence.pdc(supplies, rule=CARRY, **window).share.rounded == 0.4565
    assert adherence.mpr(supplies, **window).rounded == 0.4565
    gap = longest(supplies, **window)
    assert [adherence.gap_reaches_on(gap, n) for n in (7, 14, 30)] == [
        date(2026, 9, 25), date(2026, 10, 2), date(2026, 10, 18),
    ]  # fmt: skip
    assert adherence.gap_reaches_on(gap, gap.days + 1) is None
    assert adherence.persistence(supplies, policy=POLICY, **window) == 80


def test_e6_oral_bridge():
    supplies = depots(date(2026, 3, 2), date(2026, 4, 6)) + daily(*days(date(2026, 3, 31), date(2026, 4, 4)))
    window = {"start": date(2026, 3, 2), "end": date(2026, 5, 3)}
    result = adherence.pdc(supplies, **window)
    assert (result.covered, result.days, result.share.rounded) == (61, 63, 0.9683)
    assert [(gap.first_day, gap.days) for gap in adherence.gaps(supplies, **window)] == [
        (date(2026, 3, 30), 1),
        (date(2026, 4, 5), 1),
    ]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param([2, 4, 6, 8], 1.0, id="a-filled-on-its-day"),
        pytest.param([2, 5, 6, 8], 0.875, id="b-taken-a-day-later"),
    ],
)
def test_w5_every_second_day_reported_late(taken, expected):
    supplies = [Supply(date(2026, 6, day), 48) for day in taken]
    result = adherence.pdc(supplies, start=date(2026, 6, 2), end=date(2026, 6, 9))
    assert result.share.rounded == expected
    assert adherence.dose_count((DoseState.TAKEN, 100) for _ in taken).doses.rounded == 1.0


def test_w6_hospital_shows_three_denominators():
    home = [day for day in days(date(2026, 6, 1), date(2026, 6, 30)) if not 10 <= day.day <= 16]
    given = days(date(2026, 6, 10), date(2026, 6, 12))
    result = adherence.pdc(
        daily(*home[:20], *given),
        start=date(2026, 6, 1),
        end=date(2026, 6, 30),
        away_unknown=days(date(2026, 6, 10), date(2026, 6, 16)),
        not_reported=[home[22]],
    )
    assert (result.excluded, result.not_reported) == (4, 1)
    assert (result.share.rounded, result.known_only.rounded, result.nothing_excluded.rounded) == (
        0.8846, 0.92, 0.7667,
    )  # fmt: skip


def test_w7_depot_days_in_custody_are_known():
    result = adherence.pdc(
        depots(date(2026, 3, 2), date(2026, 4, 10)),
        start=date(2026, 3, 2),
        end=date(2026, 4, 30),
        away_unknown=days(date(2026, 3, 20), date(2026, 4, 9)),
    )
    assert (result.covered, result.excluded, result.share.rounded) == (49, 11, 1.0)
    assert result.nothing_excluded.rounded == 0.8167


def test_w8_a_closed_clinic_lowers_cover_and_not_the_count():
    closed = date(2026, 5, 25)
    plan = mwf(date(2026, 5, 4), date(2026, 5, 31))
    result = adherence.pdc(
        [Supply(day, hours) for day, hours, _ in plan if day != closed],
        start=date(2026, 5, 4),
        end=date(2026, 5, 31),
    )
    assert (result.covered, result.days, result.share.rounded) == (26, 28, 0.9286)
    count = adherence.dose_count((DoseState.CANCELLED if day == closed else DoseState.TAKEN, mg) for day, _, mg in plan)
    assert (count.doses.part, count.doses.whole) == (11, 11)


def test_two_doses_on_a_day_count_once():
    day = date(2026, 6, 1)
    result = adherence.pdc(daily(day, day), start=day, end=date(2026, 6, 2))
    assert result.share.rounded == 0.5
    assert adherence.on_time_rate([day, day], policy=POLICY).value is None


def test_a_dose_logged_again_after_it_was_deleted_counts_once():
    day = date(2026, 6, 1)
    count = adherence.dose_count([(DoseState.CANCELLED, 50), (DoseState.TAKEN, 50)])
    assert (count.doses.part, count.doses.whole) == (1, 1)
    assert adherence.pdc(daily(day), start=day, end=day).share.rounded == 1.0


@pytest.mark.parametrize("change", [date(2026, 3, 8), date(2026, 11, 1)], ids=["spring", "autumn"])
def test_days_of_clock_changes_stay_one_day(change):
    window = {"start": change - timedelta(1), "end": change + timedelta(1)}
    result = adherence.pdc(daily(*days(*window.values())), **window)
    assert (result.covered, result.days) == (3, 3)


def test_a_window_before_the_first_dose_has_no_adherence():
    window = {"start": date(2026, 5, 1), "end": date(2026, 5, 31)}
    supplies = daily(date(2026, 6, 1))
    assert adherence.pdc(supplies, **window) is None
    assert adherence.pdc([], **window) is None
    assert adherence.persistence(supplies, policy=POLICY, **window) is None


def test_cover_from_before_the_window_counts_inside():
    result = adherence.pdc(depots(date(2026, 5, 20)), start=date(2026, 6, 1), end=date(2026, 6, 30))
    assert result.covered == 16


def test_a_window_with_everything_excluded_has_no_share():
    result = adherence.pdc(
        daily(date(2026, 5, 1)),
        start=date(2026, 6, 1),
        end=date(2026, 6, 3),
        away_unknown=days(date(2026, 6, 1), date(2026, 6, 3)),
    )
    assert result.share.value is None
    assert result.nothing_excluded.rounded == 0.0


def test_thirds_of_a_day_add_up():
    day = date(2026, 6, 1)
    thirds = [Supply(day, 8)] * 2 + [Supply(day + timedelta(1), 8)] * 4
    result = adherence.pdc(thirds, start=day, end=day + timedelta(1))
    assert result.covered == Fraction(5, 3)


def test_an_excluded_day_neither_lengthens_nor_ends_a_gap():
    supplies = daily(date(2026, 6, 1), date(2026, 6, 6))
    window = {"start": date(2026, 6, 1), "end": date(2026, 6, 6)}
    [gap] = adherence.gaps(supplies, away_unknown=[date(2026, 6, 3)], **window)
    assert gap == adherence.Gap(date(2026, 6, 2), date(2026, 6, 5), 3)


@pytest.mark.parametrize(
    ("hole", "expected"),
    [
        pytest.param(0, (182, True), id="whole"),
        pytest.param(7, (182, True), id="seven-days-are-allowed"),
        pytest.param(8, (100, False), id="eight-days-end-it"),
    ],
)
def test_continuity_of_180_days(hole, expected):
    start = date(2026, 1, 1)
    taken = daily(*days(start, start + timedelta(99)), *days(start + timedelta(100 + hole), start + timedelta(181)))
    result = adherence.continuity(taken, start=start, end=start + timedelta(181), policy=POLICY)
    assert (result.days, result.reached) == expected


def test_dose_count_leaves_out_what_is_not_due():
    states = [DoseState.TAKEN, DoseState.NOT_REPORTED, DoseState.HELD, DoseState.DUE, DoseState.SCHEDULED]
    count = adherence.dose_count((state, None) for state in states)
    assert (count.doses.part, count.doses.whole, count.known_only.whole, count.mg) == (1, 2, 1, None)


@pytest.mark.parametrize("call", [
    pytest.param(lambda: adherence.window_days(date(2026, 6, 2), date(2026, 6, 1)), id="window"),
    pytest.param(lambda: adherence.cover_by_day([Supply(date(2026, 6, 1), 0)], start=date(2026, 6, 1),
                                                end=date(2026, 6, 1)), id="no-hours"),
])  # fmt: skip
def test_impossible_input_is_refused(call):
    with pytest.raises(ValueError, match=r"window|hours"):
        call()


def naive_history(seed):
    """Count a random history a day at a time, sharing no code with the rules."""
    rng = random.Random(seed)
    start = date(2026, 1, 1) + timedelta(rng.randrange(60))
    length = rng.randrange(1, 200)
    end = start + timedelta(length - 1)
    lengths = rng.choice([[1], [1, 2, 3], [28], [30], [1, 28]])
    given = [(start + timedelta(rng.randrange(-40, length)), rng.choice(lengths)) for _ in range(rng.randrange(1, 40))]
    away = {start + timedelta(rng.randrange(length)) for _ in range(rng.randrange(12))}
    silent = {start + timedelta(rng.randrange(length)) for _ in range(rng.randrange(12))}

    union, carried = [], []
    remaining = 0
    by_day = {}
    for day, span in given:
        by_day.setdefault(day, []).append(span)
    for offset in range(-60, length):
        day = start + timedelta(offset)
        remaining += sum(by_day.get(day, []))
        in_union = any(0 <= (day - first).days < span for first, span in given)
        if offset >= 0:
            union.append(in_union)
            carried.append(remaining > 0)
        remaining = max(0, remaining - 1)
    worst = run = 0
    for offset, covered in enumerate(union):
        if covered:
            run = 0
        elif start + timedelta(offset) not in away:
            run += 1
            worst = max(worst, run)
    excluded = sum(not union[(day - start).days] for day in away)
    unreported = sum(not union[(day - start).days] for day in silent - away)
    return start, end, given, away, silent, union, carried, worst, excluded, unreported


@pytest.mark.parametrize("block", range(5))
def test_500_random_histories_against_a_naive_count(block):
    for seed in range(block * 100, block * 100 + 100):
        start, end, given, away, silent, union, carried, worst, excluded, unreported = naive_history(seed)
        supplies = [Supply.of_days(day, span) for day, span in given]
        result = adherence.pdc(supplies, start=start, end=end, away_unknown=away, not_reported=silent)
        assert result.covered == sum(union), seed
        assert (result.excluded, result.not_reported) == (excluded, unreported), seed
        assert adherence.pdc(supplies, start=start, end=end, rule=CARRY).covered == sum(carried), seed
        found = adherence.gaps(supplies, start=start, end=end, away_unknown=away)
        assert max((gap.days for gap in found), default=0) == worst, seed
        inside = sum(span for day, span in given if start <= day <= end)
        assert adherence.mpr(supplies, start=start, end=end).part == inside, seed
