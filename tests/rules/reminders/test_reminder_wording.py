"""Every text in every language with every value: one segment, telling nothing (C 9, S 4, S 21, N20, N28)."""

import re
from hashlib import sha256
from itertools import product
from typing import Any

import pytest

from reminders.rules.states import Audience, MessageClass
from reminders.rules.wording import (
    TELLING_WORDS,
    TEMPLATES,
    VALUE_NAMES,
    WORDED,
    Answer,
    BadValue,
    Language,
    Template,
    UnknownTemplate,
    is_neutral_name,
    is_neutral_word,
    render,
    segments,
    septets,
    telling_words,
    unasked,
)
from reminders.rules.wording import (
    template as registered,
)

HOURS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 45)]
NUMBERS = ["911", "5550100", "555-0100", "(555) 555-0100", "+15555550100"]
NAMES = ["H", "Holdfast", "W" * 20, "Maple St. 4"]
CODES = ["000000", "987654"]
VALUES = {"hour": HOURS, "number": NUMBERS, "name": NAMES, "code": CODES}


def renderings(template: Template) -> list[tuple[Language, str]]:
    names = sorted(template.fields)
    return [
        (language, render(template.key, language, dict(zip(names, values, strict=True))))
        for language in Language
        for values in product(*(VALUES[name] for name in names))
    ]


EVERY_TEMPLATE = [pytest.param(one, id=one.key) for one in TEMPLATES.values()]


@pytest.mark.parametrize("template", EVERY_TEMPLATE)
def test_every_rendering_is_one_segment_and_tells_nothing(template):
    for language, text in renderings(template):
        assert segments(text) == 1, (language, len(text), septets(text))
        assert telling_words(text, audience=template.audience) == []
        assert "{" not in text
        assert "}" not in text
        assert text == text.strip()
        assert "  " not in text
        assert not re.search(r"https?:|www\.", text)


@pytest.mark.parametrize("template", EVERY_TEMPLATE)
def test_every_template_has_every_language_with_the_same_fields_and_digits(template):
    assert set(template.texts) == set(Language)
    assert template.fields <= VALUE_NAMES
    english, spanish = (template.texts[language] for language in Language)
    for name in template.fields:
        assert f"{{{name}}}" in english
        assert f"{{{name}}}" in spanish
    for digit in template.answers:
        offered = rf"\b{digit.replace('-', ' (?:to|a) ')}\b"
        # Enrolment asks for YES in English, which carriers know; 1 works as well.
        assert re.search(offered, english) or Answer.OPT_IN in template.answers.values()
        assert re.search(offered, spanish)


@pytest.mark.parametrize("template", EVERY_TEMPLATE)
def test_a_question_and_its_answers_belong_together(template):
    invites = re.search(r"\b[Rr]eply (?:\d|YES|with)", template.texts[Language.EN])
    assert bool(invites) == template.is_question
    for spelled in (template.yes, template.no):
        assert spelled is None or spelled in template.answers.values()
    if "need help" in template.texts[Language.EN]:
        assert template.yes is None  # "yes, see you" is no cry for help


@pytest.mark.parametrize("template", EVERY_TEMPLATE)
def test_no_text_but_a_staff_one_calls_anybody_a_patient(template):
    for text in template.texts.values():
        assert bool(re.search("pa[tc]ient", text.lower())) <= (template.audience is Audience.STAFF)


def syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and len(groups) > 1 and not word.lower().endswith(("le", "ee"))
    return max(1, len(groups) - silent)


@pytest.mark.parametrize("template", EVERY_TEMPLATE)
def test_the_english_reads_at_sixth_grade_or_below(template):
    """Flesch-Kincaid grade; abbreviations, keywords and values aside."""
    text = re.sub(r"\{\w+\}|Msg and data rates may apply\.", "", template.texts[Language.EN])
    sentences = [part for part in re.split(r"[.!?:]", text) if re.search("[a-z]", part)]
    words = re.findall(r"[A-Za-z']+", text)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    assert grade <= template.grade <= 6


def test_spanish_accents_are_never_stripped():
    bare = re.compile(
        r"\b(?:manana|numero|dias?|esta bien|tambien|aqui|mas|telefono|despues|llamenos|si desea|nino|ano)\b", re.I
    )
    for template in TEMPLATES.values():
        assert not bare.search(template.texts[Language.ES]), template.key


@pytest.mark.parametrize(
    "word",
    [pytest.param(word, id=word) for words in TELLING_WORDS.values() for word in words],
)
def test_each_forbidden_word_is_found(word):
    plain = word.rstrip("*")
    assert telling_words(f"Hello {plain}. Bye.")
    assert telling_words(f"{plain.upper()}!")
    if word.endswith("*"):
        assert telling_words(f"a {plain}xyz b")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("A good weekend to you.", [], id="end inside a word"),
        pytest.param("We send it. Tend it.", [], id="end at the end of a word"),
        pytest.param("Reply END.", ["end"], id="end"),
        pytest.param("Su DÓSIS y su inyección", ["dosis", "inyeccion"], id="accents and case"),
        pytest.param("naltrexone-free", ["naltrexone"], id="beside a hyphen"),
        pytest.param("Opioids and craving", ["opioids", "craving"], id="endings"),
    ],
)
def test_telling_words(text, found):
    assert telling_words(text) == found


def test_patient_is_a_word_for_staff_only():
    assert telling_words("A patient needs review") == ["patient"]
    assert telling_words("A patient needs review", audience=Audience.STAFF) == []


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        pytest.param("00:00", "12 am", "las 12 am", id="midnight"),
        pytest.param("01:00", "1 am", "la 1 am", id="one, singular"),
        pytest.param("08:30", "8:30 am", "las 8:30 am", id="half past"),
        pytest.param("12:00", "12 pm", "las 12 pm", id="noon"),
        pytest.param("13:05", "1:05 pm", "la 1:05 pm", id="afternoon"),
        pytest.param("23:59", "11:59 pm", "las 11:59 pm", id="last minute"),
    ],
)
def test_hours(value, english, spanish):
    assert english in render("visit.open_until", Language.EN, {"hour": value})
    assert f"hasta {spanish}." in render("visit.open_until", Language.ES, {"hour": value})


@pytest.mark.parametrize(
    ("key", "values"),
    [
        pytest.param("dose.daily", {"hour": "08:00"}, id="a value nobody asked for"),
        pytest.param("visit.open_until", {}, id="a missing value"),
        pytest.param("visit.open_until", {"hour": "24:00"}, id="no such hour"),
        pytest.param("visit.open_until", {"hour": "8 am"}, id="free text for an hour"),
        pytest.param("visit.open_until", {"hour": "٠٨:٠٠"}, id="other digits"),
        pytest.param("hold.concern", {"number": "call Maria"}, id="free text for a number"),
        pytest.param("hold.concern", {"number": "1" * 30}, id="a long number"),
        pytest.param("hold.concern", {"number": "911\n"}, id="a line end"),
        pytest.param("hello.plain", {"name": "Hope Recovery"}, id="a telling name"),
        pytest.param("hello.plain", {"name": "x" * 21}, id="a long name"),
        pytest.param("hello.plain", {"name": "{hour}"}, id="a format in a value"),
        pytest.param("sign_in.code", {"code": "12345"}, id="five digits"),
        pytest.param("sign_in.code", {"code": "１２３４５６"}, id="wide digits"),
    ],
)
def test_values_outside_their_closed_forms_are_refused(key, values):
    with pytest.raises(BadValue) as caught:
        render(key, Language.EN, values)
    for value in values.values():
        assert len(value) < 4 or value not in str(caught.value)


def test_what_is_not_registered_cannot_be_sent():
    with pytest.raises(UnknownTemplate):
        render("dose.made_up", Language.EN)


def test_an_unknown_language_falls_back_to_english():
    assert render("dose.day", "tlh") == render("dose.day", Language.EN)


@pytest.mark.parametrize(
    ("name", "neutral"),
    [
        pytest.param("Holdfast", True, id="neutral"),
        pytest.param("Dr. Lee's Clinic", False, id="clinic"),
        pytest.param("Sober Living", False, id="condition"),
        pytest.param("", False, id="empty"),
        pytest.param("Café", False, id="not plain letters"),
        pytest.param("Maple {x}", False, id="braces"),
    ],
)
def test_neutral_names(name, neutral):
    assert is_neutral_name(name) is neutral


@pytest.mark.parametrize(
    ("text", "expected_septets", "expected_segments"),
    [
        pytest.param("", 0, 1, id="empty"),
        pytest.param("a" * 160, 160, 1, id="160"),
        pytest.param("a" * 161, 161, 2, id="161"),
        pytest.param("a" * 306, 306, 2, id="306"),
        pytest.param("a" * 307, 307, 3, id="307"),
        pytest.param("€" * 80, 160, 1, id="euro takes two"),
        pytest.param("[" * 81, 162, 2, id="bracket takes two"),
        pytest.param("ñ¿¡éüàòÉÑ", 9, 1, id="GSM letters of Spanish"),
        pytest.param("á" * 70, None, 1, id="70 of another letter"),
        pytest.param("í" * 71, None, 2, id="71 of another letter"),
        pytest.param("\U0001f44d" * 35, None, 1, id="emoji take two units"),
        pytest.param("\U0001f44d" * 36, None, 2, id="36 emoji"),
        pytest.param("’" * 70, None, 1, id="a curly quote is not GSM"),
    ],
)
def test_segments(text, expected_septets, expected_segments):
    assert (septets(text), segments(text)) == (expected_septets, expected_segments)


@pytest.mark.parametrize(
    ("key", "digit", "meaning"),
    [
        pytest.param("dose.daily", "1", Answer.DONE, id="a dose"),
        pytest.param("visit.week", "1", Answer.CONFIRM, id="a visit"),
        pytest.param("visit.tomorrow", "1", Answer.NEED_RIDE, id="getting here"),
        pytest.param("visit.today", "2", Answer.CHANGE, id="a new time"),
        pytest.param("hello.silence", "1", Answer.CALL_ME, id="a call"),
        pytest.param("staff.review", "1", Answer.TAKE_OVER, id="staff"),
    ],
)
def test_one_means_what_was_asked(key, digit, meaning):
    assert TEMPLATES[key].answers[digit] is meaning


def test_the_crisis_and_hold_texts_name_who_answers():
    for key in ("crisis.staffed", "crisis.unstaffed", "opt_out.crisis"):
        for text in TEMPLATES[key].texts.values():
            assert "988" in text
            assert "911" in text
    assert TEMPLATES["opt_out.crisis"].message_class is MessageClass.OPT_OUT_CONFIRM


def test_no_text_tells_anybody_to_take_or_not_to_take():
    for template in TEMPLATES.values():
        if template.audience is not Audience.STAFF:
            for text in template.texts.values():
                assert not re.search(r"\b(?:take|tome|tomar|skip|double|wait)\b", text.lower()), template.key


# --- the word that a patient chose (S 21) -----------------------------------------------------------------

LONGEST_WORD = "Wwwwwwwwwwwwwwwwwwww"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("key", WORDED)
def test_a_text_with_the_agreed_word_is_one_segment_and_tells_nothing(key, language):
    for word in ("vitamin", "lo de la mañana", LONGEST_WORD):
        text = render(key, language, word=word)
        assert f" {word}" in text
        assert segments(text) == 1
        assert telling_words(text) == []
    for digit in registered(key).answers:
        assert digit in WORDED[key][language]


@pytest.mark.parametrize(
    ("word", "neutral"),
    [
        pytest.param("vitamin", True, id="a-word"),
        pytest.param("morning thing", True, id="two"),
        pytest.param("lo de la mañana", True, id="gsm-letters"),
        pytest.param("", False, id="none"),
        pytest.param("naltrexone", False, id="a-medicine"),
        pytest.param("my meds", False, id="telling"),
        pytest.param("DOSIS", False, id="telling-in-capitals"),
        pytest.param("x" * 21, False, id="too-long"),
        pytest.param("acción", False, id="a-letter-that-costs-a-segment"),
        pytest.param("{word}", False, id="braces"),
        pytest.param("item 1", False, id="digits-are-answers"),
        pytest.param("http://x", False, id="a-link"),
    ],
)
def test_only_a_neutral_word_is_used(word, neutral):
    assert is_neutral_word(word) is neutral
    assert (word in render("dose.daily", "en", word=word)) is neutral or word == ""
    if not neutral:
        assert render("dose.daily", "en", word=word) == render("dose.daily", "en")


# --- for a phone that others read (N21) ---------------------------------------------------------------------

ASKED_OF_PATIENTS = [
    one.key
    for one in TEMPLATES.values()
    if one.is_question
    and one.audience is Audience.PATIENT
    and one.message_class is not MessageClass.ENROLMENT
    and one.key not in ("check_in.number", "dose.later")  # nothing to say without the question
]


@pytest.mark.parametrize("key", ASKED_OF_PATIENTS)
def test_each_question_has_a_text_that_asks_nothing(key):
    plain = registered(unasked(key) or "")
    assert not plain.is_question
    assert plain.message_class is registered(key).message_class
    assert plain.fields <= registered(key).fields
    assert unasked(plain.key) == plain.key


# --- versions -------------------------------------------------------------------------------------------------


# Changed words: raise the version of the template and write the new line here.
WORDS = {
    "dose.daily": (1, "c89f4c0e5b"),
    "dose.next": (1, "b4b7d3c7a1"),
    "dose.day": (1, "50a0aef215"),
    "dose.again": (1, "a03fcbe44e"),
    "dose.later": (1, "1d3bcec51d"),
    "visit.week": (1, "be9eb421fb"),
    "visit.three_days": (1, "0ebe61a208"),
    "visit.tomorrow": (1, "7aaeeadd6d"),
    "visit.today": (1, "89b93906ec"),
    "visit.open_until": (1, "174bd821ab"),
    "visit.passed": (1, "52d8a06fd9"),
    "visit.this_week": (1, "f9a9532659"),
    "dose.plain": (1, "df7e548a34"),
    "visit.week_plain": (1, "a10fb43aa1"),
    "visit.three_days_plain": (1, "0686acb8a9"),
    "visit.tomorrow_plain": (1, "883b2f0eda"),
    "visit.today_plain": (1, "373ecf6125"),
    "visit.passed_plain": (1, "d12acb15bb"),
    "hello.quiet": (1, "c8462a1a1c"),
    "check_in.app": (1, "d5b8f7b99a"),
    "check_in.more": (1, "a179adae95"),
    "check_in.questions": (1, "5a4d380528"),
    "check_in.number": (1, "55c37eb6ba"),
    "hello.silence": (1, "945eb22b8e"),
    "hello.plain": (1, "9e45d39edf"),
    "hello.plan": (1, "65c071643a"),
    "hello.call_owed": (1, "754719cf67"),
    "hello.well_done": (1, "718215b403"),
    "hold.call_us": (1, "1178d57038"),
    "hold.call_at": (1, "ee43daa1f5"),
    "hold.concern": (1, "e1c1332e15"),
    "crisis.staffed": (1, "3153ca8a7b"),
    "crisis.unstaffed": (1, "26116925b0"),
    "reply.thanks": (1, "bc8186c87a"),
    "reply.will_call": (1, "098f58cc80"),
    "reply.later": (1, "ac1ac17fe5"),
    "reply.read_at": (1, "e0925fcfc5"),
    "reply.help": (1, "077fa8954d"),
    "reply.wrong_person": (2, "2f4911fc7b"),
    "enrolment.ask": (1, "cae0785098"),
    "enrolment.welcome": (1, "491bf4627a"),
    "opt_out.confirm": (1, "50b30a3130"),
    "opt_out.crisis": (1, "3f8ec7269c"),
    "supporter.hello": (1, "106c8a34c5"),
    "staff.review": (1, "1bc8b1c983"),
    "staff.review_now": (1, "9d5f529651"),
    "staff.still_open": (1, "6ead820f4d"),
    "staff.still_waiting": (1, "d483b2f4d6"),
    "staff.rota_gap": (1, "5d2618e7d3"),
    "staff.rota_thin": (1, "b05a6b26cd"),
    "sign_in.code": (1, "ebba87c853"),
    "push.wake": (1, "39a1e76440"),
    "mail.confirm": (1, "cbaf3f831f"),
}


def words_of(one: Template) -> str:
    said: list[Any] = [sorted(one.texts.items()), sorted(WORDED.get(one.key, {}).items()), sorted(one.answers.items())]
    return sha256(repr(said).encode()).hexdigest()[:10]


def test_changed_words_have_a_new_version():
    """What was sent is kept as a key and a version: the words of a version never change (M LAW-13)."""
    assert {one.key: (one.version, words_of(one)) for one in TEMPLATES.values()} == WORDS
