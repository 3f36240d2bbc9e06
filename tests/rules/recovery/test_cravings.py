import json
import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.rules import cravings
from recovery.rules.cravings import Context, Reading, assess, detect_rise
from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.states import FlagKind, Severity

# C 6.4 as printed, so that these tables hold whatever set a program tunes to its budget.
POLICY = default_policy()
TODAY = date(2026, 3, 10)  # a Tuesday


def ago(days, value, confidence=None):
    return Reading(TODAY - timedelta(days), value, confidence)


def usual(values, until=8, confidence=None):
    """One reading every second day, the last ``until`` days ago."""
    last = len(values) - 1
    return [ago(until + 2 * (last - i), value, confidence) for i, value in enumerate(values)]


STEADY_TWO = usual([2] * 12)


def fired(readings, **more):
    result = assess(readings, policy=POLICY, on_day=TODAY, **more)
    return "".join(each.rule for each in result.results if each.fired)


def value(readings, rule):
    [found] = [each.value for each in assess(readings, policy=POLICY, on_day=TODAY).results if each.rule == rule]
    return found


def test_the_rise_of_the_rule_book():
    readings = [*STEADY_TWO, ago(2, 4), ago(1, 4), ago(0, 5)]
    rise = detect_rise(readings, policy=POLICY, on_day=TODAY)
    assert (rise.kind, rise.severity, rise.leading) == (FlagKind.CRAVING_RISE, Severity.AMBER, "C")
    assert (rise.usual, rise.usual_sd, rise.check_ins, rise.since) == (2.0, 1.0, 3, TODAY - timedelta(2))
    assert round(rise.points_above, 2) == 2.33
    assert rise.reaches_list


def test_ewma_and_cusum_of_the_rule_book():
    assert [round(level, 3) for level in cravings.ewma([2, 2, 3], policy=POLICY)] == [0.6, 1.02, 1.614]
    assert cravings.cusum([2, 2, 3], policy=POLICY) == [1.25, 2.5, 4.75]
    readings = [*STEADY_TWO, ago(2, 4), ago(1, 4), ago(0, 5)]
    assert round(value(readings, "D"), 3) == 1.614
    assert value(readings, "E") == 4.75
    assert fired(readings) == "CDE"


def test_the_cusum_starts_again_after_its_alarm():
    assert cravings.cusum([2, 2, 3, 2], policy=POLICY)[-1] == 1.25


@pytest.mark.parametrize(
    ("readings", "rules"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param([ago(0, 8)], "A", id="A-one-8"),
        pytest.param([ago(0, 7)], "", id="A-not-at-7"),
        pytest.param([ago(1, 9)], "", id="yesterdays-answer-does-not-speak-today"),
        pytest.param([ago(0, 9), ago(0, 1)], "A", id="A-any-answer-of-the-day"),
        pytest.param([ago(6, 6), ago(3, 6), ago(0, 6)], "B", id="B-mean-6"),
        pytest.param([ago(7, 6), ago(3, 6), ago(0, 6)], "", id="B-only-two-in-7-days"),
        pytest.param([ago(6, 5), ago(3, 6), ago(0, 6)], "", id="B-mean-below-6"),
        pytest.param([*STEADY_TWO, ago(4, 4), ago(1, 4), ago(0, 4)], "CD", id="C-rise-2"),
        pytest.param([*STEADY_TWO, ago(5, 4), ago(1, 4), ago(0, 4)], "D", id="C-not-within-5-days"),
        pytest.param([*STEADY_TWO, ago(1, 4), ago(0, 4)], "", id="C-needs-three-answers"),
        pytest.param([*STEADY_TWO, ago(2, 3), ago(1, 4), ago(0, 4)], "", id="C-rise-1.7"),
        pytest.param([*STEADY_TWO, ago(0, 7), ago(0, 7)], "DEG", id="G-two-of-three"),
        pytest.param([*STEADY_TWO[:9], ago(2, 4), ago(1, 4), ago(0, 5)], "", id="no-own-baseline-no-personal-rule"),
    ],
)
def test_which_rules_fire(readings, rules):
    assert fired(readings) == rules


def test_f_a_slope():
    readings = [*usual([0, 1] * 6), *(ago(days, 9 - days) for days in (8, 6, 4, 2, 0))]
    readings.sort()
    found = assess(readings, policy=POLICY, on_day=TODAY)
    assert found.fired("F")
    assert round(value(readings, "F"), 2) == 1.0


def test_f_is_info_by_itself():
    # An unsteady usual keeps C quiet; the climb is seen by its slope.
    readings = sorted([*usual([0, 4, 0, 5, 0, 4] * 2, until=10), *(ago(d, v) for d, v in
                       ((8, 1), (6, 2), (4, 3), (2, 4), (0, 5)))])  # fmt: skip
    found = assess(readings, policy=POLICY, on_day=TODAY)
    assert found.fired("F")
    assert not found.fired("C")
    assert found.rise.severity is Severity.INFO
    assert not found.rise.reaches_list


@pytest.mark.parametrize(
    ("value", "confidence", "base", "severity"),
    [
        pytest.param(8, None, STEADY_TWO, Severity.AMBER, id="8"),
        pytest.param(10, None, STEADY_TWO, Severity.AMBER, id="10-alone-is-amber"),
        pytest.param(9, 4, STEADY_TWO, Severity.AMBER, id="9-confidence-4"),
        pytest.param(9, 3, STEADY_TWO, Severity.AMBER_PLUS, id="9-confidence-3"),
        pytest.param(8, 0, STEADY_TWO, Severity.AMBER, id="8-confidence-0"),
        pytest.param(8, None, usual([8] * 12), Severity.INFO, id="always-8"),
        pytest.param(8, None, usual([6, 7] * 6), Severity.INFO, id="usual-6.5-within-1.5"),
        pytest.param(9, None, usual([6, 7] * 6), Severity.AMBER, id="usual-6.5-more-than-1.5-above"),
        pytest.param(10, 2, usual([9] * 12), Severity.AMBER_PLUS, id="always-9-but-no-confidence"),
    ],
)
def test_s17_severity_of_rule_a(value, confidence, base, severity):
    rise = detect_rise([*base, ago(0, value, confidence)], policy=POLICY, on_day=TODAY)
    assert (rise.kind, rise.severity) == (FlagKind.CRAVING_HIGH, severity)


@pytest.mark.parametrize(
    ("overrides", "severity"),
    [
        pytest.param({}, Severity.AMBER, id="s17"),
        pytest.param({"craving_list_high_sd": 2.5}, Severity.INFO, id="a-program-that-asks-for-2.5-spreads"),
    ],
)
def test_the_budget_decides_whether_a_high_but_expected_answer_reaches_the_list(overrides, severity):
    policy = with_overrides(POLICY, overrides)
    rise = detect_rise([*usual([6] * 12), ago(0, 8)], policy=policy, on_day=TODAY)
    assert (rise.leading, rise.severity) == ("A", severity)


@pytest.mark.parametrize(
    ("overrides", "severity"),
    [({}, Severity.INFO), ({"craving_list_fixed_cuts": True}, Severity.AMBER)],
    ids=["budget", "c64"],
)
def test_the_budget_decides_whether_fixed_cuts_reach_the_list(overrides, severity):
    readings = sorted([*usual([5, 6] * 7, until=7), ago(5, 7), ago(3, 5), ago(0, 7)])
    found = assess(readings, policy=with_overrides(POLICY, overrides), on_day=TODAY)
    assert {result.rule: result.severity for result in found.results if result.fired} == {
        "B": severity,
        "G": severity,
    }


def test_a_slow_drift_reaches_the_list_with_its_own_count():
    readings = [*usual([2] * 16), ago(6, 4), ago(4, 4), ago(2, 3), ago(1, 4), ago(0, 4)]
    rise = detect_rise(readings, policy=POLICY, on_day=TODAY)
    assert (rise.leading, rise.severity, rise.check_ins) == ("E", Severity.AMBER, 5)
    assert (round(rise.points_above, 2), rise.since) == (1.8, TODAY - timedelta(6))
    quiet = with_overrides(POLICY, {"craving_list_drift": False})
    assert detect_rise(readings, policy=quiet, on_day=TODAY).severity is Severity.INFO


def test_a_few_wild_answers_do_not_make_a_clear_rise():
    # Above the rule's line, not above the steadier one: for the weekly list.
    readings = [*usual([0, 3] * 6), ago(2, 4), ago(1, 4), ago(0, 3)]
    readings.sort()
    policy = with_overrides(POLICY, {"craving_list_drift": False, "craving_rise_sd": 1.2})
    found = assess(readings, policy=policy, on_day=TODAY)
    assert found.fired("C")
    assert found.rise.severity is Severity.INFO


def test_a_person_who_always_says_8_is_reviewed_monthly_and_alarms_nobody():
    readings = sorted([*usual([8] * 14, until=7), ago(5, 8), ago(3, 8), ago(1, 8), ago(0, 8)])
    rise = detect_rise(readings, policy=POLICY, on_day=TODAY)
    assert (rise.severity, rise.monthly_review) == (Severity.INFO, True)


def test_random_numbers_do_not_fire_the_fixed_cuts():
    rng = random.Random(5)
    noise = [Reading(TODAY - timedelta(d), rng.choice([0, 1, 9, 10, 5, 2, 8])) for d in range(35, 3, -1)]
    readings = [*noise, ago(2, 7), ago(1, 7), ago(0, 7)]
    found = assess(readings, policy=POLICY, on_day=TODAY)
    assert found.baseline.careless
    assert found.fired("G")
    assert found.rise.severity is Severity.INFO


def test_a_swinging_but_believable_person_is_not_careless():
    readings = [*usual([1, 2, 4, 6, 5, 3, 1, 0, 2, 4, 6, 5]), ago(0, 3)]
    assert not assess(readings, policy=POLICY, on_day=TODAY).baseline.careless


def rise_with(context=None, confidence=None):
    readings = [*usual([2] * 12, confidence=8), ago(2, 4), ago(1, 4), ago(0, 5, confidence)]
    return detect_rise(readings, policy=POLICY, on_day=TODAY, context=context)


@pytest.mark.parametrize(
    ("context", "confidence", "severity", "reasons"),
    [
        pytest.param(None, 8, Severity.AMBER, (), id="alone"),
        pytest.param(Context(reported_use=True), None, Severity.AMBER_PLUS, ("reported_use",), id="use"),
        pytest.param(Context(dose_missed=True), None, Severity.AMBER_PLUS, ("dose_missed",), id="missed"),
        pytest.param(None, 5, Severity.AMBER_PLUS, ("confidence_drop",), id="confidence-3-below"),
        pytest.param(None, 6, Severity.AMBER, (), id="confidence-2-below"),
        pytest.param(
            Context(reported_use=True, dose_missed=True), 0, Severity.AMBER_PLUS,
            ("reported_use", "confidence_drop", "dose_missed"), id="one-level-however-many",
        ),
    ],
)  # fmt: skip
def test_h_raises_one_level(context, confidence, severity, reasons):
    rise = rise_with(context, confidence)
    assert (rise.severity, rise.raised_by) == (severity, reasons)
    assert ("H" in rise.rules) is bool(reasons)


def test_h_by_itself_raises_nothing():
    readings = [*STEADY_TWO, ago(0, 2)]
    context = Context(reported_use=True, dose_missed=True)
    assert detect_rise(readings, policy=POLICY, on_day=TODAY, context=context) is None


@pytest.mark.parametrize(
    ("days", "before", "again"),
    [
        pytest.param(6, Severity.AMBER, False, id="within-7-days"),
        pytest.param(7, Severity.AMBER, True, id="after-7-days"),
        pytest.param(1, Severity.INFO, True, id="more-severe-at-once"),
        pytest.param(1, Severity.RED, False, id="less-severe"),
    ],
)
def test_it_is_raised_again_only_after_a_week_or_when_it_is_worse(days, before, again):
    context = Context(last_raised_on=TODAY - timedelta(days), last_raised=before)
    assert (rise_with(context) is not None) is again


def high_again(days, value=8, confidence=None, before=Severity.AMBER, **more):
    """A high answer ``days`` after rule A reached the list, of somebody for whom it is no drift."""
    context = Context(high_raised_on=TODAY - timedelta(days), high_raised=before, **more)
    return detect_rise([*usual([5, 6] * 6), ago(0, value, confidence)], policy=POLICY, on_day=TODAY, context=context)


@pytest.mark.parametrize(
    ("rise", "severity"),
    [
        pytest.param(high_again(27), Severity.INFO, id="within-28-days"),
        pytest.param(high_again(27, 9), Severity.INFO, id="higher-on-the-scale-is-the-same-severity"),
        pytest.param(high_again(28), Severity.AMBER, id="after-28-days"),
        pytest.param(high_again(10, 9, 3), Severity.AMBER_PLUS, id="more-severe-at-once"),
        pytest.param(high_again(10, 9, 3, Severity.AMBER_PLUS), Severity.INFO, id="as-severe"),
        pytest.param(high_again(10, 8, reported_use=True), Severity.AMBER_PLUS, id="raised-by-use"),
        pytest.param(high_again(-3), Severity.INFO, id="an-answer-told-late"),
    ],
)
def test_a_high_answer_is_for_the_weekly_list_while_the_last_one_is_fresh(rise, severity):
    assert (rise.leading, rise.severity) == ("A", severity)


@pytest.mark.parametrize(
    ("readings", "leading"),
    [
        pytest.param([ago(2, 5), ago(1, 6), ago(0, 8)], "C", id="three-answers"),
        pytest.param([ago(0, 8)], "E", id="one-answer-far-above-the-usual"),
    ],
)
def test_a_rise_reaches_the_list_although_a_high_answer_did_lately(readings, leading):
    context = Context(high_raised_on=TODAY - timedelta(10), high_raised=Severity.AMBER)
    rise = detect_rise([*STEADY_TWO, *readings], policy=POLICY, on_day=TODAY, context=context)
    assert (rise.kind, rise.leading, rise.severity) == (FlagKind.CRAVING_RISE, leading, Severity.AMBER)
    assert "A" in rise.rules


def test_few_answers_lean_on_what_is_usual_for_people():
    baseline = assess([ago(20, 6), ago(0, 3)], policy=POLICY, on_day=TODAY).baseline
    assert (baseline.personal, baseline.n) == (False, 1)
    assert round(baseline.mean, 2) == round((2 * 10 + 6) / 11, 2)


def test_the_baseline_leaves_out_the_last_week_and_what_is_older_than_35_days():
    readings = sorted([ago(36, 10), *usual([2] * 12, until=7), ago(6, 10), ago(0, 2)])
    baseline = assess(readings, policy=POLICY, on_day=TODAY).baseline
    assert (baseline.n, baseline.mean) == (12, 2.0)


def test_a_silent_fortnight_fires_nothing_and_breaks_nothing():
    readings = [*usual([2] * 10, until=15), ago(0, 3)]
    found = assess(readings, policy=POLICY, on_day=TODAY)
    assert found.baseline.personal
    assert found.rise is None


def test_days_after_the_asked_one_are_left_out():
    readings = [*STEADY_TWO, ago(0, 2), Reading(TODAY + timedelta(1), 10)]
    assert fired(readings) == ""


def test_thresholds_come_from_the_policy():
    policy = with_overrides(POLICY, {"craving_high_at": 9})
    assert detect_rise([ago(0, 8)], policy=policy, on_day=TODAY) is None


HISTORIES = st.lists(st.tuples(st.integers(0, 70), st.integers(0, 10), st.none() | st.integers(0, 10)), max_size=80)


@given(HISTORIES)
def test_any_history_gives_evidence_that_survives_json(history):
    readings = sorted((ago(*each) for each in history), key=lambda reading: reading.day)
    found = assess(readings, policy=POLICY, on_day=TODAY)
    if found.rise is not None:
        evidence = found.rise.evidence()
        assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence
        assert found.fired(found.rise.leading)
        assert found.rise.since <= TODAY
        assert 1 <= found.rise.check_ins <= len(readings)


@given(HISTORIES)
def test_the_moving_statistics_equal_a_plain_recount(history):
    readings = sorted((ago(*each) for each in history), key=lambda reading: reading.day)
    readings.append(ago(0, 4))
    found = {each.rule: each.value for each in assess(readings, policy=POLICY, on_day=TODAY).results}
    zs = []
    for index, reading in enumerate(readings):
        base = [r.value for r in readings[:index] if 7 <= (reading.day - r.day).days <= 35]
        if len(base) < 10:
            continue
        mean = sum(base) / len(base)
        spread = (sum((v - mean) ** 2 for v in base) / (len(base) - 1)) ** 0.5
        zs.append((reading.value - mean) / max(1.0, spread))
    expected_d = cravings.ewma(zs, policy=POLICY)[-1] if zs else None
    assert found["D"] == (None if expected_d is None else pytest.approx(expected_d))
    week = [r.value for r in readings if (TODAY - r.day).days <= 6]
    assert found["B"] == pytest.approx(sum(week) / len(week))
