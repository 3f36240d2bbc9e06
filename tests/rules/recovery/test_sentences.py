import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.rules.cravings import Context, Reading, assess
from recovery.rules.policy import default_policy
from recovery.rules.sentences import sentence
from recovery.rules.silence import Ask, AskKind, assess_silence
from recovery.rules.states import FlagKind
from recovery.rules.words import Language, near_date, one_decimal

POLICY = default_policy()
EN, ES = Language.ENGLISH, Language.SPANISH
TODAY = date(2026, 3, 10)  # a Tuesday
PRONOUN = re.compile(r"\b(he|she|his|her|hers|him|they|their|them|él|ella|ellos|ellas|suyo|suya)\b", re.IGNORECASE)
FORBIDDEN = re.compile(
    r"\b(relapse|clean|dirty|addict|abuse|failed to|predict\w*|recaída|adicto|limpio)\b", re.IGNORECASE
)

EVIDENCE = {
    FlagKind.SIDE_EFFECT_LASTING: {"effect": "nausea", "began_on": "2026-02-16", "days": 15, "on": "2026-03-03"},
    FlagKind.SILENCE: {"run": 3, "unit": "doses", "since": "2026-03-03", "last_answer": "2026-03-02"},
    FlagKind.INJECTION_LATE: {"days_late": 5, "last_given_on": "2026-02-10"},
    FlagKind.CRAVING_HIGH: {"leading": "A", "latest": 9, "on": "2026-03-10", "confidence": 2, "raised_by": []},
    FlagKind.CRAVING_RISE: {
        "leading": "C", "points_above": 2.3333, "usual": 2.0, "check_ins": 3, "since": "2026-03-10",
        "on": "2026-03-12", "raised_by": [],
    },
    FlagKind.STATED_GAP: {"days": 3.0, "first_day": "2026-06-02", "last_day": "2026-06-04"},
    FlagKind.DOSE_AFTER_GAP: {"days": 3.0, "first_day": "2026-06-02", "last_day": "2026-06-04"},
    FlagKind.LAB_ABNORMAL: {"alt_times": 3.24, "bilirubin_times": 1.0, "on": "2026-03-10"},
    FlagKind.CONTACT_LOST: {"reason": "undelivered", "failures": 3},
}  # fmt: skip


def test_the_sentences_of_the_issue():
    assert sentence(FlagKind.CRAVING_RISE, EVIDENCE[FlagKind.CRAVING_RISE]) == (
        "Craving has been 2.3 points above the usual 2.0 for 3 check-ins since Tuesday"
    )
    assert sentence(FlagKind.INJECTION_LATE, EVIDENCE[FlagKind.INJECTION_LATE]) == (
        "Injection is 5 days past its date; last one was 10 February"
    )
    assert sentence(FlagKind.SILENCE, EVIDENCE[FlagKind.SILENCE]) == (
        "No report for 3 doses in a row since Tuesday 3 March; last report was Monday 2 March"
    )


@pytest.mark.parametrize(
    ("kind", "evidence", "english", "spanish"),
    [
        pytest.param(
            FlagKind.SILENCE, {"run": 5, "unit": "days", "since": "2026-03-03", "last_answer": None},
            "No report for 5 days in a row since Tuesday 3 March; no report before that",
            "Sin respuesta en 5 días seguidos desde el martes 3 de marzo; antes no hay ninguna", id="silence",
        ),
        pytest.param(
            FlagKind.INJECTION_LATE,
            {"days_late": 1, "last_given_on": "2026-02-10", "visit_on": "2026-03-12", "bridge_holds": True},
            "Injection is 1 day past its date; last one was 10 February; a visit is booked for Thursday 12 March; "
            "tablets are confirmed meanwhile",
            "La inyección lleva 1 día de retraso; la última fue el 10 de febrero; hay una visita el jueves 12 de "
            "marzo; mientras tanto hay tabletas confirmadas", id="late-with-visit-and-bridge",
        ),
        pytest.param(
            FlagKind.CRAVING_RISE, EVIDENCE[FlagKind.CRAVING_RISE] | {"raised_by": ["reported_use", "dose_missed"]},
            "Craving has been 2.3 points above the usual 2.0 for 3 check-ins since Tuesday; use was reported; "
            "a dose was reported as not taken",
            "El deseo ha estado 2.3 puntos por encima de lo habitual (2.0) en 3 registros desde el martes; "
            "se informó consumo; se informó una dosis no tomada", id="rise-raised",
        ),
        pytest.param(
            FlagKind.CRAVING_HIGH, EVIDENCE[FlagKind.CRAVING_HIGH],
            "Craving was 9 of 10 on Tuesday 10 March, confidence 2 of 10",
            "El deseo fue de 9 sobre 10 el martes 10 de marzo, confianza 2 sobre 10", id="high",
        ),
        pytest.param(
            FlagKind.CRAVING_RISE,
            {"leading": "B", "week_mean": 6.6667, "week_check_ins": 3, "raised_by": []},
            "Craving has averaged 6.7 of 10 over 3 check-ins in 7 days",
            "El deseo ha promediado 6.7 sobre 10 en 3 registros de 7 días", id="week",
        ),
        pytest.param(
            FlagKind.CRAVING_RISE,
            {"leading": "G", "high_count": 2, "high_at": 7, "check_ins": 3, "since": "2026-03-01",
             "on": "2026-03-10", "raised_by": []},
            "Craving was 7 or more in 2 of the last 3 check-ins, since Sunday 1 March",
            "El deseo fue de 7 o más en 2 de los últimos 3 registros, desde el domingo 1 de marzo", id="two",
        ),
        pytest.param(
            FlagKind.STATED_GAP, {"days": 3.0, "first_day": "2026-06-04", "last_day": "2026-06-04"},
            "3 days of cover reported as not taken, Thursday 4 June",
            "3 días de cobertura informados como no tomados, jueves 4 de junio", id="gap-of-one-dose",
        ),
        pytest.param(
            FlagKind.REPORTED_USE, {"on": "2026-03-10"}, "Opioid use was reported, Tuesday 10 March",
            "Se informó consumo de opioides, martes 10 de marzo", id="plain-with-date",
        ),
        pytest.param(
            FlagKind.SUICIDE_THOUGHTS, {"instrument": "phq9", "value": 2, "on": "2026-03-10"},
            "Thoughts of death or self-harm: item 9 of the PHQ-9 is 2 of 3, Tuesday 10 March",
            "Pensamientos de muerte o de hacerse daño: el punto 9 del PHQ-9 es 2 de 3, martes 10 de marzo", id="item-9",
        ),
        pytest.param(
            FlagKind.SUICIDE_THOUGHTS,
            {"instrument": "phq9", "value": 1, "on": "2026-03-10", "unfinished_minutes": 15},
            "Thoughts of death or self-harm: item 9 of the PHQ-9 is 1 of 3, Tuesday 10 March; the form was "
            "not finished within 15 minutes",
            "Pensamientos de muerte o de hacerse daño: el punto 9 del PHQ-9 es 1 de 3, martes 10 de marzo; el "
            "cuestionario no se terminó en 15 minutos", id="item-9-unfinished",
        ),
        pytest.param(
            FlagKind.SUICIDE_RISK, {"instrument": "cssrs", "yes": ["cssrs_2", "cssrs_4"], "on": "2026-03-10"},
            "Yes to safety questions: thoughts of suicide, some intention to act, Tuesday 10 March",
            "Sí a preguntas de seguridad: pensamientos de suicidio, alguna intención de actuar, martes 10 de marzo",
            id="safety-questions",
        ),
        pytest.param(
            FlagKind.SUICIDE_RISK, {"source": "sms", "shared_number": False}, "Answers show a high risk of suicide",
            "Las respuestas muestran un riesgo alto de suicidio", id="risk-by-text",
        ),
        pytest.param(
            FlagKind.LOW_MOOD, {"instrument": "phq9", "total": 16, "of": 27, "cut": 10, "on": "2026-03-10"},
            "PHQ-9 is 16 of 27, at or above 10, Tuesday 10 March",
            "El PHQ-9 es 16 de 27, a partir de 10 es alto, martes 10 de marzo", id="low-mood",
        ),
        pytest.param(
            FlagKind.PAIN_HIGH, {"pain": 8, "on": "2026-03-10"},
            "Pain was 8 of 10 on most days, Tuesday 10 March",
            "El dolor fue de 8 sobre 10 la mayoría de los días, martes 10 de marzo", id="pain",
        ),
        pytest.param(FlagKind.CONTACT_LOST, {"reason": "opted_out"}, "Texts were stopped by reply",
                     "Los mensajes se detuvieron por respuesta", id="opted-out"),
    ],
)  # fmt: skip
def test_each_sentence_in_both_languages(kind, evidence, english, spanish):
    assert sentence(kind, evidence, EN) == english
    assert sentence(kind, evidence, ES) == spanish


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(FlagKind))
def test_every_kind_has_a_sentence_without_pronoun_or_judgement(kind, language):
    text = sentence(kind, EVIDENCE.get(kind, {}), language)
    assert text
    assert text == text.strip()
    assert not PRONOUN.search(text)
    assert not FORBIDDEN.search(text.replace("challenge was failed", ""))


def test_missing_evidence_is_a_defect():
    with pytest.raises(KeyError):
        sentence(FlagKind.SILENCE, {"run": 3})


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), min_size=1, max_size=60),
    st.booleans(),
)
def test_the_sentence_of_any_rise_says_its_own_numbers(history, use):
    readings = sorted(Reading(TODAY - timedelta(days), value) for days, value in history)
    readings.append(Reading(TODAY, 8))
    rise = assess(readings, policy=POLICY, on_day=TODAY, context=Context(reported_use=use)).rise
    evidence = rise.evidence()
    text = sentence(rise.kind, evidence)
    assert not PRONOUN.search(text)
    if rise.leading == "C":
        recent = readings[-3:]
        mean = sum(reading.value for reading in recent) / 3
        assert f"{one_decimal(mean - evidence['usual'])} points above" in text
        assert near_date(recent[0].day, seen_on=TODAY, language=EN) in text
    assert ("use was reported" in text) == (use and "H" in rise.rules)
    assert sentence(rise.kind, evidence, ES) != text


def test_silence_tells_what_the_rule_saw():
    asks = [Ask(TODAY - timedelta(n), AskKind.DOSE, answered=n >= 3) for n in range(20)]
    found = assess_silence(asks, today=TODAY, started_on=None, counts_as_opioid=True, policy=POLICY)
    assert sentence(FlagKind.SILENCE, found.evidence()) == (
        "No report for 3 doses in a row since Sunday 8 March; last report was Saturday 7 March"
    )


@pytest.mark.parametrize(
    ("days", "shown"), [(0, "Tuesday"), (6, "Wednesday"), (7, "Tuesday 3 March"), (-1, "Wednesday 11 March")]
)
def test_a_weekday_alone_only_when_it_can_mean_one_day(days, shown):
    assert near_date(TODAY - timedelta(days), seen_on=TODAY, language=EN) == shown


@pytest.mark.parametrize(("value", "shown"), [(2.3333, "2.3"), (-0.04, "0.0"), (10, "10.0"), (2.96, "3.0")])
def test_one_decimal(value, shown):
    assert one_decimal(value) == shown
