"""The items of start and restart, and what signing needs (S 4, S 13, C 1 rows 23-37)."""

from datetime import date

import pytest

from recovery.rules.checklists import (
    ITEM,
    ITEMS,
    Answered,
    AnswerKind,
    ChecklistKind,
    answer_words,
    check_answer,
    items_for,
    opens_restart,
    order_expires_on,
    readiness,
)
from recovery.rules.medicines import Medicine
from recovery.rules.policy import default_policy
from recovery.rules.states import Indication, OpioidHistory

POLICY = default_policy()
START, RESTART = ChecklistKind.START, ChecklistKind.RESTART
INJECTION, TABLET = Medicine.NALTREXONE_INJECTION, Medicine.NALTREXONE_TABLET


def codes(kind=START, medicine=INJECTION, indication=Indication.OPIOID, history=OpioidHistory.KNOWN):
    return {item.code for item in items_for(kind, medicine=medicine, indication=indication, opioid_history=history)}


def test_every_item_has_a_source_and_fits_its_column():
    assert len(ITEM) == len(ITEMS)
    assert [item.code for item in ITEMS if not item.source or len(item.code) > 40] == []
    assert [item.code for item in ITEMS if (item.answer is AnswerKind.CHOICE) != bool(item.choices)] == []
    values = {value for item in ITEMS for value, _ in item.choices}
    assert all(len(value) <= 20 for value in values)
    concerns = {(item.code, c) for item in ITEMS for c in item.concern if item.answer is AnswerKind.CHOICE}
    assert concerns <= {(item.code, value) for item in ITEMS for value, _ in item.choices}


def test_what_both_checklists_ask():
    wanted = {
        "last_opioid_use", "urine_test", "challenge", "opioid_free_long_enough", "liver_tests", "liver_failure",
        "opioid_analgesia", "interactions", "pregnancy", "audit_or_cage",
    }  # fmt: skip
    assert wanted <= codes()
    assert wanted - {"audit_or_cage"} <= codes(RESTART)


def test_s13_all_of_it_is_asked():
    s13 = {
        "bleeding_disorder", "blood_thinner", "allergy", "needle_length", "cirrhosis", "baseline_alt", "under_18",
        "pregnancy", "breastfeeding",
    }  # fmt: skip
    assert s13 <= codes()
    assert "drinking_now" in codes(indication=Indication.ALCOHOL)
    assert "drinking_now" in codes(indication=Indication.BOTH)
    assert "drinking_now" not in codes()  # opioid indication alone
    assert "drinking_now" not in codes(RESTART, indication=Indication.ALCOHOL)  # at the first injection


@pytest.mark.parametrize(
    ("medicine", "absent"),
    [
        pytest.param(TABLET, {"needle_length", "allergy", "blood_thinner"}, id="a tablet asks nothing about needles"),
        pytest.param(
            Medicine.BUPRENORPHINE_SUBLINGUAL,
            {"last_opioid_use", "urine_test", "challenge", "opioid_free_long_enough", "current_opioid_use"},
            id="nobody is kept from buprenorphine because of use (S 1)",
        ),
    ],
)
def test_an_item_is_for_its_medicines(medicine, absent):
    assert not codes(medicine=medicine) & absent


def test_s2_alcohol_only_is_not_asked_about_a_challenge_but_is_tested():
    only = codes(indication=Indication.ALCOHOL, history=OpioidHistory.NONE)
    assert not only & {"last_opioid_use", "challenge", "reversal_agent", "overdose_talk"}
    assert {"urine_test", "opioid_free_long_enough", "current_opioid_use"} <= only
    unknown = codes(indication=Indication.ALCOHOL, history=OpioidHistory.UNKNOWN)
    assert {"last_opioid_use", "challenge"} <= unknown


def test_signing_needs_every_answer_and_a_reason_for_what_speaks_against():
    items = items_for(RESTART, medicine=TABLET, indication=Indication.OPIOID, opioid_history=OpioidHistory.KNOWN)
    nothing = readiness(items, {})
    assert set(nothing.missing) == {item.code for item in items if item.required}
    assert "baseline_alt" not in nothing.missing
    good = {item.code: Answered(next(v for v in _values(item) if v not in item.concern)) for item in items}
    assert readiness(items, good).can_be_signed
    against = readiness(items, good | {"urine_test": Answered("positive")})
    assert (against.missing, against.to_explain) == ((), ("urine_test",))
    assert readiness(items, good | {"urine_test": Answered("positive", has_reason=True)}).can_be_signed


def _values(item):
    if item.answer is AnswerKind.CHOICE:
        return [value for value, _ in item.choices]
    return {AnswerKind.YES_NO: ["yes", "no"], AnswerKind.DAY: ["2026-03-01"], AnswerKind.NUMBER: ["38"]}[item.answer]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("examination", "maybe"),
        ("urine_test", "yes"),
        ("last_opioid_use", "2026-03-04"),
        ("last_opioid_use", "1899-12-31"),
        ("last_opioid_use", "yesterday"),
        ("baseline_alt", "-1"),
        ("baseline_alt", "1e9"),
        ("baseline_alt", ""),
    ],
)
def test_an_answer_that_cannot_be(code, value):
    with pytest.raises(ValueError):
        check_answer(ITEM[code], value, today=date(2026, 3, 3))


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("last_opioid_use", "never"),
        ("last_opioid_use", "2026-03-03"),
        ("baseline_alt", "38.5"),
        ("cirrhosis", "unknown"),
    ],
)
def test_an_answer_that_can(code, value):
    check_answer(ITEM[code], value, today=date(2026, 3, 3))


def test_answers_in_words():
    assert answer_words(ITEM["urine_test"], "not_done") == "Not done"
    assert answer_words(ITEM["baseline_alt"], "38") == "38 U/L"
    assert answer_words(ITEM["cirrhosis"], "unknown") == "Not known"


@pytest.mark.parametrize(
    ("dsl", "indication", "history", "opens"),
    [
        pytest.param(35, Indication.OPIOID, OpioidHistory.KNOWN, False, id="DSL 35"),
        pytest.param(36, Indication.OPIOID, OpioidHistory.KNOWN, True, id="DSL 36"),
        pytest.param(90, Indication.ALCOHOL, OpioidHistory.NONE, False, id="S 2: time asks nothing of alcohol only"),
        pytest.param(36, Indication.ALCOHOL, OpioidHistory.UNKNOWN, True, id="unknown counts as opioid"),
        pytest.param(None, Indication.OPIOID, OpioidHistory.KNOWN, False, id="no injection"),
    ],
)
def test_s4_the_restart_checklist_opens_at_36(dsl, indication, history, opens):
    assert opens_restart(dsl=dsl, indication=indication, opioid_history=history, policy=POLICY) is opens


def test_an_order_runs_out():
    assert order_expires_on(date(2026, 3, 3), policy=POLICY) == date(2026, 3, 10)
