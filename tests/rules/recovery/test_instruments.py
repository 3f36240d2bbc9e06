"""Questionnaires: scoring examples, skip logic, what is never 0, safety answers, licences."""

import re
from pathlib import Path

import pytest

from recovery.rules.instruments import cssrs, daily, month
from recovery.rules.instruments.alcohol import AUDIT_C, CAGE
from recovery.rules.instruments.catalogue import INSTRUMENTS, on_phone
from recovery.rules.instruments.cssrs import CSSRS
from recovery.rules.instruments.daily import DAILY
from recovery.rules.instruments.definition import (
    AnswerError,
    Filler,
    InstrumentKey,
    Kind,
    Tag,
    check_answer,
    is_complete,
    next_item,
    open_items,
    said,
    score,
)
from recovery.rules.instruments.month import MONTH
from recovery.rules.instruments.paper import BAM, PACS
from recovery.rules.instruments.phq import PHQ2, PHQ9
from recovery.rules.instruments.safety import findings_of_answer, findings_of_score, unfinished
from recovery.rules.policy import default_policy, with_overrides
from recovery.rules.states import FlagKind, Severity
from recovery.rules.words import Language

POLICY = default_policy()
EN, ES = Language.ENGLISH, Language.SPANISH


def phq(*values):
    return {f"phq_{number}": value for number, value in enumerate(values, start=1)}


def numbered(prefix, *values):
    return {f"{prefix}_{number}": value for number, value in enumerate(values, start=1)}


def scored(instrument, answers, tags=()):
    return score(instrument, instrument.keys_for(tags), answers, policy=POLICY)


@pytest.mark.parametrize(
    ("answers", "total", "band"),
    [
        pytest.param(phq(0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "below", id="none"),
        pytest.param(phq(1, 1, 1, 1, 1, 1, 1, 1, 1), 9, "below", id="nine"),
        pytest.param(phq(2, 1, 1, 1, 1, 1, 1, 1, 1), 10, "moderate", id="ten"),
        # The worked form in the authors' instruction manual: 16, moderately severe.
        pytest.param(phq(2, 3, 2, 2, 1, 3, 2, 1, 0), 16, "moderately_severe", id="sixteen"),
        pytest.param(phq(2, 2, 2, 2, 2, 2, 2, 0, 0), 14, "moderate", id="fourteen"),
        pytest.param(phq(2, 2, 2, 2, 2, 2, 2, 1, 0), 15, "moderately_severe", id="fifteen"),
        pytest.param(phq(3, 3, 3, 3, 3, 3, 1, 0, 0), 19, "moderately_severe", id="nineteen"),
        pytest.param(phq(3, 3, 3, 3, 3, 3, 2, 0, 0), 20, "severe", id="twenty"),
        pytest.param(phq(3, 3, 3, 3, 3, 3, 3, 3, 3), 27, "severe", id="all"),
    ],
)
def test_phq9(answers, total, band):
    found = scored(PHQ9, answers)
    assert (found.total, found.of, found.band, found.complete) == (total, 27, band, True)


@pytest.mark.parametrize(
    ("answers", "total", "band"),
    [
        pytest.param(phq(1, 1), 2, "below", id="two"),
        pytest.param(phq(0, 3), 3, "at_or_above", id="three"),
        pytest.param(phq(3, 3), 6, "at_or_above", id="six"),
    ],
)
def test_phq2(answers, total, band):
    found = scored(PHQ2, answers)
    assert (found.total, found.band) == (total, band)


@pytest.mark.parametrize("missing", range(1, 10))
@pytest.mark.parametrize("how", ["left out", "rather not say"])
def test_an_item_without_an_answer_is_never_0(missing, how):
    answers = phq(0, 0, 0, 0, 0, 0, 0, 0, 0)
    if how == "left out":
        del answers[f"phq_{missing}"]
    else:
        answers[f"phq_{missing}"] = None
    found = scored(PHQ9, answers)
    assert found.total is None
    assert found.band == ""
    assert found.complete is (how == "rather not say")


@pytest.mark.parametrize(
    ("answers", "total", "band", "asked"),
    [
        pytest.param({"audit_1": 0}, 0, "below", ["audit_1"], id="never-skips-the-rest"),
        pytest.param({"audit_1": 1}, None, "", ["audit_1", "audit_2", "audit_3"], id="a-drink-asks-the-rest"),
        pytest.param({"audit_1": 1, "audit_2": 0, "audit_3": 1}, 2, "below", None, id="two"),
        pytest.param({"audit_1": 2, "audit_2": 0, "audit_3": 1}, 3, "at_or_above_women", None, id="three"),
        pytest.param({"audit_1": 2, "audit_2": 1, "audit_3": 1}, 4, "at_or_above", None, id="four"),
        pytest.param({"audit_1": 4, "audit_2": 4, "audit_3": 4}, 12, "at_or_above", None, id="all"),
        # Answers from before the first one was corrected to "never" count nothing.
        pytest.param({"audit_1": 0, "audit_2": 4, "audit_3": 4}, 0, "below", ["audit_1"], id="corrected"),
    ],
)
def test_audit_c(answers, total, band, asked):
    found = scored(AUDIT_C, answers)
    assert (found.total, found.band) == (total, band)
    if asked is not None:
        assert [item.key for item in open_items(AUDIT_C, AUDIT_C.keys_for(()), answers)] == asked


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        pytest.param((0, 0, 0, 0), 0, "below", id="none"),
        pytest.param((1, 0, 0, 0), 1, "below", id="one"),
        pytest.param((1, 0, 1, 0), 2, "at_or_above", id="two"),
        pytest.param((1, 1, 1, 1), 4, "at_or_above", id="four"),
    ],
)
def test_cage(values, total, band):
    found = scored(CAGE, numbered("cage", *values))
    assert (found.total, found.band) == (total, band)


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        pytest.param((3, 3, 3, 3, 2), 14, "below", id="fourteen"),
        pytest.param((3, 3, 3, 3, 3), 15, "raised", id="fifteen"),
        pytest.param((4, 4, 4, 4, 4), 20, "raised", id="twenty-is-not-above-twenty"),
        pytest.param((5, 4, 4, 4, 4), 21, "high", id="above-twenty"),
        pytest.param((6, 6, 6, 6, 6), 30, "high", id="all"),
    ],
)
def test_pacs_from_paper(values, total, band):
    found = scored(PACS, numbered("pacs", *values))
    assert (found.total, found.band) == (total, band)


def bam(use=0, risk=0, protective=4):
    answers = {item.key: 0 for item in BAM.items}
    for number in (4, 5, 6):
        answers[f"bam_{number}"] = use
    for number in (1, 2, 3, 8, 11, 15):
        answers[f"bam_{number}"] = risk
    for number in (9, 10, 12, 13, 14, 16):
        answers[f"bam_{number}"] = protective
    return answers


@pytest.mark.parametrize(
    ("answers", "parts", "look"),
    [
        pytest.param(bam(), {"use": 0, "risk": 0, "protective": 24}, "", id="nothing"),
        pytest.param(bam(use=1), {"use": 3, "risk": 0, "protective": 24}, "use", id="use"),
        pytest.param(bam(risk=2), {"use": 0, "risk": 12, "protective": 24}, "risk", id="risk"),
        pytest.param(bam(protective=2), {"use": 0, "risk": 0, "protective": 12}, "protective", id="protective"),
        pytest.param(bam(1, 3, 1), {"use": 3, "risk": 18, "protective": 6}, "use+risk+protective", id="all"),
        pytest.param(bam() | {"bam_5": None}, {"risk": 0, "protective": 24}, "", id="one-missing"),
    ],
)
def test_bam_from_paper(answers, parts, look):
    found = scored(BAM, answers)
    assert (dict(found.parts), found.band, found.total) == (parts, look, None)


def test_bam_item_7_is_part_of_no_sum():
    assert "bam_7" not in {item.key for item in BAM.items}
    assert len(BAM.items) == 16


YES, NO = 1, 0


@pytest.mark.parametrize(
    ("values", "band", "complete"),
    [
        pytest.param({1: NO, 2: NO, 6: NO}, "none", True, id="all-no"),
        pytest.param({1: YES, 2: NO, 6: NO}, "low", True, id="wish"),
        pytest.param({1: NO, 2: YES, 3: NO, 4: NO, 5: NO, 6: NO}, "low", True, id="thoughts"),
        pytest.param({1: YES, 2: YES, 3: YES, 4: NO, 5: NO, 6: NO}, "moderate", True, id="method"),
        pytest.param({1: YES, 2: YES, 3: NO, 4: YES, 5: NO, 6: NO}, "high", True, id="intention"),
        pytest.param({1: YES, 2: YES, 3: NO, 4: NO, 5: YES, 6: NO}, "high", True, id="plan"),
        pytest.param({1: NO, 2: NO, 6: YES, 7: NO}, "moderate", True, id="behavior-long-ago"),
        pytest.param({1: NO, 2: NO, 6: YES, 7: YES}, "high", True, id="behavior-3-months"),
        pytest.param({1: NO, 2: NO}, "", False, id="unfinished-without-a-yes-says-nothing"),
        pytest.param({1: YES, 2: YES, 4: YES}, "high", False, id="unfinished-with-a-yes-counts"),
        pytest.param({1: NO, 2: NO, 6: None}, "", False, id="rather-not-say-is-no-no"),
        pytest.param({1: NO, 2: NO, 4: YES, 6: NO}, "none", True, id="what-skip-logic-left-out-counts-nothing"),
    ],
)
def test_cssrs(values, band, complete):
    found = scored(CSSRS, {f"cssrs_{number}": value for number, value in values.items()})
    assert (found.band, found.complete, found.total) == (band, complete, None)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        pytest.param({}, [1, 2, 6], id="start"),
        pytest.param({2: NO}, [1, 2, 6], id="no-thoughts"),
        pytest.param({2: YES}, [1, 2, 3, 4, 5, 6], id="thoughts"),
        pytest.param({2: NO, 6: YES}, [1, 2, 6, 7], id="behavior"),
        pytest.param({2: None, 6: None}, [1, 2, 6], id="rather-not-say"),
    ],
)
def test_cssrs_asks_3_to_5_after_a_yes_to_2(answers, asked):
    given = {f"cssrs_{number}": value for number, value in answers.items()}
    found = open_items(CSSRS, CSSRS.keys_for(()), given)
    assert [item.key for item in found] == [f"cssrs_{number}" for number in asked]


@pytest.mark.parametrize(
    ("instrument", "item", "value", "kinds"),
    [
        pytest.param(InstrumentKey.PHQ9, "phq_9", 0, [], id="item-9-none"),
        pytest.param(
            InstrumentKey.PHQ9, "phq_9", 1, [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS)], id="item-9-one"
        ),
        pytest.param(
            InstrumentKey.PHQ9, "phq_9", 3, [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS)], id="item-9-three"
        ),
        pytest.param(InstrumentKey.PHQ9, "phq_9", None, [], id="item-9-rather-not-say"),
        pytest.param(InstrumentKey.PHQ9, "phq_8", 3, [], id="item-8"),
        pytest.param(InstrumentKey.CSSRS, "cssrs_1", 1, [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS)], id="wish"),
        pytest.param(
            InstrumentKey.CSSRS, "cssrs_3", 1, [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS)], id="method"
        ),
        *(
            pytest.param(
                InstrumentKey.CSSRS,
                item,
                1,
                [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS), (FlagKind.SUICIDE_RISK, Severity.RED)],
                id=f"high-{item}",
            )
            for item in sorted(cssrs.HIGH)
        ),
        pytest.param(
            InstrumentKey.CSSRS, "cssrs_6", 1, [(FlagKind.SUICIDE_THOUGHTS, Severity.AMBER_PLUS)], id="behavior-ever"
        ),
        pytest.param(InstrumentKey.CSSRS, "cssrs_4", 0, [], id="no"),
        pytest.param(InstrumentKey.MONTH, "pain", 6, [], id="pain-6"),
        pytest.param(InstrumentKey.MONTH, "pain", 7, [(FlagKind.PAIN_HIGH, Severity.AMBER)], id="pain-7"),
        pytest.param(InstrumentKey.DAILY, "mood", 0, [], id="mood"),
    ],
)
def test_s12_what_an_answer_raises_at_once(instrument, item, value, kinds):
    found = findings_of_answer(instrument, item, {item: value}, policy=POLICY)
    assert [(each.kind, each.severity) for each in found] == kinds


def test_s12_a_second_yes_adds_to_the_first():
    answers = {"cssrs_1": 1, "cssrs_2": 1, "cssrs_3": 0, "cssrs_4": 1}
    thoughts, risk = findings_of_answer(InstrumentKey.CSSRS, "cssrs_4", answers, policy=POLICY)
    assert thoughts.evidence["yes"] == risk.evidence["yes"] == ["cssrs_1", "cssrs_2", "cssrs_4"]


def test_s12_an_unfinished_form_is_red():
    found = unfinished(InstrumentKey.PHQ9, minutes=15)
    assert (found.kind, found.severity, found.safety) == (FlagKind.SUICIDE_THOUGHTS, Severity.RED, True)


@pytest.mark.parametrize(
    ("instrument", "answers", "raised"),
    [
        pytest.param(PHQ2, phq(1, 1), False, id="phq2-two"),
        pytest.param(PHQ2, phq(1, 2), True, id="phq2-three"),
        pytest.param(PHQ9, phq(1, 1, 1, 1, 1, 1, 1, 1, 1), False, id="phq9-nine"),
        pytest.param(PHQ9, phq(2, 1, 1, 1, 1, 1, 1, 1, 1), True, id="phq9-ten"),
        pytest.param(PHQ9, phq(3, 3, 3, 3, 3, 3, 3, 3), False, id="unfinished-has-no-total"),
        pytest.param(AUDIT_C, {"audit_1": 4, "audit_2": 4, "audit_3": 4}, False, id="audit-c-is-screening-only"),
    ],
)
def test_what_a_total_raises(instrument, answers, raised):
    found = findings_of_score(instrument.key, scored(instrument, answers), policy=POLICY)
    assert [each.kind for each in found] == ([FlagKind.LOW_MOOD] if raised else [])


@pytest.mark.parametrize(
    ("tags", "asked", "not_asked"),
    [
        pytest.param(
            {Tag.OPIOID}, ["craving_opioid", "sure_opioid"], ["craving_alcohol", "drinks", "dose"], id="opioid"
        ),
        pytest.param(
            {Tag.ALCOHOL, Tag.GOAL_ABSTINENCE},
            ["craving_alcohol", "sure_no_drink", "drinks"],
            ["sure_limit", "sure_goal", "craving_opioid"],
            id="alcohol-abstinence",
        ),
        pytest.param(
            {Tag.ALCOHOL, Tag.GOAL_REDUCTION}, ["sure_limit", "drinks"], ["sure_no_drink", "sure_goal"], id="reduction"
        ),
        pytest.param({Tag.ALCOHOL, Tag.GOAL_UNKNOWN}, ["sure_goal"], ["sure_no_drink", "sure_limit"], id="no-goal-yet"),
        pytest.param(
            {Tag.OPIOID, Tag.ALCOHOL, Tag.GOAL_UNKNOWN, Tag.DOSE_TODAY},
            ["craving_opioid", "craving_alcohol", "dose"],
            ["note"],
            id="both",
        ),
    ],
)
def test_s20_the_daily_minute_is_worded_by_goal(tags, asked, not_asked):
    keys = DAILY.keys_for(tags)
    assert set(asked) <= set(keys)
    assert not set(not_asked) & set(keys)
    assert {"mood", "sleep", "trigger"} <= set(keys)


def test_own_words_are_asked_only_where_somebody_reads_them_and_after_a_trigger():
    keys = DAILY.keys_for({Tag.OPIOID, Tag.FREE_TEXT})
    answers = {key: 5 for key in keys if key not in ("trigger", "note")}
    assert is_complete(DAILY, keys, answers | {"trigger": 0})
    assert next_item(DAILY, keys, answers | {"trigger": 2}).key == "note"
    assert "note" not in DAILY.keys_for({Tag.OPIOID})


def test_heavy_days_are_asked_after_a_drink_and_falls_of_the_older():
    keys = MONTH.keys_for(())
    assert "falls" not in keys
    assert "falls" in MONTH.keys_for({Tag.OLDER})
    called = {item.key for item in open_items(MONTH, keys, {month.DRINK_DAYS: 0})}
    assert month.HEAVY_DAYS not in called
    assert month.HEAVY_DAYS in {item.key for item in open_items(MONTH, keys, {month.DRINK_DAYS: 3})}


@pytest.mark.parametrize(
    ("instrument", "item", "value"),
    [
        pytest.param(PHQ9, "phq_1", 4, id="choice-above"),
        pytest.param(PHQ9, "phq_1", -1, id="choice-below"),
        pytest.param(PHQ9, "phq_1", "2", id="text-for-number"),
        pytest.param(PHQ9, "phq_1", True, id="truth-for-number"),
        pytest.param(PHQ9, "phq_1", 1.0, id="decimal"),
        pytest.param(DAILY, "craving_opioid", 11, id="scale-above"),
        pytest.param(DAILY, "drinks", 61, id="number-above"),
        pytest.param(DAILY, "note", 3, id="number-for-text"),
        pytest.param(DAILY, "note", "x" * 2001, id="text-too-long"),
        pytest.param(PACS, "pacs_1", 7, id="paper-above"),
    ],
)
def test_an_answer_outside_its_scale_names_the_item(instrument, item, value):
    with pytest.raises(AnswerError) as refused:
        check_answer(instrument.item(item), value)
    assert refused.value.field == item


@pytest.mark.parametrize(
    ("instrument", "item", "value", "kept"),
    [
        pytest.param(PHQ9, "phq_1", 0, 0, id="zero"),
        pytest.param(PHQ9, "phq_1", None, None, id="rather-not-say"),
        pytest.param(DAILY, "note", "  a corner ", "a corner", id="text"),
        pytest.param(DAILY, "note", "  ", None, id="empty-text"),
        pytest.param(DAILY, "craving_opioid", 10, 10, id="ten"),
    ],
)
def test_an_answer_inside_its_scale_is_kept(instrument, item, value, kept):
    assert check_answer(instrument.item(item), value) == kept


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=lambda each: each.key.value)
def test_every_questionnaire_is_whole(instrument):
    keys = [item.key for item in instrument.items]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9_]{1,40}", key) for key in keys)
    assert instrument.licence.text and instrument.licence.source
    for language in instrument.languages:
        assert instrument.title.get(language)
        for item in instrument.items:
            assert item.text.get(language), item.key
            assert all(option.text.get(language) for option in item.options)
            assert (item.kind is Kind.CHOICE) == bool(item.options)
    for item in instrument.items:
        if item.only_if is not None:
            assert keys.index(item.only_if.item) < keys.index(item.key)


def test_spanish_is_shipped_only_where_it_is_licensed_or_ours():
    spanish = {key for key, each in INSTRUMENTS.items() if ES in each.languages}
    assert spanish == {InstrumentKey.DAILY, InstrumentKey.MONTH, InstrumentKey.PHQ2, InstrumentKey.PHQ9}


def test_a_text_that_is_not_shipped_is_not_here():
    for each in (PACS, BAM):
        assert not each.licence.text_shipped
        assert each.filled_by == {Filler.STAFF}
        assert all(re.fullmatch(r"Item \d+", said(item.text, EN)) for item in each.items)


ON = with_overrides(POLICY, {"phq9_on_phone": True, "cssrs_on_phone": True})


@pytest.mark.parametrize(
    ("instrument", "language", "policy", "is_read", "asked"),
    [
        pytest.param(DAILY, EN, POLICY, False, True, id="daily"),
        pytest.param(PHQ2, ES, POLICY, False, True, id="phq2"),
        pytest.param(PHQ9, EN, POLICY, True, False, id="item-9-is-off"),
        pytest.param(PHQ9, EN, ON, True, True, id="item-9-switched-on"),
        pytest.param(PHQ9, EN, ON, False, False, id="item-9-that-nobody-reads"),
        pytest.param(CSSRS, EN, POLICY, True, False, id="cssrs-is-off"),
        pytest.param(CSSRS, EN, ON, True, True, id="cssrs-switched-on"),
        pytest.param(CSSRS, ES, ON, True, False, id="cssrs-has-no-spanish-here"),
        pytest.param(AUDIT_C, ES, POLICY, True, False, id="audit-c-has-no-spanish-here"),
        pytest.param(CAGE, EN, ON, True, False, id="cage-is-asked-by-staff"),
        pytest.param(BAM, EN, ON, True, False, id="paper"),
    ],
)
def test_what_may_be_asked_on_a_phone(instrument, language, policy, is_read, asked):
    assert on_phone(instrument, language=language, policy=policy, is_read=is_read) is asked


def test_every_trigger_of_the_daily_minute_has_its_kind():
    options = {option.value for option in DAILY.item("trigger").options}
    assert options == {0, *daily.TRIGGERS}


def test_the_document_names_every_questionnaire_and_says_by_what_right():
    document = (Path(__file__).resolve().parents[3] / "docs" / "clinical" / "instruments.md").read_text()
    rows = [line for line in document.splitlines() if line.startswith("| ")]
    for name in ("Daily minute", "Look back at a month", "PHQ-2", "PHQ-9", "AUDIT-C", "CAGE", "C-SSRS", "PACS", "BAM"):
        [row] = [row for row in rows if row.startswith(f"| {name}")]
        assert len([cell for cell in row.strip("|").split("|") if cell.strip()]) == 6, name
    assert len(rows) == len(INSTRUMENTS) + 1
    for each in (PACS, BAM):
        assert not each.licence.text_shipped
    assert document.count("**text not shipped**") == 2
