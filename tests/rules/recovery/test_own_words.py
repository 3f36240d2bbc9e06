"""The lists that a person chooses from and reads: complete in both languages, sourced, and true to C 2."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from recovery.rules.alert_card import card_text
from recovery.rules.coping import COPING, skill_title, skills_for
from recovery.rules.crisis_lines import (
    CHECK_AGAIN_DAYS,
    CRISIS_LINES,
    CrisisLine,
    LineStatus,
    footer_for,
    lines_for,
    to_check,
)
from recovery.rules.learning import MODULES, modules_for
from recovery.rules.needs import NeedKind, need_words
from recovery.rules.own_texts_doc import as_markdown
from recovery.rules.records import TriggerKind, TriggerOrigin
from recovery.rules.support import MeetingKind, TherapyKind, meeting_words, therapy_words
from recovery.rules.tasks import TASK_RULES, TaskKind
from recovery.rules.triggers import TRIGGER_TAGS, trigger_words
from recovery.rules.words import Language

EN, ES = Language.ENGLISH, Language.SPANISH


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.code)
def test_a_module_is_whole_in_both_languages_and_says_where_it_comes_from(module):
    assert len(module.paragraphs[EN]) == len(module.paragraphs[ES]) >= 3
    assert module.title[EN] != module.title[ES]
    assert module.source and module.written_on < module.review_by <= module.written_on + timedelta(days=366)
    assert module.version >= 1 and module.offered_on_day >= 0


def test_the_four_things_that_must_be_taught_are_there():
    assert {"how", "routine", "effects", "overdose"} <= set(MODULES)


def test_overdose_is_told_with_all_four_moments():
    text = " ".join(MODULES["overdose"].paragraphs[EN]).lower()
    for moment in ("after detox", "next dose is due", "dose is missed", "after you stop"):
        assert moment in text
    assert "not a safety net" in text


@pytest.mark.parametrize(
    ("blocker", "opioid", "expected"),
    [
        pytest.param(True, True, set(MODULES), id="naltrexone, opioids count"),
        pytest.param(True, False, set(MODULES) - {"overdose"}, id="naltrexone for alcohol alone: no overdose text"),
        pytest.param(False, True, set(), id="an agonist is not described as a blocker"),
    ],
)
def test_who_is_offered_which_module(blocker, opioid, expected):
    assert {module.code for module in modules_for(takes_blocker=blocker, counts_as_opioid=opioid)} == expected


@pytest.mark.parametrize("skill", COPING.values(), ids=lambda skill: skill.code)
def test_a_coping_item_is_whole_in_both_languages(skill):
    assert len(skill.steps[EN]) == len(skill.steps[ES]) >= 3
    assert skill.source and skill.kinds and skill.review_by > skill.written_on
    assert len(skill.code) <= 40


@pytest.mark.parametrize("kind", TriggerKind)
def test_there_is_something_to_try_for_each_kind_of_trigger(kind):
    found = skills_for(kind)
    assert len(found) >= 5
    assert [len(skill.kinds) for skill in found] == sorted(len(skill.kinds) for skill in found)


def test_the_triggers_of_the_seeds_are_on_both_axes():
    tags = TRIGGER_TAGS.values()
    assert {tag.origin for tag in tags} == set(TriggerOrigin)
    assert {tag.kind for tag in tags} == set(TriggerKind)
    assert {"stress", "anxiety", "boredom", "low_mood", "friends", "place", "event"} <= set(TRIGGER_TAGS)
    assert {"needle", "powder", "glass", "pain"} <= set(TRIGGER_TAGS)
    assert [code for code in ("work", "relationship", "loss", "housing") if not TRIGGER_TAGS[code].life_event] == []
    assert all(len(tag.code) <= 40 and tag.source and set(tag.words) == {EN, ES} for tag in tags)


def test_a_code_of_an_older_list_stays_readable():
    assert trigger_words("old_place") == "Old place"
    assert skill_title("cold-shower", ES) == "Cold shower"


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        pytest.param(need_words, NeedKind, id="needs"),
        pytest.param(meeting_words, MeetingKind, id="meetings"),
        pytest.param(therapy_words, TherapyKind, id="therapy"),
    ],
)
def test_every_choice_has_words_in_both_languages(words, kinds):
    for kind in kinds:
        assert words(kind, EN) and words(kind, ES)


def test_every_need_is_a_kind_of_work_and_feeling_unsafe_is_called_the_same_day():
    for kind in NeedKind:
        assert TaskKind(f"need_{kind.value}") in TASK_RULES
    assert TASK_RULES[TaskKind.NEED_SAFETY].response == "same_day"


def test_only_lines_that_were_checked_are_shown():
    shown = {line.code for country in ("US", "ES", "CA", "GB") for line in lines_for(country)}
    assert {"us_911", "us_988"} <= shown
    unverified = {line.code for line in CRISIS_LINES if line.status in (LineStatus.SEEN, LineStatus.RECALLED)}
    assert unverified and not unverified & shown
    assert lines_for("ES") == [] and lines_for("XX") == []


def test_the_emergency_number_comes_first_and_988_beside_it():
    assert [line.call for line in footer_for("US")] == ["911", "988"]


def test_lines_are_read_again_after_half_a_year_and_those_never_checked_always():
    checked = max(line.verified_on for line in CRISIS_LINES if line.verified_on)
    never = {line.code for line in CRISIS_LINES if line.verified_on is None}
    assert {line.code for line in to_check(today=checked)} == never
    later = checked + timedelta(days=CHECK_AGAIN_DAYS + 1)
    assert {line.code for line in to_check(today=later)} == {line.code for line in CRISIS_LINES}


@pytest.mark.parametrize(
    ("status", "day"),
    [
        pytest.param(LineStatus.RECALLED, date(2026, 1, 1), id="not checked, with a day"),
        pytest.param(LineStatus.READ, None, id="checked, without a day"),
    ],
)
def test_a_line_cannot_claim_what_was_not_done(status, day):
    words = {EN: "x", ES: "x"}
    with pytest.raises(ValueError, match="checked"):
        CrisisLine(
            code="x", country="US", name=words, what=words, say=words, status=status, verified_on=day, source="x"
        )


@pytest.mark.parametrize("language", Language)
def test_the_card_says_what_the_label_says(language):
    text = card_text(language)
    whole = " ".join([text.statement, *text.lines]).lower()
    assert ("naltrexone" if language is EN else "naltrexona") in whole
    assert ("regional" in whole) and ("resuscitation" in whole or "reanimación" in whole)


def test_the_document_of_texts_is_what_the_code_says():
    path = Path(__file__).resolve().parents[3] / "docs" / "clinical" / "own-texts.md"
    assert path.read_text() == as_markdown(), "python -m recovery.rules.own_texts_doc > docs/clinical/own-texts.md"
