"""Every concern that says something to the patient says it, in both languages, and none advises (C 7, S 4)."""

import re

import pytest

from recovery.rules.flag_texts import TEXTS, patient_text
from recovery.rules.flags import FLAG_RULES
from recovery.rules.own_answers import ANSWERS
from recovery.rules.states import FlagKind
from recovery.rules.words import Language

ADVICE = re.compile(
    r"\b(take it|take your|take one|skip|double|stop taking|don't take|do not take|no tome|tómese|deje de tomar)\b",
    re.IGNORECASE,
)
BLAME = re.compile(r"\b(miss(ed)?|fail(ed)?|should have|olvidó|falló|debió)\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", FlagKind)
def test_a_concern_has_its_text_in_both_languages(kind):
    english, spanish = patient_text(kind), patient_text(kind, Language.SPANISH)
    if FLAG_RULES[kind].text is None:
        assert (english, spanish) == ("", "")
        return
    assert english
    assert spanish
    assert english != spanish
    for text in (english, spanish):
        assert not ADVICE.search(text)
        assert not BLAME.search(text)


def test_no_text_is_written_twice_or_for_nothing():
    assert not set(TEXTS) & set(ANSWERS)
    assert set(TEXTS) <= {rule.text for rule in FLAG_RULES.values()}


@pytest.mark.parametrize(
    "kind", [FlagKind.POSITIVE_SCREEN, FlagKind.FAILED_CHALLENGE, FlagKind.LAB_ABNORMAL, FlagKind.SUPPORTER_CONCERN]
)
def test_results_and_what_others_said_are_told_by_a_person(kind):
    assert patient_text(kind) == ""


@pytest.mark.parametrize("kind", [rule.kind for rule in FLAG_RULES.values() if rule.emergency])
def test_an_emergency_names_the_number(kind):
    assert "911" in patient_text(kind)
    assert "911" in patient_text(kind, Language.SPANISH)
