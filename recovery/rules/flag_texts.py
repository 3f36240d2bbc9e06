"""What a patient reads in the app, after unlock, while a concern about them is live (C 7, S 4).

Own wording, English and Spanish. What answers a statement stands in ``own_answers``; here is the rest of the table's
texts, and what stands on the page afterwards in place of an answer that thanks. None tells anybody to take or not to
take a medicine, none blames, none foretells. ``silence`` and what a calendar finds are said on the page too, never
more often than the flag is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from recovery.rules import own_answers
from recovery.rules.flags import FLAG_RULES
from recovery.rules.instruments.telling import Danger, Staffing, told
from recovery.rules.own_answers import ANSWERS
from recovery.rules.states import FlagKind, Severity
from recovery.rules.words import Language

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "site": (
            "Please call us today so that a nurse can look at it.",
            "Por favor, llámenos hoy para que una enfermera lo vea.",
        ),
        "silence": (
            "We have not heard from you. Is anything in the way? We are glad to call.",
            "No hemos sabido de usted. ¿Hay algo que lo dificulte? Con gusto le llamamos.",
        ),
        "injection_overdue": (
            "It is not too late to come in. Please call us and we will find a time.",
            "No es tarde para venir. Llámenos y encontramos un horario.",
        ),
        "procedure": (
            "Please tell the other clinic about your treatment here, and call us with the date.",
            "Por favor, cuente en la otra clínica de su tratamiento aquí y llámenos con la fecha.",
        ),
        "craving_high": (
            "That sounds hard. Your plan is here. Would you like a call?",
            "Eso suena difícil. Su plan está aquí. ¿Quiere que le llamemos?",
        ),
        "craving_rise": (
            "You have had some tougher days. Would you like to look at your plan?",
            "Ha tenido días más difíciles. ¿Quiere mirar su plan?",
        ),
        "welcome": (
            "Welcome back. We will call you to hear what you need.",
            "Qué bueno que está de vuelta. Le llamaremos para saber qué necesita.",
        ),
    }
)


STANDING: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "new_opioid": (
            "Did you take the new medicine already? Then call us now, before your next dose. In bad pain? Go get care "
            "and show your card. We will call you by {time}, or call us at {number}.",
            "¿Ya tomó el medicamento nuevo? Entonces llámenos ahora, antes de su próxima dosis. ¿Tiene mucho dolor? "
            "Busque atención y muestre su tarjeta. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "call_today": (
            "Please talk with us today about how you feel. We will call you by {time}, or call us at {number}.",
            "Por favor, hable hoy con nosotros sobre cómo se siente. Le llamaremos antes de {time}, o llámenos al "
            "{number}.",
        ),
        "breathing": (
            "If it is hard to breathe, call 911 now. If you have a fever, or it gets worse, call us at {number}.",
            "Si le cuesta respirar, llame al 911 ahora. Si tiene fiebre o empeora, llámenos al {number}.",
        ),
        "wants_to_stop_alcohol": (
            "It is your decision. Please talk with us first. We will call you by {time}, or call us at {number}.",
            "La decisión es suya. Por favor, hable antes con nosotros. Le llamaremos antes de {time}, o llámenos al "
            "{number}.",
        ),
        "pregnancy": (
            "Please call us before changing anything. We will call you by {time}, or call us at {number}.",
            "Por favor, llámenos antes de cambiar nada. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "interaction": (
            "Please check with us or a pharmacist before you begin a new medicine. Call us at {number}.",
            "Por favor, consulte con nosotros o en una farmacia antes de empezar un medicamento nuevo. Llámenos al "
            "{number}.",
        ),
        "ran_out": (
            "We are working on what you need. We will call you by {time}, or call us at {number}.",
            "Estamos viendo cómo conseguir lo que necesita. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "we_call": (
            "We would like to talk with you. We will call you by {time}, or call us at {number}.",
            "Queremos hablar con usted. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "safe_storage": (
            "Please lock your tablets away where nobody else can reach them. We would like to talk with you about it.",
            "Por favor, guarde sus tabletas bajo llave donde nadie más las alcance. Queremos hablarlo con usted.",
        ),
        "check_in": (
            "We would like to hear how you are. Call us at {number}.",
            "Queremos saber cómo está. Llámenos al {number}.",
        ),
    }
)
"""What stands on the page where the answer began with thanks: the concern may come from somebody else's word."""

ALCOHOL_ONLY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "injection_overdue": (
            "Your visit date has passed. Want help finding a new time?",
            "La fecha de su visita ya pasó. ¿Quiere ayuda para encontrar otra?",
        ),
        "wants_to_stop": STANDING["wants_to_stop_alcohol"],
    }
)
"""S 4: what is said instead where time and stopping bring no overdose (S 2)."""


class NextStep(StrEnum):
    """What stands beside a text to press."""

    EMERGENCY = "emergency"
    CRISIS_LINE = "crisis_line"
    CALL = "call"
    PLAN = "plan"
    VISITS = "visits"
    AHEAD = "ahead"


_NEXT = {
    "crisis": NextStep.CRISIS_LINE,
    "thoughts": NextStep.CRISIS_LINE,
    "overdose": NextStep.EMERGENCY,
    "call_emergency": NextStep.EMERGENCY,
    "very_sick": NextStep.EMERGENCY,
    "alcohol_withdrawal": NextStep.EMERGENCY,
    "craving_high": NextStep.PLAN,
    "craving_rise": NextStep.PLAN,
    "injection_overdue": NextStep.VISITS,
    "procedure": NextStep.AHEAD,
}
_CRAVING = (FlagKind.CRAVING_HIGH, FlagKind.CRAVING_RISE, FlagKind.INTERVAL_END_CRAVING)
_DANGER = {"crisis": Danger.RISK, "thoughts": Danger.THOUGHTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConcern:
    """A live flag as far as its patient's page needs it. ``call_by``: when somebody can call, None when it passed."""

    kind: FlagKind
    severity: Severity
    call_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One text on the patient's own page. It names neither kind nor severity."""

    words: str
    next_step: NextStep


def patient_text(
    kind: FlagKind,
    language: Language,
    *,
    staffing: Staffing,
    zone: str,
    alcohol_only: bool = False,
    time: str = "",
    number: str = "",
) -> str:
    """Return what the patient reads about ``kind``, '' where nothing is said to them.

    ``time`` is when somebody can call, ``number`` the clinic's own line; a sentence that needs what is '' is left out.
    What is said of danger promises only whom ``staffing`` has (contract 3). ``zone`` is the patient's. Raises
    ``KeyError`` for a row of the table whose text is not written: a defect that a test finds.
    """
    key = FLAG_RULES[kind].text
    if key is None:
        return ""
    if key in _DANGER:
        return told(_DANGER[key], staffing, zone=zone, language=language)
    # A hold speaks for itself; without one nobody is asked to wait (S 1).
    key = "we_call" if key == "hold" else key
    both = (ALCOHOL_ONLY.get(key) if alcohol_only else None) or STANDING.get(key) or TEXTS.get(key) or ANSWERS[key]
    text = both[0 if language is Language.ENGLISH else 1]
    return own_answers.filled(_for_country(text, staffing.country), time=time, number=number)


def notices(
    concerns: Iterable[LiveConcern],
    *,
    language: Language,
    alcohol_only: bool,
    held: bool,
    visit_ahead: bool,
    staffing: Staffing,
    number: str,
    zone: str,
    now: datetime,
) -> list[Notice]:
    """Return what a person reads while concerns are live, the most urgent first, each text once (C 7, S 4).

    What is for the weekly list says nothing (C 7), but for a lone cough, which is a question (S 17). While something
    is red, craving is not spoken of (C 7). ``held``: the hold of the page says already that somebody works on it.
    ``visit_ahead``: a visit is coming, so that none need be found.
    """
    live = sorted(concerns, key=lambda each: (-each.severity.rank, each.kind.value))
    is_red = any(each.severity is Severity.RED for each in live)
    found: dict[str, Notice] = {}
    for each in live:
        key = FLAG_RULES[each.kind].text or ""
        weekly = each.severity is Severity.INFO and each.kind is not FlagKind.COUGH
        said_already = (held and key == "hold") or (visit_ahead and key == "injection_overdue")
        if weekly or said_already or (is_red and each.kind in _CRAVING):
            continue
        words = patient_text(
            each.kind,
            language,
            staffing=staffing,
            zone=zone,
            alcohol_only=alcohol_only,
            time=own_answers.call_time(each.call_by, now=now, zone=zone, language=language),
            number=number,
        )
        if words:
            found.setdefault(words, Notice(words=words, next_step=_NEXT.get(key, NextStep.CALL)))
    return list(found.values())


def _for_country(text: str, country: str) -> str:
    """911 is the number of the United States; elsewhere the local one is named."""
    if country == "US":
        return text
    spanish = text.replace("al 911", "al número de emergencias de su zona")
    return spanish.replace("911", "your local emergency number")
