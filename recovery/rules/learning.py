"""What a person can read about the medicine and its risks: short modules in our own words (C 1 rows 10, 66, 127).

Each names its sources, when it was written and when it is read again; ``reviewed_by`` is empty
until a clinician has read it. The corrections of C 2 hold: no module promises that a medicine
prevents anything, none says that stopping makes a person ill, none tells anybody to take or
not to take one. Overdose is told with its four moments (C 2 row 20), to those for whom opioids
count (S 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from recovery.rules.words import Language

WRITTEN_ON = date(2026, 11, 22)
REVIEW_BY = date(2027, 5, 22)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One thing to read. ``code`` and ``version`` are stored with a receipt; a changed text is a new version.

    ``offered_on_day``: days since the start of treatment from which it is offered first.
    ``opioid_only``: for those for whom opioids count (``counts_as_opioid``).
    """

    code: str
    version: int
    title: Mapping[Language, str]
    paragraphs: Mapping[Language, tuple[str, ...]]
    offered_on_day: int
    opioid_only: bool = False
    source: str
    written_on: date = WRITTEN_ON
    review_by: date = REVIEW_BY
    reviewed_by: str = ""


def _module(
    code: str,
    en: tuple[str, tuple[str, ...]],
    es: tuple[str, tuple[str, ...]],
    *,
    day: int,
    source: str,
    opioid_only: bool = False,
    version: int = 1,
) -> Module:
    return Module(
        code=code,
        version=version,
        title=MappingProxyType({Language.ENGLISH: en[0], Language.SPANISH: es[0]}),
        paragraphs=MappingProxyType({Language.ENGLISH: en[1], Language.SPANISH: es[1]}),
        offered_on_day=day,
        opioid_only=opioid_only,
        source=source,
    )


_TABLE = (
    _module(
        "how",
        (
            "What your medicine does",
            (
                "Your medicine is a blocker. While it works, opioids have little or no effect. Drinking may feel "
                "less rewarding too.",
                "It may lessen craving. For some people that happens in days, for others it takes months. If you "
                "feel no change yet, nothing is wrong with you.",
                "It is not an opioid and it does not make you high. Your body does not come to need it.",
                "Tablets work for a day, or for two or three when the plan says so. An injection gives a steady "
                "level and works for about four weeks. Tablets cost less; they need a routine.",
                "It does not treat other illnesses, such as depression or anxiety. If you have one, tell us, so that "
                "both are looked after.",
            ),
        ),
        (
            "Qué hace su medicamento",
            (
                "Su medicamento es un bloqueador. Mientras actúa, los opioides tienen poco efecto o ninguno. Beber "
                "también puede resultar menos atractivo.",
                "Puede hacer que las ganas sean menores. En algunas personas ocurre en días, en otras tarda meses. "
                "Si todavía no nota cambios, no pasa nada malo con usted.",
                "No es un opioide y no da euforia. Su cuerpo no llega a necesitarlo.",
                "Las tabletas actúan un día, o dos o tres cuando el plan lo dice. Una inyección da un nivel estable "
                "y actúa unas cuatro semanas. Las tabletas cuestan menos y piden una rutina.",
                "No trata otras enfermedades, como la depresión o la ansiedad. Si tiene alguna, cuéntenos, para "
                "cuidar de las dos.",
            ),
        ),
        day=0,
        source="PI-O, PI-V; C 1 rows 10, 11, 123, 131, 132; C 2 rows 1, 6, 17, 22",
    ),
    _module(
        "overdose",
        (
            "Opioids after a break",
            (
                "After a break from opioids your body handles much less. This is true after detox, when your next "
                "dose is due, if a dose is missed, and after you stop.",
                "Using the amount you used before can kill. Using large amounts to push past the medicine can also "
                "kill. Your medicine is not a safety net.",
                "Before a first dose, and after opioids, the medicine can make you very sick. Tell us first, "
                "whatever happened. Nobody will scold you.",
                "Please keep naloxone nearby and tell someone close to you how to use it. Ask us for it at any visit.",
                "If someone is hard to wake or breathing slowly: call 911, give naloxone, stay with them.",
            ),
        ),
        (
            "Los opioides después de una pausa",
            (
                "Después de una pausa, su cuerpo aguanta mucho menos. Esto vale después de una desintoxicación, "
                "cuando toca su próxima dosis, si una dosis se olvida y después de dejar el tratamiento.",
                "Usar la cantidad de antes puede matar. Usar mucho para vencer al medicamento también puede matar. "
                "Su medicamento no es una red de seguridad.",
                "Antes de una primera dosis, y después de usar opioides, el medicamento puede enfermarle mucho. "
                "Díganos primero lo que haya pasado. Nadie le va a regañar.",
                "Tenga naloxona cerca y explique a alguien de confianza cómo se usa. Pídanosla en cualquier visita.",
                "Si alguien no despierta o respira despacio: llame al 911, dé naloxona, quédese con esa persona.",
            ),
        ),
        day=0,
        opioid_only=True,
        source="MG-V, PI-V 5.1, C 8; C 1 rows 108, 109; C 2 rows 8, 18, 20",
    ),
    _module(
        "routine",
        (
            "Making it part of your day",
            (
                "It works only while it is in your body. A fixed time and a fixed place make it easier: beside the "
                "toothbrush, or with breakfast.",
                "Reminders help, and so does somebody who knows. You choose who that is.",
                "A day went by without it? Tell us. It is no test, and nobody counts against you. Please ask us or a "
                "pharmacist before you change anything.",
                "Cost, running out, feeling unwell, a ride to the visit: these are reasons to call us, we can often "
                "help.",
            ),
        ),
        (
            "Hacerlo parte de su día",
            (
                "Solo actúa mientras está en su cuerpo. Una hora fija y un lugar fijo ayudan: junto al cepillo de "
                "dientes, o con el desayuno.",
                "Los avisos ayudan, y también alguien que lo sepa. Usted elige quién.",
                "¿Pasó un día sin él? Díganos. No es un examen y nadie lleva la cuenta en su contra. Pregúntenos, o "
                "pregunte en la farmacia, antes de cambiar algo.",
                "El costo, quedarse sin medicamento, sentirse mal, cómo llegar a la visita: son motivos para "
                "llamarnos, muchas veces podemos ayudar.",
            ),
        ),
        day=1,
        source="C 1 rows 11, 105-107, 110, 111; C 0 rule 8",
    ),
    _module(
        "effects",
        (
            "How it can feel at first",
            (
                "Feeling sick, headache, tiredness, dizziness or trouble sleeping are common at first. They mostly "
                "fade in days to weeks. Until you know how it sits with you, be careful with driving and on stairs.",
                "Small meals, water and rest help some people. Tell us about anything that bothers you: the earlier "
                "we know, the more we can do. If it is still there after two weeks, we want to look at it.",
                "Call us the same day about yellow eyes or skin, dark urine, pale stool, belly pain for more than a "
                "few days, a cough that does not go away, very low mood, or a place that hurts, hardens or opens "
                "where an injection was given.",
                "Call 911 for swelling of face or throat, or when it is hard to breathe. Thoughts of ending your "
                "life: call or text 988, day and night.",
                "Serious effects are rare.",
            ),
        ),
        (
            "Cómo se puede sentir al principio",
            (
                "Náuseas, dolor de cabeza, cansancio, mareo o dormir mal son comunes al principio. Casi siempre "
                "pasan en días o semanas. Hasta saber cómo le cae, tenga cuidado al conducir y en las escaleras.",
                "Comidas pequeñas, agua y descanso ayudan a algunas personas. Cuéntenos lo que le moleste: cuanto "
                "antes lo sepamos, más podemos hacer. Si sigue después de dos semanas, queremos verlo.",
                "Llámenos el mismo día por ojos o piel amarillos, orina oscura, heces pálidas, dolor de vientre de "
                "varios días, una tos que no se va, mucho desánimo, o un lugar que duele, se endurece o se abre "
                "donde se puso una inyección.",
                "Llame al 911 por hinchazón de cara o garganta, o si le cuesta respirar. Si piensa en quitarse la "
                "vida: llame o escriba al 988, de día y de noche.",
                "Los efectos graves son raros.",
            ),
        ),
        day=3,
        source="PI-V, MG-V, PI-O; C 1 rows 53-63, 65, 66, 68, 69",
    ),
    _module(
        "tell",
        (
            "Tell everybody who treats you",
            (
                "Tell every doctor, dentist and pharmacist that you take a blocker. Show your card: you find it here.",
                "Some pain, cough and diarrhea medicines hold opioids and will not work as they should. Ask before "
                "you take something new, also over the counter.",
                "In bad pain? Go and get care, and show the card. There are other ways to treat pain.",
                "Is an operation or a dentist planned? Tell them, and call us with the date, the sooner the better.",
            ),
        ),
        (
            "Dígalo a quien le atienda",
            (
                "Diga a cada médico, dentista y farmacéutico que toma un bloqueador. Muestre su tarjeta: está aquí.",
                "Algunos remedios para el dolor, la tos y la diarrea llevan opioides y no harán el efecto esperado. "
                "Pregunte antes de tomar algo nuevo, también sin receta.",
                "¿Mucho dolor? Vaya a que le atiendan y muestre la tarjeta. Hay otras maneras de tratar el dolor.",
                "¿Hay una operación o una visita al dentista? Dígalo allí y llámenos con la fecha, cuanto antes mejor.",
            ),
        ),
        day=3,
        source="PI-V, ASAM; C 1 rows 43-45, 50-52; S 3, S 20",
    ),
    _module(
        "again",
        (
            "If it happens again",
            (
                "Using or drinking again is no failure. It is a common part of getting better, and it is a reason to "
                "call, not to hide.",
                "It often begins long before. First feelings: sleeping badly, keeping away from people. Then "
                "thoughts: missing old times, bargaining. Then the act. The earlier you notice, the easier it turns.",
                "Look at what came before, without blame. What set it off? What helped another time? Your plan is "
                "here, and you can change it.",
                "Tell us what happened, so that you stay safe. We will not scold you.",
            ),
        ),
        (
            "Si vuelve a pasar",
            (
                "Volver a usar o a beber no es un fracaso. Es común en el camino de mejorar, y es un motivo para "
                "llamar, no para esconderse.",
                "Muchas veces empieza antes. Primero los sentimientos: dormir mal, alejarse de la gente. Luego los "
                "pensamientos: extrañar otros tiempos, negociar. Después el acto. Cuanto antes lo note, más fácil "
                "es cambiarlo.",
                "Mire lo que hubo antes, sin culpa. ¿Qué lo provocó? ¿Qué ayudó otra vez? Su plan está aquí y puede "
                "cambiarlo.",
                "Díganos qué pasó, para cuidar su seguridad. No le vamos a regañar.",
            ),
        ),
        day=7,
        source="C 1 rows 70-72, 77, 130; C 2 row 25; N28",
    ),
    _module(
        "with_others",
        (
            "Medicine and people go together",
            (
                "Talking helps beside a medicine: with a therapist, in a group, with family, with somebody who has "
                "been there. You choose, and you may change.",
                "Ways of talking have names: cognitive behavioral therapy, motivational interviewing, "
                "twelve-step facilitation, mindfulness groups. Ask us what is near you.",
                "NA, AA and SMART Recovery meet in many places and online. Going is your choice; you may just listen.",
                "Some people say that treatment with a medicine does not count. It does. It is treatment.",
            ),
        ),
        (
            "Medicamento y gente van juntos",
            (
                "Hablar ayuda junto al medicamento: con un terapeuta, en un grupo, con la familia, con alguien que "
                "pasó por lo mismo. Usted elige, y puede cambiar.",
                "Hay maneras de hablar con nombre: terapia cognitivo-conductual, entrevista motivacional, doce "
                "pasos, grupos de atención plena. Pregúntenos qué hay cerca.",
                "NA, AA y SMART Recovery se reúnen en muchos lugares y en línea. Ir es decisión suya; puede ir solo "
                "a escuchar.",
                "Hay quien dice que un tratamiento con medicamento no cuenta. Sí cuenta. Es tratamiento.",
            ),
        ),
        day=7,
        source="C 1 rows 41, 93-98, 129, 130",
    ),
    _module(
        "stopping",
        (
            "How long, and how to stop",
            (
                "There is no fixed length. You and your prescriber look at it together, and again after about six "
                "months.",
                "Feeling well is a good reason to talk about it. Please talk with us before you stop: we plan it with "
                "you.",
                "Your body does not come to need it. When you stop, its cover ends. Cravings can come back for a "
                "while, and support then matters most.",
            ),
        ),
        (
            "Cuánto tiempo, y cómo dejarlo",
            (
                "No hay una duración fija. Usted y quien le receta lo miran juntos, y otra vez a los seis meses, más "
                "o menos.",
                "Sentirse bien es un buen motivo para hablarlo. Por favor, hable con nosotros antes de dejarlo: lo "
                "planeamos con usted.",
                "Su cuerpo no llega a necesitarlo. Al dejarlo, su efecto termina. Las ganas pueden volver un tiempo, "
                "y entonces el apoyo es lo más importante.",
            ),
        ),
        day=7,
        source="PI-O, ASAM; C 1 rows 19, 21, 22, 117, 118; C 2 rows 1, 2, 21",
    ),
)

MODULES: Mapping[str, Module] = MappingProxyType({module.code: module for module in _TABLE})


def modules_for(*, takes_blocker: bool, counts_as_opioid: bool) -> list[Module]:
    """Return what this person can read, in the order in which it is offered.

    The modules are about naltrexone: who takes something else is shown none of them, since a
    text about a blocker would be wrong for an agonist (S 1).
    """
    if not takes_blocker:
        return []
    return [module for module in MODULES.values() if counts_as_opioid or not module.opioid_only]
