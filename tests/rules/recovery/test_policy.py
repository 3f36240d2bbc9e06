import hashlib
import json
import math

import pytest

from recovery.rules import flags, policy_words
from recovery.rules import policy as rules
from recovery.rules.flags import FLAG_RULES, signed_columns
from recovery.rules.policy import (
    DEFAULT_VERSION,
    PolicyError,
    Version,
    default_policy,
    defaults_of,
    numbers,
    signed,
    unsigned,
    with_overrides,
)
from recovery.rules.states import FlagKind, Response, Role, Severity


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


# What the defaults of each version say. A changed number or row needs a new version: a stored decision names the
# version that it was made by. Add the old values to policy._BEFORE, raise DEFAULT_VERSION, add a line here.
FINGERPRINTS = {
    "default-1": "e501e8eed4f0d74b",
    "default-2": "9441872858f858ad",
    "default-3": "b6f569f8b789fb2f",
    "default-4": "687894b738f557ea",
}
FLAG_TABLE = "b26b5da70c345646"


def fingerprint(values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.parametrize("version", FINGERPRINTS)
def test_the_defaults_of_a_version_never_change(version):
    assert fingerprint(defaults_of(version)) == FINGERPRINTS[version]


def test_the_present_version_has_a_fingerprint_and_no_number_is_without_one():
    assert [*rules._BEFORE, DEFAULT_VERSION] == list(FINGERPRINTS)
    assert defaults_of(DEFAULT_VERSION) == {number.key: number.value for number in numbers(default_policy())}


def test_a_changed_row_of_the_table_of_concerns_needs_a_new_version_too():
    rows = {kind.value: signed_columns(rule) | {"acute": rule.acute} for kind, rule in FLAG_RULES.items()}
    assert fingerprint(rows) == FLAG_TABLE


def test_a_version_that_never_was_has_no_defaults():
    with pytest.raises(PolicyError):
        defaults_of("default-0")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("default-1", Version("default-1"), id="defaults"),
        pytest.param("default-12/p7.130", Version("default-12", 7, 130), id="a-program"),
    ],
)
def test_a_version_is_read_as_it_was_written(text, version):
    assert Version.read(text) == version
    assert str(version) == text
    assert len(str(Version("default-9999", 10**15, 10**6))) <= 40  # what a flag has room for


@pytest.mark.parametrize(
    "text", ["", "test", "default-", "default-1/p7", "default-1/p7.", "default-1/p7.1\n", "x" * 99]
)
def test_anything_else_names_no_policy(text):
    with pytest.raises(PolicyError):
        Version.read(text)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        pytest.param("stated_gap_days", " 4 ", 4, id="whole"),
        pytest.param("craving_week_mean", "5.5", 5.5, id="decimal"),
        pytest.param("craving_week_mean", "5", 5.0, id="decimal-without-a-point"),
        pytest.param("hold_on_silence", "yes", True, id="yes"),
        pytest.param("hold_on_silence", "no", False, id="no"),
    ],
)
def test_what_is_written_into_a_form(key, text, value):
    read = rules.read_value(key, text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        pytest.param("stated_gap_days", "4.0", id="decimal-for-whole"),
        pytest.param("stated_gap_days", "", id="empty"),
        pytest.param("stated_gap_days", "٤", id="other-digits"),
        pytest.param("stated_gap_days", "1e1", id="exponent"),
        pytest.param("stated_gap_days", "0", id="below"),
        pytest.param("craving_week_mean", "nan", id="nan"),
        pytest.param("craving_week_mean", "5,5", id="comma"),
        pytest.param("craving_week_mean", "11", id="above"),
        pytest.param("hold_on_silence", "1", id="switch"),
        pytest.param("nothing", "1", id="unknown"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_number(key, text):
    with pytest.raises(PolicyError) as refused:
        rules.read_value(key, text)
    assert refused.value.field == key


def test_every_number_has_a_meaning_once_and_the_page_has_them_all():
    shown = [key for section in policy_words.SECTIONS for key, _ in section.numbers]
    assert sorted(shown) == sorted(number.key for number in numbers(default_policy()))
    assert len(shown) == len(set(shown))
    meanings = [meaning for section in policy_words.SECTIONS for _, meaning in section.numbers]
    assert all(meaning and not meaning.endswith(".") for meaning in meanings)


def test_every_answer_time_and_severity_has_words():
    assert list(policy_words.RESPONSE) == list(flags._FROM_SOONEST)
    assert set(policy_words.RESPONSE) == set(Response)
    assert set(policy_words.SEVERITY) == set(Severity)


def test_a_signed_row_counts_as_signed_and_one_that_may_not_be_any_more_is_unsigned():
    silence = FLAG_RULES[FlagKind.SILENCE]
    said = signed_columns(
        silence, {"response": "hours_4", "owner": "nurse", "severity": "red", "alcohol_only": "amber"}
    )
    rule = flags.with_signed_rows({FlagKind.SILENCE: (said, "Dr A")})[FlagKind.SILENCE]
    assert (rule.response, rule.owner, rule.signed_by) == (Response.HOURS_4, Role.NURSE, "Dr A")
    assert (rule.severity, rule.alcohol_only) == (Severity.RED, Severity.AMBER)
    gone = said | {"owner": "somebody"}
    assert flags.with_signed_rows({FlagKind.SILENCE: (gone, "Dr A")})[FlagKind.SILENCE] == silence
    late = signed_columns(FLAG_RULES[FlagKind.OVERDOSE_SIGN]) | {"response": "weekly"}
    rule = flags.with_signed_rows({FlagKind.OVERDOSE_SIGN: (late, "Dr A")})[FlagKind.OVERDOSE_SIGN]
    assert (rule.response, rule.signed_by) == (Response.NOW, None)
