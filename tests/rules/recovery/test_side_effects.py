"""What a reported side effect leads to (C 7, S 4, S 17, N16, N18), in a table."""

from datetime import date, timedelta

import pytest

from recovery.rules.plans import GoalAbout, Plan, PlanPart, SafePerson, aims_of, drink_severity
from recovery.rules.policy import default_policy
from recovery.rules.records import TriggerKind
from recovery.rules.sentences import sentence
from recovery.rules.side_effects import (
    COUGH_SIGNS,
    SITE_SIGNS,
    Answer,
    Effect,
    Sign,
    Strength,
    answer_to,
    answer_words,
    asks_again_on,
    effect_words,
    findings,
    needs_a_call,
    sign_words,
    signs_of,
    site_question_is_open,
    strength_words,
)
from recovery.rules.states import FlagKind, Goal, Indication, Severity
from recovery.rules.words import Language

TODAY = date(2026, 3, 3)
POLICY = default_policy()


def judged(effect, *, strength=Strength.MILD, signs=(), days=0, still_there=True):
    return findings(
        effect=effect,
        strength=strength,
        signs=signs,
        began_on=TODAY - timedelta(days=days),
        still_there=still_there,
        on=TODAY,
        policy=POLICY,
    )


CASES = [
    pytest.param(Effect.NAUSEA, {}, None, id="common and new"),
    pytest.param(Effect.NAUSEA, {"days": 13}, None, id="13 days"),
    pytest.param(Effect.NAUSEA, {"days": 14}, (FlagKind.SIDE_EFFECT_LASTING, Severity.AMBER), id="two weeks"),
    pytest.param(Effect.NAUSEA, {"days": 30, "still_there": False}, None, id="gone after a month"),
    pytest.param(Effect.SITE, {"signs": [Sign.SORE, Sign.ITCH]}, None, id="site: sore"),
    pytest.param(Effect.SITE, {}, None, id="site: nothing to see"),
    pytest.param(
        Effect.SITE, {"signs": [Sign.SORE], "days": 14}, (FlagKind.INJECTION_SITE, Severity.AMBER_PLUS), id="unhealed"
    ),
    pytest.param(
        Effect.SITE,
        {"signs": [Sign.SORE], "strength": Strength.SEVERE},
        (FlagKind.INJECTION_SITE, Severity.AMBER_PLUS),
        id="site: severe",
    ),
    pytest.param(Effect.COUGH, {}, (FlagKind.COUGH, Severity.INFO), id="lone cough"),
    pytest.param(Effect.COUGH, {"signs": [Sign.FEVER]}, (FlagKind.COUGH, Severity.AMBER_PLUS), id="cough and fever"),
    pytest.param(Effect.LIVER, {}, (FlagKind.LIVER_SYMPTOMS, Severity.RED), id="dark urine"),
    pytest.param(Effect.ALLERGY, {}, (FlagKind.ALLERGIC_REACTION, Severity.RED), id="swelling of the throat"),
    pytest.param(Effect.MOOD, {"strength": Strength.SEVERE}, None, id="low mood is a call, not a concern of two weeks"),
]
CASES += [
    pytest.param(Effect.SITE, {"signs": [sign]}, (FlagKind.INJECTION_SITE, Severity.AMBER_PLUS), id=f"site: {sign}")
    for sign in (Sign.INTENSE_PAIN, Sign.HARD_AREA, Sign.LARGE_SWELLING, Sign.LUMP, Sign.BLISTER)
]
CASES += [
    pytest.param(Effect.SITE, {"signs": [sign]}, (FlagKind.INJECTION_SITE, Severity.RED), id=f"site: {sign}")
    for sign in (Sign.OPEN_WOUND, Sign.DARK_SCAB, Sign.SPREADING)
]


@pytest.mark.parametrize(("effect", "facts", "expected"), CASES)
def test_what_a_report_leads_to(effect, facts, expected):
    found = [(each.kind, each.severity) for each in judged(effect, **facts)]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("effect", "strength", "still_there", "calls"),
    [
        pytest.param(Effect.HEADACHE, Strength.MODERATE, True, False, id="bearable"),
        pytest.param(Effect.HEADACHE, Strength.SEVERE, True, True, id="severe"),
        pytest.param(Effect.HEADACHE, Strength.SEVERE, False, False, id="severe, gone"),
        pytest.param(Effect.MOOD, Strength.MODERATE, True, True, id="low mood in the way"),
        pytest.param(Effect.MOOD, Strength.MILD, True, False, id="a little low"),
    ],
)
def test_when_a_nurse_calls(effect, strength, still_there, calls):
    found = judged(effect, strength=strength, still_there=still_there)
    assert needs_a_call(effect=effect, strength=strength, still_there=still_there, found=found) is calls


def test_a_concern_needs_no_second_call():
    found = judged(Effect.NAUSEA, strength=Strength.SEVERE, days=20)
    assert not needs_a_call(effect=Effect.NAUSEA, strength=Strength.SEVERE, still_there=True, found=found)


@pytest.mark.parametrize(
    ("effect", "signs", "answer"),
    [
        pytest.param(Effect.ALLERGY, [], Answer.EMERGENCY, id="allergy"),
        pytest.param(Effect.LIVER, [], Answer.CALL_TODAY, id="liver"),
        pytest.param(Effect.COUGH, [Sign.HARD_TO_BREATHE], Answer.BREATHING, id="breath"),
        pytest.param(Effect.COUGH, [], Answer.BREATHING, id="cough"),
        pytest.param(Effect.SITE, [Sign.BLISTER], Answer.SITE, id="site"),
        pytest.param(Effect.SITE, [Sign.SORE], Answer.THANKS, id="sore"),
        pytest.param(Effect.VOMITING, [], Answer.VOMITED, id="vomiting"),
        pytest.param(Effect.MOOD, [], Answer.MOOD, id="mood"),
        pytest.param(Effect.SLEEP, [], Answer.THANKS, id="sleep"),
    ],
)
def test_what_the_person_is_told_at_once(effect, signs, answer):
    assert answer_to(effect=effect, found=judged(effect, signs=signs), still_there=True) is answer
    assert answer_to(effect=effect, found=[], still_there=False) is Answer.THANKS


@pytest.mark.parametrize("language", Language)
def test_every_word_exists_and_no_answer_advises_on_a_medicine(language):
    for answer in Answer:
        text = answer_words(answer, language).lower()
        assert not any(word in text for word in ("take your", "do not take", "stop taking", "tome su", "no tome"))
    for effect in Effect:
        assert effect_words(effect, language)
    for strength in Strength:
        assert strength_words(strength, language)
    for sign in Sign:
        assert sign_words(sign, language)


def test_signs_belong_to_two_effects_only():
    assert signs_of(Effect.SITE) == SITE_SIGNS and signs_of(Effect.COUGH) == COUGH_SIGNS
    assert {effect for effect in Effect if signs_of(effect)} == {Effect.SITE, Effect.COUGH}
    assert set(SITE_SIGNS) | set(COUGH_SIGNS) == set(Sign)


@pytest.mark.parametrize(("days", "asked"), [(0, False), (1, False), (2, True), (3, True), (4, False)])
def test_the_place_of_an_injection_is_asked_about_on_day_2_and_3(days, asked):
    given = TODAY - timedelta(days=days)
    assert site_question_is_open(given_on=given, today=TODAY, policy=POLICY) is asked


def test_it_is_asked_again_two_weeks_after_it_began_and_never_twice_on_a_day():
    began = date(2026, 3, 1)
    assert asks_again_on(began_on=began, last_said_on=began, policy=POLICY) == date(2026, 3, 15)
    assert asks_again_on(began_on=began, last_said_on=date(2026, 3, 20), policy=POLICY) == date(2026, 3, 21)


# --- goals and the plan ---


@pytest.mark.parametrize(
    ("goal", "indication", "severity"),
    [
        pytest.param(Goal.REDUCTION, Indication.ALCOHOL, None, id="under a reduction goal a drink is no alarm"),
        pytest.param(Goal.REDUCTION, Indication.BOTH, None, id="reduction, both"),
        pytest.param(Goal.ABSTINENCE, Indication.ALCOHOL, Severity.AMBER, id="abstinence"),
        pytest.param(Goal.ABSTINENCE, Indication.OPIOID, Severity.AMBER, id="own goal, treated for opioids"),
        pytest.param(None, Indication.ALCOHOL, Severity.AMBER, id="no goal said"),
        pytest.param(None, Indication.OPIOID, None, id="no goal, treated for opioids alone"),
    ],
)
def test_n15_the_goal_decides_how_a_drink_is_read(goal, indication, severity):
    assert drink_severity(goal=goal, indication=indication) is severity


def test_n15_less_of_an_opioid_is_no_goal_and_alcohol_has_both():
    assert aims_of(GoalAbout.OPIOID) == (Goal.ABSTINENCE,)
    assert set(aims_of(GoalAbout.ALCOHOL)) == set(Goal)
    assert aims_of(GoalAbout.LIFE) == ()


def test_a_plan_shows_the_parts_that_were_chosen_and_no_other():
    plan = Plan(
        reasons="my son",
        exit="call Ana",
        people=(SafePerson("Ana", "555"),),
        stress="walk",
        strategies={TriggerKind.PHYSICAL: "rest"},
    )
    shown = plan.only({PlanPart.EXIT, PlanPart.STRATEGIES})
    assert (shown.reasons, shown.exit, shown.people, shown.stress) == ("", "call Ana", (), "")
    assert shown.strategies == {TriggerKind.PHYSICAL: "rest"}
    assert plan.only(set(PlanPart)) == plan
    assert [part for part in PlanPart if shown.has(part)] == [PlanPart.EXIT, PlanPart.STRATEGIES]


def test_the_sentence_of_a_lasting_effect_is_made_from_its_evidence():
    evidence = {"effect": "headache", "began_on": "2026-02-16", "days": 15, "on": "2026-03-03"}
    assert sentence(FlagKind.SIDE_EFFECT_LASTING, evidence) == (
        "A side effect has lasted 15 days since 16 February: headache"
    )
    assert sentence(FlagKind.SIDE_EFFECT_LASTING, evidence, Language.SPANISH) == (
        "Un efecto secundario dura 15 días desde el 16 de febrero: dolor de cabeza"
    )
