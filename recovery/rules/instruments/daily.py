"""The daily minute: craving for each substance, confidence worded by goal, drinks, today's dose, mood, sleep, one
trigger. Our own wording, English and Spanish (C 5, S 20). Its answers go on into the records that they belong to."""

from __future__ import annotations

from typing import NamedTuple

from recovery.rules.instruments.definition import (
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Kind,
    Licence,
    OnlyIf,
    Option,
    Tag,
    no_score,
    own,
)
from recovery.rules.records import Substance, TriggerKind, TriggerOrigin
from recovery.rules.words import Language

OWN_WORDS = Licence(text="our own wording", source="C 5")
_SURE = (own("Not sure at all", "Nada de confianza"), own("Certain", "Toda la confianza"))
_STRONG = (own("None", "Nada"), own("The strongest", "Lo más fuerte"))

DOSE_TAKEN, DOSE_NOT_TAKEN = 1, 0
DRINKS, DOSE, MOOD, SLEEP, TRIGGER, NOTE = "drinks", "dose", "mood", "sleep", "trigger", "note"


class CravingItems(NamedTuple):
    """Which items make one reading of craving."""

    substance: Substance
    craving: str
    confidence: tuple[str, ...]


CRAVINGS = (
    CravingItems(Substance.OPIOID, "craving_opioid", ("sure_opioid",)),
    CravingItems(Substance.ALCOHOL, "craving_alcohol", ("sure_no_drink", "sure_limit", "sure_goal")),
)
TRIGGERS: dict[int, tuple[TriggerOrigin, TriggerKind]] = {
    1: (TriggerOrigin.EXTERNAL, TriggerKind.ENVIRONMENTAL),
    2: (TriggerOrigin.INTERNAL, TriggerKind.EMOTIONAL),
    3: (TriggerOrigin.INTERNAL, TriggerKind.PHYSICAL),
}
"""What was met -> where it comes from and of what kind (C 1 rows 73 to 75)."""


def _sure(key: str, en: str, es: str, *tags: Tag) -> Item:
    return Item(key=key, text=own(en, es), kind=Kind.SCALE, ends=_SURE, only_for=frozenset(tags))


DAILY = Instrument(
    key=InstrumentKey.DAILY,
    version="1",
    title=own("Your daily minute", "Su minuto del día"),
    items=(
        Item(
            key="craving_opioid",
            text=own(
                "In the last 24 hours, how strong was your craving for opioids at its strongest?",
                "En las últimas 24 horas, ¿qué tan fuertes fueron las ganas de usar opioides en el peor momento?",
            ),
            kind=Kind.SCALE,
            ends=_STRONG,
            only_for=frozenset({Tag.OPIOID}),
        ),
        _sure(
            "sure_opioid",
            "How sure are you that you will stay away from opioids until tomorrow?",
            "¿Cuánta confianza tiene en mantenerse lejos de los opioides hasta mañana?",
            Tag.OPIOID,
        ),
        Item(
            key="craving_alcohol",
            text=own(
                "In the last 24 hours, how strong was your craving for alcohol at its strongest?",
                "En las últimas 24 horas, ¿qué tan fuertes fueron las ganas de beber alcohol en el peor momento?",
            ),
            kind=Kind.SCALE,
            ends=_STRONG,
            only_for=frozenset({Tag.ALCOHOL}),
        ),
        _sure(
            "sure_no_drink",
            "How sure are you that you will not drink until tomorrow?",
            "¿Cuánta confianza tiene en no beber hasta mañana?",
            Tag.ALCOHOL,
            Tag.GOAL_ABSTINENCE,
        ),
        _sure(
            "sure_limit",
            "How sure are you that you will keep to your own limit for drinking until tomorrow?",
            "¿Cuánta confianza tiene en no pasar su propio límite de bebida hasta mañana?",
            Tag.ALCOHOL,
            Tag.GOAL_REDUCTION,
        ),
        _sure(
            "sure_goal",
            "How sure are you that you will stay with your own goal for drinking until tomorrow?",
            "¿Cuánta confianza tiene en cumplir su propia meta con la bebida hasta mañana?",
            Tag.ALCOHOL,
            Tag.GOAL_UNKNOWN,
        ),
        Item(
            key=DRINKS,
            text=own("How many drinks did you have yesterday?", "¿Cuántas bebidas con alcohol tomó ayer?"),
            hint=own(
                "One drink is a can of beer, a small glass of wine, or one shot. 0 is fine.",
                "Una bebida es una lata de cerveza, una copa pequeña de vino o un trago. 0 está bien.",
            ),
            kind=Kind.NUMBER,
            high=60,
            only_for=frozenset({Tag.ALCOHOL}),
        ),
        Item(
            key=DOSE,
            text=own("Today's dose: did you take it?", "La dosis de hoy: ¿la tomó?"),
            options=(
                Option(DOSE_TAKEN, own("Yes, taken", "Sí, la tomé"), "taken"),
                Option(DOSE_NOT_TAKEN, own("Not today", "Hoy no"), "skipped"),
            ),
            hint=own("If you have not yet, skip this one.", "Si todavía no, salte esta pregunta."),
            only_for=frozenset({Tag.DOSE_TODAY}),
        ),
        Item(
            key=MOOD,
            text=own("How is your mood right now?", "¿Cómo está su ánimo en este momento?"),
            kind=Kind.SCALE,
            ends=(own("Very low", "Muy bajo"), own("Very good", "Muy bueno")),
        ),
        Item(
            key=SLEEP,
            text=own("How did you sleep last night?", "¿Cómo durmió anoche?"),
            kind=Kind.SCALE,
            ends=(own("Very badly", "Muy mal"), own("Very well", "Muy bien")),
        ),
        Item(
            key=TRIGGER,
            text=own(
                "Did something set a craving off since yesterday? Choose the main one.",
                "¿Algo le provocó ganas desde ayer? Elija lo principal.",
            ),
            options=(
                Option(0, own("Nothing", "Nada"), "none"),
                Option(1, own("A place, people or things", "Un lugar, personas o cosas"), "environmental"),
                Option(2, own("A feeling", "Un sentimiento"), "emotional"),
                Option(3, own("Something in my body", "Algo en mi cuerpo"), "physical"),
            ),
        ),
        Item(
            key=NOTE,
            text=own("In your own words, if you like", "Con sus propias palabras, si quiere"),
            kind=Kind.TEXT,
            only_if=OnlyIf(TRIGGER),
            only_for=frozenset({Tag.FREE_TEXT}),
        ),
    ),
    languages=frozenset(Language),
    filled_by=frozenset(Filler),
    scorer=no_score,
    licence=OWN_WORDS,
)
