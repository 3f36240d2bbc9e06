"""What a side effect means: which are emergencies, which are looked at, and when one has lasted (C 1 rows 53-63, C 7).

Nothing here advises to take or not to take a medicine. A fixed list, because words such as
dark urine must reach a prescriber at once (N16).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from recovery.rules.flags import cough_severity, injection_site_severity
from recovery.rules.gates import GateEvent
from recovery.rules.policy import Policy
from recovery.rules.states import FlagKind, Severity
from recovery.rules.words import Language


class Effect(StrEnum):
    """What a person can report. Stored: never renamed."""

    NAUSEA = "nausea"
    VOMITING = "vomiting"
    HEADACHE = "headache"
    TIREDNESS = "tiredness"
    DIZZINESS = "dizziness"
    SLEEP = "sleep"
    APPETITE = "appetite"
    STOMACH = "stomach"
    MUSCLES = "muscles"
    NERVOUS = "nervous"
    MOOD = "mood"
    FALL = "fall"
    SITE = "site"  # where an injection was given
    COUGH = "cough"
    LIVER = "liver"
    ALLERGY = "allergy"
    OTHER = "other"


class Strength(StrEnum):
    """How much it is in the way, in the person's own judgement."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


class Sign(StrEnum):
    """What is seen or felt with some effects. Stored: never renamed."""

    # where an injection was given (MG-V)
    SORE = "sore"
    ITCH = "itch"
    REDNESS = "redness"
    INTENSE_PAIN = "intense_pain"
    HARD_AREA = "hard_area"
    LARGE_SWELLING = "large_swelling"
    LUMP = "lump"
    BLISTER = "blister"
    OPEN_WOUND = "open_wound"
    DARK_SCAB = "dark_scab"
    SPREADING = "spreading"
    # with a cough (S 17)
    HARD_TO_BREATHE = "hard_to_breathe"
    FEVER = "fever"


SITE_SIGNS = (
    Sign.SORE, Sign.ITCH, Sign.REDNESS, Sign.INTENSE_PAIN, Sign.HARD_AREA, Sign.LARGE_SWELLING, Sign.LUMP,
    Sign.BLISTER, Sign.OPEN_WOUND, Sign.DARK_SCAB, Sign.SPREADING,
)  # fmt: skip
COUGH_SIGNS = (Sign.HARD_TO_BREATHE, Sign.FEVER)

# C 7: these reach a nurse the same day; a wound, a scab or what spreads is red.
_SITE_CONCERN = frozenset(
    {Sign.INTENSE_PAIN, Sign.HARD_AREA, Sign.LARGE_SWELLING, Sign.LUMP, Sign.BLISTER, Sign.OPEN_WOUND,
     Sign.DARK_SCAB, Sign.SPREADING}
)  # fmt: skip
_SITE_RED = frozenset({Sign.OPEN_WOUND, Sign.DARK_SCAB, Sign.SPREADING})

_SIGNS_OF: Mapping[Effect, tuple[Sign, ...]] = {Effect.SITE: SITE_SIGNS, Effect.COUGH: COUGH_SIGNS}

GATE_EVENTS: Mapping[Effect, GateEvent] = MappingProxyType(
    {Effect.LIVER: GateEvent.LIVER_SYMPTOMS, Effect.ALLERGY: GateEvent.ALLERGIC_REACTION}
)
"""Effects that stop prompts of naltrexone until a clinician starts them again (S 4)."""


def signs_of(effect: Effect) -> tuple[Sign, ...]:
    """Return the signs that may be stated with this effect; most have none."""
    return _SIGNS_OF.get(effect, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A concern that follows from a report."""

    kind: FlagKind
    severity: Severity


def findings(
    *,
    effect: Effect,
    strength: Strength,
    signs: Collection[Sign],
    began_on: date,
    still_there: bool,
    on: date,
    policy: Policy,
) -> list[Finding]:
    """Return the concerns of one report, none for a common effect that is bearable and new.

    ``on`` is the local day of the report. Site: the signs of C 7 are amber plus, red with a
    wound, a scab or spreading; any sign that is still there after ``side_effect_lasting_days``
    is amber plus too ("worse or unhealed at 2 weeks"). A lone cough is info (S 17). Liver and
    allergy are red. Anything else that is still there after that time is SIDE_EFFECT_LASTING
    (amber; row 59).
    """
    if not still_there:
        return []
    lasted = lasts(began_on=began_on, on=on, policy=policy)
    if effect is Effect.SITE:
        if not (_SITE_CONCERN & set(signs) or (signs and (lasted or strength is Strength.SEVERE))):
            return []
        severity = injection_site_severity(wound_scab_or_spreading=bool(_SITE_RED & set(signs)))
        return [Finding(kind=FlagKind.INJECTION_SITE, severity=severity)]
    if effect is Effect.COUGH:
        severity = cough_severity(hard_to_breathe=Sign.HARD_TO_BREATHE in signs, fever=Sign.FEVER in signs)
        return [Finding(kind=FlagKind.COUGH, severity=severity)]
    if effect is Effect.LIVER:
        return [Finding(kind=FlagKind.LIVER_SYMPTOMS, severity=Severity.RED)]
    if effect is Effect.ALLERGY:
        return [Finding(kind=FlagKind.ALLERGIC_REACTION, severity=Severity.RED)]
    return [Finding(kind=FlagKind.SIDE_EFFECT_LASTING, severity=Severity.AMBER)] if lasted else []


def needs_a_call(*, effect: Effect, strength: Strength, still_there: bool, found: Collection[Finding]) -> bool:
    """Whether a nurse calls about it though it is no concern: severe, or a low mood that is in the way (N16)."""
    if not still_there or found:
        return False
    return strength is Strength.SEVERE or (effect is Effect.MOOD and strength is Strength.MODERATE)


def lasts(*, began_on: date, on: date, policy: Policy) -> bool:
    """Whether an effect that began then has lasted long enough for a person to look (row 59)."""
    return (on - began_on).days >= policy.side_effect_lasting_days


def asks_again_on(*, began_on: date, last_said_on: date, policy: Policy) -> date:
    """Return the day from which "is it still there?" is asked: two weeks after it began, once."""
    return max(began_on + timedelta(days=policy.side_effect_lasting_days), last_said_on + timedelta(days=1))


def site_question_is_open(*, given_on: date, today: date, policy: Policy) -> bool:
    """Whether the page asks how the place of an injection looks: on day 2 and 3 (N18), day 0 being its own."""
    return policy.site_question_from_day <= (today - given_on).days <= policy.site_question_to_day


_EFFECT_WORDS: Mapping[Effect, tuple[str, str]] = {
    Effect.NAUSEA: ("Feeling sick", "Náuseas"),
    Effect.VOMITING: ("Throwing up", "Vómitos"),
    Effect.HEADACHE: ("Headache", "Dolor de cabeza"),
    Effect.TIREDNESS: ("Tiredness", "Cansancio"),
    Effect.DIZZINESS: ("Dizziness", "Mareo"),
    Effect.SLEEP: ("Trouble sleeping", "Dificultad para dormir"),
    Effect.APPETITE: ("Less appetite", "Menos apetito"),
    Effect.STOMACH: ("Belly cramps or loose stool", "Cólicos o diarrea"),
    Effect.MUSCLES: ("Muscle or joint pain", "Dolor muscular o de articulaciones"),
    Effect.NERVOUS: ("Feeling nervous", "Nerviosismo"),
    Effect.MOOD: ("Low mood", "Desánimo"),
    Effect.FALL: ("A fall", "Una caída"),
    Effect.SITE: ("The place of an injection", "El lugar de una inyección"),
    Effect.COUGH: ("Cough, short of breath", "Tos, falta de aire"),
    Effect.LIVER: (
        "Yellow eyes or skin, dark urine, pale stool, or belly pain for days",
        "Ojos o piel amarillos, orina oscura, heces pálidas o dolor de vientre por días",
    ),
    Effect.ALLERGY: (
        "Swelling of face or throat, hives, hard to breathe",
        "Hinchazón de cara o garganta, ronchas, dificultad para respirar",
    ),
    Effect.OTHER: ("Something else", "Otra cosa"),
}
_STRENGTH_WORDS: Mapping[Strength, tuple[str, str]] = {
    Strength.MILD: ("A little", "Un poco"),
    Strength.MODERATE: ("Quite a bit", "Bastante"),
    Strength.SEVERE: ("A lot", "Mucho"),
}
_SIGN_WORDS: Mapping[Sign, tuple[str, str]] = {
    Sign.SORE: ("Sore", "Adolorido"),
    Sign.ITCH: ("Itching", "Picazón"),
    Sign.REDNESS: ("Redness", "Enrojecimiento"),
    Sign.INTENSE_PAIN: ("Intense pain", "Dolor intenso"),
    Sign.HARD_AREA: ("A hard area", "Una zona dura"),
    Sign.LARGE_SWELLING: ("A large swelling", "Una hinchazón grande"),
    Sign.LUMP: ("A lump", "Un bulto"),
    Sign.BLISTER: ("A blister", "Una ampolla"),
    Sign.OPEN_WOUND: ("An open wound", "Una herida abierta"),
    Sign.DARK_SCAB: ("A dark scab", "Una costra oscura"),
    Sign.SPREADING: ("It is spreading", "Se está extendiendo"),
    Sign.HARD_TO_BREATHE: ("Hard to breathe", "Cuesta respirar"),
    Sign.FEVER: ("Fever", "Fiebre"),
}


def _said(pair: tuple[str, str], language: Language) -> str:
    return pair[0 if language is Language.ENGLISH else 1]


def effect_words(effect: Effect, language: Language = Language.ENGLISH) -> str:
    """Return the words of an effect as a person chooses it."""
    return _said(_EFFECT_WORDS[effect], language)


def strength_words(strength: Strength, language: Language = Language.ENGLISH) -> str:
    """Return the words of a strength."""
    return _said(_STRENGTH_WORDS[strength], language)


def sign_words(sign: Sign, language: Language = Language.ENGLISH) -> str:
    """Return the words of a sign."""
    return _said(_SIGN_WORDS[sign], language)


class Answer(StrEnum):
    """What the person is told at once after a report."""

    EMERGENCY = "emergency"
    CALL_TODAY = "call_today"
    BREATHING = "breathing"
    SITE = "site"
    VOMITED = "vomited"
    MOOD = "mood"
    THANKS = "thanks"


_ANSWERS: Mapping[Answer, tuple[str, str]] = {
    Answer.EMERGENCY: (
        "Call 911 now.",
        "Llame al 911 ahora.",
    ),
    Answer.CALL_TODAY: (
        "Thank you for telling us. Please talk with us before your next dose. Call us today. We will call you too.",
        "Gracias por decirnos. Por favor, hable con nosotros antes de su próxima dosis. Llámenos hoy. También le "
        "llamaremos.",
    ),
    Answer.BREATHING: (
        "Thank you for telling us. If it is hard to breathe, call 911 now. Please call us today.",
        "Gracias por decirnos. Si le cuesta respirar, llame al 911 ahora. Por favor, llámenos hoy.",
    ),
    Answer.SITE: (
        "Thank you for telling us. Please call us today so a nurse can look at it.",
        "Gracias por decirnos. Llámenos hoy para que una enfermera lo vea.",
    ),
    Answer.VOMITED: (
        "Thank you for telling us. If you feel very sick after a dose, with bad vomiting, cramps or confusion, "
        "call 911 or go to an emergency room now.",
        "Gracias por decirnos. Si se siente muy mal después de una dosis, con vómitos fuertes, cólicos o confusión, "
        "llame al 911 o vaya a urgencias ahora.",
    ),
    Answer.MOOD: (
        "Thank you for telling us. If things feel too heavy, call or text 988, day and night.",
        "Gracias por decirnos. Si todo pesa demasiado, llame o escriba al 988, de día y de noche.",
    ),
    Answer.THANKS: (
        "Thank you for telling us. It is noted. If it gets worse, call us.",
        "Gracias por decirnos. Está anotado. Si empeora, llámenos.",
    ),
}


def answer_to(*, effect: Effect, found: Collection[Finding], still_there: bool) -> Answer:
    """Return what the person is told at once (S 4 texts, C 7)."""
    if not still_there:
        return Answer.THANKS
    if effect is Effect.ALLERGY:
        return Answer.EMERGENCY
    if effect is Effect.LIVER:
        return Answer.CALL_TODAY
    if effect is Effect.COUGH:
        return Answer.BREATHING
    if any(each.kind is FlagKind.INJECTION_SITE for each in found):
        return Answer.SITE
    return {Effect.VOMITING: Answer.VOMITED, Effect.MOOD: Answer.MOOD}.get(effect, Answer.THANKS)


def answer_words(answer: Answer, language: Language = Language.ENGLISH) -> str:
    """Return the text of an answer."""
    return _said(_ANSWERS[answer], language)
