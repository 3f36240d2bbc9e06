"""Looking back at a month, in our own words: use, drinking, sleep, mood, pain, health, support, risk (C 5).

No sum is made of it: no study has tested one. Each answer is looked at, and its line over the months.
"""

from __future__ import annotations

from recovery.rules.instruments.daily import OWN_WORDS
from recovery.rules.instruments.definition import (
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Kind,
    OnlyIf,
    Option,
    Tag,
    no_score,
    own,
)
from recovery.rules.words import Language

USE_DAYS, DRINK_DAYS, HEAVY_DAYS, PAIN = "use_days", "drink_days", "heavy_days", "pain"
DAYS = 30

_INTRO = own("Think of the last 30 days.", "Piense en los últimos 30 días.")
_GOOD = (
    Option(0, own("Very good", "Muy bien")),
    Option(1, own("Good", "Bien")),
    Option(2, own("So so", "Regular")),
    Option(3, own("Poor", "Mal")),
)


def _days(key: str, en: str, es: str, *tags: Tag, only_if: OnlyIf | None = None) -> Item:
    return Item(
        key=key, text=own(en, es), kind=Kind.NUMBER, high=DAYS, only_for=frozenset(tags), only_if=only_if, scored=False
    )


MONTH = Instrument(
    key=InstrumentKey.MONTH,
    version="1",
    title=own("Looking back at your month", "Una mirada a su mes"),
    intro=_INTRO,
    items=(
        _days(
            USE_DAYS,
            "On how many days did you use an opioid that is not part of your treatment?",
            "¿Cuántos días usó un opioide que no es parte de su tratamiento?",
        ),
        _days(
            DRINK_DAYS,
            "On how many days did you drink alcohol?",
            "¿Cuántos días tomó alcohol?",
        ),
        _days(
            HEAVY_DAYS,
            "On how many of those days did you have {heavy_day_drinks} drinks or more?",
            "¿Cuántos de esos días tomó {heavy_day_drinks} bebidas o más?",
            only_if=OnlyIf(DRINK_DAYS),
        ),
        _days(
            "other_days",
            "On how many days did you use another drug that nobody prescribed for you?",
            "¿Cuántos días usó otra droga que nadie le recetó?",
        ),
        _days(
            "poor_sleep_nights",
            "On how many nights did you sleep badly?",
            "¿Cuántas noches durmió mal?",
        ),
        _days(
            "low_days",
            "On how many days did you feel low, worried or angry for most of the day?",
            "¿Cuántos días se sintió mal de ánimo, con preocupación o con enojo la mayor parte del día?",
        ),
        Item(
            key=PAIN,
            text=own(
                "How strong has pain been on most days?", "¿Qué tan fuerte ha sido el dolor la mayoría de los días?"
            ),
            kind=Kind.SCALE,
            ends=(own("No pain", "Sin dolor"), own("The worst", "El peor")),
            scored=False,
        ),
        Item(
            key="health",
            text=own("How has your body felt?", "¿Cómo se ha sentido de salud?"),
            options=_GOOD,
            scored=False,
        ),
        Item(
            key="food",
            text=own("How have you been eating and drinking water?", "¿Cómo ha sido su comida y el agua que toma?"),
            options=_GOOD,
            scored=False,
        ),
        Item(
            key="drowsy",
            text=own("Have you felt drowsy or dizzy?", "¿Ha tenido sueño durante el día o mareos?"),
            options=(
                Option(0, own("No", "No")),
                Option(1, own("A little", "Un poco")),
                Option(2, own("Often", "A menudo")),
            ),
            scored=False,
        ),
        Item(
            key="falls",
            text=own("How many times did you fall?", "¿Cuántas veces se cayó?"),
            kind=Kind.NUMBER,
            high=60,
            only_for=frozenset({Tag.OLDER}),
            scored=False,
        ),
        _days(
            "holding_in_days",
            "On how many days did you keep feelings to yourself or stay away from people?",
            "¿Cuántos días se guardó lo que sentía o se alejó de la gente?",
        ),
        _days(
            "thinking_days",
            "On how many days did you catch yourself thinking about using or drinking?",
            "¿Cuántos días se encontró pensando en usar o en beber?",
        ),
        _days(
            "risk_days",
            "On how many days were you near places or people that make it hard?",
            "¿Cuántos días estuvo cerca de lugares o personas que lo hacen difícil?",
        ),
        _days(
            "support_days",
            "On how many days did you talk with somebody who supports you?",
            "¿Cuántos días habló con alguien que le apoya?",
        ),
        _days(
            "meeting_days",
            "On how many days did you go to a group, a meeting or a counselor?",
            "¿Cuántos días fue a un grupo, una reunión o una consejería?",
        ),
        _days(
            "busy_days",
            "On how many days did you work, study, volunteer or look after somebody?",
            "¿Cuántos días trabajó, estudió, ayudó como voluntario o cuidó a alguien?",
        ),
        Item(
            key="home",
            text=own("Do you have a safe place to stay?", "¿Tiene un lugar seguro donde quedarse?"),
            options=(Option(1, own("Yes", "Sí")), Option(0, own("No", "No"))),
            scored=False,
        ),
        Item(
            key="sure_month",
            text=own(
                "How sure are you that you will reach your own goal in the next 30 days?",
                "¿Cuánta confianza tiene en alcanzar su propia meta en los próximos 30 días?",
            ),
            kind=Kind.SCALE,
            ends=(own("Not sure at all", "Nada de confianza"), own("Certain", "Toda la confianza")),
            scored=False,
        ),
    ),
    languages=frozenset(Language),
    filled_by=frozenset(Filler),
    scorer=no_score,
    licence=OWN_WORDS,
)
