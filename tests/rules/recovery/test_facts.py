"""What can be stated, what it is answered, and when somebody can honestly be said to call (S 3-5)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from recovery.rules import own_answers
from recovery.rules.facts import DETAILS, NEEDED, FactError, FactKind, check, consequences
from recovery.rules.flags import FLAG_RULES, ClinicHours
from recovery.rules.gates import (
    ANTAGONISTS,
    EVERY_ANTAGONIST,
    is_stopped,
    next_hold_alarm,
    promised_call,
    what_it_stops,
)
from recovery.rules.medicines import Medicine
from recovery.rules.policy import default_policy
from recovery.rules.states import Indication, Response
from recovery.rules.words import Language

POLICY = default_policy()
WEEK = {day: (time(8), time(17)) for day in range(5)}
NEW_YORK = ClinicHours(zone="America/New_York", open_hours=WEEK, holidays=frozenset({date(2026, 3, 5)}))
NEVER_OPEN = ClinicHours(zone="America/New_York", open_hours={})


def at(day, hour, minute=0):
    """A winter time in New York (UTC-5)."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) + timedelta(hours=5)


@pytest.mark.parametrize(
    ("response", "now", "night", "clinic", "by"),
    [
        pytest.param(Response.HOURS_2, at(3, 10), False, NEW_YORK, at(3, 12), id="within the day"),
        pytest.param(Response.HOURS_2, at(3, 16), False, NEW_YORK, at(4, 9), id="the rest of it tomorrow"),
        pytest.param(Response.HOURS_2, at(4, 16), False, NEW_YORK, at(6, 9), id="past a holiday"),
        pytest.param(Response.HOURS_2, at(6, 20), False, NEW_YORK, at(9, 9), id="past a weekend and a clock change"),
        pytest.param(Response.NOW, at(3, 3), False, NEW_YORK, at(3, 8), id="now is when it opens"),
        pytest.param(Response.NOW, at(3, 3), True, NEW_YORK, at(3, 3), id="on call at night"),
        pytest.param(Response.SAME_DAY, at(3, 10), False, NEW_YORK, at(3, 17), id="same day ends with the day"),
        pytest.param(Response.SAME_DAY, at(3, 19), False, NEW_YORK, at(4, 12), id="same day, said in the evening"),
        pytest.param(Response.HOURS_4, at(3, 3), False, NEVER_OPEN, at(3, 7), id="no hours are known"),
    ],
)
def test_s5_a_call_is_promised_for_when_somebody_is_there(response, now, night, clinic, by):
    assert promised_call(response, now=now, clinic=clinic, night_on_call=night, policy=POLICY) == by


def test_s5_there_is_always_a_next_page():
    opened, after = at(3, 10), at(3, 10)
    seen = []
    for _ in range(8):
        after = next_hold_alarm(opened_at=opened, after=after, next_working_morning=at(4, 8), policy=POLICY)
        seen.append(after - opened)
    assert seen == [timedelta(hours=h) for h in (2, 22, 24, 48, 72, 96, 120, 144)]


@pytest.mark.parametrize("medicine", Medicine)
def test_s1_a_hold_of_naltrexone_is_about_every_form_and_no_other(medicine):
    assert is_stopped(medicine, EVERY_ANTAGONIST) == (medicine in ANTAGONISTS)
    assert is_stopped(medicine, what_it_stops(medicine))
    others = [other for other in Medicine if other is not medicine and other not in ANTAGONISTS]
    assert not any(is_stopped(other, what_it_stops(medicine)) for other in others)


@pytest.mark.parametrize("kind", FactKind)
def test_every_kind_leads_somewhere_that_has_a_text(kind):
    details = {name: next(iter(words)) for name, words in DETAILS.get(kind, {}).items() if name in NEEDED.get(kind, ())}
    medicine = "tramadol" if kind is FactKind.NEW_MEDICINE else ""
    assert check(kind.value, details, medicine=medicine) is kind
    follows = consequences(
        kind, details, medicine=medicine, takes=[Medicine.NALTREXONE_TABLET], indication=Indication.BOTH
    )
    for flag, _ in follows.concerns:
        assert own_answers.text_for_flag(flag, counts_as_opioid=True) in own_answers.ANSWERS
        assert FLAG_RULES[flag].text in own_answers.ANSWERS


def test_a_kind_that_nobody_knows():
    with pytest.raises(FactError) as refusal:
        check("won", {})
    assert refusal.value.field == "kind"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("key", own_answers.ANSWERS)
def test_a_text_says_its_time_and_number_or_leaves_the_sentence_out(key, language):
    whole = own_answers.answer(key, language, time="4:30 pm", number="555")
    bare = own_answers.answer(key, language, time="", number="")
    assert whole and bare
    assert "{" not in whole + bare
    assert "555" not in bare and "4:30" not in bare


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("key", own_answers.ANSWERS)
def test_no_text_tells_to_take_or_not_to_take(key, language):
    text = own_answers.answer(key, language, time="4 pm", number="555").lower()
    for words in ("do not take", "don't take", "take your", "stop taking", "skip", "no tome", "deje de tomar", " mg"):
        assert words not in text


def test_s4_the_texts_of_the_page():
    said = own_answers.answer("hold", Language.ENGLISH, time="4:30 pm", number="555")
    assert said == (
        "Thank you for telling us. Please talk with us before your next dose. We will call you by 4:30 pm, "
        "or call us at 555."
    )
    assert own_answers.answer("ran_out", Language.ENGLISH, time="", number="") == "We can help with that."


@pytest.mark.parametrize(
    ("call_by", "language", "words"),
    [
        pytest.param(at(3, 16, 30), Language.ENGLISH, "4:30 pm", id="today"),
        pytest.param(at(4, 10), Language.ENGLISH, "10 am on Wednesday 4 March", id="tomorrow"),
        pytest.param(at(3, 13), Language.SPANISH, "la 1 pm", id="a la una"),
        pytest.param(at(4, 10), Language.SPANISH, "las 10 am del miércoles 4 de marzo", id="mañana"),
        pytest.param(None, Language.ENGLISH, "", id="nobody need call"),
    ],
)
def test_the_time_of_a_call_in_words(call_by, language, words):
    found = own_answers.call_time(call_by, now=at(3, 10), zone="America/New_York", language=language)
    assert found == words


def test_the_most_urgent_text_is_read_first():
    assert own_answers.most_urgent(["ran_out", "hold", "call_emergency"]) == "call_emergency"
    assert own_answers.most_urgent([]) == "thanks"
