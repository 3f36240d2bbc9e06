"""What a patient reads in the app, after unlock, while a concern about them is live (C 7, S 4).

Own wording, English and Spanish. What answers a statement stands in ``own_answers``; here is the rest of the table's
texts. None tells anybody to take or not to take a medicine, none blames, none foretells. ``silence`` and what a
calendar finds are said on the page too, never more often than the flag is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from recovery.rules.flags import FLAG_RULES
from recovery.rules.own_answers import ANSWERS
from recovery.rules.states import FlagKind
from recovery.rules.words import Language

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "crisis": (
            "You matter. Please call or text 988 now. In danger call 911. Somebody from here will contact you.",
            "Usted importa. Llame o envíe un mensaje al 988 ahora. Si hay peligro, llame al 911. Alguien de aquí le "
            "contactará.",
        ),
        "thoughts": (
            "Thank you for telling us. We would like to talk with you today. 988 is there at any time.",
            "Gracias por contarnos. Queremos hablar con usted hoy. El 988 está a cualquier hora.",
        ),
        "overdose": (
            "Call 911 now. Give naloxone if you have it. Stay with them.",
            "Llame al 911 ahora. Dé naloxona si la tiene. Quédese con la persona.",
        ),
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


def patient_text(kind: FlagKind, language: Language = Language.ENGLISH) -> str:
    """Return what the patient reads about ``kind``, '' where nothing is said to them.

    ``{time}`` and ``{number}`` stand for when somebody calls and the clinic's own line. Raises ``KeyError`` for a
    row of the table whose text is not written: a defect that a test finds.
    """
    key = FLAG_RULES[kind].text
    if key is None:
        return ""
    found = TEXTS.get(key) or ANSWERS[key]
    return found[0 if language is Language.ENGLISH else 1]
