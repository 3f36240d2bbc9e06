"""Things to try when a craving comes: the coping library, in our own words (C 1 rows 82, 86-92, 96).

No item is a treatment and none promises anything; a person notes what was tried and whether
it helped, and sees their own counts. Each item names its source and when it is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from recovery.rules.records import TriggerKind
from recovery.rules.words import Language

WRITTEN_ON = date(2026, 11, 22)
REVIEW_BY = date(2027, 11, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One thing to try. ``code`` is stored: never renamed. ``reviewed_by`` '' until a clinician has read it."""

    code: str
    kinds: frozenset[TriggerKind]
    title: Mapping[Language, str]
    steps: Mapping[Language, tuple[str, ...]]
    source: str
    written_on: date = WRITTEN_ON
    review_by: date = REVIEW_BY
    reviewed_by: str = ""


_PLACE, _FEELING, _BODY = TriggerKind.ENVIRONMENTAL, TriggerKind.EMOTIONAL, TriggerKind.PHYSICAL
_ANY = frozenset(TriggerKind)


def _skill(
    code: str,
    kinds: Iterable[TriggerKind],
    en: tuple[str, tuple[str, ...]],
    es: tuple[str, tuple[str, ...]],
    source: str,
) -> Skill:
    return Skill(
        code=code,
        kinds=frozenset(kinds),
        title=MappingProxyType({Language.ENGLISH: en[0], Language.SPANISH: es[0]}),
        steps=MappingProxyType({Language.ENGLISH: en[1], Language.SPANISH: es[1]}),
        source=source,
    )


_TABLE = (
    _skill(
        "breathe",
        (_FEELING, _BODY),
        (
            "Breathe slowly",
            ("Sit or stand still.", "Breathe in while you count to four.", "Breathe out while you count to six.",
             "Do this ten times."),
        ),
        (
            "Respirar despacio",
            ("Quédese quieto un momento.", "Inhale mientras cuenta hasta cuatro.",
             "Exhale mientras cuenta hasta seis.", "Hágalo diez veces."),
        ),
        "C 1 rows 82, 91 (seeds 000, 003)",
    ),
    _skill(
        "watch",
        _ANY,
        (
            "Watch it rise and pass",
            ("Notice where in your body you feel it.", "Give it a number from 0 to 10.",
             "You do not have to fight it or act on it.", "Look again in five minutes and give it a number."),
        ),
        (
            "Observar cómo sube y pasa",
            ("Note en qué parte del cuerpo lo siente.", "Póngale un número de 0 a 10.",
             "No tiene que luchar contra ello ni seguirlo.", "Mire otra vez en cinco minutos y póngale un número."),
        ),
        "C 1 row 86 (seeds 000, 001)",
    ),
    _skill(
        "rethink",
        (_FEELING,),
        (
            "Look at the thought again",
            ("Write down the thought as it came.", "What speaks for it, and what against it?",
             "What would you say to a good friend who thinks this?"),
        ),
        (
            "Mirar el pensamiento otra vez",
            ("Escriba el pensamiento tal como vino.", "¿Qué habla a favor y qué en contra?",
             "¿Qué le diría a un buen amigo que piensa así?"),
        ),
        "C 1 row 87 (seeds 000, 001)",
    ),
    _skill(
        "call",
        _ANY,
        (
            "Call somebody safe",
            ("Choose one person from your plan.", "Say how you are. You do not need a reason to call.",
             "If nobody answers, try the next person, or call us."),
        ),
        (
            "Llamar a alguien de confianza",
            ("Elija a una persona de su plan.", "Diga cómo está. No hace falta un motivo.",
             "Si nadie contesta, llame a la siguiente persona, o llámenos."),
        ),
        "C 1 rows 81, 82 (seed 000)",
    ),
    _skill(
        "leave",
        (_PLACE,),
        (
            "Leave the place",
            ("Go to the door first, decide the rest outside.", "Use the sentence from your plan.",
             "Go somewhere with people who do you good."),
        ),
        (
            "Salir del lugar",
            ("Vaya primero a la puerta y decida lo demás afuera.", "Use la frase de su plan.",
             "Vaya a un sitio con gente que le hace bien."),
        ),
        "C 1 rows 78, 80 (seeds 000, 001)",
    ),
    _skill(
        "another_way",
        (_PLACE,),
        (
            "Take another way",
            ("Think of a way home that does not pass the place.", "Go with somebody if you can.",
             "If you must pass it, call somebody while you walk."),
        ),
        (
            "Tomar otro camino",
            ("Piense en un camino que no pase por ese lugar.", "Vaya con alguien si puede.",
             "Si tiene que pasar, llame a alguien mientras camina."),
        ),
        "C 1 row 78 (seeds 000, 001)",
    ),
    _skill(
        "walk",
        _ANY,
        (
            "Walk for ten minutes",
            ("Put on your shoes and go outside.", "Look for five things of one color.",
             "Turn back after five minutes, or stay longer."),
        ),
        (
            "Caminar diez minutos",
            ("Póngase los zapatos y salga.", "Busque cinco cosas de un mismo color.",
             "Vuelva a los cinco minutos, o siga un poco más."),
        ),
        "C 1 row 88 (seeds 000, 001, 003)",
    ),
    _skill(
        "stretch",
        (_FEELING, _BODY),
        (
            "Stretch",
            ("Stand up and reach for the ceiling.", "Bend forward slowly, as far as it feels good.",
             "Roll your shoulders ten times."),
        ),
        (
            "Estirarse",
            ("Póngase de pie y estire los brazos hacia el techo.", "Inclínese despacio, hasta donde sea cómodo.",
             "Gire los hombros diez veces."),
        ),
        "C 1 rows 88, 91 (seeds 000, 001, 003)",
    ),
    _skill(
        "busy_hands",
        (_PLACE, _FEELING),
        (
            "Keep your hands busy",
            ("Cook, draw, repair, tidy one drawer.", "Choose something that takes fifteen minutes.",
             "Put the phone away while you do it."),
        ),
        (
            "Ocupar las manos",
            ("Cocine, dibuje, arregle algo, ordene un cajón.", "Elija algo que dure quince minutos.",
             "Deje el teléfono mientras lo hace."),
        ),
        "C 1 row 90 (seed 001)",
    ),
    _skill(
        "group",
        _ANY,
        (
            "Go to a meeting",
            ("Look up the next meeting of a group that you like, near you or online.",
             "You may just listen.", "Note afterwards whether it helped."),
        ),
        (
            "Ir a una reunión",
            ("Busque la próxima reunión de un grupo que le guste, cerca o en línea.",
             "Puede ir solo a escuchar.", "Anote después si le ayudó."),
        ),
        "C 1 row 96 (seeds 000, 001, 002)",
    ),
    _skill(
        "rest",
        (_BODY,),
        (
            "Rest",
            ("Lie down in a dark room for twenty minutes.", "Leave screens off.",
             "At night, go to bed at the same time each day."),
        ),
        (
            "Descansar",
            ("Acuéstese veinte minutos en un cuarto oscuro.", "Apague las pantallas.",
             "De noche, acuéstese siempre a la misma hora."),
        ),
        "C 1 row 89 (seeds 000, 003)",
    ),
    _skill(
        "eat",
        (_BODY,),
        (
            "Drink water, eat something small",
            ("Drink a glass of water slowly.", "Eat something small, even without appetite.",
             "Small meals through the day sit better than one large one."),
        ),
        (
            "Beber agua y comer algo",
            ("Beba un vaso de agua despacio.", "Coma algo pequeño, aunque no tenga hambre.",
             "Varias comidas pequeñas sientan mejor que una grande."),
        ),
        "C 1 row 92 (seed 003; weak evidence)",
    ),
    _skill(
        "tell_pain",
        (_BODY,),
        (
            "Tell us about pain",
            ("Pain is a reason to get care, always.", "Call us, so that we can look for help together.",
             "Show your card to whoever treats you."),
        ),
        (
            "Contarnos el dolor",
            ("El dolor es siempre un motivo para pedir atención.", "Llámenos y buscamos ayuda con usted.",
             "Muestre su tarjeta a quien le atienda."),
        ),
        "C 1 row 79, S 20",
    ),
    _skill(
        "write",
        (_FEELING,),
        (
            "Write it down",
            ("What happened just before?", "What do you need right now?", "What helped the last time?"),
        ),
        (
            "Escribirlo",
            ("¿Qué pasó justo antes?", "¿Qué necesita ahora mismo?", "¿Qué ayudó la última vez?"),
        ),
        "C 1 row 77 (seed 000)",
    ),
)  # fmt: skip

COPING: Mapping[str, Skill] = MappingProxyType({skill.code: skill for skill in _TABLE})


def skills_for(kind: TriggerKind) -> list[Skill]:
    """Return what can be tried for a trigger of this kind, those made for it before the general ones."""
    fitting = [skill for skill in COPING.values() if kind in skill.kinds]
    return sorted(fitting, key=lambda skill: len(skill.kinds))


def skill_title(code: str, language: Language = Language.ENGLISH) -> str:
    """Return the title of a stored item; one of an older list comes back readable."""
    skill = COPING.get(code)
    return skill.title[language] if skill else code.replace("_", " ").replace("-", " ").strip().capitalize()
