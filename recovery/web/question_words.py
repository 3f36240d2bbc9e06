"""The words around questionnaires: the patient's frame in English and Spanish, and what staff read of scores.

Our own wording. The questions themselves are ``recovery.rules.instruments``.
"""

from collections.abc import Mapping

from recovery.rules.instruments.definition import InstrumentKey
from recovery.rules.records import FormStatus

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "questions": "Questions for you",
        "questions_why": "Your answers help your care team. You can stop at any time; what you answered is kept.",
        "begin": "Begin",
        "go_on": "Go on",
        "not_now": "Not today",
        "nothing": "Nothing is waiting. Thank you.",
        "daily_now": "Answer the daily minute now",
        "progress": "Question {number} of {all}",
        "rather_not": "I would rather not say",
        "before": "Back to the question before",
        "said": "You answered: {answer}",
        "said_nothing": "You would rather not say.",
        "later": "Stop for now",
        "later_why": "What you answered is kept.",
        "thanks": "Thank you. That is all.",
        "thanks_why": "Your answers are with your care team.",
        "save_next": "Save and go on",
        "choose": "Please choose an answer, or say that you would rather not. Nothing was saved.",
        "again": "This was not saved. Please try again, or call us.",
        "over": "The time for these questions is over. Thank you.",
        "more": "More questions wait",
        "waiting": "Questions are waiting for you",
    },
    "es": {
        "questions": "Preguntas para usted",
        "questions_why": "Sus respuestas ayudan a su equipo. Puede parar cuando quiera; lo que respondió se guarda.",
        "begin": "Empezar",
        "go_on": "Seguir",
        "not_now": "Hoy no",
        "nothing": "No hay nada pendiente. Gracias.",
        "daily_now": "Responder ahora el minuto del día",
        "progress": "Pregunta {number} de {all}",
        "rather_not": "Prefiero no decirlo",
        "before": "Volver a la pregunta anterior",
        "said": "Respondió: {answer}",
        "said_nothing": "Prefirió no decirlo.",
        "later": "Parar por ahora",
        "later_why": "Lo que respondió se guarda.",
        "thanks": "Gracias. Eso es todo.",
        "thanks_why": "Su equipo ya tiene sus respuestas.",
        "save_next": "Guardar y seguir",
        "choose": "Elija una respuesta, o diga que prefiere no decirlo. No se guardó nada.",
        "again": "Esto no se guardó. Intente otra vez o llámenos.",
        "over": "El tiempo para estas preguntas ya pasó. Gracias.",
        "more": "Hay más preguntas",
        "waiting": "Hay preguntas para usted",
    },
}

NAMES: Mapping[InstrumentKey, str] = {
    InstrumentKey.DAILY: "Daily minute",
    InstrumentKey.MONTH: "Look back at a month",
    InstrumentKey.PHQ2: "PHQ-2",
    InstrumentKey.PHQ9: "PHQ-9",
    InstrumentKey.AUDIT_C: "AUDIT-C",
    InstrumentKey.CAGE: "CAGE",
    InstrumentKey.CSSRS: "C-SSRS screener",
    InstrumentKey.PACS: "PACS, from paper",
    InstrumentKey.BAM: "BAM, from paper",
}
BANDS: Mapping[InstrumentKey, Mapping[str, str]] = {
    InstrumentKey.PHQ2: {"below": "below the cut", "at_or_above": "at or above the cut"},
    InstrumentKey.PHQ9: {
        "below": "below moderate",
        "moderate": "moderate",
        "moderately_severe": "moderately severe",
        "severe": "severe",
    },
    InstrumentKey.AUDIT_C: {
        "below": "below both cuts",
        "at_or_above_women": "at the cut for women, below that for men",
        "at_or_above": "at or above both cuts",
    },
    InstrumentKey.CAGE: {"below": "below the cut", "at_or_above": "at or above the cut"},
    InstrumentKey.CSSRS: {"none": "no yes", "low": "low", "moderate": "moderate", "high": "high"},
    InstrumentKey.PACS: {"below": "not raised", "raised": "raised", "high": "high"},
}
PARTS = {"use": "use", "risk": "risk", "protective": "protection"}
STATUS: Mapping[FormStatus, str] = {
    FormStatus.DUE: "waits for an answer",
    FormStatus.STARTED: "begun",
    FormStatus.FINISHED: "finished",
    FormStatus.UNFINISHED: "not finished",
    FormStatus.NOT_TODAY: "not today",
    FormStatus.PASSED: "its time passed",
    FormStatus.WITHDRAWN: "withdrawn",
}
LINES: Mapping[InstrumentKey, Mapping[str, str]] = {
    InstrumentKey.DAILY: {"mood": "Mood", "sleep": "Sleep", "drinks": "Drinks a day"},
    InstrumentKey.MONTH: {
        "use_days": "Days with an opioid outside treatment",
        "drink_days": "Days with a drink",
        "heavy_days": "Heavy days",
        "poor_sleep_nights": "Nights of bad sleep",
        "low_days": "Low, worried or angry days",
        "pain": "Pain",
        "thinking_days": "Days of thinking about it",
        "holding_in_days": "Days of holding feelings in",
        "support_days": "Days with support",
    },
}
"""Items without a sum that have a line of their own."""


def band_words(instrument: InstrumentKey, band: str, parts: Mapping[str, int]) -> str:
    """What a score says, in words; for BAM the three sums and where to look."""
    if parts:
        look = band.split("+") if band else []
        told = [f"{PARTS[name]} {value}{' (look)' if name in look else ''}" for name, value in parts.items()]
        return ", ".join(told)
    return BANDS.get(instrument, {}).get(band, "")
