"""Every word of the patient's own page, in English and Spanish. Our own wording.

Person first, no blame, no name of a medicine, no advice to take or not to take one.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recovery.rules.words import Language, long_date, short_date
from recovery.web import words

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your day",
        "pages": "Your pages",
        "body_asks": "We have a short question for you",
        "nav_today": "Today",
        "nav_plan": "Plan",
        "nav_read": "Read",
        "nav_body": "Body",
        "nav_help": "Help",
        "skip": "Skip to the content",
        "sign_out": "Sign out",
        "today": "Today",
        "at": "at",
        "done": "Done",
        "not_today": "Not today",
        "why": "You can say why. You do not have to.",
        "no_reason": "I would rather not say",
        "change": "Change this answer",
        "wanted": "When you want it",
        "wanted_button": "I had one before a hard time",
        "wanted_told": "Told today:",
        "nothing_today": "Nothing is planned for today.",
        "earlier": "Days we have not heard about",
        "earlier_why": "It is fine to answer later, and fine not to know.",
        "yes": "Yes, done",
        "no": "No",
        "yes_word": "Yes",
        "ahead": "What is ahead",
        "was_it": "Did that one happen?",
        "hold": "Please talk with us before your next dose.",
        "call_us": "Call us",
        "notices": "From your care team",
        "notice_plan": "Look at your plan",
        "scale": "How strong is the craving right now?",
        "scale_low": "0 is none",
        "scale_high": "10 is the strongest",
        "save": "Save",
        "more": "Add more, if you like",
        "confidence": "How sure are you that you will get through it? 0 to 10",
        "note": "In your own words",
        "note_read": "Your care team can read this on working days. It is not for emergencies.",
        "moment": "Write down a moment",
        "moment_why": "Something that set it off: a place, a feeling, a pain.",
        "origin": "Where did it come from?",
        "origin_internal": "From within me",
        "origin_external": "From around me",
        "kind": "What was it?",
        "kind_environmental": "A place, people or things",
        "kind_emotional": "A feeling",
        "kind_physical": "Something in my body",
        "strength": "How strong was it? 0 to 10",
        "tag": "Closer to",
        "tried": "What did you try?",
        "helped": "Did it help?",
        "helped_yes": "It helped",
        "helped_no": "It did not help",
        "optional": "optional",
        "back": "Back to your day",
        "visit": "Next visit",
        "visit_more": "Visits: confirm, or ask for another time",
        "visit_at": "at",
        "visit_time_open": "No time is agreed yet. Call us to choose one.",
        "visit_late": "It is not too late to come in. Please call us and we will find a time.",
        "no_visit": "No visit is planned. Call us if you would like one.",
        "call": "Call",
        "crisis": "In danger?",
        "crisis_911": "Call 911",
        "crisis_988": "Call or text 988",
        "crisis_when": "Day and night",
        "crisis_local": "Call your local emergency number.",
        "not_sent": "This was not sent: there is no connection. Nothing was saved. Please try again, or call us.",
        "not_saved": "This was not saved. Please try again in a minute, or call us.",
        "sending": "Sending",
        "quiet": "Hello. There is nothing to do here at the moment.",
    },
    "es": {
        "title": "Su día",
        "pages": "Sus páginas",
        "body_asks": "Tenemos una pregunta corta para usted",
        "nav_today": "Hoy",
        "nav_plan": "Plan",
        "nav_read": "Leer",
        "nav_body": "Cuerpo",
        "nav_help": "Ayuda",
        "skip": "Ir al contenido",
        "sign_out": "Salir",
        "today": "Hoy",
        "at": "a las",
        "done": "Listo",
        "not_today": "Hoy no",
        "why": "Puede decirnos por qué. No es obligatorio.",
        "no_reason": "Prefiero no decirlo",
        "change": "Cambiar esta respuesta",
        "wanted": "Cuando usted quiera",
        "wanted_button": "Usé una antes de un momento difícil",
        "wanted_told": "Dicho hoy:",
        "nothing_today": "No hay nada previsto para hoy.",
        "earlier": "Días de los que no sabemos",
        "earlier_why": "Puede responder más tarde, y también está bien no saberlo.",
        "yes": "Sí, listo",
        "no": "No",
        "yes_word": "Sí",
        "ahead": "Lo que viene",
        "was_it": "¿Se hizo esa vez?",
        "hold": "Por favor, hable con nosotros antes de su próxima dosis.",
        "call_us": "Llámenos",
        "notices": "De su equipo",
        "notice_plan": "Ver su plan",
        "scale": "¿Qué tan fuertes son las ganas en este momento?",
        "scale_low": "0 es nada",
        "scale_high": "10 es lo más fuerte",
        "save": "Guardar",
        "more": "Añadir algo más, si quiere",
        "confidence": "¿Cuánta confianza tiene en superarlo? De 0 a 10",
        "note": "Con sus propias palabras",
        "note_read": "Su equipo puede leer esto en días laborables. No es para emergencias.",
        "moment": "Anotar un momento",
        "moment_why": "Algo que lo provocó: un lugar, un sentimiento, un dolor.",
        "origin": "¿De dónde vino?",
        "origin_internal": "De dentro de mí",
        "origin_external": "De mi entorno",
        "kind": "¿Qué fue?",
        "kind_environmental": "Un lugar, personas o cosas",
        "kind_emotional": "Un sentimiento",
        "kind_physical": "Algo en mi cuerpo",
        "strength": "¿Qué tan fuerte fue? De 0 a 10",
        "tag": "Más exactamente",
        "tried": "¿Qué probó?",
        "helped": "¿Le ayudó?",
        "helped_yes": "Me ayudó",
        "helped_no": "No me ayudó",
        "optional": "opcional",
        "back": "Volver a su día",
        "visit": "Próxima visita",
        "visit_more": "Visitas: confirmar o pedir otro horario",
        "visit_at": "a las",
        "visit_time_open": "Todavía no hay hora. Llámenos para elegir una.",
        "visit_late": "No es demasiado tarde para venir. Llámenos y buscamos una hora.",
        "no_visit": "No hay ninguna visita prevista. Llámenos si quiere una.",
        "call": "Llamar",
        "crisis": "¿Está en peligro?",
        "crisis_911": "Llame al 911",
        "crisis_988": "Llame o escriba al 988",
        "crisis_when": "De día y de noche",
        "crisis_local": "Llame al número de emergencias de su zona.",
        "not_sent": "Esto no se envió: no hay conexión. No se guardó nada. Intente otra vez o llámenos.",
        "not_saved": "Esto no se guardó. Intente otra vez en un minuto o llámenos.",
        "sending": "Enviando",
        "quiet": "Hola. Por ahora no hay nada que hacer aquí.",
    },
}

DONE: Mapping[str, Mapping[str, str]] = {
    "en": {
        "today-yes": "Thank you. It is noted.",
        "today-no": "Thank you for telling us. It is noted.",
        "today-unwell": "Thank you for telling us. If you feel very unwell, call 911. For anything else, call us.",
        "scale": "Thank you. It is noted. If you would like to talk, call us.",
        "moment": "Thank you. The moment is noted.",
        "known": "We have this one already. To change it, please answer again.",
    },
    "es": {
        "today-yes": "Gracias. Está anotado.",
        "today-no": "Gracias por decirnos. Está anotado.",
        "today-unwell": "Gracias por decirnos. Si se siente muy mal, llame al 911. Para lo demás, llámenos.",
        "scale": "Gracias. Está anotado. Si quiere hablar, llámenos.",
        "moment": "Gracias. El momento está anotado.",
        "known": "Esto ya lo tenemos. Para cambiarlo, responda otra vez.",
    },
}

WRONG: Mapping[str, Mapping[str, str]] = {
    "en": {
        "number": "Please choose a number first. Nothing was saved.",
        "choose": "Please choose one answer in each of the two lists. Nothing was saved.",
        "again": "This was not saved. Please try again, or call us.",
        "look": "Please look at what is marked. Nothing was saved.",
    },
    "es": {
        "number": "Primero elija un número, por favor. No se guardó nada.",
        "choose": "Elija una respuesta en cada una de las dos listas. No se guardó nada.",
        "again": "Esto no se guardó. Intente otra vez o llámenos.",
        "look": "Por favor, mire lo que está marcado. No se guardó nada.",
    },
}

_REASONS = {
    "forgot": ("I forgot", "Se me olvidó"),
    "no_supply": ("I do not have any with me", "No tengo aquí"),
    "felt_unwell": ("I did not feel well", "No me sentí bien"),
    "not_sure": ("I am not sure about it", "Tengo dudas"),
    "other": ("Something else", "Otra cosa"),
}


def reasons(language: str) -> list[tuple[str, str]]:
    """Why it did not happen, as (code, words); every one of them may be left unsaid."""
    place = 1 if language == "es" else 0
    return [(code, pair[place]) for code, pair in _REASONS.items()]


def day(on: date, language: str) -> str:
    """Return "Tuesday 3 March" or "martes 3 de marzo"."""
    return long_date(on, Language(language))


def day_and_year(on: date, language: str) -> str:
    """Return "3 March 2028" or "3 de marzo 2028"."""
    return f"{short_date(on, Language(language))} {on.year}"


def clock_time(instant: datetime, zone: str, language: str) -> str:
    """Return "8:00 AM" or "8:00 a. m."."""
    local = instant.astimezone(ZoneInfo(zone))
    half = ("a. m.", "p. m.") if language == "es" else ("AM", "PM")
    return f"{local.hour % 12 or 12}:{local:%M} {half[local.hour >= 12]}"


phone_shown = words.phone_shown
