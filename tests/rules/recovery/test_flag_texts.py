"""Every concern that says something to the patient says it, in both languages, and none advises (C 7, S 4)."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from recovery.rules.flag_texts import (
    ALCOHOL_ONLY,
    STANDING,
    TEXTS,
    LiveConcern,
    NextStep,
    Notice,
    notices,
    patient_text,
)
from recovery.rules.flags import FLAG_RULES
from recovery.rules.instruments.telling import Staffing
from recovery.rules.own_answers import ANSWERS
from recovery.rules.states import FlagKind, Severity
from recovery.rules.words import Language

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
ZONE = "America/New_York"
NUMBER = "+12125550100"
STAFFED = Staffing(open_now=True, night_on_call=True, opens_at=None, zone=ZONE, country="US")
NIGHT = Staffing(
    open_now=False, night_on_call=False, opens_at=datetime(2026, 3, 4, 13, tzinfo=UTC), zone=ZONE, country="US"
)
ELSEWHERE = Staffing(open_now=True, night_on_call=True, opens_at=None, zone=ZONE, country="MX")
ADVICE = re.compile(
    r"\b(take it|take your|take one|skip|double|stop taking|don't take|do not take|no tome|tómese|deje de tomar)\b",
    re.IGNORECASE,
)
BLAME = re.compile(r"\b(miss(ed)?|fail(ed)?|should have|olvidó|falló|debió)\b", re.IGNORECASE)
SCORE = re.compile(
    r"\b(naltrex\w*|craving\w*|score|relapse|risk|red|amber|recaída|riesgo|ganas|puntos|[0-9]+/10)\b", re.IGNORECASE
)

# What a test, a paper or another person said is told by a person (C 7: "none automatic", "none without review").
NEVER = {
    FlagKind.CONTACT_LOST,
    FlagKind.DOSE_AFTER_GAP,
    FlagKind.DOSE_PARTLY_GIVEN,
    FlagKind.FAILED_CHALLENGE,
    FlagKind.GIVEN_WITH_OPEN_GATE,
    FlagKind.LAB_ABNORMAL,
    FlagKind.LAB_OVERDUE,
    FlagKind.POSITIVE_SCREEN,
    FlagKind.SUPPORTER_CONCERN,
}


def text(kind, language=Language.ENGLISH, **more):
    given = {"staffing": STAFFED, "zone": ZONE, "time": "4 pm", "number": NUMBER, **more}
    return patient_text(kind, language, **given)


def said(*concerns, **more):
    given = {
        "language": Language.ENGLISH,
        "alcohol_only": False,
        "held": False,
        "visit_ahead": False,
        "staffing": STAFFED,
        "number": NUMBER,
        "zone": ZONE,
        "now": NOW,
        **more,
    }
    return notices([LiveConcern(kind=kind, severity=severity) for kind, severity in concerns], **given)


@pytest.mark.parametrize("kind", FlagKind)
@pytest.mark.parametrize("alcohol_only", [False, True], ids=["opioid", "alcohol_only"])
def test_a_concern_has_its_text_in_both_languages(kind, alcohol_only):
    english, spanish = (text(kind, language, alcohol_only=alcohol_only) for language in Language)
    if kind in NEVER:
        assert (english, spanish) == ("", "")
        return
    assert english
    assert spanish
    assert english != spanish
    for words in (english, spanish):
        assert not ADVICE.search(words)
        assert not BLAME.search(words)
        assert not SCORE.search(words)
        assert "{" not in words


@pytest.mark.parametrize("kind", FlagKind)
def test_at_its_own_severity_it_stands_on_the_page_unless_it_must_not(kind):
    shown = said((kind, FLAG_RULES[kind].severity))
    if kind in NEVER:
        assert shown == []
        return
    [notice] = shown
    assert notice.words == text(kind, time="")
    assert notice.next_step in NextStep


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - {FlagKind.COUGH}))
def test_what_is_for_the_weekly_list_says_nothing(kind):
    assert said((kind, Severity.INFO)) == []


def test_s17_a_lone_cough_is_a_question():
    [notice] = said((FlagKind.COUGH, Severity.INFO))
    assert "hard to breathe" in notice.words


def test_no_text_is_written_twice_or_for_nothing():
    assert not set(TEXTS) & set(ANSWERS)
    keys = {rule.text for rule in FLAG_RULES.values()}
    assert set(TEXTS) <= keys
    assert set(STANDING) <= set(ANSWERS)
    assert set(ALCOHOL_ONLY) <= keys


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - NEVER - {FlagKind.SUICIDE_THOUGHTS}))
def test_what_stands_there_thanks_nobody_for_what_others_may_have_said(kind):
    assert not text(kind).startswith("Thank")
    assert not text(kind, Language.SPANISH).startswith("Gracias")


@pytest.mark.parametrize("kind", [rule.kind for rule in FLAG_RULES.values() if rule.emergency])
def test_an_emergency_names_the_number_of_its_country(kind):
    for language, local in ((Language.ENGLISH, "local emergency number"), (Language.SPANISH, "número de emergencias")):
        assert "911" in text(kind, language)
        elsewhere = text(kind, language, staffing=ELSEWHERE)
        assert local in elsewhere
        assert "911" not in elsewhere
        assert "988" not in elsewhere


@pytest.mark.parametrize("kind", [FlagKind.SUICIDE_RISK, FlagKind.SUICIDE_THOUGHTS])
def test_nobody_is_promised_who_is_not_there(kind):
    at_night = text(kind, staffing=NIGHT)
    assert "We read this at 8:00 AM on Wednesday 4 March." in at_night
    assert "contact you" not in at_night
    assert "today" not in at_night


def test_a_hold_says_it_itself_and_without_one_nobody_is_asked_to_wait():
    used = (FlagKind.REPORTED_USE, Severity.RED)
    assert said(used, held=True) == []
    [notice] = said(used)
    assert notice == Notice(words="We would like to talk with you.", next_step=NextStep.CALL)


def test_the_most_urgent_first_each_once_and_craving_waits_while_red():
    craving, site = (FlagKind.CRAVING_HIGH, Severity.AMBER), (FlagKind.INJECTION_SITE, Severity.AMBER_PLUS)
    mood, pain = (FlagKind.LOW_MOOD, Severity.AMBER), (FlagKind.PAIN_HIGH, Severity.AMBER)
    assert [each.words for each in said(craving, mood, pain, site)] == [
        text(FlagKind.INJECTION_SITE),
        text(FlagKind.CRAVING_HIGH),
        text(FlagKind.LOW_MOOD),
    ]
    red = (FlagKind.ALLERGIC_REACTION, Severity.RED)
    assert [each.next_step for each in said(craving, red)] == [NextStep.EMERGENCY]


def test_a_late_visit_is_not_spoken_of_when_one_is_coming():
    late = (FlagKind.INJECTION_LATE, Severity.AMBER)
    assert said(late, visit_ahead=True) == []
    assert said(late)[0].next_step is NextStep.VISITS
    assert said(late, alcohol_only=True)[0].words == "Your visit date has passed. Want help finding a new time?"


def test_s2_nothing_of_an_overdose_is_said_to_somebody_treated_for_alcohol_only():
    assert "overdose" in text(FlagKind.WANTS_TO_STOP)
    assert "overdose" not in text(FlagKind.WANTS_TO_STOP, alcohol_only=True)


@pytest.mark.parametrize(
    ("call_by", "words"),
    [
        pytest.param(
            NOW + timedelta(hours=4),
            f"We are working on what you need. We will call you by 2 pm, or call us at {NUMBER}.",
            id="promised",
        ),
        pytest.param(None, "We are working on what you need.", id="passed"),
    ],
)
def test_a_call_is_named_while_it_is_ahead(call_by, words):
    concern = LiveConcern(kind=FlagKind.RAN_OUT, severity=Severity.AMBER_PLUS, call_by=call_by)
    [notice] = notices(
        [concern], language=Language.ENGLISH, alcohol_only=False, held=False, visit_ahead=False, staffing=STAFFED,
        number=NUMBER, zone=ZONE, now=NOW,
    )  # fmt: skip
    assert notice.words == words
