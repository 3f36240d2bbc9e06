"""What a person reads after stating that something happened, and while prompts are on hold (S 4, C 7, C 9).

In the app, after unlock. Our own wording, English and Spanish. No text tells anybody to take or not to take a
medicine, and none promises a call at a time when nobody is there: ``{time}`` is when somebody can call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from recovery.rules.flags import FLAG_RULES
from recovery.rules.gates import GateDecision, GateEvent
from recovery.rules.medicines import Medicine
from recovery.rules.states import FlagKind
from recovery.rules.words import Language, long_date

EMERGENCY = frozenset({"overdose", "call_emergency", "very_sick", "alcohol_withdrawal"})
"""Texts that send to emergency care: the number to press stands beside them."""

_MOST_URGENT_FIRST = (
    "overdose",
    "call_emergency",
    "alcohol_withdrawal",
    "very_sick",
    "new_opioid",
    "hold",
    "hold_injection",
    "call_today",
    "breathing",
    "get_care",
    "wants_to_stop",
    "wants_to_stop_alcohol",
    "pregnancy",
    "interaction",
    "ran_out",
    "we_call",
    "safe_storage",
    "check_in",
    "thanks",
)

ANSWERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "hold": (
            "Thank you for telling us. Please talk with us before your next dose. We will call you by {time}, "
            "or call us at {number}.",
            "Gracias por contarnos. Por favor, hable con nosotros antes de su próxima dosis. Le llamaremos antes de "
            "{time}, o llámenos al {number}.",
        ),
        "hold_injection": (
            "Thank you for telling us. We will call you by {time}. Please keep your next visit.",
            "Gracias por contarnos. Le llamaremos antes de {time}. Por favor, venga a su próxima visita.",
        ),
        "very_sick": (
            "If you feel very sick after a dose, with bad vomiting, cramps or confusion, call 911 or go to an "
            "emergency room now. Do not use opioids to stop it. That can kill. We will call you by {time}.",
            "Si se siente muy mal después de una dosis, con vómitos fuertes, cólicos o confusión, llame al 911 o vaya "
            "a urgencias ahora. No use opioides para pararlo. Eso puede matar. Le llamaremos antes de {time}.",
        ),
        "new_opioid": (
            "Thanks for telling us. If you already took it, call us now, before your next dose. In bad pain? Go get "
            "care and show your card. We will call you by {time}, or call us at {number}.",
            "Gracias por contarnos. Si ya lo tomó, llámenos ahora, antes de su próxima dosis. ¿Tiene mucho dolor? "
            "Busque atención y muestre su tarjeta. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "overdose": (
            "Call 911 now. Give naloxone if you have it. Stay with them.",
            "Llame al 911 ahora. Dé naloxona si la tiene. Quédese con la persona.",
        ),
        "call_emergency": (
            "Call 911 now. Please tell them what you take and show your card.",
            "Llame al 911 ahora. Por favor, diga qué toma y muestre su tarjeta.",
        ),
        "alcohol_withdrawal": (
            "Shaking, a seizure, or seeing things that are not there after you stop drinking is an emergency. "
            "Call 911 now.",
            "Temblores, una convulsión o ver cosas que no están después de dejar de beber es una emergencia. Llame al "
            "911 ahora.",
        ),
        "call_today": (
            "Thank you for telling us. Please talk with us today about how you feel. We will call you by {time}, or "
            "call us at {number}.",
            "Gracias por contarnos. Por favor, hable hoy con nosotros sobre cómo se siente. Le llamaremos antes de "
            "{time}, o llámenos al {number}.",
        ),
        "breathing": (
            "Thank you for telling us. If it is hard to breathe, call 911 now. Is it hard to breathe, or do you have "
            "a fever? Call us at {number}.",
            "Gracias por contarnos. Si le cuesta respirar, llame al 911 ahora. ¿Le cuesta respirar o tiene fiebre? "
            "Llámenos al {number}.",
        ),
        "get_care": (
            "Please get care now for the pain, and show your card. We will call you by {time}.",
            "Por favor, busque atención ahora para el dolor y muestre su tarjeta. Le llamaremos antes de {time}.",
        ),
        "wants_to_stop": (
            "Your body does not come to need it. If you stop, its cover ends, and an overdose can happen more easily. "
            "Please talk with us first. We will call you by {time}.",
            "Su cuerpo no llega a necesitarlo. Si lo deja, su protección termina y una sobredosis puede pasar más "
            "fácilmente. Por favor, hable antes con nosotros. Le llamaremos antes de {time}.",
        ),
        "wants_to_stop_alcohol": (
            "Thank you for telling us. It is your decision. Please talk with us first. We will call you by {time}.",
            "Gracias por contarnos. La decisión es suya. Por favor, hable antes con nosotros. Le llamaremos antes de "
            "{time}.",
        ),
        "pregnancy": (
            "Thank you for telling us. Please call us before changing anything. We will call you by {time}, or call "
            "us at {number}.",
            "Gracias por contarnos. Por favor, llámenos antes de cambiar nada. Le llamaremos antes de {time}, o "
            "llámenos al {number}.",
        ),
        "interaction": (
            "Thanks for telling us. Please check with us or a pharmacist before you begin it. Call us at {number}.",
            "Gracias por contarnos. Por favor, consulte con nosotros o en una farmacia antes de empezarlo. Llámenos "
            "al {number}.",
        ),
        "ran_out": (
            "We can help with that. We will call you by {time}.",
            "Podemos ayudarle con eso. Le llamaremos antes de {time}.",
        ),
        "we_call": (
            "Thank you for telling us. We will call you by {time}, or call us at {number}.",
            "Gracias por contarnos. Le llamaremos antes de {time}, o llámenos al {number}.",
        ),
        "safe_storage": (
            "Thank you for telling us. Please lock them away where nobody else can reach them. We will call you.",
            "Gracias por contarnos. Por favor, guárdelas bajo llave donde nadie más las alcance. Le llamaremos.",
        ),
        "check_in": (
            "Thank you for telling us. It helps us to help you.",
            "Gracias por contarnos. Nos ayuda a ayudarle.",
        ),
        "thanks": ("Thank you. It is written down.", "Gracias. Está anotado."),
    }
)

WORKING_ON_IT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "waiting": (
            "We are working on this and will call you by {time}.",
            "Estamos en ello y le llamaremos antes de {time}.",
        ),
        "late": (
            "We are working on this. We have not reached you yet. Please call us.",
            "Estamos en ello. Todavía no hemos hablado con usted. Por favor, llámenos.",
        ),
        "understood": (
            "We are working on this. We will tell you when it goes on.",
            "Estamos en ello. Le avisaremos cuando siga.",
        ),
    }
)
"""What a person's own page says while a hold is open (S 5)."""


def call_time(call_by: datetime | None, *, now: datetime, zone: str, language: Language) -> str:
    """Return "4:30 pm", or "10 am on Wednesday 4 March" for another day, '' without a time; local to ``zone``."""
    if call_by is None:
        return ""
    local = call_by.astimezone(ZoneInfo(zone))
    clock = f"{local.hour % 12 or 12}" + (f":{local.minute:02}" if local.minute else "")
    clock += " am" if local.hour < 12 else " pm"
    other_day = local.date() != now.astimezone(ZoneInfo(zone)).date()
    if language is Language.ENGLISH:
        return f"{clock} on {long_date(local.date(), language)}" if other_day else clock
    clock = f"{'la' if local.hour % 12 == 1 else 'las'} {clock}"
    return f"{clock} del {long_date(local.date(), language)}" if other_day else clock


def most_urgent(keys: Iterable[str]) -> str:
    """Return the text to show where several would answer; the plain thanks for none."""
    found = set(keys)
    return next((key for key in _MOST_URGENT_FIRST if key in found), "thanks")


_WITHOUT_HOLD = {
    GateEvent.OPIOID_TAKEN: "we_call",
    GateEvent.OPIOID_PRESCRIBED: "interaction",
    GateEvent.WITHDRAWAL_SYMPTOMS: "call_today",
}


def text_for_event(event: GateEvent, decisions: Iterable[GateDecision], *, takes: Iterable[Medicine]) -> str:
    """Return the text that answers a fact (S 4): of a hold for tablets, of a hold between injections, or of none.

    Nobody is asked to wait with a medicine that the fact does not stop (S 1).
    """
    decided = list(decisions)
    if not any(decision.stops_prompts for decision in decided):
        found = next((decision.flag for decision in decided if decision.flag is not None), None)
        return _WITHOUT_HOLD.get(event) or (text_for_flag(found, counts_as_opioid=True) if found else "thanks")
    flag = next((decision.flag for decision in decided if decision.stops_prompts), None)
    text = text_for_flag(flag, counts_as_opioid=True) if flag is not None else "hold"
    by_visit = {Medicine.NALTREXONE_INJECTION, Medicine.NALTREXONE_IMPLANT}
    return "hold_injection" if text == "hold" and set(takes) <= by_visit else text


def text_for_flag(kind: FlagKind, *, counts_as_opioid: bool) -> str:
    """Return the key of the text that the table of concerns names; what stopping means is said to opioids alone."""
    text = FLAG_RULES[kind].text or "thanks"
    if text == "wants_to_stop" and not counts_as_opioid:
        return "wants_to_stop_alcohol"
    return text if text in ANSWERS else "thanks"


def answer(key: str, language: Language, *, time: str, number: str) -> str:
    """Return a text. Where no time or no number is known, the sentence that names it is left out."""
    text = ANSWERS[key][0 if language is Language.ENGLISH else 1]
    return filled(text, time=time, number=number)


def working_on_it(key: str, language: Language, *, time: str) -> str:
    """Return what the own page says of an open hold: ``waiting``, ``late`` or ``understood``."""
    return filled(WORKING_ON_IT[key][0 if language is Language.ENGLISH else 1], time=time, number="")


def filled(text: str, *, time: str, number: str) -> str:
    """Return ``text`` with what is known; a sentence that needs what is not known is left out."""
    if not number:
        for tail in (", or call us at {number}", ", o llámenos al {number}"):
            text = text.replace(tail, "")
    sentences = text.replace("? ", "?\x00 ").replace(". ", ".\x00 ").split("\x00")
    kept = [
        sentence
        for sentence in sentences
        if not ("{time}" in sentence and not time) and not ("{number}" in sentence and not number)
    ]
    return "".join(kept).strip().replace("{time}", time).replace("{number}", number)
