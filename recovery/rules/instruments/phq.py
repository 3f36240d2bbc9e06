"""The Patient Health Questionnaire: two items, and nine.

Verbatim, English and the publisher's Spanish for the United States. Item 9 is a safety answer (S 12); it alone
misses most people at risk (C 0.11), so that a low total closes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from recovery.rules.instruments.definition import (
    Answers,
    Filler,
    Instrument,
    InstrumentKey,
    Item,
    Licence,
    Option,
    Score,
    is_complete,
    own,
    sum_of,
)
from recovery.rules.policy import Policy
from recovery.rules.words import Language

NOTICE = (
    "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant "
    "from Pfizer Inc. No permission required to reproduce, translate, display or distribute."
)
_LICENCE = Licence(
    text="free: no permission required to reproduce, translate, display or distribute",
    source="phqscreeners.com; Kroenke, Spitzer, Williams 2001 (PHQ-9) and 2003 (PHQ-2); Spanish: the US version",
    notice=NOTICE,
)
_INTRO = own(
    "Over the last 2 weeks, how often have you been bothered by any of the following problems?",
    "Durante las últimas 2 semanas, ¿qué tan seguido ha tenido molestias debido a los siguientes problemas?",
)
_HOW_OFTEN = (
    Option(0, own("Not at all", "Ningún día")),
    Option(1, own("Several days", "Varios días")),
    Option(2, own("More than half the days", "Más de la mitad de los días")),
    Option(3, own("Nearly every day", "Casi todos los días")),
)
_TEXTS = (
    ("Little interest or pleasure in doing things", "Poco interés o placer en hacer cosas"),
    (
        "Feeling down, depressed, or hopeless",
        "Se ha sentido decaído(a), deprimido(a) o sin esperanzas",
    ),
    (
        "Trouble falling or staying asleep, or sleeping too much",
        "Ha tenido dificultad para quedarse o permanecer dormido(a), o ha dormido demasiado",
    ),
    (
        "Feeling tired or having little energy",
        "Se ha sentido cansado(a) o con poca energía",
    ),
    ("Poor appetite or overeating", "Sin apetito o ha comido en exceso"),
    (
        "Feeling bad about yourself — or that you are a failure or have let yourself or your family down",
        "Se ha sentido mal con usted mismo(a) – o que es un fracaso o que ha quedado mal con usted mismo(a) o con su "
        "familia",
    ),
    (
        "Trouble concentrating on things, such as reading the newspaper or watching television",
        "Ha tenido dificultad para concentrarse en ciertas actividades, tales como leer el periódico o ver la "
        "televisión",
    ),
    (
        "Moving or speaking so slowly that other people could have noticed? Or the opposite — being so fidgety or "
        "restless that you have been moving around a lot more than usual",
        "¿Se ha movido o hablado tan lento que otras personas podrían haberlo notado? o lo contrario – muy inquieto(a) "
        "o agitado(a) que ha estado moviéndose mucho más de lo normal",
    ),
    (
        "Thoughts that you would be better off dead or of hurting yourself in some way",
        "Pensamientos de que estaría mejor muerto(a) o de lastimarse de alguna manera",
    ),
)
ITEM_9 = "phq_9"
_ITEMS = tuple(
    Item(key=f"phq_{number}", text=own(en, es), options=_HOW_OFTEN, loinc="44260-8" if number == 9 else "")
    for number, (en, es) in enumerate(_TEXTS, start=1)
)
_BOTH = frozenset(Language)
_ANYBODY = frozenset(Filler)


def _phq2(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    total = sum_of(instrument, answers, asked)
    band = "" if total is None else "at_or_above" if total >= policy.phq2_at else "below"
    return Score(total=total, of=6, band=band, complete=is_complete(instrument, asked, answers))


def _phq9(instrument: Instrument, answers: Answers, asked: Sequence[str], policy: Policy) -> Score:
    total = sum_of(instrument, answers, asked)
    band = ""
    if total is not None:
        band = "below"
        for name, cut in (
            ("moderate", policy.phq9_moderate_at),
            ("moderately_severe", policy.phq9_moderately_severe_at),
            ("severe", policy.phq9_severe_at),
        ):
            if total >= cut:
                band = name
    return Score(total=total, of=27, band=band, complete=is_complete(instrument, asked, answers))


PHQ2 = Instrument(
    key=InstrumentKey.PHQ2,
    version="2003",
    title=own("Two questions about two weeks", "Dos preguntas sobre dos semanas"),
    intro=_INTRO,
    items=_ITEMS[:2],
    languages=_BOTH,
    filled_by=_ANYBODY,
    scorer=_phq2,
    licence=_LICENCE,
    loinc="55757-9",
    loinc_total="55758-7",
)
PHQ9 = Instrument(
    key=InstrumentKey.PHQ9,
    version="1999",
    title=own("Nine questions about two weeks", "Nueve preguntas sobre dos semanas"),
    intro=_INTRO,
    items=_ITEMS,
    languages=_BOTH,
    filled_by=_ANYBODY,
    scorer=_phq9,
    licence=_LICENCE,
    safety=True,
    loinc="44249-1",
    loinc_total="44261-6",
)
