import math

import pytest

from recovery.rules import policy as rules
from recovery.rules.policy import PolicyError, default_policy, numbers, signed, unsigned, with_overrides


def test_every_number_has_a_unit_a_source_and_lies_in_its_range():
    for number in numbers(default_policy()):
        assert number.unit
        assert number.source
        assert number.low <= number.value <= number.high, number.key
        assert number.signed_by is None


def test_all_defaults_are_unsigned_and_signing_takes_them_off_the_list():
    policy = default_policy()
    assert len(unsigned(policy)) == len(numbers(policy))
    part = signed(policy, keys=["stated_gap_days"], by="Dr A")
    assert "stated_gap_days" not in {number.key for number in unsigned(part)}
    everything = signed(policy, keys=[number.key for number in numbers(policy)], by="Dr A")
    assert unsigned(everything) == []


def test_an_override_changes_the_number_the_version_and_the_signature():
    policy = signed(default_policy(), keys=["stated_gap_days", "due_at_dsl"], by="Dr A")
    changed = with_overrides(policy, {"stated_gap_days": 2}, version="clinic-7")
    assert (changed.stated_gap_days, changed.version) == (2, "clinic-7")
    by = {number.key: number.signed_by for number in numbers(changed)}
    assert (by["stated_gap_days"], by["due_at_dsl"]) == (None, "Dr A")
    again = with_overrides(changed, {"stated_gap_days": 3}, signed_by="Dr B")
    assert {number.key: number.signed_by for number in numbers(again)}["stated_gap_days"] == "Dr B"
    assert policy.stated_gap_days == 3


def test_a_whole_number_may_stand_for_a_decimal_one():
    assert with_overrides(default_policy(), {"craving_week_mean": 7}).craving_week_mean == 7.0


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        pytest.param({"no_such_number": 1}, "no_such_number", id="unknown"),
        pytest.param({"version": "x"}, "version", id="not-a-number"),
        pytest.param({"stated_gap_days": "3"}, "stated_gap_days", id="text"),
        pytest.param({"stated_gap_days": 3.0}, "stated_gap_days", id="decimal-for-whole"),
        pytest.param({"stated_gap_days": True}, "stated_gap_days", id="truth-for-number"),
        pytest.param({"hold_on_silence": 1}, "hold_on_silence", id="number-for-truth"),
        pytest.param({"stated_gap_days": None}, "stated_gap_days", id="none"),
        pytest.param({"stated_gap_days": 0}, "stated_gap_days", id="below"),
        pytest.param({"craving_high_at": 11}, "craving_high_at", id="above"),
        pytest.param({"craving_week_mean": math.nan}, "craving_week_mean", id="not-a-number-nan"),
        pytest.param({"craving_week_mean": math.inf}, "craving_week_mean", id="infinite"),
        pytest.param({"overdue_4_from_dsl": 29}, "overdue_4_from_dsl", id="bands-not-ascending"),
        pytest.param({"silence_usual_rate": 0.9}, "silence_usual_rate", id="rates-cross"),
        pytest.param({"craving_baseline_to_days": 40}, "craving_baseline_to_days", id="baseline-ends-first"),
    ],
)
def test_a_wrong_override_is_refused_with_its_number(overrides, field):
    with pytest.raises(PolicyError) as refused:
        with_overrides(default_policy(), overrides)
    assert refused.value.field == field


def test_signing_needs_a_name_and_a_number():
    with pytest.raises(PolicyError):
        signed(default_policy(), keys=["stated_gap_days"], by="  ")
    with pytest.raises(PolicyError):
        signed(default_policy(), keys=["nothing"], by="Dr A")


def test_a_policy_can_be_cached_on():
    assert hash(default_policy()) == hash(rules.Policy())
    assert default_policy() != with_overrides(default_policy(), {"stated_gap_days": 2})
